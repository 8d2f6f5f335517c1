/* audit_data_infl.c - which training example helps which test example, and who can tell members. */
#include "recipe/audit_data.h"
#include <math.h>

eid_status data_influence(data_audit *a)
{
    eid_high_influence_opts o = eid_high_influence_opts_default();

    o.permutations = 19;
    o.keep = DATA_PAIRS;
    o.seed = a->opts->seed;
    return eid_high_influence_of(&a->pairs, a->ctx, a->bank, a->score[DATA_MEM], &o);
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

static bool all_finite(const double *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
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
        out->tpr[f] = all_finite(value[1 + f], targets)
                          ? eid_mean_t(value[1 + f], (size_t)targets)
                          : eid_estimate_none(f ? "unresolved: fewer than 1,000 non-members"
                                                : "unresolved: fewer than 100 non-members");
    EID_TRY(eid_roc_new(&out->roc, score[1], count[1], score[0], count[0]));
done:
    eid_roc_free(roc);
    eid_free(score[0]);
    eid_free(score[1]);
    eid_free(s);
    return st;
}
