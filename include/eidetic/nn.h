/* nn.h - models of ours: parameters, batches, the decoder, the optimizer. */
#ifndef EID_NN_H
#define EID_NN_H
#include "eidetic/base.h"
#include "eidetic/seq.h"

/* One tensor of a model.  Views: the model owns the memory. */
typedef struct eid_param {
    const char *name;   /* "h.0.attn.c_attn.weight": the name in model.safetensors */
    int64_t rows, cols; /* of the tensor as GPT-2 stores it: rows = inputs for c_* weights; a vector
                           is (1, cols) */
    int ndim;           /* 1 or 2, as stored */
    float *value;       /* rows x cols, contiguous */
    float *gradient;    /* same shape, or NULL before the first backward pass */
    const uint8_t *mask; /* 1: free, 0: held at zero; NULL: all free */
    bool prunable;       /* weights of blocks: yes; embeddings, norms, biases: no */
    bool decay;          /* weight decay applies (matrices) */
    int tied_to;         /* parameter whose memory this one shares, -1: its own */
} eid_param;

/* A decoder's shape.  Families are configurations of one decoder; this release runs `gpt2`:
 * pre-norm, learned positions, gelu (tanh), biases, tied head. */
typedef struct eid_gpt_config {
    int64_t vocab, context, width, layers, heads;
    double norm_eps;
    int64_t bos, eos; /* ids, -1: none */
} eid_gpt_config;
EID_API eid_gpt_config eid_gpt_config_default(void); /* 2048, 128, 128, 4, 4: the demo's */
EID_API int64_t eid_gpt_config_parameters(const eid_gpt_config *cfg); /* tied ones once */
/* EID_EINVAL with a sentence when a shape makes no sense or its sizes overflow or exceed `memory`.
 */
EID_API EID_CHECKED eid_status eid_gpt_config_check(const eid_gpt_config *cfg, int64_t memory);

typedef struct eid_gpt eid_gpt;
/* Weights ~ N(0, .02), projections into the residual stream / sqrt(2 layers), biases 0, gains 1. */
EID_API EID_CHECKED eid_status eid_gpt_new(eid_gpt **out, eid_ctx *ctx, const eid_gpt_config *cfg,
                                           uint64_t seed);
EID_API void eid_gpt_free(eid_gpt *m);
EID_API const eid_gpt_config *eid_gpt_shape(const eid_gpt *m);
EID_API size_t eid_gpt_params(eid_gpt *m, eid_param **params); /* borrowed array */
/* To be called after values were changed from outside (loading, pruning): refreshes derived copies.
 */
EID_API EID_CHECKED eid_status eid_gpt_changed(eid_gpt *m, eid_ctx *ctx);

/* `rows` sequences of `cols` tokens.  Every array may be NULL but x and y. */
typedef struct eid_batch {
    int64_t rows, cols;
    const int32_t *x;          /* inputs, rows x cols */
    const int32_t *y;          /* targets, rows x cols; -1: no target */
    const float *weight;       /* of each target, rows x cols; NULL: all 1 */
    const int64_t *example_id; /* one per row */
    int64_t step;
} eid_batch;

/* Mean over the weights of the cross-entropy in nats, and (if `backward`) gradients into
 * param->gradient, overwriting them.  Bits do not depend on threads. */
EID_API EID_CHECKED eid_status eid_gpt_loss(eid_gpt *m, eid_ctx *ctx, const eid_batch *batch,
                                            bool backward, double *loss);

/* What a matrix of the model took in for the rows of a batch, and the gradient of the mean loss for
 * what it gave: the weight's gradient is input^T gradient, the bias's the sum of gradient's rows;
 * for the tied head (layer -1, param wte.weight, whose rows are the outputs) it is the head's
 * share, gradient^T input.  Borrowed: valid during the call only. */
typedef struct eid_gpt_tap {
    const eid_param *param;
    int64_t layer;           /* -1: the head */
    int64_t first, rows;     /* of the batch's rows x cols positions */
    int64_t inputs, outputs; /* numbers of a row */
    const float *input;      /* rows, `input_ld` apart */
    const float *gradient;   /* rows, `gradient_ld` apart, 0 where there is no target; or NULL */
    int64_t input_ld, gradient_ld;
} eid_gpt_tap;
typedef eid_status (*eid_gpt_tap_fn)(void *user, const eid_gpt_tap *tap);
/* From now on eid_gpt_loss calls `fn` (NULL: nobody) from the calling thread: with `backward` for
 * the head, then for the blocks' matrices downwards; without it for the blocks' matrices upwards,
 * then the head, and gradient is NULL.  A block's matrices come with all rows at once, the head in
 * runs of rows.  A status other than EID_OK stops the pass and is handed back; param->gradient is
 * then unspecified. */
EID_API void eid_gpt_on_tap(eid_gpt *m, eid_gpt_tap_fn fn, void *user);

/* The two questions of eidetic/lm.h, asked of a model of ours; see there. Sequences longer than the
 * context are EID_EINVAL.  Scoring and cached decoding give equal bits for equal prefixes. */
EID_API EID_CHECKED eid_status eid_gpt_score(eid_ctx *ctx, eid_gpt *m, const eid_seq *seqs,
                                             size_t n, unsigned want, const eid_sampler *sampler,
                                             eid_scores **out);
EID_API EID_CHECKED eid_status eid_gpt_generate(eid_ctx *ctx, eid_gpt *m, const eid_seq *prompts,
                                                size_t n, const int64_t *id, int64_t max_new,
                                                const eid_sampler *sampler, int32_t stop,
                                                int32_t *out);

/* AdamW (Loshchilov and Hutter 2019) with decoupled decay; gradients clipped to a global norm. */
typedef struct eid_adamw_opts {
    double beta1, beta2, eps, weight_decay, clip; /* clip 0: none */
} eid_adamw_opts;
EID_API eid_adamw_opts eid_adamw_opts_default(void); /* .9 .95 1e-8 .1 1 */
typedef struct eid_adamw eid_adamw;
EID_API EID_CHECKED eid_status eid_adamw_new(eid_adamw **out, eid_gpt *m, const eid_adamw_opts *o);
EID_API void eid_adamw_free(eid_adamw *a);
/* One step with learning rate `lr`; honours masks; *norm (may be NULL): gradient norm before
 * clipping. */
EID_API EID_CHECKED eid_status eid_adamw_step(eid_adamw *a, eid_gpt *m, eid_ctx *ctx, double lr,
                                              double *norm);
/* Moments for a checkpoint: two views per parameter (tied ones NULL), and the step count. */
EID_API size_t eid_adamw_moments(eid_adamw *a, float ***first, float ***second, int64_t **steps);
/* Linear warm-up, then cosine to lr * floor: a pure function of the step. */
EID_API double eid_schedule_cosine(int64_t step, int64_t steps, int64_t warmup, double lr,
                                   double floor);
#endif
