/* attack_bank.c - every model of a bank attacked in turn. */
#include "base/file.h"
#include "eidetic/dataset.h"
#include "eidetic/rng.h"
#include "measure/attack.h"
#include "par/par.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

eid_attack_opts eid_attack_opts_default(void)
{
    return (eid_attack_opts){
        .variance = EID_VARIANCE_AUTO, .target = -1, .gamma = 1, .offline_a = 0.3};
}

const eid_opt eid_attack_opt_table[] = {
    {EID_OPT_ENUM, "variance", offsetof(eid_attack_opts, variance), 0, 0,
     "of LiRA: one for all examples, each its own, or by the number of models", "auto|fixed|each",
     0},
    {EID_OPT_I64, "target", offsetof(eid_attack_opts, target), -1, 1 << 24,
     "the one model that is attacked; -1: every model in turn", NULL, 0},
    {EID_OPT_F64, "gamma", offsetof(eid_attack_opts, gamma), 1e-6, 1e6,
     "of RMIA: how much likelier than a point's an example has to have become", NULL, 0},
    {EID_OPT_F64, "offline-a", offsetof(eid_attack_opts, offline_a), 0, 1,
     "of RMIA without models that had the example: its correction", NULL, 0},
    {0},
};

const char *eid_bank_attack_name(eid_bank_attack a)
{
    static const char *const names[EID_BANK_ATTACKS] = {"loss",         "rank", "lira",
                                                        "lira_offline", "rmia", "rmia_offline"};
    return names[a];
}

/* What each target shows. */
typedef struct shown {
    double auc, tpr1, tpr01; /* NaN: unresolved */
} shown;

typedef struct job {
    attack_view *v;
    eid_attack_result *r;
    int64_t first;
    bool used[EID_BANK_ATTACKS];
    shown *shown; /* targets x attacks */
} job;

static eid_status roc_of(eid_roc **out, const attack_view *v, int64_t k, const double *score)
{
    eid_status st = EID_OK;
    int64_t n = v->bank->train.n, many[2] = {0, 0};
    double *side[2] = {NULL, NULL};

    EID_TRY(EID_NEW(side[0], n));
    EID_TRY(EID_NEW(side[1], n));
    for (int64_t i = 0; i < n; i++)
        if (!isnan(score[i])) {
            bool in = attack_in(v, k, i);
            side[in][many[in]++] = score[i];
        }
    EID_TRY(eid_roc_new(out, side[1], (size_t)many[1], side[0], (size_t)many[0]));
done:
    eid_free(side[0]);
    eid_free(side[1]);
    return st;
}

static eid_status one_target(void *arg, int64_t task, int worker)
{
    eid_status st = EID_OK;
    const job *j = arg;
    const attack_view *v = j->v;
    int64_t k = j->first + task;
    double *score = NULL, *z = NULL;
    eid_roc *roc = NULL;

    (void)worker;
    if (eid_cancelled(v->ctx))
        return eid_fail(EID_ECANCELLED, "attacking models was cancelled");
    EID_TRY(EID_NEW(score, v->bank->train.n));
    EID_TRY(EID_NEW(z, attack_points(v)));
    for (int a = 0; a < EID_BANK_ATTACKS; a++) {
        if (!j->used[a])
            continue;
        attack_scores(v, (eid_bank_attack)a, k, score, z);
        EID_TRY(roc_of(&roc, v, k, score));
        j->shown[task * EID_BANK_ATTACKS + a] = (shown){.auc = eid_roc_auc(roc).value,
                                                        .tpr1 = eid_roc_tpr(roc, 0.01).value,
                                                        .tpr01 = eid_roc_tpr(roc, 0.001).value};
        if (task == 0 && j->r) {
            j->r->roc[a] = roc;
            roc = NULL;
        }
        eid_roc_free(roc);
        roc = NULL;
    }
done:
    eid_free(score);
    eid_free(z);
    return st;
}

/* Mean of one number over targets. */
static eid_estimate over(const job *j, int64_t targets, int a, size_t at, double *x,
                         const char *why)
{
    int64_t n = 0;

    for (int64_t t = 0; t < targets; t++) {
        double y;
        memcpy(&y, (const char *)&j->shown[t * EID_BANK_ATTACKS + a] + at, sizeof y);
        if (!isnan(y))
            x[n++] = y;
    }
    return n == targets ? eid_mean_t(x, (size_t)n) : eid_estimate_none(why);
}

static eid_status tell(const job *j, int64_t targets, eid_attacked *out, int a)
{
    eid_status st = EID_OK;
    double *x = NULL;

    if (targets == 1 && j->r) {
        const eid_roc *roc = j->r->roc[a];
        *out = (eid_attacked){eid_roc_auc(roc), eid_roc_tpr(roc, 0.01), eid_roc_tpr(roc, 0.001)};
        return EID_OK;
    }
    EID_TRY(EID_NEW(x, targets));
    out->auc = over(j, targets, a, offsetof(shown, auc), x, "unresolved: scores do not vary");
    out->tpr1 = over(j, targets, a, offsetof(shown, tpr1), x,
                     "unresolved: fewer than 100 non-members of a target");
    out->tpr01 = over(j, targets, a, offsetof(shown, tpr01), x,
                      "unresolved: fewer than 1,000 non-members of a target");
done:
    eid_free(x);
    return st;
}

/* ---- memberships dealt out anew --------------------------------------------------------------
 */

static eid_status deal(uint8_t **out, const eid_bank *b, uint64_t seed)
{
    eid_status st = EID_OK;
    int64_t row = b->train.row;
    uint8_t *in = NULL;

    EID_TRY(EID_NEW(*out, b->models * row));
    EID_TRY(EID_NEW(in, b->models));
    for (int64_t i = 0; i < b->train.n; i++) {
        eid_rng r = eid_rng_stream(seed, (uint64_t)i);
        for (int64_t k = 0; k < b->models; k++) {
            int64_t at = (int64_t)eid_rng_below(&r, (uint64_t)k + 1);
            in[k] = in[at];
            in[at] = eid_bank_bit(b->masks, row, k, i);
        }
        for (int64_t k = 0; k < b->models; k++)
            (*out)[k * row + i / 8] |= (uint8_t)(in[k] << i % 8);
    }
done:
    eid_free(in);
    return st;
}

static eid_status shuffled(eid_attack_result *r, attack_view *v, int64_t first, int64_t targets)
{
    eid_status st = EID_OK;
    uint8_t *masks = NULL;
    job j = {.v = v, .first = first, .used = {[EID_BY_LIRA] = true}};
    eid_attacked a;

    EID_TRY(deal(&masks, v->bank, (uint64_t)v->o->seed));
    EID_TRY(attack_view_read(v, masks, false));
    EID_TRY(EID_NEW(j.shown, targets * EID_BANK_ATTACKS));
    EID_TRY(eid_par_for(v->ctx, targets, one_target, &j));
    EID_TRY(tell(&j, targets, &a, EID_BY_LIRA));
    r->shuffled = a.auc;
done:
    eid_free(masks);
    eid_free(j.shown);
    return st;
}

/* ---- examples --------------------------------------------------------------------------------
 */

static void separate(eid_attack_result *r, const attack_view *v)
{
    double sd = sqrt((v->variance[0] + v->variance[1]) / 2);

    for (int64_t i = 0; i < r->n; i++) {
        const attack_side *s = &v->side[i];
        r->separation[i] = (s->sum[1] / s->n[1] - s->sum[0] / s->n[0]) / sd;
        if (!isfinite(r->separation[i]))
            r->separation[i] = NAN;
    }
}

typedef struct place {
    double value;
    int64_t at;
} place;

static int down(const void *x, const void *y)
{
    const place *a = x, *b = y;
    return a->value > b->value ? -1 : a->value < b->value ? 1 : a->at < b->at ? -1 : a->at > b->at;
}

static eid_status find_changed(eid_attack_result *r, const eid_dataset *d)
{
    eid_status st = EID_OK;
    double *side[2] = {NULL, NULL};
    place *order = NULL;
    int64_t many[2] = {0, 0}, told = 0;
    eid_roc *roc = NULL;

    r->finds = eid_estimate_none("no label is known to be changed");
    if (!d || d->n != r->n || !d->clean)
        return EID_OK;
    EID_TRY(EID_NEW(side[0], r->n));
    EID_TRY(EID_NEW(side[1], r->n));
    EID_TRY(EID_NEW(order, r->n));
    for (int64_t i = 0; i < r->n; i++) {
        bool changed = d->label[i] != d->clean[i];
        r->changed += changed;
        if (isnan(r->separation[i]))
            continue;
        side[changed][many[changed]++] = r->separation[i];
        order[told++] = (place){r->separation[i], i};
    }
    if (!r->changed)
        goto done;
    qsort(order, (size_t)told, sizeof *order, down);
    for (int64_t k = 0; k < told / 10; k++)
        r->in_top += d->label[order[k].at] != d->clean[order[k].at];
    EID_TRY(eid_roc_new(&roc, side[1], (size_t)many[1], side[0], (size_t)many[0]));
    r->finds = eid_roc_auc(roc);
done:
    eid_roc_free(roc);
    eid_free(side[0]);
    eid_free(side[1]);
    eid_free(order);
    return st;
}

/* ---- all of it -------------------------------------------------------------------------------
 */

static eid_status check(const eid_bank *b, const eid_attack_opts *o)
{
    if (b->models < EID_ATTACK_MODELS)
        return eid_fail(EID_EINVAL,
                        "membership: %" PRId64 " models; with fewer than %d there is nothing to "
                        "compare a target with",
                        b->models, EID_ATTACK_MODELS);
    if (o->target >= b->models)
        return eid_fail(EID_EINVAL,
                        "membership: there is no model %" PRId64 "; the last is %" PRId64,
                        o->target, b->models - 1);
    return EID_OK;
}

eid_status eid_attack_bank(eid_attack_result **out, eid_ctx *ctx, const eid_bank *b,
                           const eid_dataset *train, const eid_dataset *test,
                           const eid_attack_opts *o)
{
    eid_status st = EID_OK;
    eid_attack_result *r = NULL;
    attack_view v = {0};
    int64_t targets = o->target < 0 ? b->models : 1, first = o->target < 0 ? 0 : o->target;
    job j = {.v = &v, .first = first};

    EID_TRY(check(b, o));
    EID_TRY(attack_view_new(&v, ctx, b, train, test, o));
    EID_TRY(EID_NEW(r, 1));
    *r = (eid_attack_result){
        .models = b->models, .targets = targets, .n = b->train.n, .fixed = v.fixed};
    EID_TRY(EID_NEW(r->separation, r->n));
    EID_TRY(EID_NEW(j.shown, targets * EID_BANK_ATTACKS));
    j.r = r;
    EID_TRY(attack_view_read(&v, b->masks, true));
    separate(r, &v);
    for (int a = 0; a < EID_BANK_ATTACKS; a++)
        j.used[a] = a != EID_BY_RANK || v.rank;
    EID_TRY(eid_par_for(ctx, targets, one_target, &j));
    for (int a = 0; a < EID_BANK_ATTACKS; a++)
        if (j.used[a])
            EID_TRY(tell(&j, targets, &r->attack[a], a));
        else
            r->attack[a].auc = r->attack[a].tpr1 = r->attack[a].tpr01 =
                eid_estimate_none("wants more memory: raise --memory");
    eid_free(v.rank);
    v.rank = NULL;
    EID_TRY(find_changed(r, train));
    EID_TRY(shuffled(r, &v, first, targets));
    *out = r;
    r = NULL;
done:
    attack_view_free(&v);
    eid_free(j.shown);
    eid_attack_result_free(r);
    return st;
}

void eid_attack_result_free(eid_attack_result *r)
{
    if (!r)
        return;
    for (int a = 0; a < EID_BANK_ATTACKS; a++)
        eid_roc_free(r->roc[a]);
    eid_free(r->separation);
    eid_free(r);
}

/* ---- files -----------------------------------------------------------------------------------
 */

static eid_status write_roc(const eid_attack_result *r, const char *dir)
{
    eid_status st = EID_OK;
    eid_out *f = NULL;
    char *path = NULL;

    EID_TRY(eid_format(&path, "%s/roc.csv", dir));
    EID_TRY(eid_out_open(&f, path));
    EID_TRY(eid_out_printf(f, "attack,fpr,tpr\n"));
    for (int a = 0; a < EID_BANK_ATTACKS; a++) {
        const double *x, *y;
        size_t n = r->roc[a] ? eid_roc_points(r->roc[a], &x, &y) : 0;
        for (size_t i = 0; i < n; i++)
            EID_TRY(eid_out_printf(f, "%s,%.9g,%.9g\n", eid_bank_attack_name((eid_bank_attack)a),
                                   x[i], y[i]));
    }
    EID_TRY(eid_out_commit(&f));
done:
    eid_out_abort(&f);
    eid_free(path);
    return st;
}

static eid_status write_separation(const eid_attack_result *r, const eid_dataset *d,
                                   const char *dir)
{
    eid_status st = EID_OK;
    eid_out *f = NULL;
    char *path = NULL;

    EID_TRY(eid_format(&path, "%s/separation.csv", dir));
    EID_TRY(eid_out_open(&f, path));
    EID_TRY(eid_out_printf(f, "id,label,clean,separation\n"));
    for (int64_t i = 0; i < r->n; i++) {
        if (d)
            EID_TRY(eid_out_printf(f, "%" PRId64 ",%" PRId32 ",%" PRId32, d->id[i], d->label[i],
                                   d->clean[i]));
        else
            EID_TRY(eid_out_printf(f, "%" PRId64 ",,", i));
        if (isnan(r->separation[i]))
            EID_TRY(eid_out_printf(f, ",\n"));
        else
            EID_TRY(eid_out_printf(f, ",%.9g\n", r->separation[i]));
    }
    EID_TRY(eid_out_commit(&f));
done:
    eid_out_abort(&f);
    eid_free(path);
    return st;
}

eid_status eid_attack_write(eid_ctx *ctx, const eid_attack_result *r, const eid_dataset *train,
                            const char *dir)
{
    eid_status st = EID_OK;
    char *path = NULL;

    EID_TRY(eid_mkdirs(dir));
    EID_TRY(eid_format(&path, "%s/separation.npy", dir));
    EID_TRY(eid_array_write(
        ctx, path,
        &(eid_array_view){.type = EID_F8, .ndim = 1, .shape = {r->n}, .data = r->separation}));
    EID_TRY(write_separation(r, train && train->n == r->n ? train : NULL, dir));
    EID_TRY(write_roc(r, dir));
done:
    eid_free(path);
    return st;
}
