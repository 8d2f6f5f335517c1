#include "theory/rate.h"
#include "stats/estimate.h"
#include "stats/special.h"
#include <math.h>

eid_estimate eid_rate(const int64_t *k, int64_t trials, int64_t m)
{
    double sum = 0, between = 0, n = (double)trials * (double)m, effect = 1;
    for (int64_t t = 0; t < trials; t++)
        sum += (double)k[t];
    double p = n > 0 ? sum / n : 0, groups = (double)trials;
    if (!(n > 0))
        return eid_unresolved(0, "unresolved: nothing was counted");
    for (int64_t t = 0; t < trials; t++) {
        double miss = (double)k[t] - p * (double)m;
        between += miss * miss;
    }
    if (p > 0 && p < 1 && trials > 1)
        effect = groups / (groups - 1) * between / (n * p * (1 - p));
    double effective = effect > 1 ? n / effect : n;
    eid_estimate e = {.value = p, .n = (int64_t)n};
    e.method = trials > 1 ? "clopper-pearson, effective n by trial" : "clopper-pearson, one trial";
    eid_clopper_pearson(p * effective, effective, &e.low, &e.high);
    return e;
}

double eid_normal_upper(double tail)
{
    double low = -40, high = 40;
    for (int i = 0; i < 200 && low < high; i++) {
        double mid = 0.5 * (low + high);
        if (eid_normal_log_cdf(-mid) > log(tail))
            low = mid;
        else
            high = mid;
    }
    return 0.5 * (low + high);
}
