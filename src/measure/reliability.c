/* reliability.c - do two halves of a bank's models say the same about the examples?  And how far
 * apart phi lies with and without an example. */
#include "base/ctx.h"
#include "base/memory.h"
#include "eidetic/memorization.h"
#include "eidetic/rng.h"
#include "measure/bank_phi.h"
#include "stats/estimate.h"
#include "stats/special.h"
#include <inttypes.h>
#include <math.h>

const char *eid_bank_score_name(eid_bank_score kind)
{
    static const char *const name[] = {"mem", "consistency", "separation"};
    return (int)kind >= 0 && kind <= EID_BANK_SEPARATION ? name[kind] : "?";
}

/* ---- separation ------------------------------------------------------------------------------ */

typedef struct sums {
    double n[2], sum[2], square[2]; /* of models without, with */
} sums;

static void add(sums *s, double x, bool in)
{
    s->n[in]++;
    s->sum[in] += x;
    s->square[in] += x * x;
}

/* Mean difference of every example; returns the pooled variance within sides. */
static double differences(const sums *s, int64_t n, double *score)
{
    double within = 0, freedom = 0;

    for (int64_t i = 0; i < n; i++) {
        score[i] = s[i].n[0] > 0 && s[i].n[1] > 0
                       ? s[i].sum[1] / s[i].n[1] - s[i].sum[0] / s[i].n[0]
                       : NAN;
        for (int in = 0; in < 2; in++)
            if (s[i].n[in] > 1) {
                within += s[i].square[in] - s[i].sum[in] * s[i].sum[in] / s[i].n[in];
                freedom += s[i].n[in] - 1;
            }
    }
    return freedom > 0 ? within / freedom : 0;
}

eid_status eid_bank_separation(double *score, eid_ctx *ctx, const eid_bank *bank,
                               const eid_dataset *train, const int64_t *pick, int64_t n)
{
    eid_status st = EID_OK;
    sums *s = NULL;
    float *phi = NULL;
    int64_t examples = bank->train.n, models = pick ? n : bank->models;

    EID_TRY(bank_phi_check(bank, &bank->train, train));
    EID_TRY(EID_NEW(s, examples));
    EID_TRY(EID_NEW(phi, examples));
    for (int64_t k = 0; k < models; k++) {
        int64_t model = pick ? pick[k] : k;
        EID_TRY(eid_tick(ctx, "reading the bank", "models", k, models));
        for (int64_t q = 0; q < bank->queries; q++) {
            bank_phi(bank, &bank->train, train, model, q, 0, examples, phi);
            for (int64_t i = 0; i < examples; i++)
                add(&s[i], (double)phi[i], eid_bank_bit(bank->masks, bank->train.row, model, i));
        }
    }
    double spread = sqrt(differences(s, examples, score));
    for (int64_t i = 0; i < examples; i++)
        score[i] /= spread > 0 ? spread : 1;
done:
    eid_free(s);
    eid_free(phi);
    return st;
}

/* ---- halves ---------------------------------------------------------------------------------- */

static eid_status score_of(double *score, eid_ctx *ctx, const eid_bank *bank,
                           const eid_dataset *train, eid_bank_score kind, const int64_t *pick,
                           int64_t n)
{
    eid_status st = EID_OK;
    eid_memorization *m = NULL;

    if (kind == EID_BANK_SEPARATION)
        return eid_bank_separation(score, ctx, bank, train, pick, n);
    EID_TRY(eid_memorization_of(&m, ctx, bank, pick, n));
    for (int64_t i = 0; i < bank->train.n; i++)
        score[i] = kind == EID_BANK_MEM ? m->mem[i] : m->consistency[i];
done:
    eid_memorization_free(m);
    return st;
}

/* NaN where nothing varies; *told: examples that both halves can tell. */
static double pearson(const double *x, const double *y, int64_t n, int64_t *told)
{
    double sx = 0, sy = 0, xx = 0, yy = 0, xy = 0;
    int64_t m = 0;

    for (int64_t i = 0; i < n; i++)
        if (isfinite(x[i]) && isfinite(y[i])) {
            sx += x[i];
            sy += y[i];
            m++;
        }
    for (int64_t i = 0; i < n; i++)
        if (isfinite(x[i]) && isfinite(y[i])) {
            double a = x[i] - sx / (double)m, b = y[i] - sy / (double)m;
            xx += a * a;
            yy += b * b;
            xy += a * b;
        }
    *told = m;
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : NAN;
}

static double stepped_up(double r)
{
    return 2 * r / (1 + r);
}

static void estimates(eid_reliability *out, double r, int64_t told, int64_t splits)
{
    eid_reliability e = {.splits = splits};

    if (isnan(r) || told < 4) {
        e.half = e.full = eid_unresolved(told, "unresolved: the score does not vary");
    } else {
        double z = atanh(fmin(fmax(r, -1 + 1e-15), 1 - 1e-15));
        double wide = EID_Z975 / sqrt((double)told - 3);
        e.half = (eid_estimate){.value = r,
                                .low = fmin(tanh(z - wide), r),
                                .high = fmax(tanh(z + wide), r),
                                .n = told,
                                .method = "fisher z over examples"};
        e.full = e.half;
        e.full.value = stepped_up(r);
        e.full.low = e.half.low > -1 ? stepped_up(e.half.low) : -1;
        e.full.high = stepped_up(e.half.high);
        e.full.method = "spearman-brown, fisher z over examples";
    }
    *out = e;
}

eid_status eid_bank_reliability(eid_reliability *out, eid_ctx *ctx, const eid_bank *bank,
                                const eid_dataset *train, eid_bank_score kind, int64_t splits,
                                uint64_t seed)
{
    eid_status st = EID_OK;
    int64_t n = bank->train.n, half = bank->models / 2, told = 0;
    double *score[2] = {0}, sum = 0;
    int64_t *order = NULL;

    if (splits < 1 || half < 1 || (int)kind < 0 || kind > EID_BANK_SEPARATION)
        return eid_fail(EID_EINVAL,
                        "reliability: %" PRId64 " splits of %" PRId64 " models into halves", splits,
                        bank->models);
    EID_TRY(EID_NEW(order, bank->models));
    EID_TRY(EID_NEW(score[0], n));
    EID_TRY(EID_NEW(score[1], n));
    for (int64_t s = 0; s < splits; s++) {
        eid_rng rng = eid_rng_stream(seed, (uint64_t)s);
        for (int64_t k = 0; k < bank->models; k++)
            order[k] = k;
        eid_rng_shuffle(&rng, order, (size_t)bank->models);
        for (int h = 0; h < 2; h++)
            EID_TRY(score_of(score[h], ctx, bank, train, kind, order + h * half, half));
        sum += pearson(score[0], score[1], n, &told);
    }
    estimates(out, sum / (double)splits, told, splits);
done:
    eid_free(order);
    eid_free(score[0]);
    eid_free(score[1]);
    return st;
}
