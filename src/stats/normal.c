/* normal.c - log Phi far into the tail, and Kolmogorov's distribution. */
#include "stats/special.h"
#include <math.h>

#define LOG_SQRT_2PI 0.91893853320467274178

double eid_normal_log_pdf(double x)
{
    return -0.5 * x * x - LOG_SQRT_2PI;
}

double eid_normal_log_cdf(double x)
{
    if (x > 5)
        return log1p(-0.5 * erfc(x * M_SQRT1_2));
    if (x > -30)
        return log(0.5 * erfc(-x * M_SQRT1_2));
    /* Mills' ratio, asymptotically; the first term left out is below 1e-13 at 30. */
    double q = 1 / (x * x);
    double series = q * (-1 + q * (3 + q * (-15 + q * (105 - 945 * q))));
    return eid_normal_log_pdf(x) - log(-x) + log1p(series);
}

double eid_normal_hazard(double x)
{
    return exp(eid_normal_log_pdf(x) - eid_normal_log_cdf(x));
}

/* Two series for one function: the theta function's, fast for small lambda, and its transform. */
double eid_kolmogorov_tail(double lambda)
{
    if (!(lambda > 0))
        return 1;
    if (lambda < 1) {
        double sum = 0, t = M_PI * M_PI / (8 * lambda * lambda);
        for (int k = 1; k < 20; k += 2)
            sum += exp(-k * k * t);
        return 1 - sqrt(2 * M_PI) / lambda * sum;
    }
    double sum = 0, sign = 1;
    for (int k = 1; k < 20; k++, sign = -sign)
        sum += sign * exp(-2.0 * k * k * lambda * lambda);
    return 2 * sum;
}
