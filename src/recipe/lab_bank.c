/* lab_bank.c - a bank in memory, and what is read from it. */
#include "recipe/lab_bank.h"
#include "base/ctx.h"
#include "eidetic/rng.h"
#include "train/fitting.h"
#include "train/outcome.h"
#include <math.h>
#include <string.h>

/* ---- filling -----------------------------------------------------------------------------------
 */

typedef struct row_of {
    lab_bank *b;
    int64_t model, steps;
    int64_t *part;
    double accuracy;
} row_of;

static eid_status look(lab_training *t, eid_ctx *ctx, const eid_moment *m)
{
    eid_status st = EID_OK;
    row_of *r = t->user;
    const eid_dataset *d = r->b->d;
    int64_t at = r->model * d->n, fitted = 0;
    float *z = NULL;

    if (m->step < r->steps)
        return EID_OK;
    EID_TRY(EID_NEW(z, d->n * d->classes));
    EID_TRY(eid_classifier_logits(m->net, ctx, d, NULL, d->n, z));
    for (int64_t i = 0; i < d->n; i++) {
        const float *zi = z + i * d->classes;
        r->b->right[at + i] = eid_classifier_right(zi, d->classes, d->label[i]);
        r->b->phi[at + i] = (float)eid_phi_of(zi, d->classes, d->label[i], NULL);
        fitted += r->b->in[at + i] && r->b->right[at + i];
    }
    r->accuracy = (double)fitted / (double)t->n;
done:
    eid_free(z);
    return st;
}

static eid_status draw_parts(lab_bank *b, lab_work *w, const eid_bank_opts *o)
{
    eid_status st = EID_OK;
    int64_t n = b->d->n, row = (n + 7) / 8;
    uint8_t *masks = NULL;

    EID_TRY(EID_NEW(masks, o->models * row));
    EID_TRY(eid_bank_masks(w->ctx, o, n, masks));
    for (int64_t k = 0; k < o->models; k++)
        for (int64_t i = 0; i < n; i++)
            b->in[k * n + i] = eid_bank_bit(masks, row, k, i);
done:
    eid_free(masks);
    return st;
}

static eid_status plan(lab_training *t, row_of *r, const eid_classifier_opts *training,
                       uint64_t seed)
{
    eid_status st = EID_OK;
    const lab_bank *b = r->b;
    const uint8_t *in = b->in + r->model * b->d->n;
    eid_rng rng = eid_rng_stream(seed, (uint64_t)r->model);

    *t = (lab_training){.data = b->d, .opts = *training, .look = look, .user = r};
    EID_TRY(EID_NEW(r->part, b->d->n));
    for (int64_t i = 0; i < b->d->n; i++)
        if (in[i])
            r->part[t->n++] = i;
    t->part = r->part;
    t->opts.seed = (int64_t)(eid_rng_u64(&rng) >> 15);
    r->steps = eid_classifier_steps(&t->opts, t->n);
done:
    return st;
}

eid_status lab_bank_make(lab_bank *out, lab_work *w, const eid_dataset *d, const eid_bank_opts *o,
                         const eid_classifier_opts *training)
{
    eid_status st = EID_OK;
    lab_bank b = {.d = d, .models = o->models};
    lab_training *t = NULL;
    row_of *r = NULL;

    EID_TRY(EID_NEW(b.in, o->models * d->n));
    EID_TRY(EID_NEW(b.right, o->models * d->n));
    EID_TRY(EID_NEW(b.phi, o->models * d->n));
    EID_TRY(EID_NEW(t, o->models));
    EID_TRY(EID_NEW(r, o->models));
    EID_TRY(draw_parts(&b, w, o));
    for (int64_t k = 0; k < o->models; k++) {
        r[k] = (row_of){.b = &b, .model = k};
        EID_TRY(plan(&t[k], &r[k], training, (uint64_t)o->seed));
    }
    EID_TRY(lab_train(w, t, (size_t)o->models, "filling a bank"));
    for (int64_t k = 0; k < o->models; k++)
        b.accuracy += r[k].accuracy / (double)o->models;
    *out = b;
    b = (lab_bank){0};
done:
    for (int64_t k = 0; r && k < o->models; k++)
        eid_free(r[k].part);
    lab_trainings_free(t, t ? (size_t)o->models : 0);
    eid_free(t);
    eid_free(r);
    lab_bank_free(&b);
    return st;
}

void lab_bank_free(lab_bank *b)
{
    eid_free(b->in);
    eid_free(b->right);
    eid_free(b->phi);
    *b = (lab_bank){0};
}

void lab_bank_shuffle(lab_bank *b, uint64_t seed)
{
    for (int64_t i = 0; i < b->d->n; i++) {
        eid_rng r = eid_rng_stream(seed, (uint64_t)i);
        for (int64_t k = b->models - 1; k > 0; k--) {
            uint8_t *a = &b->in[k * b->d->n + i];
            uint8_t *c = &b->in[(int64_t)eid_rng_below(&r, (uint64_t)k + 1) * b->d->n + i];
            uint8_t keep = *a;
            *a = *c;
            *c = keep;
        }
    }
}

/* ---- reading -----------------------------------------------------------------------------------
 */

void lab_bank_mem(double *mem, const lab_bank *b, int64_t from, int64_t n)
{
    for (int64_t i = 0; i < b->d->n; i++) {
        double models[2] = {0, 0}, right[2] = {0, 0};
        for (int64_t k = from; k < from + n; k++) {
            int in = b->in[k * b->d->n + i];
            models[in]++;
            right[in] += b->right[k * b->d->n + i];
        }
        mem[i] = right[1] / models[1] - right[0] / models[0];
    }
}

/* Of an example's phi, without and with it: number of models, sum, sum of squares. */
typedef struct sides {
    double n[2], sum[2], squares[2];
} sides;

static sides sides_of(const lab_bank *b, int64_t from, int64_t n, int64_t i)
{
    sides s = {0};

    for (int64_t k = from; k < from + n; k++) {
        int in = b->in[k * b->d->n + i];
        double x = (double)b->phi[k * b->d->n + i];
        s.n[in]++;
        s.sum[in] += x;
        s.squares[in] += x * x;
    }
    return s;
}

/* Variance of phi around each example's own mean, pooled over examples. */
static void pooled(double variance[2], const lab_bank *b, int64_t from, int64_t n)
{
    double squares[2] = {0, 0}, df[2] = {0, 0};

    for (int64_t i = 0; i < b->d->n; i++) {
        sides s = sides_of(b, from, n, i);
        for (int in = 0; in < 2; in++)
            if (s.n[in] > 1) {
                squares[in] += s.squares[in] - s.sum[in] * s.sum[in] / s.n[in];
                df[in] += s.n[in] - 1;
            }
    }
    for (int in = 0; in < 2; in++)
        variance[in] = df[in] > 0 && squares[in] > 0 ? squares[in] / df[in] : 1;
}

eid_status lab_bank_separation(double *d, const lab_bank *b, int64_t from, int64_t n)
{
    double variance[2];

    pooled(variance, b, from, n);
    for (int64_t i = 0; i < b->d->n; i++) {
        sides s = sides_of(b, from, n, i);
        d[i] = (s.sum[1] / s.n[1] - s.sum[0] / s.n[0]) / sqrt((variance[0] + variance[1]) / 2);
        if (!isfinite(d[i]))
            return eid_fail(EID_EINTERNAL, "an example is in all models of a bank, or in none");
    }
    return EID_OK;
}

/* log N(x; m1, v1) - log N(x; m0, v0), up to a constant; the model that is attacked does not help.
 */
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

eid_status lab_bank_attack(eid_roc **out, const lab_bank *b, int64_t from, int64_t n,
                           const uint8_t *about, int attack)
{
    eid_status st = EID_OK;
    double *score[2] = {NULL, NULL}, variance[2];
    size_t count[2] = {0, 0};

    EID_TRY(EID_NEW(score[0], n * b->d->n));
    EID_TRY(EID_NEW(score[1], n * b->d->n));
    pooled(variance, b, from, n);
    for (int64_t i = 0; i < b->d->n; i++) {
        sides s = sides_of(b, from, n, i);
        if ((about && !about[i]) || s.n[0] < 2 || s.n[1] < 2)
            continue;
        for (int64_t k = from; k < from + n; k++) {
            int in = b->in[k * b->d->n + i];
            double x = (double)b->phi[k * b->d->n + i];
            score[in][count[in]++] = attack == LAB_LOSS ? x : ratio(&s, x, in, variance);
        }
    }
    EID_TRY(eid_roc_new(out, score[1], count[1], score[0], count[0]));
done:
    eid_free(score[0]);
    eid_free(score[1]);
    return st;
}
