/* probe.h - what a kind of probe has to bring: two functions and a few facts. */
#ifndef EID_SRC_PROBE_H
#define EID_SRC_PROBE_H
#include "base/ctx.h"
#include "base/memory.h"
#include "eidetic/lm.h"

/* The arguments were checked by probe.c: tokens within the vocabulary, lengths within the context,
 * a sampler that makes sense (for scores: only with EID_WANT_SAMPLER, else NULL). */
typedef struct eid_lm_kind {
    eid_status (*score)(eid_ctx *ctx, void *self, const eid_seq *seqs, size_t n, unsigned want,
                        const eid_sampler *sampler, eid_scores **out);
    eid_status (*generate)(eid_ctx *ctx, void *self, const eid_seq *prompts, size_t n,
                           const int64_t *id, int64_t max_new, const eid_sampler *sampler,
                           int32_t stop, int32_t *out);
    void (*free)(void *self);
} eid_lm_kind;

struct eid_lm {
    const eid_lm_kind *kind;
    void *self;
    unsigned caps;
    int32_t vocab, bos;
    int64_t context, parameters;
};

/* Arrays for the wanted answers, start[] filled in. */
eid_status eid_scores_new(eid_scores **out, const eid_seq *seqs, size_t n, unsigned want);
#endif
