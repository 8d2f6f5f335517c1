/* bootstrap.c - means of dependent samples, by resampling whole clusters. */
#include "stats/cluster.h"
#include "stats/estimate.h"
#include "base/memory.h"
#include "eidetic/rng.h"
#include <math.h>
#include <stdio.h>

/* What a cluster adds to a mean. */
typedef struct part {
    double sum, n;
} part;

/* Resample r draws from its own stream, so that its number alone decides what it draws. */
static double resampled_mean(const part *parts, size_t groups, uint64_t seed, int64_t r)
{
    eid_rng rng = eid_rng_stream(seed, (uint64_t)r);
    part total = {0, 0};
    for (size_t g = 0; g < groups; g++) {
        const part *drawn = &parts[eid_rng_below(&rng, groups)];
        total.sum += drawn->sum;
        total.n += drawn->n;
    }
    return total.sum / total.n;
}

/* Where resampling cannot see a spread: all values agree, or there is but one cluster. */
static eid_estimate without_spread(double mean, bool alike, bool binary, size_t groups, size_t n)
{
    eid_estimate e = {.value = mean, .n = (int64_t)n};
    if (binary) {
        e.method = "clopper-pearson over clusters";
        e.low = 0, e.high = 1; /* one cluster that holds both: nothing is known of the next */
        if (alike)
            eid_clopper_pearson(mean * (double)groups, (double)groups, &e.low, &e.high);
    } else if (groups < 2) {
        e.method = "none";
        e.low = e.high = NAN;
        snprintf(e.why, sizeof e.why, "no interval: all values come from one cluster");
    } else {
        e.method = "bootstrap by cluster";
        e.low = e.high = mean;
        snprintf(e.why, sizeof e.why, "all %zu values agree: no spread to resample", n);
    }
    return e;
}

eid_status eid_mean_bootstrap(const double *x, const int64_t *cluster, size_t n, int64_t resamples,
                              uint64_t seed, eid_estimate *out)
{
    eid_status st = EID_OK;
    eid_clusters c = {0};
    part *parts = NULL;
    double *means = NULL, sum = 0;
    bool alike = true, binary = true;

    if (n == 0) {
        *out = eid_unresolved(0, "unresolved: nothing was measured");
        return EID_OK;
    }
    if (resamples < 1)
        return eid_fail(EID_EINVAL, "bootstrap: want at least 1 resample");
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            return eid_fail(EID_EINVAL, "bootstrap: value %zu of %zu is not a finite number", i, n);
        sum += x[i];
        alike = alike && x[i] == x[0];
        binary = binary && (x[i] == 0 || x[i] == 1);
    }
    EID_TRY(eid_clusters_new(&c, cluster, n));
    if (alike || c.groups < 2) {
        *out = without_spread(alike ? x[0] : sum / (double)n, alike, binary, c.groups, n);
        goto done;
    }
    EID_TRY(EID_NEW(parts, c.groups));
    EID_TRY(EID_NEW(means, resamples));
    for (size_t g = 0; g < c.groups; g++)
        for (size_t i = c.start[g]; i < c.start[g + 1]; i++) {
            parts[g].sum += x[c.member[i]];
            parts[g].n++;
        }
    for (int64_t r = 0; r < resamples; r++)
        means[r] = resampled_mean(parts, c.groups, seed, r);
    eid_estimate e = {.value = sum / (double)n, .n = (int64_t)n};
    e.method = cluster ? "bootstrap by cluster" : "bootstrap";
    eid_percentile_interval(means, (size_t)resamples, &e.low, &e.high);
    *out = e;
done:
    eid_free(means);
    eid_free(parts);
    eid_clusters_free(&c);
    return st;
}
