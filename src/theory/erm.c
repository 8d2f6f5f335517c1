/* erm.c - a convex problem on which fitting the sample is not learning. */
#include "theory/erm.h"
#include "base/memory.h"
#include "eidetic/rng.h"
#include "par/par.h"
#include "stats/estimate.h"
#include "theory/streams.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PER_WORD_BIT = 12, LEAST_D = 12, MOST_D = 156, MOST_N = 4096 };

/* Products that are 1/2 but for rounding are not above it. */
static const double LEAST_LOSS = 0.5 + 1e-12;

eid_erm_opts eid_erm_opts_default(void)
{
    return (eid_erm_opts){.d = 96, .n = 8, .trials = 100, .seed = 1};
}

#define FIELD(f) offsetof(eid_erm_opts, f)
const eid_opt eid_erm_opt_table[] = {
    {EID_OPT_I64, "d", FIELD(d), LEAST_D, MOST_D, "dimension", NULL, 0},
    {EID_OPT_I64, "n", FIELD(n), 1, MOST_N, "examples", NULL, 0},
    {EID_OPT_I64, "trials", FIELD(trials), 2, EID_MOST_TRIALS - 1, "samples to draw", NULL, 0},
    {EID_OPT_I64, "seed", FIELD(seed), 0, 1e15, "random seed", NULL, 0},
    {0},
};
#undef FIELD

/* ---- the problem ------------------------------------------------------------------------------
 */

static bool is_far(const eid_signs *s, int64_t row)
{
    const uint64_t *mine = s->bits + row * s->words;

    for (int64_t k = 0; k < row; k++) {
        int64_t differ = 0;
        for (int64_t w = 0; w < s->words; w++)
            differ += __builtin_popcountll(mine[w] ^ s->bits[k * s->words + w]);
        if (4 * differ < s->d) /* <w, w'> = 1 - 2 differ / d above 1/2 */
            return false;
    }
    return true;
}

eid_status eid_erm_words(eid_signs *out, int64_t words, int64_t d, uint64_t seed)
{
    enum { TRIES = 100000 };
    eid_signs s = {0};
    eid_rng r = eid_rng_stream(seed, eid_stream(EID_FOR_POINTS, 0, 0));
    eid_status st = eid_signs_new(&s, words, d);
    int64_t tries = 0;

    for (int64_t row = 0; st == EID_OK && row < words && tries < TRIES; tries++) {
        uint64_t *bits = s.bits + row * s.words;
        memset(bits, 0, (size_t)s.words * sizeof *bits);
        for (int64_t j = 0; j < d; j += 64) {
            uint64_t keep = d - j < 64 ? ((uint64_t)1 << (d - j)) - 1 : ~(uint64_t)0;
            bits[j / 64] = eid_rng_u64(&r) & keep;
        }
        row += is_far(&s, row);
    }
    if (st == EID_OK && tries == TRIES)
        st = eid_fail(EID_EINTERNAL, "erm: no %" PRId64 " words far from each other were found",
                      words);
    if (st != EID_OK) {
        eid_signs_free(&s);
        return st;
    }
    *out = s;
    return EID_OK;
}

double eid_erm_population(double *dots, int64_t words)
{
    double loss = 0, left = 1;
    int64_t above = 0;

    for (int64_t k = 0; k < words; k++)
        if (dots[k] > LEAST_LOSS)
            dots[above++] = dots[k];
    qsort(dots, (size_t)above, sizeof *dots, eid_compare_doubles);
    for (int64_t k = above; k-- > 0; left /= 2)
        loss += left / 2 * dots[k];
    return loss + left / 2;
}

double eid_erm_loss(const double *dots, const uint8_t *set, int64_t words, int64_t *at)
{
    double most = LEAST_LOSS;

    *at = -1;
    for (int64_t k = 0; k < words; k++)
        if (set[k] && dots[k] > most) {
            most = dots[k];
            *at = k;
        }
    return *at < 0 ? 0.5 : most;
}

/* ---- a trial ----------------------------------------------------------------------------------
 */

typedef struct outcome {
    double excess, empirical, last, sgd;
} outcome;

typedef struct work {
    const eid_erm_opts *o;
    const eid_signs *words;
    outcome *out;
} work;

typedef struct desk {
    uint8_t *set; /* [n][words] */
    double *theta, *mean, *dots;
} desk;

/* A stream of its own for each example, so that more examples are the same ones and others. */
static void draw_set(const work *w, int64_t trial, int64_t example, uint8_t *set)
{
    eid_rng r = eid_rng_stream((uint64_t)w->o->seed,
                               eid_stream(EID_FOR_MEMBERS, trial, 0) + (uint64_t)example);
    uint64_t coins = 0;

    for (int64_t k = 0; k < w->words->rows; k++, coins >>= 1) {
        if (k % 64 == 0)
            coins = eid_rng_u64(&r);
        set[k] = coins & 1;
    }
}

static void all_dots(const work *w, const double *theta, double *dots)
{
    for (int64_t k = 0; k < w->words->rows; k++)
        dots[k] = eid_signs_dot(w->words, k, theta);
}

/* The first word that is in none of the sets; -1: each is in one. */
static int64_t unseen(const work *w, const desk *k)
{
    int64_t words = w->words->rows;

    for (int64_t x = 0; x < words; x++) {
        bool seen = false;
        for (int64_t i = 0; i < w->o->n; i++)
            seen = seen || k->set[i * words + x];
        if (!seen)
            return x;
    }
    return -1;
}

static void memorize(const work *w, desk *k, outcome *o)
{
    int64_t words = w->words->rows, x = unseen(w, k), at;
    double sum = 0;

    memset(k->theta, 0, (size_t)w->words->words * 64 * sizeof *k->theta);
    for (int64_t j = 0; x >= 0 && j < w->o->d; j++)
        k->theta[j] = eid_sign(w->words, x, j) / sqrt((double)w->o->d);
    all_dots(w, k->theta, k->dots);
    for (int64_t i = 0; i < w->o->n; i++)
        sum += eid_erm_loss(k->dots, k->set + i * words, words, &at);
    o->empirical = sum / (double)w->o->n - 0.5;
    o->excess = eid_erm_population(k->dots, words) - 0.5;
}

/* As many examples as leave one word unseen: one less than the last word's first time. */
static void count_examples(const work *w, desk *k, int64_t trial, outcome *o)
{
    int64_t words = w->words->rows, left = words, i = 0;
    uint8_t *met = k->set; /* the first rows of the sets are done with */
    uint8_t *now = k->set + words;

    memset(met, 0, (size_t)words);
    for (; left > 0; i++) {
        draw_set(w, trial, i, now);
        for (int64_t x = 0; x < words; x++) {
            left -= now[x] && !met[x];
            met[x] |= now[x];
        }
    }
    o->last = (double)(i - 1);
}

static void descend(const work *w, desk *k, outcome *o)
{
    int64_t words = w->words->rows, d = w->o->d;
    double n = (double)w->o->n, step = 1 / sqrt(n), root = sqrt((double)d);

    memset(k->mean, 0, (size_t)w->words->words * 64 * sizeof *k->mean);
    memset(k->theta, 0, (size_t)w->words->words * 64 * sizeof *k->theta);
    for (int64_t j = 0; j < d; j++)
        k->theta[j] = eid_sign(w->words, 0, j) / root;
    for (int64_t i = 0; i < w->o->n; i++) {
        int64_t at;
        double norm2 = 0;
        for (int64_t j = 0; j < d; j++)
            k->mean[j] += k->theta[j] / n;
        all_dots(w, k->theta, k->dots);
        eid_erm_loss(k->dots, k->set + i * words, words, &at);
        for (int64_t j = 0; j < d; j++) {
            if (at >= 0)
                k->theta[j] -= step * eid_sign(w->words, at, j) / root;
            norm2 += k->theta[j] * k->theta[j];
        }
        for (int64_t j = 0; norm2 > 1 && j < d; j++)
            k->theta[j] /= sqrt(norm2);
    }
    all_dots(w, k->mean, k->dots);
    o->sgd = eid_erm_population(k->dots, words) - 0.5;
}

static eid_status one_trial(void *arg, int64_t trial, int worker)
{
    const work *w = arg;
    eid_status st = EID_OK;
    desk k = {0};
    int64_t words = w->words->rows, padded = w->words->words * 64;

    (void)worker;
    EID_TRY(EID_NEW(k.set, (w->o->n > 2 ? w->o->n : 2) * words));
    EID_TRY(EID_NEW(k.theta, padded));
    EID_TRY(EID_NEW(k.mean, padded));
    EID_TRY(EID_NEW(k.dots, words));
    for (int64_t i = 0; i < w->o->n; i++)
        draw_set(w, trial, i, k.set + i * words);
    memorize(w, &k, &w->out[trial]);
    descend(w, &k, &w->out[trial]);
    count_examples(w, &k, trial, &w->out[trial]);
done:
    eid_free(k.set);
    eid_free(k.theta);
    eid_free(k.mean);
    eid_free(k.dots);
    return st;
}

/* ---- all of them ------------------------------------------------------------------------------
 */

/* 1 - (1 - 2^-n)^words. */
static double one_is_left(int64_t n, int64_t words)
{
    return -expm1((double)words * log1p(-ldexp(1, -(int)n)));
}

static double last_exact(int64_t words)
{
    double sum = 0;
    for (int64_t n = 1; n < 200; n++) /* 2^-200 words is nothing */
        sum += one_is_left(n, words);
    return sum;
}

static eid_status check(const eid_erm_opts *o)
{
    if (o->n < 1 || o->n > MOST_N)
        return eid_fail(EID_EINVAL, "erm: n = %" PRId64 ": want 1 to %d examples", o->n, MOST_N);
    if (o->d < LEAST_D || o->d > MOST_D)
        return eid_fail(EID_EINVAL,
                        "erm: d = %" PRId64 ": want %d to %d, for there are 2^(d / %d) words", o->d,
                        LEAST_D, MOST_D, PER_WORD_BIT);
    if (o->trials < 2 || o->trials >= EID_MOST_TRIALS)
        return eid_fail(EID_EINVAL, "erm: %" PRId64 " trials: want 2 to %d", o->trials,
                        EID_MOST_TRIALS - 1);
    return EID_OK;
}

#define MEAN(field)                                 \
    do {                                            \
        for (int64_t t = 0; t < o->trials; t++)     \
            x[t] = w.out[t].field;                  \
        r.field = eid_mean_t(x, (size_t)o->trials); \
    } while (0)

eid_status eid_erm_run(eid_erm_result *out, eid_ctx *ctx, const eid_erm_opts *o)
{
    eid_status st = EID_OK;
    eid_signs words = {0};
    work w = {.o = o, .words = &words};
    eid_erm_result r = {0};
    double *x = NULL;

    EID_TRY(check(o));
    r.words = (int64_t)1 << o->d / PER_WORD_BIT;
    EID_TRY(eid_erm_words(&words, r.words, o->d, (uint64_t)o->seed));
    EID_TRY(EID_NEW(w.out, o->trials));
    EID_TRY(EID_NEW(x, o->trials));
    EID_TRY(eid_tick(ctx, "minimizing", "trials", 0, o->trials));
    EID_TRY(eid_par_for(ctx, o->trials, one_trial, &w));
    MEAN(excess);
    MEAN(last);
    MEAN(sgd);
    for (int64_t t = 0; t < o->trials; t++)
        r.empirical_most = fmax(r.empirical_most, fabs(w.out[t].empirical));
    r.excess_exact = one_is_left(o->n, r.words) / 4;
    r.last_exact = last_exact(r.words);
    r.sgd_bound = 0.625 / sqrt((double)o->n);
    *out = r;
done:
    eid_signs_free(&words);
    eid_free(w.out);
    eid_free(x);
    return st;
}
