/* dispatch.c - which kernels run here, and a fingerprint of the bits they give. */
#include "base/hash.h"
#include "base/memory.h"
#include "eidetic/rng.h"
#include "par/par.h"
#include "tensor/product.h"
#include "tensor/ref.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SET(isa)                                          \
    void eid_##isa##_rows_into(eid_kernel_table *t);      \
    void eid_##isa##_attention_into(eid_kernel_table *t); \
    void eid_##isa##_logits_into(eid_kernel_table *t);    \
    void eid_##isa##_net_into(eid_kernel_table *t);       \
    void eid_##isa##_bits_into(eid_kernel_table *t);      \
    static void isa##_into(eid_kernel_table *t)           \
    {                                                     \
        eid_##isa##_rows_into(t);                         \
        eid_##isa##_attention_into(t);                    \
        eid_##isa##_logits_into(t);                       \
        eid_##isa##_net_into(t);                          \
        eid_##isa##_bits_into(t);                         \
        t->product = eid_sgemm;                           \
    }
SET(base)
#if defined EID_X86
SET(avx2)
SET(avx512)
#endif

static const eid_kernel_table twins = {
    .name = "ref",
    .product = eid_product_ref,
    .layernorm = eid_layernorm_ref,
    .layernorm_back = eid_layernorm_back_ref,
    .add_bias = eid_add_bias_ref,
    .residual = eid_residual_ref,
    .gelu = eid_gelu_ref,
    .gelu_back = eid_gelu_back_ref,
    .colsum = eid_colsum_ref,
    .sumsq = eid_sumsq_ref,
    .transpose = eid_transpose_ref,
    .attn_pack = eid_attn_pack_ref,
    .attn = eid_attn_ref,
    .attn_step = eid_attn_step_ref,
    .attn_back = eid_attn_back_ref,
    .cross_entropy = eid_cross_entropy_ref,
    .score_row = eid_score_row_ref,
    .argmax = eid_argmax_ref,
    .add_bits = eid_add_bits_ref,
    .common_bits = eid_common_bits_ref,
    .exp_row = eid_exp_row_ref,
    .adamw = eid_adamw_ref,
    .widen = eid_widen_ref,
    .bias_relu = eid_bias_relu_ref,
    .relu_back = eid_relu_back_ref,
    .sgd = eid_sgd_ref,
};

static bool always(void)
{
    return true;
}
#if defined EID_X86
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}
#endif

/* From the plainest to the best. */
static const struct {
    const char *name;
    void (*into)(eid_kernel_table *t);
    bool (*here)(void);
} sets[] = {
    {"ref", NULL, always},
#if defined EID_X86
    {"sse2", base_into, always},
    {"avx2", avx2_into, has_avx2},
    {"avx512", avx512_into, has_avx512},
#else
    {"generic", base_into, always},
#endif
};
enum { SETS = sizeof sets / sizeof sets[0] };

static eid_kernel_table tables[SETS];
static const eid_kernel_table *chosen;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void choose(void)
{
    const char *ask = getenv("EID_KERNELS");
    bool asked = false;
    for (int i = 0; i < SETS; i++) {
        if (!sets[i].here())
            continue;
        tables[i] = twins;
        if (sets[i].into)
            sets[i].into(&tables[i]);
        tables[i].name = sets[i].name;
        if (!asked)
            chosen = &tables[i];
        asked = asked || (ask && strcmp(ask, sets[i].name) == 0);
    }
}

const eid_kernel_table *eid_k(void)
{
    pthread_once(&once, choose);
    return chosen;
}

const eid_kernel_table *eid_kernels_named(const char *name)
{
    pthread_once(&once, choose);
    for (int i = 0; i < SETS; i++)
        if (tables[i].name && strcmp(tables[i].name, name) == 0)
            return &tables[i];
    return NULL;
}

const char *eid_kernels(void)
{
    return eid_k()->name;
}

int64_t eid_attn_scratch(int64_t T, int64_t hd)
{
    int64_t tp = eid_round_up(T, EID_BLOCK), w = eid_round_up(hd, EID_BLOCK);
    return 2 * tp * hd + 6 * tp * w + 2 * 64 * (tp + EID_BLOCK) + 8 * w;
}

/* ---- the fingerprint: what a run's bits depend on, in 64 hexadecimal digits -------------------
 */

static char bits[65];

static void probe(float *x, float *y, float *scratch)
{
    enum { M = 96, N = 144, T = 48, HD = 24, W = 32 };
    const eid_kernel_table *k = eid_k();
    eid_rng rng = eid_rng_seed(1);
    float *keys = scratch, *values = keys + T * HD, *rest = values + T * W;
    for (int i = 0; i < M * N; i++)
        x[i] = (float)(eid_rng_unit(&rng) - 0.5);
    sigset_t before;
    eid_signals_hold(&before);
    k->product(false, M, N, M, x, M, x, N, 0, y, N);
    k->product(true, M, N, M, x, M, x, N, 1, y, N);
    eid_signals_release(&before);
    k->attn_pack(keys, values, x + HD, x + 2 * HD, N, 0, T, HD);
    k->attn(y, N, x, N, keys, values, 0, T, HD, 1, NULL, 0, rest);
    k->gelu(y + T * N, N, x, N, y, M - T, N);
    k->exp_row(y + T * N, y, N, 1);
    k->layernorm(y + (T + 1) * N, N, x, N, y, y, x, x + N, 1, N, 1e-5f);
}

static void fingerprint(void)
{
    enum { N = 96 * 144 };
    float *x = NULL, *y = NULL, *scratch = NULL;
    if (EID_NEW(x, N) == EID_OK && EID_NEW(y, N) == EID_OK &&
        EID_NEW(scratch, 48 * 56 + eid_attn_scratch(48, 24)) == EID_OK) {
        probe(x, y, scratch);
        if (eid_sha256_of(y, N * sizeof *y, bits) != EID_OK)
            bits[0] = 0;
    }
    eid_free(x);
    eid_free(y);
    eid_free(scratch);
}

const char *eid_bits(eid_ctx *ctx)
{
    static pthread_once_t taken = PTHREAD_ONCE_INIT;
    (void)ctx;
    pthread_once(&taken, fingerprint);
    return bits;
}
