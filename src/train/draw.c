#include "train/draw.h"
#include "eidetic/rng.h"
#include "tensor/kernels.h"
#include <string.h>

eid_status eid_draw_new(eid_draw **out, int64_t n, uint64_t seed)
{
    eid_status st = EID_OK;
    eid_draw *d = NULL;

    EID_TRY(EID_NEW(d, 1));
    d->n = n;
    eid_draw_seed(d, seed);
    EID_TRY(EID_NEW(d->order, n));
    *out = d;
    d = NULL;
done:
    eid_draw_free(d);
    return st;
}

void eid_draw_free(eid_draw *d)
{
    if (!d)
        return;
    eid_free(d->order);
    eid_free(d);
}

void eid_draw_seed(eid_draw *d, uint64_t seed)
{
    d->seed = seed;
    d->epoch = -1;
}

/* Streams from 2^40 on: parameters take the first ones. */
static void order_of(eid_draw *d, int64_t epoch)
{
    eid_rng rng = eid_rng_stream(d->seed, ((uint64_t)1 << 40) + (uint64_t)epoch);
    for (int64_t i = 0; i < d->n; i++)
        d->order[i] = i;
    eid_rng_shuffle(&rng, d->order, (size_t)d->n);
    d->epoch = epoch;
}

void eid_draw_step(eid_draw *d, int64_t step, int64_t batch, int64_t *index, int64_t *epoch)
{
    int64_t place = step * batch;
    for (int64_t i = 0; i < batch; i++, place++) {
        int64_t e = place / d->n;
        if (e != d->epoch)
            order_of(d, e);
        index[i] = d->order[place - e * d->n];
        epoch[i] = e;
    }
}

/* Rows lie anywhere: each is asked for three rows before its turn. */
static void gather_bytes(const eid_dataset *d, const int64_t *index, int64_t n, float *x)
{
    enum { AHEAD = 3, LINE = 64 };
    int64_t f = d->features;
    for (int64_t i = 0; i < n; i++) {
        const uint8_t *next = d->u8 + index[i + AHEAD < n ? i + AHEAD : i] * f;
        for (int64_t k = 0; k < f; k += LINE)
            __builtin_prefetch(next + k);
        eid_k()->widen(x + i * f, d->u8 + index[i] * f, f, d->scale);
    }
}

void eid_gather(const eid_dataset *d, const int64_t *index, int64_t n, float *x)
{
    if (d->u8) {
        gather_bytes(d, index, n, x);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        memcpy(x + i * d->features, d->f32 + index[i] * d->features,
               (size_t)d->features * sizeof *x);
}
