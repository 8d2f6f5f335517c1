/* made_bank.h - banks in memory whose answers follow a rule, for tests of what is read from them.
 */
#ifndef MADE_BANK_H
#define MADE_BANK_H
#include "../check.h"
#include "eidetic/bank.h"
#include "eidetic/rng.h"

typedef struct made {
    eid_bank b;
    uint8_t *masks, *right[2];
    float *phi[2];
} made;

static inline void made_bit(uint8_t *bits, int64_t row, int64_t k, int64_t i, bool on)
{
    uint8_t bit = (uint8_t)(1u << i % 8);
    if (on)
        bits[k * row + i / 8] |= bit;
    else
        bits[k * row + i / 8] &= (uint8_t)~bit;
}

/* Masks by the design of `o`, nobody right, phi 0. */
static inline void made_new(made *m, eid_ctx *ctx, const eid_bank_opts *o, int64_t n, int64_t test)
{
    *m = (made){.b = {.models = o->models, .queries = 1, .classes = 10, .opts = *o}};
    m->b.train.n = n;
    m->b.train.row = (n + 7) / 8;
    m->b.test.n = test;
    m->b.test.row = (test + 7) / 8;
    m->masks = calloc((size_t)(o->models * m->b.train.row + 1), 1);
    m->right[0] = calloc((size_t)(o->models * m->b.train.row + 1), 1);
    m->right[1] = calloc((size_t)(o->models * m->b.test.row + 1), 1);
    m->phi[0] = calloc((size_t)(o->models * n + 1), sizeof(float));
    m->phi[1] = calloc((size_t)(o->models * test + 1), sizeof(float));
    CHECK_OK(eid_bank_masks(ctx, o, n, m->masks));
    m->b.masks = m->masks;
    m->b.train.correct = m->right[0];
    m->b.train.phi = m->phi[0];
    m->b.test.correct = test ? m->right[1] : NULL;
    m->b.test.phi = test ? m->phi[1] : NULL;
}

static inline void made_free(made *m)
{
    free(m->masks);
    for (int s = 0; s < 2; s++) {
        free(m->right[s]);
        free(m->phi[s]);
    }
}

static inline eid_ctx *made_ctx(int threads)
{
    eid_ctx *ctx = NULL;
    CHECK_OK(eid_ctx_new(&ctx, &(eid_ctx_opts){.threads = threads}));
    return ctx;
}
#endif
