/* lm.h - the probe: a model that scores tokens and continues prompts.
 *
 * Everything that is measured on a language model goes through these two questions, so a model of
 * ours, a model behind HTTP and a function in Python are questioned by the same code.  Answers do
 * not depend on how sequences are batched, nor on threads. */
#ifndef EID_LM_H
#define EID_LM_H
#include "eidetic/base.h"
#include "eidetic/nn.h"

typedef struct eid_lm eid_lm;

/* A Hugging Face directory (config.json, model.safetensors; `gpt2`). */
EID_API EID_CHECKED eid_status eid_lm_open(eid_lm **out, eid_ctx *ctx, const char *dir);
/* A probe around a model of ours, borrowed. */
EID_API EID_CHECKED eid_status eid_lm_from_gpt(eid_lm **out, eid_gpt *m);
EID_API void eid_lm_free(eid_lm *lm);

/* Reads and writes the directory.  Saving writes config.json and model.safetensors, each whole or
 * not at all.  Loading checks every length, shape and value (NaN and infinite weights are refused).
 */
EID_API EID_CHECKED eid_status eid_gpt_load(eid_gpt **out, eid_ctx *ctx, const char *dir);
EID_API EID_CHECKED eid_status eid_gpt_save(const eid_gpt *m, eid_ctx *ctx, const char *dir);

enum { /* what a probe can do */
       EID_LM_SCORE = 1,
       EID_LM_GENERATE = 2,
       EID_LM_MOMENTS = 4 /* mean, variance, rank, argmax: the whole distribution is seen */
};
EID_API unsigned eid_lm_caps(const eid_lm *lm);
EID_API int32_t eid_lm_vocab(const eid_lm *lm);
EID_API int64_t eid_lm_context(const eid_lm *lm);    /* longest sequence, in tokens */
EID_API int64_t eid_lm_parameters(const eid_lm *lm); /* 0: unknown */
EID_API int32_t eid_lm_bos(const eid_lm *lm);        /* id to start from, -1: none */

EID_API EID_CHECKED eid_status eid_lm_score(eid_ctx *ctx, eid_lm *lm, const eid_seq *seqs, size_t n,
                                            unsigned want, const eid_sampler *sampler,
                                            eid_scores **out);

/* Continues each prompt (its tok[0..n), `from` unused) by `max_new` tokens into
 * out[i * max_new ...].  Prompt i draws from stream id[i] of the sampler's seed (id NULL: i), so
 * that a prompt's continuation does not depend on its neighbours.  `stop` >= 0: a continuation ends
 * there, the rest is filled with -1. */
EID_API EID_CHECKED eid_status eid_lm_generate(eid_ctx *ctx, eid_lm *lm, const eid_seq *prompts,
                                               size_t n, const int64_t *id, int64_t max_new,
                                               const eid_sampler *sampler, int32_t stop,
                                               int32_t *out);

/* An outside model.  `logits` writes vocab log-scores for the token after each prefix tok[0..n). */
typedef struct eid_lm_callbacks {
    void *user;
    int32_t vocab;
    int64_t context;
    eid_status (*logits)(void *user, const int32_t *tok, size_t n, float *out);
} eid_lm_callbacks;
EID_API EID_CHECKED eid_status eid_lm_from_callbacks(eid_lm **out, const eid_lm_callbacks *cb);
#endif
