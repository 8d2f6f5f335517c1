#include "theory/convex.h"
#include "base/memory.h"
#include "eidetic/rng.h"
#include "theory/streams.h"
#include <math.h>
#include <string.h>

/* Coordinate j of the sample mean. */
static double sample_mean(const eid_convex *c, int64_t j)
{
    return (double)(2 * c->ones[j] - c->n) / ((double)c->n * sqrt((double)c->s->d));
}

static double dot(const double *x, const double *y, int64_t d)
{
    double sum = 0;
    for (int64_t j = 0; j < d; j++)
        sum += x[j] * y[j];
    return sum;
}

static void scale_to(double *theta, int64_t d, double factor)
{
    for (int64_t j = 0; j < d; j++)
        theta[j] *= factor;
}

static void to_length_one(double *theta, int64_t d)
{
    double norm = sqrt(dot(theta, theta, d));
    if (norm > 0)
        scale_to(theta, d, 1 / norm);
}

double eid_convex_signal(double beta)
{
    return 1 / (2 * beta + 1);
}

double eid_convex_length2(double v, int64_t n, int64_t d, double noise)
{
    double s = 2 * noise / (double)n;
    return v + (1 - v) / (double)n + (double)d * s * s;
}

/* ---- the private mean -------------------------------------------------------------------------
 */

static void add_noise(const eid_convex *c, double *theta)
{
    eid_rng r = eid_rng_stream(c->seed, eid_stream(EID_FOR_NOISE, c->trial, 0));
    double deviation = c->noise * 2 / (double)c->n;
    for (int64_t j = 0; j < c->s->d; j++)
        theta[j] += deviation * eid_rng_normal(&r);
}

/* Under strong convexity the excess is |theta - m|^2 / 2, least in expectation over the prior when
 * the release is shrunk by v / s^2; that uses nothing but what is public. */
static void finish_private(const eid_convex *c, double *theta)
{
    int64_t d = c->s->d;
    if (c->problem == EID_LINEAR) {
        to_length_one(theta, d);
        return;
    }
    double v = c->signal;
    scale_to(theta, d, v / eid_convex_length2(v, c->n, d, c->noise));
    if (dot(theta, theta, d) > 1)
        to_length_one(theta, d);
}

/* ---- stochastic gradients ---------------------------------------------------------------------
 */

/* Iterates are kept as theta_t = c_t v_t, so that shrinking costs one product.  Their sum follows
 * from the same two vectors: sum_{s<=t} c_s v_s = C_t v_t - w_t with C_t = sum c_s, where adding a
 * z to v adds C_{t-1} a z to w.  As c falls the two grow and cancel, so before a digit is lost to
 * that the sum is moved into w alone and v starts anew as theta. */
typedef struct iterate {
    double *v, *w;
    int64_t d;
    double c, sum_c, norm2; /* norm2: |theta|^2 */
} iterate;

static void start_anew(iterate *t, double c)
{
    for (int64_t j = 0; j < t->d; j++) {
        t->w[j] -= t->sum_c * t->v[j];
        t->v[j] *= c;
    }
    t->c = 1;
    t->sum_c = 0;
    t->norm2 = dot(t->v, t->v, t->d);
}

/* theta <- shrink theta + step z, then onto the ball. */
static void step_to(iterate *t, const eid_signs *s, int64_t row, double shrink, double step)
{
    if (t->c * shrink < 0.125) { /* also the first step of 1 / t, which forgets where it stood */
        start_anew(t, t->c * shrink);
        shrink = 1;
    }
    double along = t->c * shrink * eid_signs_dot(s, row, t->v);
    t->norm2 = shrink * shrink * t->norm2 + 2 * step * along + step * step;
    t->c *= shrink;
    double a = step / t->c;
    eid_signs_add(s, row, a, t->v, t->sum_c * a, t->w);
    if (t->norm2 > 1) {
        t->c /= sqrt(t->norm2);
        t->norm2 = 1;
    }
    t->sum_c += t->c;
}

static eid_status descend(const eid_convex *c, double *theta, double *scratch)
{
    int64_t *order = NULL, passes = c->learner == EID_LEARN_SGD ? 1 : c->passes;
    eid_status st = EID_NEW(order, c->n);
    if (st != EID_OK)
        return st;
    size_t bytes = (size_t)c->s->words * 64 * sizeof *theta;
    memset(theta, 0, bytes);
    memset(scratch, 0, bytes);
    iterate t = {.v = theta, .w = scratch, .d = c->s->d, .c = 1};
    double steps = (double)c->n * (double)passes;
    for (int64_t i = 0; i < c->n; i++)
        order[i] = i;
    for (int64_t pass = 0, done = 0; pass < passes; pass++) {
        eid_rng r =
            eid_rng_stream(c->seed, eid_stream(EID_FOR_ORDER, c->trial, 0) + (uint64_t)pass);
        if (passes > 1)
            eid_rng_shuffle(&r, order, (size_t)c->n);
        for (int64_t i = 0; i < c->n; i++, done++) {
            double rate = 1 / (double)(done + 1);
            if (c->problem == EID_LINEAR)
                step_to(&t, c->s, order[i], 1, 1 / sqrt(steps));
            else
                step_to(&t, c->s, order[i], 1 - rate, rate);
        }
    }
    for (int64_t j = 0; j < c->s->d; j++)
        theta[j] = (t.sum_c * theta[j] - scratch[j]) / steps;
    eid_free(order);
    return EID_OK;
}

/* -----------------------------------------------------------------------------------------------
 */

eid_status eid_convex_learn(const eid_convex *c, double *theta, double *scratch)
{
    int64_t d = c->s->d;
    if (c->learner == EID_LEARN_SGD || c->learner == EID_LEARN_PROJECTED_SGD)
        return descend(c, theta, scratch);
    memset(theta, 0, (size_t)c->s->words * 64 * sizeof *theta);
    for (int64_t j = 0; j < d; j++)
        theta[j] = sample_mean(c, j);
    if (c->learner == EID_LEARN_PRIVATE) {
        add_noise(c, theta);
        finish_private(c, theta);
    } else if (c->problem == EID_LINEAR) {
        to_length_one(theta, d);
    }
    return EID_OK;
}

eid_convex_score eid_convex_judge(const eid_convex *c, const double *theta)
{
    int64_t d = c->s->d;
    double m2 = dot(c->mean, c->mean, d), along = dot(theta, c->mean, d), empirical = 0, away = 0;
    for (int64_t j = 0; j < d; j++) {
        empirical += theta[j] * sample_mean(c, j);
        away += (theta[j] - c->mean[j]) * (theta[j] - c->mean[j]);
    }
    bool linear = c->problem == EID_LINEAR;
    return (eid_convex_score){
        .excess = linear ? sqrt(m2) - along : away / 2,
        .trivial = linear ? sqrt(m2) : m2 / 2,
        .gap = empirical - along,
        .norm = sqrt(dot(theta, theta, d)),
        .centre = along,
    };
}
