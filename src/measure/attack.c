/* attack.c - phi of a bank's models, its moments, and the scores of each attack. */
#include "measure/attack.h"
#include "measure/bank_phi.h"
#include "par/par.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RUN = 256 };

/* ---- phi -------------------------------------------------------------------------------------
 */

static eid_status phi_from(const float **phi, float **own, const eid_bank *b, const eid_bank_set *s,
                           const eid_dataset *d)
{
    eid_status st = EID_OK;

    *phi = s->phi;
    if (s->phi || !s->n)
        return EID_OK;
    EID_TRY(bank_phi_check(b, s, d));
    EID_TRY(EID_NEW(*own, b->models * b->queries * s->n));
    for (int64_t k = 0; k < b->models; k++)
        for (int64_t q = 0; q < b->queries; q++)
            bank_phi(b, s, d, k, q, 0, s->n, *own + (k * b->queries + q) * s->n);
    *phi = *own;
done:
    return st;
}

eid_status attack_view_new(attack_view *v, eid_ctx *ctx, const eid_bank *b,
                           const eid_dataset *train, const eid_dataset *test,
                           const eid_attack_opts *o)
{
    eid_status st = EID_OK;

    *v = (attack_view){.ctx = ctx, .bank = b, .o = o};
    v->fixed =
        o->variance == EID_VARIANCE_FIXED || (o->variance == EID_VARIANCE_AUTO && b->models < 64);
    EID_TRY(phi_from(&v->phi, &v->own[0], b, &b->train, train));
    EID_TRY(phi_from(&v->test_phi, &v->own[1], b, &b->test, test));
    EID_TRY(EID_NEW(v->side, b->queries * b->train.n));
    EID_TRY(EID_NEW(v->test_p, b->test.n));
done:
    if (st != EID_OK)
        attack_view_free(v);
    return st;
}

void attack_view_free(attack_view *v)
{
    eid_free(v->own[0]);
    eid_free(v->own[1]);
    eid_free(v->side);
    eid_free(v->test_p);
    eid_free(v->rank);
    *v = (attack_view){0};
}

/* ---- moments ---------------------------------------------------------------------------------
 */

static int up(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* How many of sorted x[0..n) are at most t. */
static int64_t at_most(const float *x, int64_t n, float t)
{
    int64_t low = 0;

    while (low < n) {
        int64_t mid = low + (n - low) / 2;
        if (x[mid] <= t)
            low = mid + 1;
        else
            n = mid;
    }
    return low;
}

static void rank_example(attack_view *v, int64_t i, float *out)
{
    const eid_bank *b = v->bank;
    int64_t n = 0, stride = b->queries * b->train.n;

    for (int64_t k = 0; k < b->models; k++)
        if (!attack_in(v, k, i))
            out[n++] = v->phi[k * stride + i];
    qsort(out, (size_t)n, sizeof *out, up);
    for (int64_t k = 0; k < b->models; k++) {
        bool in = attack_in(v, k, i);
        int64_t others = in ? n : n - 1,
                below = at_most(out, n, v->phi[k * stride + i]) - (in ? 0 : 1);
        v->rank[k * b->train.n + i] = others > 0 ? (float)below / (float)others : NAN;
    }
}

static eid_status read_some(void *arg, int64_t task, int worker)
{
    eid_status st = EID_OK;
    attack_view *v = arg;
    const eid_bank *b = v->bank;
    int64_t n = b->train.n, to = (task + 1) * RUN < n ? (task + 1) * RUN : n;
    float *scratch = NULL;

    (void)worker;
    EID_TRY(EID_NEW(scratch, b->models));
    for (int64_t q = 0; q < b->queries; q++)
        memset(v->side + q * n + task * RUN, 0, (size_t)(to - task * RUN) * sizeof *v->side);
    for (int64_t k = 0; k < b->models; k++)
        for (int64_t q = 0; q < b->queries; q++)
            for (int64_t i = task * RUN; i < to; i++) {
                attack_side *s = &v->side[q * n + i];
                double x = (double)v->phi[(k * b->queries + q) * n + i];
                bool in = attack_in(v, k, i);
                s->n[in]++;
                s->sum[in] += x;
                s->squares[in] += x * x;
                s->p[in] += attack_p(x);
            }
    for (int64_t i = task * RUN; v->rank && i < to; i++)
        rank_example(v, i, scratch);
done:
    eid_free(scratch);
    return st;
}

static void pool(attack_view *v)
{
    double squares[2] = {0, 0}, df[2] = {0, 0};

    for (int64_t c = 0; c < v->bank->queries * v->bank->train.n; c++) {
        const attack_side *s = &v->side[c];
        for (int in = 0; in < 2; in++)
            if (s->n[in] > 1) {
                squares[in] += fmax(s->squares[in] - s->sum[in] * s->sum[in] / s->n[in], 0);
                df[in] += s->n[in] - 1;
            }
    }
    for (int in = 0; in < 2; in++)
        v->variance[in] = df[in] > 0 && squares[in] > 0 ? squares[in] / df[in] : 1;
}

eid_status attack_view_read(attack_view *v, const uint8_t *masks, bool ranks)
{
    eid_status st = EID_OK;
    const eid_bank *b = v->bank;
    int64_t n = b->train.n;

    v->masks = masks;
    if (ranks && b->models * n <= eid_ctx_memory(v->ctx) / 2 / (int64_t)sizeof(float))
        EID_TRY(EID_NEW(v->rank, b->models * n));
    EID_TRY(eid_par_for(v->ctx, (n + RUN - 1) / RUN, read_some, v));
    pool(v);
    memset(v->test_p, 0, (size_t)b->test.n * sizeof *v->test_p);
    for (int64_t k = 0; k < b->models; k++)
        for (int64_t j = 0; j < b->test.n; j++)
            v->test_p[j] += attack_p((double)v->test_phi[k * b->queries * b->test.n + j]);
done:
    return st;
}

/* ---- scores ----------------------------------------------------------------------------------
 */

/* One example's moments without the target, whose answer is x. */
static attack_side without(const attack_side *s, double x, bool in)
{
    attack_side r = *s;

    r.n[in]--;
    r.sum[in] -= x;
    r.squares[in] -= x * x;
    r.p[in] -= attack_p(x);
    return r;
}

static double variance_of(const attack_view *v, const attack_side *s, int in)
{
    if (v->fixed)
        return v->variance[in];
    double mean = s->sum[in] / s->n[in];
    double own = s->n[in] > 1 ? (s->squares[in] - s->n[in] * mean * mean) / (s->n[in] - 1) : NAN;
    return own > 1e-6 * v->variance[in] ? own : isnan(own) ? own : 1e-6 * v->variance[in];
}

static double lira(const attack_view *v, const attack_side *s, double x)
{
    double out = 0;

    for (int in = 0; in < 2; in++) {
        double var = variance_of(v, s, in), z = x - s->sum[in] / s->n[in];
        out += (in ? -0.5 : 0.5) * (z * z / var + log(var));
    }
    return out;
}

static double lira_offline(const attack_view *v, const attack_side *s, double x)
{
    return (x - s->sum[0] / s->n[0]) / sqrt(variance_of(v, s, 0));
}

int64_t attack_points(const attack_view *v)
{
    return v->bank->test.n ? v->bank->test.n : v->bank->train.n;
}

static int up64(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double ordinary(const attack_side *s, bool offline, double a)
{
    double out = s->p[0] / s->n[0];
    return offline ? ((1 + a) * out + 1 - a) / 2 : (s->p[1] / s->n[1] + out) / 2;
}

/* Sorted p(z | target) / p(z). */
static int64_t points(const attack_view *v, int64_t k, bool offline, double *z)
{
    const eid_bank *b = v->bank;
    int64_t n = 0, stride = b->queries * b->train.n;

    for (int64_t j = 0; j < b->test.n; j++) {
        double p = attack_p((double)v->test_phi[k * b->queries * b->test.n + j]);
        double mean = (v->test_p[j] - p) / (double)(b->models - 1);
        mean = offline ? ((1 + v->o->offline_a) * mean + 1 - v->o->offline_a) / 2 : mean;
        z[n++] = p / fmax(mean, 1e-300);
    }
    for (int64_t i = 0; !b->test.n && i < b->train.n; i++) {
        double x = (double)v->phi[k * stride + i];
        attack_side s = without(&v->side[i], x, attack_in(v, k, i));
        double mean = ordinary(&s, offline, v->o->offline_a);
        if (!isnan(mean))
            z[n++] = attack_p(x) / fmax(mean, 1e-300);
    }
    qsort(z, (size_t)n, sizeof *z, up64);
    return n;
}

static double rmia(const attack_view *v, const attack_side *s, double x, bool offline,
                   const double *z, int64_t n)
{
    double t = attack_p(x) / fmax(ordinary(s, offline, v->o->offline_a), 1e-300) / v->o->gamma;
    int64_t low = 0, high = n;

    if (isnan(t))
        return NAN;
    while (low < high) {
        int64_t mid = low + (high - low) / 2;
        if (z[mid] <= t)
            low = mid + 1;
        else
            high = mid;
    }
    return (double)low / (double)n;
}

void attack_scores(const attack_view *v, eid_bank_attack a, int64_t k, double *score, double *z)
{
    const eid_bank *b = v->bank;
    int64_t n = b->train.n, many = 0;
    bool offline = a == EID_BY_RMIA_OFFLINE;

    if (a == EID_BY_RMIA || offline)
        many = points(v, k, offline, z);
    for (int64_t i = 0; i < n; i++) {
        bool in = attack_in(v, k, i);
        score[i] = 0;
        for (int64_t q = 0;
             q <
             (a == EID_BY_LOSS || a == EID_BY_LIRA || a == EID_BY_LIRA_OFFLINE ? b->queries : 1);
             q++) {
            double x = (double)v->phi[(k * b->queries + q) * n + i];
            attack_side s = without(&v->side[q * n + i], x, in);
            score[i] += a == EID_BY_LOSS           ? x
                        : a == EID_BY_RANK         ? (double)v->rank[k * n + i]
                        : a == EID_BY_LIRA         ? lira(v, &s, x)
                        : a == EID_BY_LIRA_OFFLINE ? lira_offline(v, &s, x)
                                                   : rmia(v, &s, x, offline, z, many);
        }
        if (!isfinite(score[i]))
            score[i] = NAN;
    }
}
