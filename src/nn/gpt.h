/* gpt.h - the decoder from inside: where its numbers lie, and the forward pass of one layer.
 *
 * Every matrix of activations is row-major with leading dimension eid_ld(columns).  Work is shared
 * out by groups of whole sequences; inside a group everything runs in one thread. */
#ifndef EID_SRC_GPT_H
#define EID_SRC_GPT_H
#include "base/ctx.h"
#include "base/memory.h"
#include "eidetic/nn.h"
#include "tensor/product.h"

/* Places of parameters: P_WTE, P_WPE, then L_COUNT for each layer, then the last norm. */
enum { P_WTE, P_WPE, P_LAYERS };
enum {
    L_NORM1_GAIN,
    L_NORM1_BIAS,
    L_ATTN,
    L_ATTN_BIAS,
    L_PROJ,
    L_PROJ_BIAS,
    L_NORM2_GAIN,
    L_NORM2_BIAS,
    L_FC,
    L_FC_BIAS,
    L_OUT,
    L_OUT_BIAS,
    L_COUNT
};

/* A matrix once more, as the fast product form wants it: as it is and transposed, padded leading
 * dimensions.  Both NULL for vectors and for the positions. */
typedef struct eid_copies {
    float *w, *wt;
    int64_t ldw, ldwt;
} eid_copies;

struct eid_gpt {
    eid_gpt_config cfg;
    eid_param *param;
    size_t params;
    char *names;
    float *values, *gradients,
        *copied; /* one block each; parameters start at multiples of 16 floats */
    int64_t floats;
    eid_copies *copies;
    struct eid_train_work *work; /* loss.c's, made on first use */
    eid_gpt_tap_fn tap;
    void *tap_user;
};

static inline size_t eid_layer_at(int64_t layer, int which)
{
    return (size_t)(P_LAYERS + layer * L_COUNT + which);
}
static inline const float *eid_layer_value(const eid_gpt *m, int64_t layer, int which)
{
    return m->param[eid_layer_at(layer, which)].value;
}
static inline float *eid_layer_gradient(const eid_gpt *m, int64_t layer, int which)
{
    return m->param[eid_layer_at(layer, which)].gradient;
}
static inline const eid_copies *eid_layer_copies(const eid_gpt *m, int64_t layer, int which)
{
    return &m->copies[eid_layer_at(layer, which)];
}
static inline size_t eid_final_at(const eid_gpt *m, bool bias)
{
    return m->params - 2 + (bias ? 1 : 0);
}
static inline int64_t eid_head_dim(const eid_gpt *m)
{
    return m->cfg.width / m->cfg.heads;
}

void eid_train_work_free(struct eid_train_work *w);

/* Consecutive positions of one sequence, as they stand in a group's rows.  With a cache (see
 * eid_cache_floats) keys and values of earlier positions come from it and new ones go into it. */
typedef struct eid_span {
    int64_t first, rows;
    float *cache;
    int64_t room; /* positions that the cache holds, a multiple of 16 */
} eid_span;
/* Floats of one sequence's cache over all layers. */
int64_t eid_cache_floats(const eid_gpt *m, int64_t room);

/* What one layer computes for a group's rows.  Training keeps all of it apart; elsewhere in, mid
 * and out are one buffer, n1, att and n2 another, fc and act a third with one panel (keep = false).
 */
typedef struct eid_acts {
    float *in, *n1, *qkv, *att, *mid, *n2, *fc, *act, *out;
    float *mean1, *rstd1, *mean2, *rstd2;
    float *stats; /* rows x heads x 2, or NULL */
    bool keep;
} eid_acts;

/* One worker's scratch memory. */
typedef struct eid_scratch {
    float *pad;  /* eid_product's */
    float *tmp;  /* a panel of `width` columns */
    float *pack; /* one head's packed keys and values */
    float *attn;
} eid_scratch;
int64_t eid_scratch_floats(const eid_gpt *m, int64_t positions);
eid_scratch eid_scratch_at(const eid_gpt *m, int64_t positions, float *at);

/* Rows of embeddings of `tok` at positions pos.. */
void eid_gpt_embed(const eid_gpt *m, float *x, const int32_t *tok, int64_t pos, int64_t rows);
void eid_gpt_layer(const eid_gpt *m, int64_t layer, const eid_acts *a, const eid_span *span,
                   size_t spans, const eid_scratch *s);

/* ---- inference: what scoring and continuing share ----------------------------------------------
 */

/* One worker's memory to run `rows` rows (sequences of up to `positions`) through the model. */
typedef struct eid_runner {
    float *block; /* owns everything below */
    eid_acts acts;
    eid_scratch scratch;
    float *hidden; /* a panel after the last norm */
    float *logits; /* a panel x eid_ld(vocab) */
    float *p;      /* one row of vocab */
    int32_t *order;
} eid_runner;
eid_status eid_runner_new(eid_runner *r, const eid_gpt *m, int64_t rows, int64_t positions);
void eid_runner_free(eid_runner *r);
/* All layers over the rows whose embeddings stand in acts.in. */
void eid_runner_layers(eid_runner *r, const eid_gpt *m, const eid_span *span, size_t spans);
/* Last norm of row `row` into hidden row `to`. */
void eid_runner_norm(eid_runner *r, const eid_gpt *m, int64_t row, int64_t to);
/* Logits of the first `rows` hidden rows. */
void eid_runner_head(eid_runner *r, const eid_gpt *m, int64_t rows);

/* ---- the sampler (sampler.c) -------------------------------------------------------------------
 */

eid_status eid_sampler_check(const eid_sampler *s);
/* p, order: scratch of n. `u` in [0, 1) picks. */
int32_t eid_sampler_pick(const eid_sampler *s, const float *z, int64_t n, double u, float *p,
                         int32_t *order);
double eid_sampler_logp(const eid_sampler *s, const float *z, int64_t n, int32_t target, float *p,
                        int32_t *order);
/* Tokens and lengths of sequences; `what` and the number go into the message. */
eid_status eid_gpt_check_tokens(const eid_gpt *m, const int32_t *tok, int64_t n, const char *what,
                                size_t number);
#endif
