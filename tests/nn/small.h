/* small.h - small decoders with lively weights, and random tokens. */
#ifndef SMALL_H
#define SMALL_H
#include "check.h"
#include "eidetic/nn.h"
#include "eidetic/rng.h"

static inline eid_ctx *ctx_of(int threads)
{
    eid_ctx_opts o = eid_ctx_opts_default();
    eid_ctx *ctx = NULL;
    o.threads = threads;
    o.memory = INT64_C(1) << 30;
    CHECK_OK(eid_ctx_new(&ctx, &o));
    return ctx;
}

/* Weights ten times GPT-2's and biases that are not zero, so that every path matters. */
static inline eid_gpt *small_gpt(eid_ctx *ctx, eid_gpt_config c, uint64_t seed)
{
    eid_gpt *m = NULL;
    eid_param *p;
    CHECK_OK(eid_gpt_new(&m, ctx, &c, seed));
    size_t n = eid_gpt_params(m, &p);
    for (size_t i = 0; i < n; i++) {
        eid_rng rng = eid_rng_stream(seed + 1, i);
        for (int64_t k = 0; k < p[i].rows * p[i].cols; k++)
            p[i].value[k] += (float)(0.2 * eid_rng_normal(&rng));
    }
    CHECK_OK(eid_gpt_changed(m, ctx));
    return m;
}

static inline void random_tokens(int32_t *tok, int64_t n, int64_t vocab, uint64_t seed)
{
    eid_rng rng = eid_rng_seed(seed);
    for (int64_t i = 0; i < n; i++)
        tok[i] = (int32_t)eid_rng_below(&rng, (uint64_t)vocab);
}

static inline eid_gpt_config tiny(void)
{
    return (eid_gpt_config){.vocab = 37,
                            .context = 24,
                            .width = 20,
                            .layers = 2,
                            .heads = 2,
                            .norm_eps = 1e-5,
                            .bos = -1,
                            .eos = -1};
}
/* Shapes as in production, short: whole vectors, several panels and tiles. */
static inline eid_gpt_config middling(void)
{
    return (eid_gpt_config){.vocab = 300,
                            .context = 160,
                            .width = 64,
                            .layers = 2,
                            .heads = 2,
                            .norm_eps = 1e-5,
                            .bos = -1,
                            .eos = -1};
}
#endif
