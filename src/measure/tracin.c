/* tracin.c - influence traced through the checkpoints of trainings, a block of gradients at a time.
 *
 * Test examples come in chunks as large as memory allows; for each, every checkpoint is gone
 * through once, and the training examples' gradients are made anew, block by block.  Both sides
 * begin at multiples of 128, so that an example always stands at the same place of a tile. */
#include "eidetic/attribution.h"
#include "base/ctx.h"
#include "base/memory.h"
#include "train/draw.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { TILE = 128, BLOCK = 8 * TILE };

eid_tracin_opts eid_tracin_opts_default(void)
{
    return (eid_tracin_opts){.from_epoch = 1, .top = 10};
}

const eid_opt eid_tracin_opt_table[] = {
    {EID_OPT_F64, "from-epoch", offsetof(eid_tracin_opts, from_epoch), 0, 1e6,
     "checkpoints from this epoch on; 0: the untrained network's, too", NULL, 0},
    {EID_OPT_I64, "top", offsetof(eid_tracin_opts, top), 0, 1 << 20,
     "training examples that are listed on either side of each test example", NULL, 0},
    {0},
};

static eid_status check_run(const eid_traced *run, const eid_dataset *train, double from)
{
    const eid_trajectory *t = run->record;

    if (!t->weights || !t->rate)
        return eid_fail(EID_EINVAL, "tracin: the record holds no weights: record with "
                                    "--record-weights");
    if (t->parameters != eid_net_parameters(run->net))
        return eid_fail(EID_EINVAL,
                        "tracin: the record is of %" PRId64 " parameters, its network has %" PRId64,
                        t->parameters, eid_net_parameters(run->net));
    if (t->examples != train->n || memcmp(t->id, train->id, (size_t)train->n * sizeof *t->id) ||
        memcmp(t->label, train->label, (size_t)train->n * sizeof *t->label))
        return eid_fail(EID_EINVAL,
                        "tracin: the record is of other examples than %.80s: give the options of "
                        "its training",
                        train->name ? train->name : "these");
    if (!(t->epoch[t->checkpoints - 1] >= from))
        return eid_fail(EID_EINVAL, "tracin: no checkpoint from epoch %g on; the last is of %g",
                        from, t->epoch[t->checkpoints - 1]);
    return EID_OK;
}

static eid_status check(const eid_traced *run, size_t runs, const eid_dataset *train,
                        const eid_dataset *test, const eid_tracin_opts *o)
{
    eid_status st = EID_OK;

    if (runs < 1)
        return eid_fail(EID_EINVAL, "tracin: no run to trace through");
    for (size_t r = 0; r < runs; r++) {
        const eid_net_shape *s = eid_net_shape_of(run[r].net);
        EID_TRY(check_run(&run[r], train, o->from_epoch));
        for (int side = 0; side < 2; side++) {
            const eid_dataset *d = side ? test : train;
            if (d && (d->features != s->channels * s->height * s->width || d->classes > s->classes))
                EID_TRY(eid_fail(EID_EINVAL,
                                 "tracin: %.80s has %" PRId64 " numbers and %d classes, the "
                                 "network %" PRId64 " and %" PRId64,
                                 d->name ? d->name : "the dataset", d->features, (int)d->classes,
                                 s->channels * s->height * s->width, s->classes));
        }
    }
done:
    return st;
}

/* The network as it was at a checkpoint. */
static eid_status restore(eid_ctx *ctx, const eid_traced *run, int64_t c)
{
    const eid_trajectory *t = run->record;
    eid_param *p;

    eid_net_params(run->net, &p); /* one block, in order */
    memcpy(p[0].value, t->weights + c * t->parameters, (size_t)t->parameters * sizeof *t->weights);
    for (int64_t i = 0; i < t->parameters; i++)
        if (!isfinite(p[0].value[i]))
            return eid_fail(EID_EFORMAT,
                            "tracin: weight %" PRId64 " of checkpoint %" PRId64 " is no number", i,
                            c);
    return eid_net_changed(run->net, ctx);
}

/* ---- self-influence -------------------------------------------------------------------------- */

eid_status eid_tracin_self(eid_ctx *ctx, const eid_traced *run, size_t runs,
                           const eid_dataset *train, const eid_tracin_opts *o, double *self)
{
    eid_status st = EID_OK;
    double *norm2 = NULL, *sum = NULL;

    EID_TRY(check(run, runs, train, NULL, o));
    EID_TRY(EID_NEW(norm2, train->n));
    EID_TRY(EID_NEW(sum, train->n));
    for (size_t r = 0; r < runs; r++)
        for (int64_t c = 0; c < run[r].record->checkpoints; c++) {
            EID_TRY(eid_tick(ctx, "self-influence", "checkpoints", c, run[r].record->checkpoints));
            if (run[r].record->epoch[c] < o->from_epoch)
                continue;
            EID_TRY(restore(ctx, &run[r], c));
            EID_TRY(
                eid_classifier_norms(run[r].net, ctx, train, NULL, train->n, norm2, NULL, NULL));
            for (int64_t i = 0; i < train->n; i++)
                sum[i] += run[r].record->rate[c] / (double)runs * norm2[i];
        }
    memcpy(self, sum, (size_t)train->n * sizeof *self);
done:
    eid_free(norm2);
    eid_free(sum);
    return st;
}

/* ---- pairs ----------------------------------------------------------------------------------- */

/* A side's examples as they are wanted next. */
typedef struct side {
    const eid_dataset *d;
    eid_net_grads *grads;
    int64_t *index;
    float *x;
    int32_t *y;
} side;

static void side_free(side *s)
{
    eid_net_grads_free(s->grads);
    eid_free(s->index);
    eid_free(s->x);
    eid_free(s->y);
}

static eid_status side_new(side *s, eid_ctx *ctx, eid_net *m, const eid_dataset *d, int64_t room)
{
    eid_status st = EID_OK;

    s->d = d;
    EID_TRY(eid_net_grads_new(&s->grads, m, ctx, room));
    EID_TRY(EID_NEW(s->index, room));
    EID_TRY(EID_NEW(s->x, room * d->features));
    EID_TRY(EID_NEW(s->y, room));
done:
    return st;
}

static eid_status take(side *s, eid_ctx *ctx, int64_t first, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        s->index[i] = first + i;
        s->y[i] = s->d->label[first + i];
    }
    eid_gather(s->d, s->index, n, s->x);
    const eid_examples batch = {.n = n, .x = s->x, .y = s->y};
    return eid_net_grads_take(s->grads, ctx, &batch);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Examples of either side that are held at a time: a sixteenth of the memory for the gradients of
 * training examples, a quarter for those and the scores of test examples. */
static eid_status cut(eid_ctx *ctx, const eid_traced *run, size_t runs, const eid_dataset *train,
                      const eid_dataset *test, int64_t *chunk, int64_t *block)
{
    int64_t bytes = 0, memory = eid_ctx_memory(ctx);

    for (size_t r = 0; r < runs; r++) {
        int64_t b = eid_net_grads_bytes(run[r].net) + 8 * train->features;
        bytes = b > bytes ? b : bytes;
    }
    *block = least(memory / 16 / bytes / TILE * TILE, BLOCK);
    *chunk = memory / 4 / (bytes + 8 * train->n) / TILE * TILE;
    if (*block < TILE || *chunk < TILE)
        return eid_fail(EID_ENOMEM,
                        "tracin: gradients of %d examples and their scores exceed the memory bound "
                        "of %" PRId64 " MiB",
                        TILE, memory >> 20);
    *block = least(*block, train->n);
    *chunk = least(*chunk, test->n);
    return EID_OK;
}

/* One checkpoint's part of a chunk's scores. */
static eid_status add_checkpoint(eid_ctx *ctx, side *tr, side *te, int64_t first, int64_t n,
                                 int64_t block, double scale, double *scores)
{
    eid_status st = EID_OK;

    EID_TRY(take(te, ctx, first, n));
    for (int64_t at = 0, m; at < tr->d->n; at += m) {
        m = least(block, tr->d->n - at);
        EID_TRY(take(tr, ctx, at, m));
        EID_TRY(eid_net_grads_products(ctx, te->grads, tr->grads, scale, scores + at, tr->d->n));
    }
done:
    return st;
}

static eid_status add_run(eid_ctx *ctx, const eid_traced *run, const eid_dataset *train,
                          const eid_dataset *test, double from, int64_t first, int64_t n,
                          int64_t chunk, int64_t block, double share, double *scores)
{
    eid_status st = EID_OK;
    side tr = {0}, te = {0};
    const eid_trajectory *t = run->record;

    EID_TRY(side_new(&tr, ctx, run->net, train, block));
    EID_TRY(side_new(&te, ctx, run->net, test, chunk));
    for (int64_t c = 0; c < t->checkpoints; c++) {
        EID_TRY(eid_tick(ctx, "tracing influence", "test examples x checkpoints",
                         first * t->checkpoints + c * n, test->n * t->checkpoints));
        if (t->epoch[c] < from)
            continue;
        EID_TRY(restore(ctx, run, c));
        EID_TRY(add_checkpoint(ctx, &tr, &te, first, n, block, t->rate[c] * share, scores));
    }
done:
    side_free(&tr);
    side_free(&te);
    return st;
}

eid_status eid_tracin(eid_ctx *ctx, const eid_traced *run, size_t runs, const eid_dataset *train,
                      const eid_dataset *test, const eid_tracin_opts *o, eid_tracin_fn fn,
                      void *user)
{
    eid_status st = EID_OK;
    double *scores = NULL;
    int64_t chunk, block;

    EID_TRY(check(run, runs, train, test, o));
    EID_TRY(cut(ctx, run, runs, train, test, &chunk, &block));
    EID_TRY(EID_NEW(scores, chunk * train->n));
    for (int64_t first = 0, n; first < test->n; first += n) {
        n = least(chunk, test->n - first);
        memset(scores, 0, (size_t)(n * train->n) * sizeof *scores);
        for (size_t r = 0; r < runs; r++)
            EID_TRY(add_run(ctx, &run[r], train, test, o->from_epoch, first, n, chunk, block,
                            1 / (double)runs, scores));
        EID_TRY(fn(user, first, n, scores));
    }
done:
    eid_free(scores);
    return st;
}
