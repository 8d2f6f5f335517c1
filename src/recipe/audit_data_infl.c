/* audit_data_infl.c - which training example helps which test example, and who can tell members. */
#include "eidetic/rng.h"
#include "par/par.h"
#include "recipe/audit_data.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double CANDIDATE = 0.25; /* mem from which an example is looked at (Feldman, Zhang) */
enum { MOST_CANDIDATES = 1500, SHUFFLES = 19, STREAM = 0x1f1 };

/* infl(i, j) = P[j right | i in] - P[j right | i out], over the bank's models. */
typedef struct looking {
    const data_audit *a;
    const int64_t *candidate;
    int64_t n, tests;
    uint64_t *right; /* (1 + SHUFFLES) x tests x words: the models that are right; shuffled */
    data_pair *best; /* of each shuffle (and the true order): DATA_PAIRS, descending */
} looking;

static int64_t bits(const uint64_t *x, const uint64_t *y, int64_t words)
{
    int64_t n = 0;

    for (int64_t w = 0; w < words; w++)
        n += __builtin_popcountll(y ? x[w] & y[w] : x[w]);
    return n;
}

static void keep_best(data_pair *best, data_pair p)
{
    int at = DATA_PAIRS - 1;

    if (p.infl <= best[at].infl)
        return;
    for (; at > 0 && best[at - 1].infl < p.infl; at--)
        best[at] = best[at - 1];
    best[at] = p;
}

static eid_status one_order(void *arg, int64_t s, int worker)
{
    const looking *l = arg;
    const data_audit *a = l->a;
    const uint64_t *right = l->right + s * l->tests * a->words;
    data_pair *best = l->best + s * DATA_PAIRS;
    double models = (double)a->bank->models;

    if (worker == 0 && eid_cancelled(a->ctx))
        return eid_fail(EID_ECANCELLED, "stopped on request while looking for pairs");
    for (int64_t j = 0; j < l->tests; j++) {
        const uint64_t *of = right + j * a->words;
        double all = (double)bits(of, NULL, a->words);
        for (int64_t c = 0; c < l->n; c++) {
            const uint64_t *mask = a->masks + l->candidate[c] * a->words;
            double in = (double)bits(mask, NULL, a->words), both = (double)bits(mask, of, a->words);
            keep_best(best,
                      (data_pair){l->candidate[c], j, both / in - (all - both) / (models - in)});
        }
    }
    return EID_OK;
}

/* Order 0 is the true one; the others deal the models out anew, alike for all test examples: what
 * the largest of so many differences is by chance. */
static eid_status deal(looking *l)
{
    eid_status st = EID_OK;
    const data_audit *a = l->a;
    const eid_bank *b = a->bank;
    int64_t *order = NULL;

    EID_TRY(EID_NEW(order, b->models));
    EID_TRY(EID_NEW(l->right, (1 + SHUFFLES) * l->tests * a->words));
    for (int64_t s = 0; s <= SHUFFLES; s++) {
        uint64_t *to = l->right + s * l->tests * a->words;
        eid_rng rng = eid_rng_stream((uint64_t)a->opts->seed, STREAM + (uint64_t)s);
        for (int64_t k = 0; k < b->models; k++)
            order[k] = k;
        if (s)
            eid_rng_shuffle(&rng, order, (size_t)b->models);
        for (int64_t k = 0; k < b->models; k++)
            for (int64_t j = 0; j < l->tests; j++)
                if (eid_bank_bit(b->test.correct, b->test.row, order[k], j))
                    to[j * a->words + k / 64] |= (uint64_t)1 << k % 64;
    }
done:
    eid_free(order);
    return st;
}

typedef struct by_mem {
    double mem;
    int64_t place;
} by_mem;

static int most_first(const void *a, const void *b)
{
    const by_mem *x = a, *y = b;

    if (x->mem != y->mem)
        return x->mem > y->mem ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static eid_status choose_candidates(const data_audit *a, int64_t *candidate, int64_t *n)
{
    eid_status st = EID_OK;
    by_mem *m = NULL;
    int64_t many = 0;

    EID_TRY(EID_NEW(m, a->set[0]->n));
    for (int64_t i = 0; i < a->set[0]->n; i++)
        if (a->score[DATA_MEM][i] >= CANDIDATE)
            m[many++] = (by_mem){a->score[DATA_MEM][i], i};
    qsort(m, (size_t)many, sizeof *m, most_first);
    *n = many < MOST_CANDIDATES ? many : MOST_CANDIDATES;
    for (int64_t i = 0; i < *n; i++)
        candidate[i] = m[i].place;
done:
    eid_free(m);
    return st;
}

eid_status data_influence(data_audit *a)
{
    eid_status st = EID_OK;
    looking l = {.a = a, .tests = a->bank->test.n};
    int64_t *candidate = NULL;

    EID_TRY(EID_NEW(candidate, MOST_CANDIDATES));
    EID_TRY(EID_NEW(l.best, (1 + SHUFFLES) * DATA_PAIRS));
    EID_TRY(choose_candidates(a, candidate, &l.n));
    l.candidate = candidate;
    EID_TRY(deal(&l));
    EID_TRY(eid_par_for(a->ctx, 1 + SHUFFLES, one_order, &l));
    a->candidates = l.n;
    a->largest = l.best[0].infl;
    for (int s = 1; s <= SHUFFLES; s++)
        a->chance = fmax(a->chance, l.best[s * DATA_PAIRS].infl);
    for (int i = 0; i < DATA_PAIRS; i++) {
        a->pair[i] = l.best[i];
        a->pairs += l.n > 0 && l.best[i].infl > a->chance;
    }
done:
    eid_free(candidate);
    eid_free(l.right);
    eid_free(l.best);
    return st;
}

/* ---- membership ------------------------------------------------------------------------------ */

enum { MOST_TARGETS = 32 };

typedef struct sides {
    double n[2], sum[2], squares[2];
} sides;

static sides sides_of(const eid_bank *b, int64_t i)
{
    sides s = {0};

    for (int64_t k = 0; k < b->models; k++) {
        int in = eid_bank_bit(b->masks, b->train.row, k, i);
        double x = (double)b->train.phi[k * b->queries * b->train.n + i];
        s.n[in]++;
        s.sum[in] += x;
        s.squares[in] += x * x;
    }
    return s;
}

/* Variance of phi around each example's own mean, pooled over examples (the fixed variance of
 * Carlini et al. 2022). */
static void pooled(double variance[2], const sides *s, int64_t n)
{
    double squares[2] = {0, 0}, df[2] = {0, 0};

    for (int64_t i = 0; i < n; i++)
        for (int in = 0; in < 2; in++)
            if (s[i].n[in] > 1) {
                squares[in] += s[i].squares[in] - s[i].sum[in] * s[i].sum[in] / s[i].n[in];
                df[in] += s[i].n[in] - 1;
            }
    for (int in = 0; in < 2; in++)
        variance[in] = df[in] > 0 && squares[in] > 0 ? squares[in] / df[in] : 1;
}

/* log N(x; m1, v1) - log N(x; m0, v0) up to a constant; the model attacked does not help. */
static double ratio(const sides *s, double x, int in, const double variance[2])
{
    double out = 0;

    for (int side = 0; side < 2; side++) {
        double n = s->n[side] - (side == in), sum = s->sum[side] - (side == in ? x : 0);
        double z = x - sum / n;
        out += (side ? -0.5 : 0.5) * z * z / variance[side];
    }
    return out;
}

eid_status data_attack_all(data_attack *out, const data_audit *a, int attack)
{
    eid_status st = EID_OK;
    const eid_bank *b = a->bank;
    int64_t n = b->train.n, targets = b->models < MOST_TARGETS ? b->models : MOST_TARGETS;
    double *score[2] = {NULL, NULL}, variance[2], value[3][MOST_TARGETS];
    size_t count[2] = {0, 0};
    sides *s = NULL;
    eid_roc *roc = NULL;

    EID_TRY(EID_NEW(score[0], n * targets));
    EID_TRY(EID_NEW(score[1], n * targets));
    EID_TRY(EID_NEW(s, n));
    for (int64_t i = 0; i < n; i++)
        s[i] = sides_of(b, i);
    pooled(variance, s, n);
    for (int64_t k = 0; k < targets; k++) {
        size_t from[2] = {count[0], count[1]};
        EID_TRY(eid_tick(a->ctx, "attacking", "models", k, targets));
        for (int64_t i = 0; i < n; i++) {
            int in = eid_bank_bit(b->masks, b->train.row, k, i);
            double x = (double)b->train.phi[k * b->queries * n + i];
            if (s[i].n[0] >= 2 && s[i].n[1] >= 2)
                score[in][count[in]++] = attack == DATA_LOSS ? x : ratio(&s[i], x, in, variance);
        }
        eid_roc_free(roc);
        roc = NULL;
        EID_TRY(eid_roc_new(&roc, score[1] + from[1], count[1] - from[1], score[0] + from[0],
                            count[0] - from[0]));
        value[0][k] = eid_roc_auc(roc).value;
        value[1][k] = eid_roc_tpr(roc, 0.01).value;
        value[2][k] = eid_roc_tpr(roc, 0.001).value;
    }
    out->auc = eid_mean_t(value[0], (size_t)targets);
    for (int f = 0; f < 2; f++)
        out->tpr[f] = isnan(value[1 + f][0])
                          ? eid_estimate_none("unresolved: too few examples outside of training")
                          : eid_mean_t(value[1 + f], (size_t)targets);
    EID_TRY(eid_roc_new(&out->roc, score[1], count[1], score[0], count[0]));
done:
    eid_roc_free(roc);
    eid_free(score[0]);
    eid_free(score[1]);
    eid_free(s);
    return st;
}
