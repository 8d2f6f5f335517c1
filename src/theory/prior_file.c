/* prior_file.c - a prior of the coordinates' means that the user gives: points and their weights.
 */
#include "base/memory.h"
#include "eidetic/rng.h"
#include "theory/prior.h"
#include <inttypes.h>
#include <math.h>

void eid_prior_list_free(eid_prior_list *p)
{
    if (!p)
        return;
    eid_free(p->mean);
    eid_free(p->upto);
    eid_free(p);
}

static eid_status fill(eid_prior_list *p, const eid_table *t, const char *name)
{
    eid_sum sum = {0}, square = {0};

    for (size_t i = 0; i < t->rows; i++) {
        double m = t->first[i], w = t->second[i];
        if (!(fabs(m) <= 1))
            return eid_fail(EID_EINVAL,
                            "%s: line %" PRId64 ": a coordinate's mean is %g, want -1 to 1", name,
                            t->line[i], m);
        if (!(w > 0))
            return eid_fail(EID_EINVAL,
                            "%s: line %" PRId64
                            ": want a mean and a weight above 0, as in \"0.1 0.5\"",
                            name, t->line[i]);
        eid_sum_add(&sum, w);
        eid_sum_add(&square, w * m * m);
        p->mean[i] = m;
        p->upto[i] = sum.sum;
    }
    if (!(fabs(sum.sum - 1) <= 1e-9))
        return eid_fail(EID_EINVAL,
                        "%s: the prior does not normalize: its weights sum to %.12g, not to 1",
                        name, sum.sum);
    if (!(square.sum > 0))
        return eid_fail(EID_EINVAL, "%s: every mean is 0: the prior leaves nothing to learn", name);
    p->signal = square.sum;
    return EID_OK;
}

eid_status eid_prior_list_of(eid_prior_list **out, const eid_table *t, const char *name)
{
    eid_status st = EID_OK;
    eid_prior_list *p = NULL;

    EID_TRY(EID_NEW(p, 1));
    p->n = t->rows;
    EID_TRY(EID_NEW(p->mean, p->n));
    EID_TRY(EID_NEW(p->upto, p->n));
    EID_TRY(fill(p, t, name));
    *out = p;
    p = NULL;
done:
    eid_prior_list_free(p);
    return st;
}

eid_status eid_prior_list_read(eid_prior_list **out, const char *path)
{
    eid_status st = EID_OK;
    eid_table t = {0};

    EID_TRY(eid_table_read(&t, path));
    EID_TRY(eid_prior_list_of(out, &t, path));
done:
    eid_table_free(&t);
    return st;
}

/* The first point whose share of the weight reaches past u. */
static double draw_one(const eid_prior_list *p, eid_rng *r)
{
    double u = eid_rng_unit(r) * p->upto[p->n - 1];
    size_t low = 0, high = p->n - 1;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (u < p->upto[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return p->mean[low];
}

void eid_prior_list_draw(const eid_prior_list *p, int64_t d, uint64_t seed, uint64_t stream,
                         uint64_t *chance, double *mean)
{
    eid_rng r = eid_rng_stream(seed, stream);

    for (int64_t j = 0; j < d; j++)
        eid_prior_set(draw_one(p, &r), d, &chance[j], &mean[j]);
}
