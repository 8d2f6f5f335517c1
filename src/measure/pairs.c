/* pairs.c - which training example helps which test example, without a matrix of all of them.
 *
 * The models that had i and were right about j are the bits that i's column of the masks and j's
 * column of the answers have in common: a product of two bit matrices, made in blocks that stay in
 * cache, of which only what passes is kept.  If masks said nothing, that count would be
 * hypergeometric; z is its distance from the mean in standard deviations.  The bar is the greatest
 * z of any pair when the answers are dealt out anew among the models (Westfall and Young 1993):
 * whole models are dealt out, so that good and bad models stay what they are. */
#include "base/ctx.h"
#include "base/memory.h"
#include "eidetic/memorization.h"
#include "eidetic/rng.h"
#include "par/par.h"
#include "tensor/kernels.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TRAIN = 32, TEST = 128 }; /* of a block */

eid_high_influence_opts eid_high_influence_opts_default(void)
{
    return (eid_high_influence_opts){
        .mem = 0.25, .influence = 0.15, .permutations = 20, .keep = 10000, .seed = 1};
}

#define ROW(type, name, field, min, max, help)                                                  \
    {                                                                                           \
        EID_OPT_##type, name, offsetof(eid_high_influence_opts, field), min, max, help, NULL, 0 \
    }
const eid_opt eid_high_influence_opt_table[] = {
    ROW(F64, "mem", mem, -1, 1, "least mem of a training example in a pair"),
    ROW(F64, "influence", influence, -1, 1, "least influence of a pair"),
    ROW(I64, "permutations", permutations, 1, 100000,
        "times that answers are dealt out anew; the greatest z of all is the bar"),
    ROW(I64, "keep", keep, 0, 1 << 24, "pairs listed, the greatest influence first"),
    ROW(I64, "seed", seed, 0, 1e15, "random seed"),
    {0}};
#undef ROW

/* Examples as rows of models' bits. */
typedef struct columns {
    int64_t n, words;
    uint64_t *bits;
    int64_t *ones;
} columns;

/* One task's pairs that pass, a heap with the least of them on top. */
typedef struct heap {
    eid_influence_pair *at;
    size_t cap;
    int64_t n, found, resolved;
    double top; /* greatest z */
} heap;

typedef struct pairing {
    const eid_high_influence_opts *o;
    const eid_kernel_table *k;
    int64_t models;
    columns train, test;
    int64_t *place;           /* of each candidate in the training set */
    double *by_i, *by_j, bar; /* z = (models N - ones_i ones_j) by_i by_j */
    heap *part;               /* of each task */
    int32_t *count;           /* TRAIN x TEST, of each worker */
    uint8_t *hit;             /* of each worker: tests in resolved pairs */
    bool collect;             /* else: the greatest z alone */
} pairing;

/* ---- columns --------------------------------------------------------------------------------- */

/* Rows of bits, a row a model, become rows of models: bit k of example e's row is bit `from[e]` of
 * model order[k]'s row. */
static eid_status turn(columns *c, const uint8_t *bits, int64_t row, int64_t models,
                       const int64_t *from, int64_t n)
{
    eid_status st = EID_OK;

    c->n = n;
    c->words = (models + 63) / 64;
    EID_TRY(EID_NEW(c->bits, n * c->words));
    EID_TRY(EID_NEW(c->ones, n));
    for (int64_t w = 0; w < c->words; w++) { /* reads 64 rows side by side, writes each word once */
        int64_t most = models - w * 64 < 64 ? models - w * 64 : 64;
        const uint8_t *rows = bits + w * 64 * row;
        for (int64_t e = 0; e < n; e++) {
            int64_t i = from ? from[e] : e;
            uint64_t word = 0;
            for (int64_t k = 0; k < most; k++)
                word |= (uint64_t)(rows[k * row + i / 8] >> i % 8 & 1) << k;
            c->bits[e * c->words + w] = word;
            c->ones[e] += __builtin_popcountll(word);
        }
    }
done:
    return st;
}

/* The same answers, given by other models. */
static void deal(uint64_t *to, const columns *c, const int64_t *order, int64_t models)
{
    memset(to, 0, (size_t)(c->n * c->words) * sizeof *to);
    for (int64_t j = 0; j < c->n; j++)
        for (int64_t k = 0; k < models; k++) {
            int64_t o = order[k];
            uint64_t bit = c->bits[j * c->words + o / 64] >> o % 64 & 1;
            to[j * c->words + k / 64] |= bit << k % 64;
        }
}

/* ---- what passes ----------------------------------------------------------------------------- */

/* Whether a comes before b in the list. */
static bool before(const eid_influence_pair *a, const eid_influence_pair *b)
{
    if (a->influence != b->influence)
        return a->influence > b->influence;
    if (a->train != b->train)
        return a->train < b->train;
    return a->test < b->test;
}

static void sink(heap *h, int64_t i)
{
    for (;;) {
        int64_t last = i;
        for (int64_t c = 2 * i + 1; c <= 2 * i + 2 && c < h->n; c++)
            if (before(&h->at[last], &h->at[c]))
                last = c;
        if (last == i)
            return;
        eid_influence_pair t = h->at[i];
        h->at[i] = h->at[last];
        h->at[last] = t;
        i = last;
    }
}

static eid_status keep(heap *h, int64_t most, eid_influence_pair p)
{
    eid_status st = EID_OK;

    if (h->n < most) {
        EID_TRY(EID_GROW(h->at, &h->cap, h->n + 1));
        int64_t i = h->n++;
        for (; i > 0 && before(&h->at[(i - 1) / 2], &p); i = (i - 1) / 2)
            h->at[i] = h->at[(i - 1) / 2];
        h->at[i] = p;
    } else if (most > 0 && before(&p, &h->at[0])) {
        h->at[0] = p;
        sink(h, 0);
    }
done:
    return st;
}

static double variance(double right, double n)
{
    double p = (right + 1) / (n + 2);
    return p * (1 - p) / (n + 2);
}

static eid_status look(const pairing *p, heap *h, uint8_t *hit, int64_t i, int64_t j, double both,
                       double z)
{
    double t = (double)p->models, in = (double)p->train.ones[i], right = (double)p->test.ones[j];
    double infl = both / in - (right - both) / (t - in);

    if (infl < p->o->influence)
        return EID_OK;
    h->found++;
    if (!(z > p->bar))
        return EID_OK;
    h->resolved++;
    hit[j] = 1;
    return keep(
        h, p->o->keep,
        (eid_influence_pair){.train = p->place[i],
                             .test = j,
                             .influence = infl,
                             .se = sqrt(variance(both, in) + variance(right - both, t - in)),
                             .z = z});
}

static eid_status one_block(void *arg, int64_t task, int worker)
{
    eid_status st = EID_OK;
    const pairing *p = arg;
    heap *h = &p->part[task];
    int32_t *count = p->count + (int64_t)worker * TRAIN * TEST;
    int64_t words = p->train.words, first = task * TRAIN;
    int64_t ni = p->train.n - first < TRAIN ? p->train.n - first : TRAIN;

    h->top = -INFINITY;
    for (int64_t j0 = 0, nj; j0 < p->test.n; j0 += nj) {
        nj = p->test.n - j0 < TEST ? p->test.n - j0 : TEST;
        p->k->common_bits(p->train.bits + first * words, ni, p->test.bits + j0 * words, nj, words,
                          count);
        for (int64_t i = 0; i < ni; i++)
            for (int64_t j = 0; j < nj; j++) {
                double both = count[i * nj + j];
                double z = (both * (double)p->models -
                            (double)p->train.ones[first + i] * (double)p->test.ones[j0 + j]) *
                           p->by_i[first + i] * p->by_j[j0 + j];
                if (z > h->top)
                    h->top = z;
                if (p->collect)
                    EID_TRY(look(p, h, p->hit + worker * p->test.n, first + i, j0 + j, both, z));
            }
    }
done:
    return st;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static eid_status prepare(pairing *p, eid_ctx *ctx, const eid_bank *b, const double *mem)
{
    eid_status st = EID_OK;
    int64_t n = 0;
    double t = (double)b->models;
    size_t threads = (size_t)eid_ctx_threads(ctx);

    EID_TRY(EID_NEW(p->place, b->train.n));
    for (int64_t i = 0; i < b->train.n; i++)
        if (mem[i] >= p->o->mem)
            p->place[n++] = i;
    EID_TRY(turn(&p->train, b->masks, b->train.row, b->models, p->place, n));
    EID_TRY(turn(&p->test, b->test.correct, b->test.row, b->models, NULL, b->test.n));
    EID_TRY(EID_NEW(p->by_i, n));
    EID_TRY(EID_NEW(p->by_j, b->test.n));
    for (int64_t i = 0; i < n; i++) {
        double in = (double)p->train.ones[i];
        p->by_i[i] = in > 0 && in < t ? 1 / sqrt(in * (t - in)) : 0;
    }
    for (int64_t j = 0; j < b->test.n; j++) {
        double right = (double)p->test.ones[j];
        p->by_j[j] = right > 0 && right < t ? sqrt((t - 1) / (right * (t - right))) : 0;
    }
    EID_TRY(EID_NEW(p->part, (n + TRAIN - 1) / TRAIN));
    EID_TRY(EID_NEW(p->count, threads * TRAIN * TEST));
    EID_TRY(EID_NEW(p->hit, threads * (size_t)b->test.n));
done:
    return st;
}

static eid_status pass(pairing *p, eid_ctx *ctx, double *top)
{
    int64_t tasks = (p->train.n + TRAIN - 1) / TRAIN;
    eid_status st = eid_par_for(ctx, tasks, one_block, p);

    for (int64_t i = 0; st == EID_OK && i < tasks; i++)
        if (p->part[i].top > *top)
            *top = p->part[i].top;
    return st;
}

static eid_status find_bar(pairing *p, eid_ctx *ctx)
{
    eid_status st = EID_OK;
    columns own = p->test;
    int64_t *order = NULL;

    p->bar = -INFINITY;
    p->test.bits = NULL;
    EID_TRY(EID_NEW(p->test.bits, own.n * own.words));
    EID_TRY(EID_NEW(order, p->models));
    for (int64_t r = 0; r < p->o->permutations; r++) {
        eid_rng rng = eid_rng_stream((uint64_t)p->o->seed, (uint64_t)r);
        EID_TRY(eid_tick(ctx, "dealing out answers", "permutations", r, p->o->permutations));
        for (int64_t k = 0; k < p->models; k++)
            order[k] = k;
        eid_rng_shuffle(&rng, order, (size_t)p->models);
        deal(p->test.bits, &own, order, p->models);
        EID_TRY(pass(p, ctx, &p->bar));
    }
done:
    eid_free(order);
    eid_free(p->test.bits);
    p->test.bits = own.bits;
    return st;
}

static int in_order(const void *a, const void *b)
{
    return before(a, b) ? -1 : before(b, a);
}

static eid_status collect(eid_high_influence *out, pairing *p, eid_ctx *ctx)
{
    eid_status st = EID_OK;
    heap all = {0};
    double top = -INFINITY;

    p->collect = true;
    EID_TRY(pass(p, ctx, &top));
    for (int64_t t = 0; t < (p->train.n + TRAIN - 1) / TRAIN; t++) {
        heap *h = &p->part[t];
        out->found += h->found;
        out->resolved += h->resolved;
        for (int64_t i = 0; i < h->n; i++)
            EID_TRY(keep(&all, p->o->keep, h->at[i]));
    }
    for (int64_t j = 0; j < p->test.n; j++) {
        bool hit = false;
        for (int t = 0; t < eid_ctx_threads(ctx); t++)
            hit = hit || p->hit[t * p->test.n + j];
        out->tests += hit;
    }
    if (all.n)
        qsort(all.at, (size_t)all.n, sizeof *all.at, in_order);
    out->pair = all.at;
    out->kept = all.n;
    all.at = NULL;
done:
    eid_free(all.at);
    return st;
}

static void tear_down(pairing *p)
{
    for (int64_t t = 0; p->part && t < (p->train.n + TRAIN - 1) / TRAIN; t++)
        eid_free(p->part[t].at);
    eid_free(p->part);
    eid_free(p->place);
    eid_free(p->train.bits);
    eid_free(p->train.ones);
    eid_free(p->test.bits);
    eid_free(p->test.ones);
    eid_free(p->by_i);
    eid_free(p->by_j);
    eid_free(p->count);
    eid_free(p->hit);
}

eid_status eid_high_influence_of(eid_high_influence **out, eid_ctx *ctx, const eid_bank *bank,
                                 const double *mem, const eid_high_influence_opts *opts)
{
    eid_status st = EID_OK;
    eid_high_influence *r = NULL;
    pairing p = {.o = opts, .k = eid_k(), .models = bank->models};

    if (!bank->test.n || !bank->test.correct)
        return eid_fail(EID_EINVAL, "influence: the bank has no test examples");
    if (opts->permutations < 1 || opts->keep < 0 || isnan(opts->mem) || isnan(opts->influence))
        return eid_fail(EID_EINVAL,
                        "influence: %" PRId64 " permutations, %" PRId64 " pairs make no sense",
                        opts->permutations, opts->keep);
    EID_TRY(EID_NEW(r, 1));
    EID_TRY(prepare(&p, ctx, bank, mem));
    r->candidates = p.train.n;
    if (p.train.n > 0) {
        EID_TRY(find_bar(&p, ctx));
        EID_TRY(collect(r, &p, ctx));
    }
    r->bar = p.train.n > 0 ? p.bar : NAN;
    *out = r;
    r = NULL;
done:
    tear_down(&p);
    eid_high_influence_free(r);
    return st;
}

void eid_high_influence_free(eid_high_influence *p)
{
    if (!p)
        return;
    eid_free(p->pair);
    eid_free(p);
}
