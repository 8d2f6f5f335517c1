/* lds.c - the linear datamodeling score of an attribution.
 *
 * What scores foretell of a model is a sum over the bits of its mask: the sums of all 256 patterns
 * of eight training examples are made once a test example, so that a model costs one addition a
 * byte. */
#include "base/ctx.h"
#include "base/memory.h"
#include "eidetic/attribution.h"
#include "eidetic/rng.h"
#include "measure/bank_phi.h"
#include "par/par.h"
#include "stats/special.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS = 20, PATTERNS = 256 };

typedef struct ranked {
    double value;
    int64_t at;
} ranked;

/* One worker's memory. */
typedef struct room {
    double *score, *sum; /* of training examples; of the patterns of every byte */
    double *rank[2];     /* of outputs, of what is foretold */
    ranked *order[2];
} room;

typedef struct lds {
    const eid_lds_data *d;
    const eid_array *scores;
    const int64_t *place; /* training example i gets the score of place[i]; NULL: its own */
    int64_t row, groups;
    room *room;
    int workers;
    double *rho; /* test x (1 + groups): of all models, of all but a group's */
} lds;

/* ---- one test example ------------------------------------------------------------------------ */

static eid_status read_scores(const lds *l, int64_t j, double *score)
{
    int64_t n = l->d->train;

    for (int64_t i = 0; i < n; i++) {
        int64_t from = j * n + (l->place ? l->place[i] : i);
        score[i] = eid_array_at(l->scores, from);
        if (!isfinite(score[i]))
            return eid_fail(EID_EFORMAT,
                            "%.200s: the score of training example %" PRId64
                            " for test example %" PRId64 " is no number",
                            l->scores->name, from - j * n, j);
    }
    return EID_OK;
}

/* sum[b * 256 + p]: of the examples of byte b whose bits are set in p. */
static void sum_patterns(const lds *l, const double *score, double *sum)
{
    for (int64_t b = 0; b < l->row; b++, sum += PATTERNS)
        for (int p = 1; p < PATTERNS; p++) {
            int64_t i = b * 8 + __builtin_ctz((unsigned)p);
            sum[p] = sum[p & (p - 1)] + (i < l->d->train ? score[i] : 0);
        }
}

static double foretold(const lds *l, const double *sum, int64_t k)
{
    const uint8_t *mask = l->d->masks + k * l->row;
    double all = 0;

    for (int64_t b = 0; b < l->row; b++)
        all += sum[b * PATTERNS + mask[b]];
    return all;
}

static int by_value(const void *x, const void *y)
{
    const ranked *a = x, *b = y;
    return a->value < b->value ? -1 : a->value > b->value ? 1 : a->at < b->at ? -1 : a->at > b->at;
}

/* Average ranks of the models that are not of group g; their number. */
static int64_t rank_without(const lds *l, int64_t g, const ranked *order, double *rank)
{
    int64_t models = l->d->models, n = 0;

    for (int64_t k = 0, end, ties; k < models; k = end) {
        ties = 0;
        for (end = k; end < models && order[end].value == order[k].value; end++)
            ties += order[end].at % l->groups != g;
        for (int64_t i = k; i < end; i++)
            rank[order[i].at] = (double)n + (double)(ties + 1) / 2;
        n += ties;
    }
    return n;
}

/* Spearman's rho without group g (-1: of all); NaN where a side does not vary. */
static double rho_without(const lds *l, int64_t g, const room *r)
{
    int64_t n = rank_without(l, g, r->order[0], r->rank[0]);
    double middle = (double)(n + 1) / 2, xx = 0, yy = 0, xy = 0;

    rank_without(l, g, r->order[1], r->rank[1]);
    for (int64_t k = 0; k < l->d->models; k++) {
        double x = r->rank[0][k] - middle, y = r->rank[1][k] - middle;
        if (k % l->groups == g)
            continue;
        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : NAN;
}

static eid_status one_test(void *arg, int64_t j, int worker)
{
    eid_status st = EID_OK;
    const lds *l = arg;
    const room *r = &l->room[worker];
    double *rho = l->rho + j * (1 + l->groups);

    EID_TRY(read_scores(l, j, r->score));
    sum_patterns(l, r->score, r->sum);
    for (int64_t k = 0; k < l->d->models; k++) {
        r->order[0][k] = (ranked){(double)l->d->output[k * l->d->stride + j], k};
        r->order[1][k] = (ranked){foretold(l, r->sum, k), k};
        if (isnan(r->order[0][k].value))
            EID_TRY(eid_fail(
                EID_EFORMAT,
                "lds: model %" PRId64 "'s output for test example %" PRId64 " is no number", k, j));
    }
    for (int side = 0; side < 2; side++)
        qsort(r->order[side], (size_t)l->d->models, sizeof(ranked), by_value);
    for (int64_t g = -1; g < l->groups; g++)
        rho[g + 1] = rho_without(l, g, r);
done:
    return st;
}

/* ---- all ------------------------------------------------------------------------------------- */

static bool varies(const double *rho, int64_t groups)
{
    for (int64_t g = 0; g <= groups; g++)
        if (!isfinite(rho[g]))
            return false;
    return true;
}

/* Means over test examples, of all models (mean[0]) and without each group; the variance of the
 * first over test examples. */
static int64_t means(const lds *l, double *mean, double *variance)
{
    int64_t n = 0, wide = 1 + l->groups;
    double squares = 0;

    memset(mean, 0, (size_t)wide * sizeof *mean);
    for (int64_t j = 0; j < l->d->test; j++) {
        const double *rho = l->rho + j * wide;
        if (!varies(rho, l->groups))
            continue;
        n++;
        for (int64_t g = 0; g < wide; g++)
            mean[g] += rho[g];
    }
    for (int64_t g = 0; g < wide && n; g++)
        mean[g] /= (double)n;
    for (int64_t j = 0; j < l->d->test; j++)
        if (varies(l->rho + j * wide, l->groups))
            squares += pow(l->rho[j * wide] - mean[0], 2);
    *variance = n > 1 ? squares / (double)(n - 1) / (double)n : 0;
    return n;
}

static eid_estimate estimate(const lds *l, int64_t *used)
{
    double mean[1 + GROUPS], variance, middle = 0, jack = 0, G = (double)l->groups;
    int64_t n = *used = means(l, mean, &variance);

    if (n < 2)
        return eid_estimate_none("unresolved: under 2 test examples vary");
    for (int64_t g = 1; g <= l->groups; g++)
        middle += mean[g] / G;
    for (int64_t g = 1; g <= l->groups; g++)
        jack += (G - 1) / G * pow(mean[g] - middle, 2);
    double half = eid_student_t_two_sided(0.95, G - 1) * sqrt(variance + jack);
    return (eid_estimate){.value = mean[0],
                          .low = fmax(-1, mean[0] - half),
                          .high = fmin(1, mean[0] + half),
                          .n = n,
                          .method = "jackknife over models, t over test examples"};
}

static void rooms_free(lds *l)
{
    for (int t = 0; l->room && t < l->workers; t++) {
        eid_free(l->room[t].score);
        eid_free(l->room[t].sum);
        for (int side = 0; side < 2; side++) {
            eid_free(l->room[t].rank[side]);
            eid_free(l->room[t].order[side]);
        }
    }
    eid_free(l->room);
}

static eid_status rooms_new(lds *l, eid_ctx *ctx)
{
    eid_status st = EID_OK;

    l->workers = eid_ctx_threads(ctx);
    EID_TRY(EID_NEW(l->room, l->workers));
    for (int t = 0; t < l->workers; t++) {
        EID_TRY(EID_NEW(l->room[t].score, l->d->train));
        EID_TRY(EID_NEW(l->room[t].sum, l->row * PATTERNS));
        for (int side = 0; side < 2; side++) {
            EID_TRY(EID_NEW(l->room[t].rank[side], l->d->models));
            EID_TRY(EID_NEW(l->room[t].order[side], l->d->models));
        }
    }
done:
    return st;
}

static eid_status check(const lds *l)
{
    const eid_lds_data *d = l->d;

    if (d->models < 8 || d->train < 1 || d->test < 1)
        return eid_fail(EID_EINVAL,
                        "lds: %" PRId64 " models, %" PRId64 " test examples: 8 models are wanted "
                        "at least",
                        d->models, d->test);
    if (l->scores->ndim != 2 || l->scores->shape[0] != d->test || l->scores->shape[1] != d->train)
        return eid_fail(EID_EINVAL,
                        "%.200s: scores of %" PRId64 " test by %" PRId64
                        " training examples are wanted",
                        l->scores->name, d->test, d->train);
    return EID_OK;
}

static eid_status shuffle(int64_t **place, int64_t n, uint64_t seed)
{
    eid_rng rng = eid_rng_stream(seed, 0);
    eid_status st = EID_NEW(*place, n);

    for (int64_t i = 0; st == EID_OK && i < n; i++)
        (*place)[i] = i;
    if (st == EID_OK)
        eid_rng_shuffle(&rng, *place, (size_t)n);
    return st;
}

eid_status eid_lds(eid_lds_result **out, eid_ctx *ctx, const eid_lds_data *data,
                   const eid_array *scores, uint64_t seed)
{
    eid_status st = EID_OK;
    lds l = {.d = data, .scores = scores, .row = (data->train + 7) / 8};
    eid_lds_result *r = NULL;
    int64_t *place = NULL, used;

    EID_TRY(check(&l));
    l.groups = data->models / 4 < GROUPS ? data->models / 4 : GROUPS;
    EID_TRY(EID_NEW(r, 1));
    EID_TRY(EID_NEW(r->each, data->test));
    EID_TRY(EID_NEW(l.rho, data->test * (1 + l.groups)));
    EID_TRY(rooms_new(&l, ctx));
    EID_TRY(shuffle(&place, data->train, seed));
    for (int way = 0; way < 2; way++) {
        l.place = way ? place : NULL;
        EID_TRY(eid_tick(ctx, "judging attributions", "passes", way, 2));
        EID_TRY(eid_par_for(ctx, data->test, one_test, &l));
        eid_estimate e = estimate(&l, &used);
        if (way) {
            r->shuffled = e;
            break;
        }
        r->score = e;
        r->constant = data->test - used;
        for (int64_t j = 0; j < data->test; j++)
            r->each[j] =
                varies(l.rho + j * (1 + l.groups), l.groups) ? l.rho[j * (1 + l.groups)] : NAN;
    }
    *out = r;
    r = NULL;
done:
    rooms_free(&l);
    eid_free(l.rho);
    eid_free(place);
    eid_lds_result_free(r);
    return st;
}

void eid_lds_result_free(eid_lds_result *r)
{
    if (!r)
        return;
    eid_free(r->each);
    eid_free(r);
}

/* ---- a bank ---------------------------------------------------------------------------------- */

eid_status eid_lds_bank(eid_lds_result **out, eid_ctx *ctx, const eid_bank *b,
                        const eid_dataset *test, const eid_array *scores, uint64_t seed)
{
    eid_status st = EID_OK;
    const eid_bank_set *s = &b->test;
    eid_lds_data d = {.masks = b->masks,
                      .output = s->phi,
                      .stride = b->queries * s->n,
                      .models = b->models,
                      .train = b->train.n,
                      .test = s->n};
    float *phi = NULL;

    if (s->n < 1)
        return eid_fail(EID_EINVAL, "lds: the bank has no test examples");
    if (!s->phi) {
        EID_TRY(bank_phi_check(b, s, test));
        EID_TRY(EID_NEW(phi, b->models * s->n));
        for (int64_t k = 0; k < b->models; k++)
            bank_phi(b, s, test, k, 0, 0, s->n, phi + k * s->n);
        d.output = phi;
        d.stride = s->n;
    }
    EID_TRY(eid_lds(out, ctx, &d, scores, seed));
done:
    eid_free(phi);
    return st;
}
