/* tracin_files.c - traced influence as files, each whole or not at all. */
#include "base/ctx.h"
#include "base/file.h"
#include "dataset/npy.h"
#include "eidetic/attribution.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct writing {
    eid_out *all, *top;
    const eid_dataset *train, *test;
    int64_t listed;
    float *row;
    int64_t *order;
} writing;

/* By value upwards; of equal ones the lower place first. */
static _Thread_local const double *sorted_by;
static int by_value(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    double d = sorted_by[a] - sorted_by[b];
    return d < 0 ? -1 : d > 0 ? 1 : a < b ? -1 : a > b;
}

static void sort(const double *value, int64_t n, int64_t *order)
{
    for (int64_t i = 0; i < n; i++)
        order[i] = i;
    sorted_by = value;
    qsort(order, (size_t)n, sizeof *order, by_value);
}

static eid_status list(const writing *w, int64_t j, const double *score)
{
    eid_status st = EID_OK;
    const eid_dataset *tr = w->train, *te = w->test;

    sort(score, tr->n, w->order);
    for (int side = 0; side < 2; side++)
        for (int64_t k = 0; k < w->listed; k++) {
            int64_t i = w->order[side ? k : tr->n - 1 - k];
            EID_TRY(eid_out_printf(w->top, "%" PRId64 ",%s,%" PRId64 ",%" PRId64 ",%.9g,%d,%d\n",
                                   te->id[j], side ? "opponent" : "proponent", k + 1, tr->id[i],
                                   score[i], (int)te->label[j], (int)tr->label[i]));
        }
done:
    return st;
}

static eid_status write_rows(void *user, int64_t first, int64_t n, const double *scores)
{
    eid_status st = EID_OK;
    writing *w = user;
    int64_t N = w->train->n;

    for (int64_t j = 0; j < n; j++) {
        const double *score = scores + j * N;
        for (int64_t i = 0; i < N; i++)
            w->row[i] = (float)score[i];
        EID_TRY(eid_out_write(w->all, w->row, (size_t)N * sizeof *w->row));
        if (w->listed)
            EID_TRY(list(w, first + j, score));
    }
done:
    return st;
}

static eid_status write_pairs(eid_ctx *ctx, const eid_traced *run, size_t runs,
                              const eid_dataset *train, const eid_dataset *test,
                              const eid_tracin_opts *o, const char *dir)
{
    eid_status st = EID_OK;
    writing w = {.train = train, .test = test, .listed = o->top < train->n ? o->top : train->n};
    eid_array_view shape = {.type = EID_F4, .ndim = 2, .shape = {test->n, train->n}};
    char header[EID_NPY_WRITTEN];
    char *all = NULL, *top = NULL;

    EID_TRY(eid_format(&all, "%s/influence.npy", dir));
    EID_TRY(eid_format(&top, "%s/top.csv", dir));
    EID_TRY(EID_NEW(w.row, train->n));
    EID_TRY(EID_NEW(w.order, train->n));
    EID_TRY(eid_out_open(&w.all, all));
    EID_TRY(eid_out_write(w.all, header, eid_npy_header(&shape, header)));
    EID_TRY(eid_out_open(&w.top, top));
    EID_TRY(eid_out_printf(w.top, "test_id,kind,rank,train_id,score,test_label,train_label\n"));
    EID_TRY(eid_tracin(ctx, run, runs, train, test, o, write_rows, &w));
    EID_TRY(eid_out_commit(&w.all));
    EID_TRY(eid_out_commit(&w.top));
done:
    eid_out_abort(&w.all);
    eid_out_abort(&w.top);
    eid_free(w.row);
    eid_free(w.order);
    eid_free(all);
    eid_free(top);
    return st;
}

static eid_status write_self(eid_ctx *ctx, const double *self, int64_t n, const char *dir)
{
    eid_status st = EID_OK;
    char *path = NULL;

    EID_TRY(eid_format(&path, "%s/self.npy", dir));
    EID_TRY(eid_array_write(
        ctx, path, &(eid_array_view){.type = EID_F8, .ndim = 1, .shape = {n}, .data = self}));
done:
    eid_free(path);
    return st;
}

static eid_status find_best(eid_tracin_result *r, int64_t top)
{
    eid_status st = EID_OK;
    int64_t *order = NULL;

    r->top = top < r->train ? top : r->train;
    EID_TRY(EID_NEW(order, r->train));
    EID_TRY(EID_NEW(r->best, r->top));
    sort(r->self, r->train, order);
    for (int64_t k = 0; k < r->top; k++)
        r->best[k] = order[r->train - 1 - k];
done:
    eid_free(order);
    return st;
}

eid_status eid_tracin_write(eid_tracin_result **out, eid_ctx *ctx, const eid_traced *run,
                            size_t runs, const eid_dataset *train, const eid_dataset *test,
                            const eid_tracin_opts *o, const char *dir)
{
    eid_status st = EID_OK;
    eid_tracin_result *r = NULL;

    EID_TRY(EID_NEW(r, 1));
    r->train = train->n;
    r->test = test ? test->n : 0;
    for (size_t k = 0; k < runs; k++)
        for (int64_t c = 0; c < run[k].record->checkpoints; c++)
            r->checkpoints += run[k].record->epoch[c] >= o->from_epoch;
    EID_TRY(EID_NEW(r->self, train->n));
    EID_TRY(eid_tracin_self(ctx, run, runs, train, o, r->self));
    EID_TRY(find_best(r, o->top));
    EID_TRY(eid_mkdirs(dir));
    EID_TRY(write_self(ctx, r->self, train->n, dir));
    if (test)
        EID_TRY(write_pairs(ctx, run, runs, train, test, o, dir));
    *out = r;
    r = NULL;
done:
    eid_tracin_result_free(r);
    return st;
}

void eid_tracin_result_free(eid_tracin_result *r)
{
    if (!r)
        return;
    eid_free(r->self);
    eid_free(r->best);
    eid_free(r);
}
