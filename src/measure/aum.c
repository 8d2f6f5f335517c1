/* aum.c - area under the margin (Pleiss et al. 2020): a mislabelled example's logit is pulled down
 * by the many like it that carry their right label. */
#include "measure/score.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

eid_status score_aum(const eid_trajectory *t, double epoch, double *score)
{
    int64_t first = score_first(t);

    (void)epoch;
    for (int64_t i = 0; i < t->examples; i++) {
        double sum = 0;
        for (int64_t c = first; c < t->checkpoints; c++)
            sum += (double)t->margin[c * t->examples + i];
        score[i] = sum / (double)(t->checkpoints - first);
    }
    return EID_OK;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The quantile is one of the values, never between two: the smallest with at least that share of
 * them at or below it. */
eid_status eid_aum_threshold(const double *aum, const uint8_t *fake, int64_t n, double quantile,
                             double *threshold)
{
    double *of_fakes = NULL;
    int64_t k = 0, at;
    eid_status st = EID_NEW(of_fakes, n);

    if (st != EID_OK)
        return st;
    for (int64_t i = 0; i < n; i++)
        if (fake[i])
            of_fakes[k++] = aum[i];
    if (!k || !(quantile > 0 && quantile <= 1)) {
        eid_free(of_fakes);
        return eid_fail(EID_EINVAL,
                        "aum: the %g quantile of %" PRId64 " examples in a class of their own",
                        quantile, k);
    }
    qsort(of_fakes, (size_t)k, sizeof *of_fakes, ascending);
    at = (int64_t)ceil(quantile * (double)k - 1e-9) - 1;
    *threshold = of_fakes[at < 0 ? 0 : at];
    eid_free(of_fakes);
    return EID_OK;
}
