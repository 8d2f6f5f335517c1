/* pixels.c - inputs without structure, for the experiments of Zhang et al. 2017; centred ones. */
#include "dataset/dataset.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

static void identity(int64_t *order, int64_t n)
{
    for (int64_t k = 0; k < n; k++)
        order[k] = k;
}

static void reorder(eid_making *m, const eid_dataset *d, int64_t i, const int64_t *order)
{
    int64_t f = d->features;

    for (int64_t k = 0; k < f; k++)
        if (d->u8)
            m->u8[i * f + k] = d->u8[i * f + order[k]];
        else
            m->f32[i * f + k] = d->f32[i * f + order[k]];
}

/* The permutation of all examples, which training and test set share, has a stream of part 0. */
static eid_status permute(eid_making *m, eid_ctx *ctx, const eid_dataset *d, bool each,
                          uint64_t seed)
{
    int64_t *order = NULL, f = d->features;
    eid_dataset first = {.part = 0};
    eid_rng rng = eid_draw(seed, EID_DRAW_PIXELS, &first, INT64_MAX);
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(order, f));
    identity(order, f);
    eid_rng_shuffle(&rng, order, (size_t)f);
    for (int64_t i = 0; i < d->n; i++) {
        if (each) {
            rng = eid_draw(seed, EID_DRAW_PIXELS, d, d->id[i]);
            identity(order, f);
            eid_rng_shuffle(&rng, order, (size_t)f);
        }
        reorder(m, d, i, order);
        if (i % 1024 == 0)
            EID_TRY(eid_tick(ctx, "shuffling", "examples", i, d->n));
    }
done:
    eid_free(order);
    return st;
}

/* Mean and standard deviation over all numbers of all examples. */
static void moments(const eid_dataset *d, double *mean, double *deviation)
{
    int64_t numbers = d->n * d->features;
    double sum = 0, squares = 0;

    for (int64_t k = 0; k < numbers; k++)
        sum += d->u8 ? (double)d->u8[k] * (double)d->scale : (double)d->f32[k];
    *mean = sum / (double)numbers;
    for (int64_t k = 0; k < numbers; k++) {
        double x = (d->u8 ? (double)d->u8[k] * (double)d->scale : (double)d->f32[k]) - *mean;
        squares += x * x;
    }
    *deviation = sqrt(squares / (double)numbers);
}

static eid_status gaussian(eid_making *m, eid_ctx *ctx, const eid_dataset *d,
                           const eid_dataset *like, uint64_t seed)
{
    double mean, deviation;
    eid_dataset shape = *d;
    eid_status st = EID_OK;

    shape.scale = 0;
    moments(like ? like : d, &mean, &deviation);
    EID_TRY(eid_making_start(m, ctx, d->name, &shape, true));
    EID_TRY(EID_NEW(m->clean, d->n));
    for (int64_t i = 0; i < d->n; i++) {
        eid_rng rng = eid_draw(seed, EID_DRAW_PIXELS, d, d->id[i]);
        for (int64_t k = 0; k < d->features; k++)
            m->f32[i * d->features + k] = (float)(mean + deviation * eid_rng_normal(&rng));
        m->label[i] = d->label[i];
        m->clean[i] = d->clean[i];
        m->id[i] = d->id[i];
        if (i % 256 == 0)
            EID_TRY(eid_tick(ctx, "drawing", "examples", i, d->n));
    }
done:
    return st;
}

static void add_row(const eid_dataset *d, int64_t i, double *sum)
{
    for (int64_t k = 0, f = d->features; k < f; k++)
        sum[k] += d->u8 ? (double)d->u8[i * f + k] * (double)d->scale : (double)d->f32[i * f + k];
}

/* Bytes scaled to 0 to 1 all point the same way: gradients of weights then hold a large part that
 * all examples share.  Without it fits are faster, and norms of gradients tell examples apart. */
static eid_status centred(eid_making *m, eid_ctx *ctx, const eid_dataset *d,
                          const eid_dataset *like)
{
    eid_dataset shape = *d;
    double *mean = NULL, *row = NULL;
    int64_t f = d->features;
    eid_status st = EID_OK;

    shape.scale = 0;
    if (like->features != f)
        return eid_fail(EID_EINVAL,
                        "pixels: the mean of examples of %" PRId64
                        " numbers, taken from examples of %" PRId64,
                        like->features, f);
    EID_TRY(EID_NEW(mean, f));
    EID_TRY(EID_NEW(row, f));
    for (int64_t i = 0; i < like->n; i++)
        add_row(like, i, mean);
    EID_TRY(eid_making_start(m, ctx, d->name, &shape, true));
    EID_TRY(EID_NEW(m->clean, d->n));
    for (int64_t i = 0; i < d->n; i++) {
        memset(row, 0, (size_t)f * sizeof *row);
        add_row(d, i, row);
        for (int64_t k = 0; k < f; k++)
            m->f32[i * f + k] = (float)(row[k] - mean[k] / (double)like->n);
        m->label[i] = d->label[i];
        m->clean[i] = d->clean[i];
        m->id[i] = d->id[i];
        if (i % 1024 == 0)
            EID_TRY(eid_tick(ctx, "centring", "examples", i, d->n));
    }
done:
    eid_free(mean);
    eid_free(row);
    return st;
}

eid_status eid_dataset_pixels(eid_dataset **out, eid_ctx *ctx, const eid_dataset *d, int64_t kind,
                              const eid_dataset *like, uint64_t seed)
{
    eid_making m = {0};
    eid_status st = EID_OK;

    if (kind < EID_PIXELS_TRUE || kind > EID_PIXELS_CENTRED)
        return eid_fail(EID_EINVAL, "pixels: there is no kind %" PRId64, kind);
    if (kind == EID_PIXELS_GAUSSIAN) {
        EID_TRY(gaussian(&m, ctx, d, like, seed));
    } else if (kind == EID_PIXELS_CENTRED) {
        EID_TRY(centred(&m, ctx, d, like ? like : d));
    } else {
        EID_TRY(eid_making_copy(&m, ctx, d));
        if (kind != EID_PIXELS_TRUE)
            EID_TRY(permute(&m, ctx, d, kind == EID_PIXELS_RANDOM, seed));
    }
    EID_TRY(eid_making_finish(out, ctx, &m));
done:
    eid_making_drop(&m);
    return st;
}
