/* benign_run.c - draws matrices and noise, interpolates, and compares with sigma^2 tr C. */
#include "base/memory.h"
#include "par/par.h"
#include "tensor/double.h"
#include "theory/benign.h"
#include "theory/streams.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

eid_benign_opts eid_benign_opts_default(void)
{
    return (eid_benign_opts){.n = 100, .trials = 20, .noises = 200, .sigma = 1, .seed = 1};
}

#define FIELD(f) offsetof(eid_benign_opts, f)
const eid_opt eid_benign_opt_table[] = {
    {EID_OPT_I64, "n", FIELD(n), 1, 20000, "examples", NULL, 0},
    {EID_OPT_I64, "trials", FIELD(trials), 2, EID_MOST_TRIALS - 1, "matrices to draw", NULL, 0},
    {EID_OPT_I64, "noises", FIELD(noises), 1, 1e6, "noise vectors for each", NULL, 0},
    {EID_OPT_F64, "sigma", FIELD(sigma), 0, 1e6, "standard deviation of the noise", NULL, 0},
    {EID_OPT_I64, "seed", FIELD(seed), 0, 1e15, "random seed", NULL, 0},
    {0},
};
#undef FIELD

typedef struct outcome {
    double exact, variance, bias, residual, first, middle, last;
} outcome;

typedef struct work {
    const double *lambda;
    int64_t p;
    const eid_benign_opts *opts;
    outcome *out;
} work;

/* One matrix and what is made of it; column-major. */
typedef struct drawn {
    double *x;      /* n x p */
    double *factor; /* n x n: of X X^T */
    double *noise;  /* n x noises */
    double *fit;    /* n x noises, then p x noises: (X X^T)^-1 noise, X^T of it */
    double *theta;
    double *signal; /* p: the estimator without noise */
} drawn;

static void drawn_free(drawn *d)
{
    eid_free(d->x);
    eid_free(d->factor);
    eid_free(d->noise);
    eid_free(d->fit);
    eid_free(d->theta);
    eid_free(d->signal);
}

static eid_status make(const work *w, drawn *d, int64_t trial)
{
    eid_status st = EID_OK;
    int64_t n = w->opts->n, m = w->opts->noises;
    eid_rng r = eid_rng_stream((uint64_t)w->opts->seed, eid_stream(EID_FOR_MEMBERS, trial, 0));

    EID_TRY(EID_NEW(d->x, n * w->p));
    EID_TRY(EID_NEW(d->factor, n * n));
    EID_TRY(EID_NEW(d->noise, n * m));
    EID_TRY(EID_NEW(d->fit, n * m));
    EID_TRY(EID_NEW(d->theta, w->p * m));
    EID_TRY(EID_NEW(d->signal, w->p));
    for (int64_t k = 0; k < w->p; k++)
        for (int64_t i = 0; i < n; i++)
            d->x[k * n + i] = sqrt(w->lambda[k]) * eid_rng_normal(&r);
    r = eid_rng_stream((uint64_t)w->opts->seed, eid_stream(EID_FOR_NOISE, trial, 0));
    for (int64_t i = 0; i < n * m; i++)
        d->noise[i] = w->opts->sigma * eid_rng_normal(&r);
    eid_double_gram(n, w->p, d->x, d->factor);
    EID_TRY(eid_double_cholesky(n, d->factor));
done:
    return st;
}

/* tr C = sum_k lambda_k |(X X^T)^-1 x_k|^2, x_k the k-th column. */
static eid_status trace(const double *lambda, int64_t n, int64_t p, const double *x,
                        const double *factor, double *out)
{
    eid_status st = EID_OK;
    double *solved = NULL, sum = 0;

    EID_TRY(EID_NEW(solved, n * p));
    memcpy(solved, x, (size_t)(n * p) * sizeof *x);
    eid_double_solve(n, factor, p, solved);
    for (int64_t k = p; k-- > 0;) {
        double norm = 0;
        for (int64_t i = 0; i < n; i++)
            norm += solved[k * n + i] * solved[k * n + i];
        sum += lambda[k] * norm;
    }
    *out = sum;
done:
    eid_free(solved);
    return st;
}

eid_status eid_benign_trace(const double *lambda, int64_t n, int64_t p, const double *x,
                            double *out)
{
    eid_status st = EID_OK;
    double *factor = NULL;

    EID_TRY(EID_NEW(factor, n * n));
    eid_double_gram(n, p, x, factor);
    EID_TRY(eid_double_cholesky(n, factor));
    EID_TRY(trace(lambda, n, p, x, factor, out));
done:
    eid_free(factor);
    return st;
}

/* (theta - theta*)^T Sigma (theta - theta*). */
static double excess(const work *w, const double *theta, const double *add)
{
    double sum = 0;
    for (int64_t k = w->p; k-- > 0;) {
        double t = theta[k] + (add ? add[k] : 0) - (k == 0);
        sum += w->lambda[k] * t * t;
    }
    return sum;
}

static double square(const double *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sum;
}

/* The largest |X theta^ - y| of the first noise vector. */
static double residual(const work *w, const drawn *d)
{
    int64_t n = w->opts->n;
    double most = 0;
    for (int64_t i = 0; i < n; i++) {
        double miss = -d->x[i] - d->noise[i]; /* y = x_1 + noise */
        for (int64_t k = 0; k < w->p; k++)
            miss += d->x[k * n + i] * (d->signal[k] + d->theta[k]);
        most = fmax(most, fabs(miss));
    }
    return most;
}

static void measure(const work *w, const drawn *d, outcome *o)
{
    int64_t n = w->opts->n, m = w->opts->noises;
    double bias = excess(w, d->signal, NULL);

    o->bias = bias;
    for (int64_t j = 0; j < m; j++) {
        const double *theta = d->theta + j * w->p;
        double part = 0, noise = square(d->noise + j * n, n) / (double)n; /* L^(theta~) */
        for (int64_t k = w->p; k-- > 0;)
            part += w->lambda[k] * theta[k] * theta[k];
        o->variance += part / (double)m;
        o->first += (excess(w, d->signal, theta) - bias) / (double)m;
        o->middle += (w->opts->sigma * w->opts->sigma + bias - noise) / (double)m;
        o->last += noise / (double)m; /* theta^ fits every example: its training error is 0 */
    }
    o->residual = residual(w, d);
}

static eid_status one_trial(void *arg, int64_t trial, int worker)
{
    const work *w = arg;
    eid_status st = EID_OK;
    drawn d = {0};
    outcome *o = &w->out[trial];
    int64_t n = w->opts->n, m = w->opts->noises;

    (void)worker;
    EID_TRY(make(w, &d, trial));
    EID_TRY(trace(w->lambda, n, w->p, d.x, d.factor, &o->exact));
    o->exact *= w->opts->sigma * w->opts->sigma;
    /* Without noise y = X theta* is the first column. */
    memcpy(d.fit, d.x, (size_t)n * sizeof *d.x);
    eid_double_solve(n, d.factor, 1, d.fit);
    eid_double_turn(n, w->p, 1, d.x, d.fit, d.signal);
    memcpy(d.fit, d.noise, (size_t)(n * m) * sizeof *d.fit);
    eid_double_solve(n, d.factor, m, d.fit);
    eid_double_turn(n, w->p, m, d.x, d.fit, d.theta);
    measure(w, &d, o);
done:
    drawn_free(&d);
    return st;
}

static eid_status check(eid_ctx *ctx, const double *lambda, int64_t p, const eid_benign_opts *o)
{
    eid_status st = eid_spectrum_check(lambda, p);

    if (st != EID_OK)
        return st;
    if (o->n < 1 || o->n >= p || o->n > 20000 || o->trials < 2 || o->trials >= EID_MOST_TRIALS ||
        o->noises < 1 || o->noises > 1000000 || !(o->sigma >= 0 && o->sigma <= 1e6))
        return eid_fail(EID_EINVAL,
                        "minimum norm: %" PRId64 " examples of %" PRId64 " directions, %" PRId64
                        " trials of %" PRId64
                        " noises: want more directions than examples (at most "
                        "20,000), 2 trials and 1 noise or more",
                        o->n, p, o->trials, o->noises);
    double bytes = 8.0 * eid_ctx_threads(ctx) *
                   ((double)p * (2.0 * (double)o->n + (double)o->noises) +
                    (double)o->n * ((double)o->n + 2.0 * (double)o->noises));
    if (bytes > (double)eid_ctx_memory(ctx))
        return eid_fail(EID_ENOMEM, "minimum norm: needs %.0f MB, allowed %" PRId64,
                        bytes / 1048576, eid_ctx_memory(ctx) >> 20);
    return EID_OK;
}

#define MEAN(field, expression)                        \
    do {                                               \
        for (int64_t t = 0; t < o->trials; t++) {      \
            const outcome *v = &w.out[t];              \
            x[t] = (expression);                       \
        }                                              \
        out->field = eid_mean_t(x, (size_t)o->trials); \
    } while (0)

eid_status eid_benign_run(eid_benign_result *out, eid_ctx *ctx, const double *lambda, int64_t p,
                          const eid_benign_opts *o)
{
    eid_status st = EID_OK;
    work w = {.lambda = lambda, .p = p, .opts = o};
    double *x = NULL;

    EID_TRY(check(ctx, lambda, p, o));
    EID_TRY(EID_NEW(w.out, o->trials));
    EID_TRY(EID_NEW(x, o->trials));
    EID_TRY(eid_tick(ctx, "minimum norm", "trials", 0, o->trials));
    EID_TRY(eid_par_for(ctx, o->trials, one_trial, &w));
    MEAN(exact, v->exact);
    MEAN(variance, v->variance);
    MEAN(ratio, v->variance / v->exact);
    MEAN(bias, v->bias);
    MEAN(first, v->first);
    MEAN(middle, v->middle);
    MEAN(last, v->last);
    MEAN(gap, v->first + v->middle + v->last);
    out->residual = 0;
    for (int64_t t = 0; t < o->trials; t++)
        out->residual = fmax(out->residual, w.out[t].residual);
done:
    eid_free(w.out);
    eid_free(x);
    return st;
}

/* ---- the definition ------------------------------------------------------------------------- */

double eid_benign_trace_ref(const double *lambda, int64_t n, int64_t p, const double *x)
{
    enum { MOST = 64 };
    double a[MOST][2 * MOST] = {{0}}, sum = 0;

    if (n < 1 || n > MOST)
        return NAN;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++)
            for (int64_t k = 0; k < p; k++)
                a[i][j] += x[k * n + i] * x[k * n + j];
        a[i][n + i] = 1;
    }
    for (int64_t c = 0; c < n; c++) { /* Gauss-Jordan; a Gram matrix needs no pivots */
        double pivot = a[c][c];
        for (int64_t j = 0; j < 2 * n; j++)
            a[c][j] /= pivot;
        for (int64_t i = 0; i < n; i++) {
            double f = a[i][c];
            for (int64_t j = 0; i != c && j < 2 * n; j++)
                a[i][j] -= f * a[c][j];
        }
    }
    for (int64_t k = 0; k < p; k++)
        for (int64_t i = 0; i < n; i++) {
            double v = 0;
            for (int64_t j = 0; j < n; j++)
                v += a[i][n + j] * x[k * n + j];
            sum += lambda[k] * v * v;
        }
    return sum;
}
