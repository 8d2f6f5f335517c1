/* beta.c - the incomplete beta function and its inverse.
 *
 * Continued fraction (Abramowitz and Stegun 26.5.8 in Lentz's form), its prefactor
 * x^a (1-x)^b / B(a,b) by Loader's saddle-point form, so that a million trials cost no digits to
 * cancelling log-gammas (C. Loader, "Fast and accurate computation of binomial probabilities",
 * 2000). */
#include "stats/special.h"
#include <float.h>
#include <math.h>

/* lgamma(z) - [(z - 1/2) log z - z + log(2 pi) / 2], the error of Stirling's formula. */
static double stirling_error(double z)
{
    if (z < 16) {
        /* Climb to where the series holds: lgamma(z) = lgamma(z + 1) - log z. */
        double drop = 0;
        double w = z;
        for (; w < 16; w += 1)
            drop += (w + 0.5) * log1p(1 / w) - 1;
        return stirling_error(w) + drop;
    }
    double q = 1 / (z * z);
    return (1 / 12.0 -
            (1 / 360.0 -
             (1 / 1260.0 - (1 / 1680.0 - (1 / 1188.0 - 691 * q / 360360.0) * q) * q) * q) *
                q) /
           z;
}

/* t - log(1 + t) for 1 + t = ratio, without cancelling near ratio 1 nor losing a tiny ratio in t.
 */
static double deviance(double ratio, double t)
{
    if (fabs(t) > 0.125)
        return t - log(ratio);
    double sum = 0, power = t * t;
    for (int k = 2; k < 24; k++) {
        sum += (k % 2 ? -power : power) / k;
        power *= t;
    }
    return sum;
}

/* log of x^a y^b / B(a, b), with y = 1 - x. */
static double log_prefactor(double a, double b, double x, double y)
{
    double n = a + b;
    double fall =
        a * deviance(n * x / a, (n * x - a) / a) + b * deviance(n * y / b, (n * y - b) / b);
    return 0.5 * log(a * b / (n * 6.283185307179586)) + stirling_error(n) - stirling_error(a) -
           stirling_error(b) - fall;
}

/* I_x(a, b) for x below about its mean, where the fraction converges in O(sqrt(max(a, b))) steps.
 */
static double by_fraction(double a, double b, double x, double y)
{
    const double tiny = 1e-300;
    double d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double c = 1, f = d;
    for (int m = 1; m < 100000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 + even * d;
        c = 1 + even / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        f *= c * d;
        d = 1 + odd * d;
        c = 1 + odd / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        double change = c * d;
        f *= change;
        if (fabs(change - 1) < 2 * DBL_EPSILON)
            break;
    }
    return exp(log_prefactor(a, b, x, y)) * f / a;
}

static double cdf_xy(double a, double b, double x, double y)
{
    if (!(x > 0))
        return 0;
    if (!(y > 0))
        return 1;
    return x <= (a + 1) / (a + b + 2) ? by_fraction(a, b, x, y) : 1 - by_fraction(b, a, y, x);
}

double eid_beta_cdf(double a, double b, double x)
{
    return cdf_xy(a, b, x, 1 - x);
}

/* Newton's steps, kept inside a bracket that shrinks at each evaluation; where one leaves it, the
 * bracket is halved: on a log scale while its ends are far apart, so that tiny quantiles come out
 * to full relative precision. */
double eid_beta_quantile(double a, double b, double p)
{
    if (!(p > 0))
        return 0;
    if (p >= 1)
        return 1;
    double low = 0, high = 1, x = a / (a + b);
    for (int i = 0; i < 400; i++) {
        double y = 1 - x;
        double miss = cdf_xy(a, b, x, y) - p;
        if (miss > 0)
            high = x;
        else
            low = x;
        double density = exp(log_prefactor(a, b, x, y)) / (x * y);
        double next = x - miss / density;
        if (!(next > low && next < high)) {
            if (low == 0)
                next = high * 1e-3;
            else
                next = high > 2 * low ? sqrt(low * high) : 0.5 * (low + high);
        }
        if (fabs(next - x) <= 2 * DBL_EPSILON * x || next <= 1e-300 || miss == 0)
            return miss == 0 ? x : next;
        x = next;
    }
    return x;
}

double eid_student_t_two_sided(double inside, double df)
{
    /* P(|T| > t) = I_x(df / 2, 1 / 2) at x = df / (df + t^2). */
    double x = eid_beta_quantile(df / 2, 0.5, 1 - inside);
    return sqrt(df * (1 - x) / x);
}
