/* lab_benign_overfitting.c - fitting noise exactly, with and without harm (Bartlett et al. 2020).
 */
#include "eidetic/benign.h"
#include "eidetic/classifier.h"
#include "eidetic/rng.h"
#include "recipe/lab.h"
#include <math.h>
#include <stdio.h>

/* ---- spectra --------------------------------------------------------------------------------- */

typedef enum spectrum { FLOOR, SLOW, POWER } spectrum;
static const char *const spectrum_name[] = {"floor", "1/(k ln²k)", "1/k²"};
enum { TIMES = 40 }; /* directions for each example */

/* FLOOR: a few directions that fall fast, above a floor of many equal small ones; SLOW: the one
 * power law that is benign, so slowly that no size shows it; POWER: harmful. */
static void fill(double *lambda, int64_t p, spectrum s)
{
    for (int64_t i = 0; i < p; i++) {
        double k = (double)(i + 1);
        lambda[i] = s == FLOOR  ? exp2(-(double)i) + 0.2 / (double)p
                    : s == SLOW ? 1 / (k * log(k + 1) * log(k + 1))
                                : 1 / (k * k);
    }
}

static eid_status look(lab_work *w, spectrum s, int64_t n, eid_benign_result *r, double *limit,
                       double *bound)
{
    eid_status st = EID_OK;
    double *lambda = NULL;
    int64_t p = TIMES * n;
    eid_benign_bound b;
    eid_benign_opts o = {
        .n = n, .trials = w->full ? 24 : 12, .noises = 200, .sigma = 1, .seed = (int64_t)w->seed};

    EID_TRY(EID_NEW(lambda, p));
    fill(lambda, p, s);
    EID_TRY(eid_benign_run(r, w->ctx, lambda, p, &o));
    EID_TRY(eid_benign_bounds(&b, lambda, p, n, 1));
    *limit = eid_benign_limit(lambda, p, n);
    *bound = b.variance;
done:
    eid_free(lambda);
    return st;
}

static eid_status chart(lab_work *w, eid_lab_figure **f)
{
    return lab_figure(f, w,
                      &(eid_chart){.name = "spectra",
                                   .title =
                                       "Noise that the interpolator takes into its predictions, "
                                       "by examples and spectrum",
                                   .x_title = "examples (40 directions for each)",
                                   .x_unit = "examples",
                                   .y_title = "variance / σ²",
                                   .x_scale = EID_SCALE_LOG2,
                                   .x_as = EID_AS_COUNT,
                                   .from_zero = true,
                                   .rule = 1,
                                   .rule_label = "1: as much as the noise itself"});
}

static eid_status judge(lab_work *w, spectrum s, const eid_benign_result *r, double bound)
{
    eid_status st = EID_OK;
    char row[128];

    snprintf(row, sizeof row, "variance by Monte Carlo / σ² tr C, %s", spectrum_name[s]);
    EID_TRY(lab_measured(w, row, &r->ratio, lab_about(1, 0.05)));
    eid_estimate share = r->exact;
    share.value /= bound, share.low /= bound, share.high /= bound;
    snprintf(row, sizeof row, "variance / (k*/n + n/R), %s", spectrum_name[s]);
    EID_TRY(lab_measured(w, row, &share, lab_between(0.1, 4)));
    if (s == FLOOR) {
        eid_estimate residual = lab_exact(r->residual);
        EID_TRY(lab_measured(w, "variance, floor", &r->exact, lab_at_most(0.15)));
        EID_TRY(lab_measured(w, "largest training residual", &residual, lab_at_most(1e-6)));
        EID_TRY(lab_measured(w, "risk - training error, floor", &r->gap, lab_at_least(0.9)));
        EID_TRY(lab_measured(w, "of it left to uniform convergence by the surrogate, floor",
                             &r->middle, lab_about(0, 0.25)));
    }
    if (s == POWER)
        EID_TRY(lab_control(w, "variance, 1/k² (theory: 1 for any number of examples)", &r->exact,
                            lab_about(1, 0.2)));
done:
    return st;
}

static eid_status spectra(lab_work *w)
{
    eid_status st = EID_OK;
    eid_lab_figure *f;
    int64_t most = w->full ? 256 : 128;

    EID_TRY(chart(w, &f));
    for (spectrum s = FLOOR; s <= POWER; s++) {
        double first = NAN;
        for (int64_t n = 16; n <= most; n *= 2) {
            eid_benign_result r;
            double limit, bound;
            char theory[48];
            EID_TRY(look(w, s, n, &r, &limit, &bound));
            eid_estimate e = lab_exact(limit);
            EID_TRY(lab_point(f, spectrum_name[s], (double)n, &r.exact));
            snprintf(theory, sizeof theory, "limit, %s", spectrum_name[s]);
            EID_TRY(lab_point(f, theory, (double)n, &e));
            if (n == 16) {
                EID_TRY(lab_reference(f, theory));
                first = r.exact.value;
            }
            if (n < most)
                continue;
            EID_TRY(judge(w, s, &r, bound));
            e = r.exact;
            e.value /= first, e.low /= first, e.high /= first;
            if (s == FLOOR)
                EID_TRY(lab_measured(w, "variance at most examples / at 16, floor", &e,
                                     lab_at_most(0.6)));
            if (s == POWER)
                EID_TRY(lab_control(w, "variance at most examples / at 16, 1/k²", &e,
                                    lab_at_least(0.7)));
        }
    }
done:
    return st;
}

/* Hardly more directions than examples: the peak of the double descent, in closed form. */
static eid_status peak(lab_work *w)
{
    eid_status st = EID_OK;
    enum { N = 50, P = 60 };
    double lambda[P];
    eid_benign_result r;
    eid_benign_opts o = {
        .n = N, .trials = w->full ? 4000 : 1000, .noises = 1, .sigma = 1, .seed = (int64_t)w->seed};

    for (int i = 0; i < P; i++)
        lambda[i] = 1;
    EID_TRY(eid_benign_run(&r, w->ctx, lambda, P, &o));
    EID_TRY(lab_control(w, "variance of 50 examples in 60 equal directions (theory: n/(p-n-1))",
                        &r.exact, lab_about((double)N / (P - N - 1), 0.6)));
done:
    return st;
}

/* ---- a network of two layers ----------------------------------------------------------------- */

enum { DIRECTIONS = 2000, TEST = 1000 };

typedef struct mixture {
    float *x;
    int32_t *label, *clean;
} mixture;

/* Two Gaussian clouds around +- mu, |mu|^2 = 40; labels flipped with chance p. */
static eid_status draw(mixture *m, int64_t n, double p, uint64_t seed, uint64_t stream)
{
    eid_status st = EID_OK;
    eid_rng r = eid_rng_stream(seed, 0x424f000000000000u + stream);
    const double mu = sqrt(40.0 / DIRECTIONS);

    EID_TRY(EID_NEW(m->x, n * DIRECTIONS));
    EID_TRY(EID_NEW(m->label, n));
    EID_TRY(EID_NEW(m->clean, n));
    for (int64_t i = 0; i < n; i++) {
        m->clean[i] = (int32_t)(eid_rng_u32(&r) & 1);
        m->label[i] = m->clean[i] ^ (eid_rng_unit(&r) < p);
        for (int64_t k = 0; k < DIRECTIONS; k++)
            m->x[i * DIRECTIONS + k] = (float)(eid_rng_normal(&r) + (m->clean[i] ? mu : -mu));
    }
done:
    return st;
}

static void mixture_free(mixture *m)
{
    eid_free(m->x);
    eid_free(m->label);
    eid_free(m->clean);
}

static eid_status errors(eid_net *net, eid_ctx *ctx, const mixture *m, int64_t n, double *noisy,
                         double *clean)
{
    eid_status st = EID_OK;
    float *logits = NULL;
    int64_t wrong = 0, wrong_clean = 0;

    EID_TRY(EID_NEW(logits, 2 * n));
    EID_TRY(eid_net_logits(net, ctx, m->x, n, logits));
    for (int64_t i = 0; i < n; i++) {
        int32_t said = logits[2 * i + 1] > logits[2 * i];
        wrong += said != m->label[i];
        wrong_clean += said != m->clean[i];
    }
    *noisy = (double)wrong / (double)n;
    *clean = (double)wrong_clean / (double)n;
done:
    eid_free(logits);
    return st;
}

typedef struct net_errors {
    double train[16], clean[16], noisy[16];
} net_errors;

static eid_status train_one(lab_work *w, double p, int trial, net_errors *e)
{
    eid_status st = EID_OK;
    eid_net *net = NULL;
    eid_optim *optim = NULL;
    mixture train = {0}, test = {0};
    eid_optim_opts o = eid_optim_opts_default();
    const eid_net_shape shape = {1, 1, DIRECTIONS, 2};
    int64_t n = 100;
    double ignored;

    EID_TRY(draw(&train, n, p, w->seed, 2 * (uint64_t)trial));
    EID_TRY(draw(&test, TEST, p, w->seed, 2 * (uint64_t)trial + 1));
    EID_TRY(eid_net_new(&net, w->ctx, "mlp:128", &shape, w->seed + (uint64_t)trial));
    EID_TRY(eid_optim_new(&optim, net, &o));
    const eid_examples batch = {.n = n, .x = train.x, .y = train.label};
    for (int step = 0; step < 200; step++)
        EID_TRY(eid_net_step(net, optim, w->ctx, &batch, 0.02, NULL, NULL, NULL));
    EID_TRY(errors(net, w->ctx, &train, n, &e->train[trial], &ignored));
    EID_TRY(errors(net, w->ctx, &test, TEST, &e->noisy[trial], &e->clean[trial]));
done:
    mixture_free(&train);
    mixture_free(&test);
    eid_optim_free(optim);
    eid_net_free(net);
    return st;
}

static eid_status network(lab_work *w)
{
    eid_status st = EID_OK;
    eid_lab_figure *f;
    int trials = w->full ? 8 : 6;

    EID_TRY(
        lab_figure(&f, w,
                   &(eid_chart){.name = "network",
                                .title = "A network of two layers that fits every label, by share "
                                         "of flipped labels",
                                .x_title = "share of flipped labels, p",
                                .x_unit = "flipped",
                                .y_title = "error",
                                .x_as = EID_AS_PERCENT,
                                .y_as = EID_AS_PERCENT,
                                .from_zero = true}));
    for (int k = 0; k <= 5; k++) {
        net_errors e;
        double p = 0.1 * k;
        for (int t = 0; t < trials; t++)
            EID_TRY(train_one(w, p, t, &e));
        eid_estimate train = eid_mean_t(e.train, (size_t)trials);
        eid_estimate clean = eid_mean_t(e.clean, (size_t)trials);
        eid_estimate noisy = eid_mean_t(e.noisy, (size_t)trials), chance = lab_exact(p);
        EID_TRY(lab_point(f, "training labels", p, &train));
        EID_TRY(lab_point(f, "test, clean labels", p, &clean));
        EID_TRY(lab_point(f, "test, labels as noisy", p, &noisy));
        EID_TRY(lab_point(f, "p: the best there is", p, &chance));
        if (k == 1) {
            EID_TRY(lab_measured(w, "network: error on its training labels, p = 0.1", &train,
                                 lab_at_most(0)));
            EID_TRY(lab_measured(w, "network: error on clean labels, p = 0.1", &clean,
                                 lab_at_most(0.03)));
            EID_TRY(lab_measured(w, "network: error on labels as noisy, p = 0.1", &noisy,
                                 lab_about(0.1, 0.04)));
        } else if (k == 5) {
            EID_TRY(lab_control(w, "network: error on its training labels where they say nothing",
                                &train, lab_at_most(0)));
            EID_TRY(lab_control(w, "network: error on test labels where they say nothing", &noisy,
                                lab_about(0.5, 0.03)));
        }
    }
    EID_TRY(lab_reference(f, "p: the best there is"));
done:
    return st;
}

static eid_status run(lab_work *w)
{
    eid_status st = EID_OK;

    EID_TRY(spectra(w));
    EID_TRY(peak(w));
    EID_TRY(network(w));
done:
    return st;
}

const eid_lab eid_lab_benign_overfitting = {
    .name = "benign-overfitting",
    .group = "theory",
    .title = "Fitting noise exactly, with and without harm",
    .claim =
        "The least-squares fit of minimum norm reproduces noisy labels exactly; what that costs "
        "is σ² tr C, small where very many small directions take up the noise, and as large as "
        "the noise itself where the spectrum falls like 1/k².",
    .meaning =
        "A model that memorizes noise is not for that reason a bad model. Whether it is depends "
        "on where the noise goes: into directions that matter for no prediction, or into those "
        "that do. Training error tells nothing about which.",
    .source = "Bartlett, Long, Lugosi and Tsigler 2020, Benign overfitting in linear regression; "
              "Negrea, Dziugaite and Roy 2020, In defense of uniform convergence",
    .seconds = {8, 40},
    .run = run,
};
