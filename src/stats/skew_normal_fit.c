/* skew_normal_fit.c - maximum likelihood for the skew-normal, and how well it fits. */
#include "stats/estimate.h"
#include "stats/skew_normal.h"
#include "stats/special.h"
#include "base/memory.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#define MAX_SHAPE 50.0

/* Free parameters: location, log scale, and a with shape = MAX_SHAPE tanh(a / MAX_SHAPE). */
typedef struct params {
    double at[3];
} params;

static double shape_of(const params *p)
{
    return MAX_SHAPE * tanh(p->at[2] / MAX_SHAPE);
}

/* Mean negative log-likelihood and its gradient. */
static double loss(const double *x, size_t n, const params *p, double gradient[3])
{
    double scale = exp(p->at[1]), shape = shape_of(p), sum = 0, g[3] = {0, 0, 0};
    for (size_t i = 0; i < n; i++) {
        double z = (x[i] - p->at[0]) / scale;
        double log_cdf = eid_normal_log_cdf(shape * z), log_pdf = eid_normal_log_pdf(shape * z);
        double hazard = exp(log_pdf - log_cdf);
        sum += M_LN2 - p->at[1] + eid_normal_log_pdf(z) + log_cdf;
        g[0] += (z - shape * hazard) / scale;
        g[1] += -1 + z * z - shape * z * hazard;
        g[2] += z * hazard;
    }
    double bend = shape / MAX_SHAPE;
    g[2] *= 1 - bend * bend;
    for (int k = 0; k < 3; k++)
        gradient[k] = -g[k] / (double)n;
    return -sum / (double)n;
}

static double dot(const double *a, const double *b)
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* BFGS: H <- (I - r s y') H (I - r y s') + r s s', r = 1 / y's. */
static void update_inverse_hessian(double h[3][3], const double *s, const double *y)
{
    double ys = dot(y, s), hy[3], yhy;
    if (!(ys > 1e-14))
        return;
    for (int i = 0; i < 3; i++)
        hy[i] = dot(h[i], y);
    yhy = dot(y, hy);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            h[i][j] += (1 + yhy / ys) * s[i] * s[j] / ys - (hy[i] * s[j] + s[i] * hy[j]) / ys;
}

/* Quasi-Newton descent from *p; the loss reached. */
static double minimise(const double *x, size_t n, params *p)
{
    double h[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, g[3], step[3];
    double now = loss(x, n, p, g);
    for (int round = 0; round < 300 && dot(g, g) > 1e-20; round++) {
        for (int i = 0; i < 3; i++)
            step[i] = -dot(h[i], g);
        double drop = dot(step, g), length = 1, next = now, g_next[3];
        params q;
        for (int halving = 0; halving < 60; halving++, length *= 0.5) {
            for (int i = 0; i < 3; i++)
                q.at[i] = p->at[i] + length * step[i];
            next = loss(x, n, &q, g_next);
            if (next <= now + 1e-4 * length * drop)
                break;
        }
        if (!(next < now)) /* no descent left within rounding */
            break;
        double s[3], y[3];
        for (int i = 0; i < 3; i++) {
            s[i] = q.at[i] - p->at[i];
            y[i] = g_next[i] - g[i];
            g[i] = g_next[i];
        }
        update_inverse_hessian(h, s, y);
        *p = q;
        now = next;
    }
    return now;
}

/* Parameters with mean 0, variance 1 and the given skewness (kept inside the family's reach). */
static params by_moments(double skewness)
{
    double k = pow(fmin(fabs(skewness), 0.95), 2.0 / 3);
    double delta = copysign(sqrt(M_PI_2 * k / (k + pow((4 - M_PI) / 2, 2.0 / 3))), skewness);
    double scale = 1 / sqrt(1 - 2 * delta * delta / M_PI);
    return (params){{-scale * delta * sqrt(2 / M_PI), log(scale), delta / sqrt(1 - delta * delta)}};
}

/* Largest distance between the sorted z's step function and the fitted distribution. */
static double ks_distance(const double *sorted, size_t n, double shape)
{
    double cdf = exp(eid_skew_normal_log_cdf(sorted[0], shape)), worst = 0;
    double widest = eid_skew_normal_panel_width(shape);
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            double gap = sorted[i] - sorted[i - 1];
            size_t panels = (size_t)ceil(fmin(gap / widest, 1e6));
            for (size_t k = 0; k < panels; k++)
                cdf += eid_skew_normal_panel(sorted[i - 1] + gap * (double)k / (double)panels,
                                             sorted[i - 1] + gap * (double)(k + 1) / (double)panels,
                                             shape, 0);
        }
        worst = fmax(worst, fmax((double)(i + 1) / (double)n - cdf, cdf - (double)i / (double)n));
    }
    return worst;
}

static eid_status moments(const double *x, size_t n, double *mean, double *sd, double *skewness)
{
    double m = 0, m2 = 0, m3 = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            return eid_fail(EID_EINVAL, "skew-normal: value %zu of %zu is not finite", i, n);
        m += x[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        double d = x[i] - m;
        m2 += d * d / (double)n;
        m3 += d * d * d / (double)n;
    }
    if (!(m2 > 0))
        return eid_fail(EID_EINVAL, "skew-normal: all %zu values agree", n);
    *mean = m;
    *sd = sqrt(m2);
    *skewness = m3 / (m2 * *sd);
    return EID_OK;
}

eid_status eid_skew_normal_fit(const double *x, size_t n, eid_skew_normal *out)
{
    eid_status st = EID_OK;
    double *z = NULL, mean = 0, sd = 1, skewness = 0;

    if (n < 8)
        return eid_fail(EID_EINVAL, "skew-normal: %zu values, want at least 8", n);
    EID_TRY(moments(x, n, &mean, &sd, &skewness));
    EID_TRY(EID_NEW(z, n));
    for (size_t i = 0; i < n; i++)
        z[i] = (x[i] - mean) / sd;

    /* The symmetric fit is always stationary, so start from either side of it. */
    double strength = fmax(fabs(skewness), 0.05);
    params best = by_moments(copysign(strength, skewness));
    params other = by_moments(-copysign(fmin(strength, 0.3), skewness));
    if (minimise(z, n, &other) < minimise(z, n, &best))
        best = other;

    double scale = exp(best.at[1]);
    eid_skew_normal fit = {mean + sd * best.at[0], sd * scale, shape_of(&best), 0, 0};
    for (size_t i = 0; i < n; i++)
        z[i] = (z[i] - best.at[0]) / scale;
    qsort(z, n, sizeof *z, eid_compare_doubles);
    fit.ks = ks_distance(z, n, fit.shape);
    fit.ks_p = eid_kolmogorov_tail(sqrt((double)n) * fit.ks);
    *out = fit;
done:
    eid_free(z);
    return st;
}
