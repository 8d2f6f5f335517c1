/* known_lm.h - models whose every probability the test knows, and a tokenizer of single bytes. */
#ifndef KNOWN_LM_H
#define KNOWN_LM_H
#include "check.h"
#include "base/hash.h"
#include "eidetic/eidetic.h"

enum { BYTE_VOCAB = 257 };

/* 256 bytes and the end token: every byte is its own token. */
static inline eid_bpe *byte_tokenizer(eid_ctx *ctx)
{
    eid_document doc = {"d", (const uint8_t *)"ab", 2};
    eid_corpus *c = NULL;
    eid_bpe *bpe = NULL;
    eid_bpe_opts o = eid_bpe_opts_default();
    o.vocab = BYTE_VOCAB;
    CHECK_OK(eid_corpus_from(&c, &doc, 1));
    CHECK_OK(eid_bpe_train(&bpe, ctx, c, &o));
    eid_corpus_free(c);
    return bpe;
}

/* The id of each byte, and the byte of each id (-1: none). */
typedef struct byte_ids {
    int32_t id[256];
    int byte[BYTE_VOCAB];
} byte_ids;
static inline byte_ids ids_of_bytes(const eid_bpe *bpe)
{
    byte_ids b;
    for (int i = 0; i < BYTE_VOCAB; i++) {
        size_t n;
        const uint8_t *bytes = eid_bpe_bytes(bpe, i, &n);
        b.byte[i] = bytes && n == 1 ? *bytes : -1;
        if (b.byte[i] >= 0)
            b.id[b.byte[i]] = i;
    }
    return b;
}

static inline eid_ctx *two_threads(void)
{
    eid_ctx *ctx = NULL;
    eid_ctx_opts o = eid_ctx_opts_default();
    o.threads = 2;
    CHECK_OK(eid_ctx_new(&ctx, &o));
    return ctx;
}

static inline eid_lm *known_lm(eid_status (*logits)(void *, const int32_t *, size_t, float *),
                               void *user, int64_t context)
{
    eid_lm_callbacks cb = {user, BYTE_VOCAB, context, logits};
    eid_lm *lm = NULL;
    CHECK_OK(eid_lm_from_callbacks(&lm, &cb));
    return lm;
}

/* A number in [0, 1) that depends on the arguments alone. */
static inline double hashed_unit(uint64_t a, uint64_t b, uint64_t seed)
{
    uint64_t key[2] = {a, b};
    return (double)(eid_hash64(key, sizeof key, seed) >> 11) * 0x1p-53;
}

static inline double normal_quantile(double p)
{
    double low = -9, high = 9;
    for (int i = 0; i < 60; i++) {
        double middle = 0.5 * (low + high);
        *(0.5 * erfc(-middle * M_SQRT1_2) < p ? &low : &high) = middle;
    }
    return low;
}
#endif
