/* benign.c - spectra: effective ranks, the bound, and the limit. */
#include "eidetic/benign.h"
#include "base/status.h"
#include "theory/benign.h"
#include <inttypes.h>
#include <math.h>

eid_status eid_spectrum_check(const double *lambda, int64_t p)
{
    if (p < 1 || p > EID_MOST_DIRECTIONS)
        return eid_fail(EID_EINVAL, "spectrum: %" PRId64 " eigenvalues, want 1 to %d", p,
                        EID_MOST_DIRECTIONS);
    for (int64_t i = 0; i < p; i++)
        if (!(lambda[i] > 0 && isfinite(lambda[i])) || (i && lambda[i] > lambda[i - 1]))
            return eid_fail(EID_EINVAL,
                            "spectrum: eigenvalue %" PRId64
                            " is %g: want positive ones that do not "
                            "rise",
                            i + 1, lambda[i]);
    return EID_OK;
}

eid_status eid_effective_ranks(const double *lambda, int64_t p, int64_t k, double *r, double *R)
{
    double sum = 0, squares = 0;
    eid_status st = eid_spectrum_check(lambda, p);

    if (st != EID_OK)
        return st;
    if (k < 0 || k >= p)
        return eid_fail(EID_EINVAL, "effective ranks: k is %" PRId64 ", want 0 to %" PRId64, k,
                        p - 1);
    for (int64_t i = p; i-- > k;) {
        sum += lambda[i];
        squares += lambda[i] * lambda[i];
    }
    *r = sum / lambda[k];
    *R = sum * sum / squares;
    return EID_OK;
}

eid_status eid_benign_bounds(eid_benign_bound *out, const double *lambda, int64_t p, int64_t n,
                             double b)
{
    eid_benign_bound x = {.k_star = -1, .r = NAN, .R = NAN, .variance = NAN};
    double sum = 0, squares = 0;
    eid_status st = eid_spectrum_check(lambda, p);

    if (st != EID_OK)
        return st;
    if (n < 1 || !(b > 0))
        return eid_fail(EID_EINVAL, "bound: want examples and b > 0, got %" PRId64 " and %g", n, b);
    for (int64_t k = p;
         k-- > 0;) { /* upwards in the sums, downwards in k: the least k is the last */
        sum += lambda[k];
        squares += lambda[k] * lambda[k];
        double r = sum / lambda[k];
        if (k == 0)
            x.r0 = r;
        if (r < b * (double)n)
            continue;
        x.k_star = k;
        x.r = r;
        x.R = sum * sum / squares;
    }
    if (x.k_star >= 0)
        x.variance = (double)x.k_star / (double)n + (double)n / x.R;
    x.bias = lambda[0] * fmax(sqrt(x.r0 / (double)n), x.r0 / (double)n);
    *out = x;
    return EID_OK;
}

/* sum (lambda / (lambda + kappa))^power. */
static double freedom(const double *lambda, int64_t p, double kappa, int power)
{
    double sum = 0;
    for (int64_t i = p; i-- > 0;) {
        double t = lambda[i] / (lambda[i] + kappa);
        sum += power == 1 ? t : t * t;
    }
    return sum;
}

double eid_benign_limit(const double *lambda, int64_t p, int64_t n)
{
    double low = -745, high = 0; /* of log kappa / (p lambda_1): freedom falls from p to below n */

    if (n < 1 || n >= p || eid_spectrum_check(lambda, p) != EID_OK)
        return NAN;
    double scale = (double)p * lambda[0];
    for (int i = 0; i < 200; i++) {
        double middle = (low + high) / 2;
        if (freedom(lambda, p, scale * exp(middle), 1) > (double)n)
            low = middle;
        else
            high = middle;
    }
    double df2 = freedom(lambda, p, scale * exp((low + high) / 2), 2);
    return df2 / ((double)n - df2);
}
