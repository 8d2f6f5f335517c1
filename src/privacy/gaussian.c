/* gaussian.c - the analytic Gaussian mechanism (Balle and Wang 2018). */
#include "base/status.h"
#include "eidetic/privacy.h"
#include "stats/special.h"
#include <math.h>

/* Both terms fall to nothing together where epsilon is large; what is left is their difference, so
 * it is formed as a factor on the logarithm of the first. */
double eid_gaussian_delta(double noise, double epsilon)
{
    if (!(noise > 0))
        return 1;
    if (!(epsilon > 0))
        epsilon = 0;
    double half = 0.5 / noise, shift = epsilon * noise;
    double first = eid_normal_log_cdf(half - shift);
    double second = epsilon + eid_normal_log_cdf(-half - shift);
    return second >= first ? 0 : -exp(first) * expm1(second - first);
}

static eid_status check_delta(double delta)
{
    if (!(delta > 0 && delta < 1))
        return eid_fail(EID_EINVAL, "delta %g is not between 0 and 1", delta);
    return EID_OK;
}

/* `low` gives too much delta, `high` little enough; halved until neighbours. */
static double least(double low, double high, double fixed, double delta, bool over_noise)
{
    for (int i = 0; i < 2000; i++) {
        double mid = low > 0 && high > 2 * low ? sqrt(low) * sqrt(high) : 0.5 * (low + high);
        if (mid <= low || mid >= high)
            break;
        double got = over_noise ? eid_gaussian_delta(mid, fixed) : eid_gaussian_delta(fixed, mid);
        if (got > delta)
            low = mid;
        else
            high = mid;
    }
    return high;
}

eid_status eid_gaussian_epsilon(double noise, double delta, double *epsilon)
{
    eid_status st = check_delta(delta);
    if (st != EID_OK)
        return st;
    if (!(noise >= 0) || isinf(noise))
        return eid_fail(EID_EINVAL, "noise %g: it must be finite and not negative", noise);
    if (eid_gaussian_delta(noise, 0) <= delta) {
        *epsilon = 0;
        return EID_OK;
    }
    double high = 1;
    while (high < 1e300 && eid_gaussian_delta(noise, high) > delta)
        high *= 2;
    *epsilon = high < 1e300 ? least(0, high, noise, delta, false) : INFINITY;
    return EID_OK;
}

eid_status eid_gaussian_noise(double epsilon, double delta, double *noise)
{
    eid_status st = check_delta(delta);
    if (st != EID_OK)
        return st;
    if (!(epsilon >= 0) || isinf(epsilon))
        return eid_fail(EID_EINVAL, "epsilon %g: it must be finite and not negative", epsilon);
    double high = 1;
    while (eid_gaussian_delta(high, epsilon) > delta)
        high *= 2;
    *noise = least(0, high, epsilon, delta, true);
    return EID_OK;
}
