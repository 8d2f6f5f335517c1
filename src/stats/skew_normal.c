/* skew_normal.c - the skew-normal distribution function, in the left tail above all.
 *
 * Phi(z) - 2 T(z, a) loses every digit where the tail is thin (and -log2 of it is the exposure of a
 * secret that no rival comes near), so the density is integrated as exp(log f - reference): all
 * terms are positive and nothing cancels, however small the result. */
#include "stats/skew_normal.h"
#include "stats/special.h"
#include <math.h>

/* Gauss-Legendre with 8 points on [-1, 1], the positive half. */
static const double node[4] = {0.18343464249564978, 0.525532409916329, 0.7966664774136267,
                               0.9602898564975362};
static const double weight[4] = {0.36268378337836166, 0.3137066458778869, 0.22238103445337443,
                                 0.10122853629037706};

double eid_skew_normal_log_pdf(double z, double shape)
{
    return M_LN2 + eid_normal_log_pdf(z) + eid_normal_log_cdf(shape * z);
}

/* d/dz log f; decreasing, since f is log-concave: positive left of the mode. */
static double slope(double z, double shape)
{
    return -z + shape * eid_normal_hazard(shape * z);
}

double eid_skew_normal_panel(double low, double high, double shape, double reference)
{
    double middle = 0.5 * (low + high), half = 0.5 * (high - low), sum = 0;
    for (int i = 0; i < 4; i++)
        sum +=
            weight[i] * (exp(eid_skew_normal_log_pdf(middle - half * node[i], shape) - reference) +
                         exp(eid_skew_normal_log_pdf(middle + half * node[i], shape) - reference));
    return half * sum;
}

double eid_skew_normal_panel_width(double shape)
{
    /* log f bends by at most 1 + shape^2: half a standard deviation of its narrowest part. */
    return 0.5 / sqrt(1 + shape * shape);
}

/* Walks left from z in panels over which log f changes by at most about 2, until they add nothing.
 */
double eid_skew_normal_log_cdf(double z, double shape)
{
    if (isnan(z) || isnan(shape))
        return NAN;
    if (z > 40) /* the other tail is below 1e-300 */
        return 0;
    double reference =
        slope(z, shape) > 0 ? eid_skew_normal_log_pdf(z, shape) : M_LN2 + eid_normal_log_pdf(0);
    if (!isfinite(reference))
        return -INFINITY;
    double total = 0, widest = eid_skew_normal_panel_width(shape);
    for (;;) {
        double rate = slope(z, shape);
        double width = rate > 0 ? fmin(widest, 2 / rate) : widest;
        double part = eid_skew_normal_panel(z - width, z, shape, reference);
        total += part;
        if (rate > 0 && part <= 1e-18 * total)
            break;
        z -= width;
    }
    return fmin(0, reference + log(total));
}

double eid_skew_normal_log2_cdf(const eid_skew_normal *fit, double x)
{
    return eid_skew_normal_log_cdf((x - fit->location) / fit->scale, fit->shape) / M_LN2;
}
