/* longtail.c - priors and what they make of n examples, exactly. */
#include "theory/longtail.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { MOST_POINTS = 100000000 };

typedef struct pair {
    double share;
    int64_t many;
} pair;

static int descending(const void *a, const void *b)
{
    double x = ((const pair *)a)->share, y = ((const pair *)b)->share;
    return (x < y) - (x > y);
}

static eid_status check_shares(const double *share, const int64_t *points, size_t n, int64_t *total)
{
    double sum = 0, lost = 0; /* Kahan: a million shares still add up to 1e-9 */

    *total = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(share[i] > 0 && share[i] <= 1))
            return eid_fail(EID_EINVAL, "prior: share %zu is %g, want one in (0, 1]", i, share[i]);
        if (points[i] < 1 || points[i] > MOST_POINTS - *total)
            return eid_fail(EID_EINVAL,
                            "prior: share %zu belongs to %" PRId64 " points, want 1 to %d in all",
                            i, points[i], MOST_POINTS);
        double y = (double)points[i] * share[i] - lost, t = sum + y;
        lost = (t - sum) - y;
        sum = t;
        *total += points[i];
    }
    if (!(fabs(sum - 1) <= 1e-9))
        return eid_fail(EID_EINVAL, "prior: the shares sum to %.12g, not to 1", sum);
    return EID_OK;
}

eid_status eid_tail_shares(eid_tail_prior **out, const double *share, const int64_t *points,
                           size_t n)
{
    eid_status st = EID_OK;
    eid_tail_prior *p = NULL;
    pair *sorted = NULL;
    int64_t total;

    if (!n)
        return eid_fail(EID_EINVAL, "prior: no shares were given");
    EID_TRY(check_shares(share, points, n, &total));
    EID_TRY(EID_NEW(p, 1));
    EID_TRY(EID_NEW(p->share, n));
    EID_TRY(EID_NEW(p->many, n));
    EID_TRY(EID_NEW(sorted, n));
    for (size_t i = 0; i < n; i++)
        sorted[i] = (pair){share[i], points[i]};
    qsort(sorted, n, sizeof *sorted, descending);
    for (size_t i = 0; i < n; i++) {
        if (p->n && p->share[p->n - 1] == sorted[i].share) {
            p->many[p->n - 1] += sorted[i].many;
        } else {
            p->share[p->n] = sorted[i].share;
            p->many[p->n++] = sorted[i].many;
        }
    }
    p->points = total;
    *out = p;
    p = NULL;
done:
    eid_free(sorted);
    eid_tail_prior_free(p);
    return st;
}

eid_status eid_tail_zipf(eid_tail_prior **out, int64_t points, double exponent)
{
    eid_status st = EID_OK;
    double *share = NULL, sum = 0;
    int64_t *many = NULL;

    if (points < 1 || points > MOST_POINTS || !(exponent >= 0 && exponent <= 20))
        return eid_fail(EID_EINVAL,
                        "zipf: %" PRId64 " points and exponent %g, want 1 to %d and 0 to 20",
                        points, exponent, MOST_POINTS);
    EID_TRY(EID_NEW(share, points));
    EID_TRY(EID_NEW(many, points));
    for (int64_t k = points; k-- > 0;) { /* small ones first: the sum keeps its digits */
        share[k] = pow((double)(k + 1), -exponent);
        sum += share[k];
    }
    for (int64_t k = 0; k < points; k++) {
        share[k] /= sum;
        many[k] = 1;
    }
    st = eid_tail_shares(out, share, many, (size_t)points);
done:
    eid_free(share);
    eid_free(many);
    return st;
}

eid_status eid_tail_dirichlet(eid_tail_prior **out, int64_t points, double a)
{
    eid_status st = EID_OK;
    eid_tail_prior *p = NULL;

    if (points < 2 || points > MOST_POINTS || !(a >= 1e-3 && a <= 1e6))
        return eid_fail(EID_EINVAL,
                        "dirichlet: %" PRId64
                        " points and parameter %g, want 2 to %d and 0.001 to 1e6",
                        points, a, MOST_POINTS);
    EID_TRY(EID_NEW(p, 1));
    p->points = points;
    p->dirichlet = a;
    *out = p;
done:
    return st;
}

void eid_tail_prior_free(eid_tail_prior *p)
{
    if (!p)
        return;
    eid_free(p->share);
    eid_free(p->many);
    eid_free(p);
}

/* ---- exact values ------------------------------------------------------------------------- */

/* log a^l (1-a)^m, with 0^0 = 1. */
static double log_power(double a, int64_t l, int64_t m)
{
    double v = 0;
    if (l)
        v += (double)l * log(a);
    if (m)
        v += (double)m * log1p(-a);
    return v;
}

static double log_choose(int64_t n, int64_t l)
{
    return lgamma((double)n + 1) - lgamma((double)l + 1) - lgamma((double)(n - l) + 1);
}

double eid_tail_tau(const eid_tail_prior *p, int64_t n, int64_t l)
{
    double most = -INFINITY, above = 0, below = 0;

    if (l < 0 || l > n)
        return NAN;
    if (p->dirichlet > 0) /* the posterior mean of a Beta(a, (N-1) a) share */
        return ((double)l + p->dirichlet) / ((double)n + (double)p->points * p->dirichlet);
    for (size_t i = 0; i < p->n; i++)
        most = fmax(most, log_power(p->share[i], l, n - l));
    for (size_t i = 0; i < p->n; i++) {
        double w = (double)p->many[i] * exp(log_power(p->share[i], l, n - l) - most);
        above += w * p->share[i];
        below += w;
    }
    return isfinite(most) ? above / below : NAN; /* never seen l times: one point of share 1 */
}

double eid_tail_points(const eid_tail_prior *p, int64_t n, int64_t l)
{
    double sum = 0;

    if (l < 0 || l > n)
        return 0;
    if (p->dirichlet > 0) { /* beta-binomial */
        double a = p->dirichlet, b = ((double)p->points - 1) * a;
        return (double)p->points *
               exp(log_choose(n, l) + lgamma((double)l + a) + lgamma((double)(n - l) + b) -
                   lgamma((double)n + a + b) - lgamma(a) - lgamma(b) + lgamma(a + b));
    }
    for (size_t i = 0; i < p->n; i++)
        sum += (double)p->many[i] * exp(log_choose(n, l) + log_power(p->share[i], l, n - l));
    return sum;
}

/* By 5 nodes of Gauss and Legendre on pieces of 1/16: f(t) = e^(t - L) / 2 (1 - e^-t / 2)^(k - 1)
 * is analytic and changes on a scale of 1, so that the error is below the last digit. */
static double middle_part(double L, double k)
{
    static const double node[] = {0, 0.5384693101056831, 0.9061798459386640},
                        weight[] = {0.5688888888888889, 0.4786286704993665, 0.2369268850561891};
    int64_t pieces = (int64_t)ceil(L * 16);
    double sum = 0, half = L / (double)pieces / 2;

    for (int64_t p = 0; p < pieces; p++)
        for (int i = -2; i <= 2; i++) {
            double t = half * (2 * (double)p + 1 + (i < 0 ? -node[-i] : node[i]));
            sum += weight[i < 0 ? -i : i] * half * 0.5 * exp(t - L + (k - 1) * log1p(-exp(-t) / 2));
        }
    return sum;
}

/* 1 - integral of f(t - L) F(t)^(k - 1), f and F density and distribution of Laplace noise, L = l
 * epsilon: below 0, from 0 to L, above L.  For two classes the tail of a difference of two. */
double eid_tail_private_error(int64_t l, double epsilon, int64_t classes)
{
    double L = (double)l * epsilon, k = (double)classes;

    if (classes == 2)
        return 0.5 * (1 + L / 2) * exp(-L);
    if (L > 60 + log(k))
        return 0;
    double below = exp(-L - k * M_LN2) / k;
    double above = -expm1(k * log1p(-exp(-L) / 2)) * exp(L) / k;
    return fmax(0, 1 - below - (L > 0 ? middle_part(L, k) : 0) - above);
}

double eid_tail_miss(const eid_tail_learner *a, int64_t l, int64_t classes)
{
    if (a->kind == EID_TAIL_PRIVATE)
        return eid_tail_private_error(l, a->epsilon, classes);
    return a->kind == EID_TAIL_AT_LEAST && l < a->least ? 1 - 1 / (double)classes : 0;
}

double eid_tail_excess(const eid_tail_prior *p, const eid_tail_learner *a, int64_t n,
                       int64_t classes)
{
    double sum = 0;

    if (a->kind == EID_TAIL_COMPRESS)
        return NAN;
    for (int64_t l = 1; l <= n; l++) {
        double miss = eid_tail_miss(a, l, classes);
        if (miss <= 1e-18)
            break; /* misses fall with l: what is left is below the last digit */
        double points = eid_tail_points(p, n, l);
        if (points > 0)
            sum += eid_tail_tau(p, n, l) * points * miss;
    }
    return sum;
}
