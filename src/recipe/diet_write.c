/* diet_write.c - scores and subsets as arrays, as CSV, and in the store. */
#include "recipe/diet.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static eid_status write_arrays(eid_ctx *ctx, const eid_diet_result *r, const char *out)
{
    char *path = NULL;
    eid_status st = EID_OK;

    EID_TRY(eid_format(&path, "%s/scores", out));
    EID_TRY(eid_mkdirs(path));
    for (int k = 0; k < EID_SCORE_KINDS; k++) {
        if (!r->score[k])
            continue;
        eid_free(path);
        path = NULL;
        EID_TRY(eid_format(&path, "%s/scores/%s.npy", out, eid_score_name((eid_score_kind)k)));
        EID_TRY(eid_array_write(
            ctx, path,
            &(eid_array_view){
                .type = EID_F8, .ndim = 1, .shape = {r->examples}, .data = r->score[k]}));
    }
done:
    eid_free(path);
    return st;
}

static eid_status write_csv(const eid_diet_result *r, const eid_trajectory *t, const int32_t *clean,
                            const char *out)
{
    char *path = NULL;
    eid_out *f = NULL;
    eid_status st = EID_OK;

    EID_TRY(eid_format(&path, "%s/scores.csv", out));
    EID_TRY(eid_out_open(&f, path));
    EID_TRY(eid_out_printf(f, "id,label%s", clean ? ",clean" : ""));
    for (int k = 0; k < EID_SCORE_KINDS; k++)
        if (r->score[k])
            EID_TRY(eid_out_printf(f, ",%s", eid_score_name((eid_score_kind)k)));
    for (int64_t i = 0; i < r->examples; i++) {
        EID_TRY(eid_out_printf(f, "\n%" PRId64 ",%" PRId32, t->id[i], t->label[i]));
        if (clean)
            EID_TRY(eid_out_printf(f, ",%" PRId32, clean[i]));
        for (int k = 0; k < EID_SCORE_KINDS; k++)
            if (r->score[k])
                EID_TRY(eid_out_printf(f, ",%.9g", r->score[k][i]));
    }
    EID_TRY(eid_out_printf(f, "\n"));
    EID_TRY(eid_out_commit(&f));
done:
    eid_out_abort(&f);
    eid_free(path);
    return st;
}

eid_status diet_write_scores(eid_ctx *ctx, const eid_diet_result *r, const eid_trajectory *t,
                             const int32_t *clean, const char *out)
{
    eid_status st = write_arrays(ctx, r, out);

    return st == EID_OK ? write_csv(r, t, clean, out) : st;
}

eid_status diet_write_subset(eid_ctx *ctx, const eid_dataset *d, const char *out, const char *name,
                             const int64_t *place, int64_t n)
{
    char *path = NULL;
    int64_t *id = NULL;
    eid_status st = EID_OK;

    EID_TRY(eid_format(&path, "%s/subsets", out));
    EID_TRY(eid_mkdirs(path));
    eid_free(path);
    path = NULL;
    EID_TRY(eid_format(&path, "%s/subsets/%s.npy", out, name));
    EID_TRY(EID_NEW(id, n));
    for (int64_t i = 0; i < n; i++)
        id[i] = d->id[place[i]];
    EID_TRY(eid_array_write(
        ctx, path, &(eid_array_view){.type = EID_I8, .ndim = 1, .shape = {n}, .data = id}));
done:
    eid_free(path);
    eid_free(id);
    return st;
}

/* ---- the store ------------------------------------------------------------------------------- */

static eid_status keep_metric(eid_store *s, const char *what, const char *name,
                              const eid_estimate *e)
{
    char full[80];

    snprintf(full, sizeof full, "diet.%s.%s", what, name);
    return eid_store_metric(s, full, e);
}

eid_status diet_keep_scores(eid_store *s, const eid_diet_result *r, const eid_trajectory *t)
{
    char label[16];
    bool done = false;
    eid_status st = EID_OK;

    EID_TRY(eid_store_begin(s, "scores", &done));
    if (done)
        return EID_OK;
    EID_TRY(eid_store_number(s, "diet.examples", (double)r->examples));
    EID_TRY(eid_store_number(s, "diet.flips", (double)r->flips));
    EID_TRY(eid_store_number(s, "diet.never_learned", (double)r->never));
    EID_TRY(eid_store_number(s, "diet.runs", (double)r->runs));
    for (int64_t i = 0; i < r->examples; i++) {
        snprintf(label, sizeof label, "%" PRId32, t->label[i]);
        EID_TRY(eid_store_example(s, t->id[i], label, 0));
    }
    for (int k = 0; k < EID_SCORE_KINDS; k++) {
        const char *name = eid_score_name((eid_score_kind)k);
        if (!r->score[k])
            continue;
        EID_TRY(keep_metric(s, "finds", name, &r->finds[k]));
        EID_TRY(keep_metric(s, "agrees", name, &r->agrees[k]));
        for (int64_t i = 0; i < r->examples; i++)
            EID_TRY(eid_store_score(s, name, t->id[i], r->score[k][i]));
    }
    return eid_store_end(s);
done:
    eid_store_abandon(s);
    return st;
}

eid_status diet_keep_parts(eid_store *s, const eid_diet_result *r)
{
    bool done = false;
    eid_status st = EID_OK;

    EID_TRY(eid_store_begin(s, "retraining", &done));
    if (done)
        return EID_OK;
    EID_TRY(eid_store_number(s, "diet.offset", r->offset));
    for (size_t i = 0; i < r->parts; i++) {
        eid_estimate kept = {.value = (double)r->part[i].kept,
                             .low = (double)r->part[i].kept,
                             .high = (double)r->part[i].kept,
                             .method = "exact"};
        EID_TRY(keep_metric(s, "kept", r->part[i].name, &kept));
        EID_TRY(keep_metric(s, "accuracy", r->part[i].name, &r->part[i].accuracy));
    }
    return eid_store_end(s);
done:
    eid_store_abandon(s);
    return st;
}
