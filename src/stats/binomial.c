/* binomial.c - proportions, with the interval that is never too narrow. */
#include "stats/cluster.h"
#include "stats/estimate.h"
#include "stats/special.h"
#include "base/memory.h"
#include <inttypes.h>
#include <math.h>

void eid_clopper_pearson(double k, double n, double *low, double *high)
{
    *low = k > 0 ? eid_beta_quantile(k, n - k + 1, 0.025) : 0;
    if (k >= n)
        *high = 1;
    else if (2 * k < n) /* whichever form keeps the digits of a bound near 0 or near 1 */
        *high = eid_beta_quantile(k + 1, n - k, 0.975);
    else
        *high = 1 - eid_beta_quantile(n - k, k + 1, 0.025);
}

eid_estimate eid_proportion(int64_t k, int64_t n)
{
    if (n <= 0)
        return eid_unresolved(0, "unresolved: nothing was counted");
    if (k < 0 || k > n)
        return eid_unresolved(n, "unresolved: %" PRId64 " of %" PRId64 " makes no sense", k, n);
    eid_estimate e = {.value = (double)k / (double)n, .n = n, .method = "clopper-pearson"};
    eid_clopper_pearson((double)k, (double)n, &e.low, &e.high);
    return e;
}

/* Variance of the ratio of sums (hits over trials) between clusters, over the variance that as many
 * independent trials would have: the survey statistician's design effect. */
static double design_effect(const eid_clusters *c, const double *hit, double p)
{
    double between = 0, n = (double)c->n;
    for (size_t g = 0; g < c->groups; g++) {
        double miss = 0;
        for (size_t i = c->start[g]; i < c->start[g + 1]; i++)
            miss += hit[c->member[i]] - p;
        between += miss * miss;
    }
    double groups = (double)c->groups;
    return groups / (groups - 1) * between / (n * p * (1 - p));
}

eid_status eid_proportion_by_cluster(const double *hit, const int64_t *cluster, size_t n,
                                     eid_estimate *out)
{
    eid_status st = EID_OK;
    eid_clusters c = {0};
    double k = 0;

    if (n == 0) {
        *out = eid_unresolved(0, "unresolved: nothing was counted");
        return EID_OK;
    }
    for (size_t i = 0; i < n; i++) {
        if (hit[i] != 0 && hit[i] != 1)
            return eid_fail(EID_EINVAL, "proportion: hit[%zu] is %g, want 0 or 1", i, hit[i]);
        k += hit[i];
    }
    EID_TRY(eid_clusters_new(&c, cluster, n));
    double p = k / (double)n, effective = (double)c.groups;
    /* All alike: no spread to see, so each cluster counts once. */
    if (k > 0 && k < (double)n && c.groups > 1) {
        double effect = design_effect(&c, hit, p);
        effective = effect > 1 ? (double)n / effect : (double)n;
    }
    eid_estimate e = {.value = p, .n = (int64_t)n};
    e.method = c.groups == n ? "clopper-pearson" : "clopper-pearson, effective n by cluster";
    if (c.groups > 1 || n == 1)
        eid_clopper_pearson(p * effective, effective, &e.low, &e.high);
    else
        e.low = 0, e.high = 1; /* one cluster: anything may hold for the next */
    *out = e;
done:
    eid_clusters_free(&c);
    return st;
}
