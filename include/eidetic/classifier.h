/* classifier.h - networks that put an example into one of a few classes: mlp and cnn.
 *
 * Written for what general frameworks do badly: thousands of small networks, exact gradients of
 * single examples, and the same bits every time.  Single precision; losses, norms and sums over
 * examples in double.  An example's logits, loss and gradient norm have the same bits in any batch;
 * everything has the same bits for any number of threads.
 *
 * A network is named by a text:
 *
 *     mlp:512-256      dense layers of these widths, each with ReLU, then the classes
 *     mlp:             no hidden layer: softmax regression
 *     cnn:lenet        c6k5-p2-c16k5v-p2-f120-f84 (after LeCun et al. 1998)
 *     cnn:resnet       c16k3n4-r16n4-r32s2n4-r64s2n4-a (after He et al. 2016)
 *     cnn:LAYERS       layers joined by "-":
 *       c16k3s2n4v     convolution: 16 channels, kernel 3 x 3; stride 2 (1); group norm of 4 groups
 *                      (none); v: no padding (else (kernel - 1) / 2 zeros around); then ReLU
 *       r32s2n4        residual block: two 3 x 3 convolutions, the first with the stride, around
 * them the identity, or a 1 x 1 convolution where the shape changes; n as above p2 maximum over
 * windows of 2 x 2, side by side a              mean over all positions f128           dense, then
 * ReLU */
#ifndef EID_CLASSIFIER_H
#define EID_CLASSIFIER_H
#include "eidetic/nn.h"

typedef struct eid_net eid_net;

/* Of an example and its label; plain features are 1 x 1 x width. */
typedef struct eid_net_shape {
    int64_t channels, height, width;
    int64_t classes;
} eid_net_shape;

/* Weights ~ N(0, 2 / inputs), of the last layer N(0, 1 / inputs); biases 0, gains 1.  The last
 * normalization or convolution of a residual block begins at gain 1, too.
 * EID_EINVAL: a text or shape that makes no sense, with a sentence that says where. */
EID_API EID_CHECKED eid_status eid_net_new(eid_net **out, eid_ctx *ctx, const char *model,
                                           const eid_net_shape *shape, uint64_t seed);
EID_API void eid_net_free(eid_net *m);
/* The same shape with weights drawn anew: what eid_net_new gives for that seed, without allocating.
 */
EID_API EID_CHECKED eid_status eid_net_reset(eid_net *m, eid_ctx *ctx, uint64_t seed);
EID_API const char *eid_net_model(const eid_net *m); /* "cnn:lenet", as given */
EID_API const eid_net_shape *eid_net_shape_of(const eid_net *m);
EID_API int64_t eid_net_parameters(const eid_net *m); /* numbers, not tensors */
/* "0.weight" (inputs x outputs; a convolution's inputs are kernel row, kernel column, channel),
 * "0.bias", "1.gain", ..., in the order of layers.  Borrowed array. */
EID_API size_t eid_net_params(eid_net *m, eid_param **params);
/* To be called after values were changed from outside (loading, pruning): refreshes derived copies.
 */
EID_API EID_CHECKED eid_status eid_net_changed(eid_net *m, eid_ctx *ctx);

/* n examples; 0 is allowed and gives zero losses and gradients. */
typedef struct eid_examples {
    int64_t n;
    const float *x;      /* n x features, each channel by channel, row by row (as eid_dataset) */
    const int32_t *y;    /* labels */
    const float *weight; /* of each example's loss; NULL: all 1 */
} eid_examples;

/* n x classes. */
EID_API EID_CHECKED eid_status eid_net_logits(eid_net *m, eid_ctx *ctx, const float *x, int64_t n,
                                              float *logits);
/* Cross-entropy in nats, mean over the weights, and (if `backward`) its gradient into
 * param->gradient, overwriting it.  Unless NULL: losses (n, unweighted), logits (n x classes). */
EID_API EID_CHECKED eid_status eid_net_loss(eid_net *m, eid_ctx *ctx, const eid_examples *batch,
                                            bool backward, double *loss, double *losses,
                                            float *logits);
/* For any loss L of the logits: given dlogits (n x classes) = dL / dlogits, the gradients of the
 * parameters into param->gradient, and (unless dx is NULL) dL / dx, n x features. */
EID_API EID_CHECKED eid_status eid_net_pullback(eid_net *m, eid_ctx *ctx, const float *x, int64_t n,
                                                const float *dlogits, float *dx);

/* ---- gradients of single examples, never formed -------------------------------------------------
 * g_i is the gradient of example i's own, unweighted loss.  For a dense layer with input a and
 * output gradient d, |g|^2 = |a|^2 |d|^2 (Goodfellow 2015); for a convolution with T positions it
 * is sum_ts (a_t . a_s)(d_t . d_s) (Li et al. 2022, "ghost norm") or |A^T D|^2, whichever is
 * cheaper for the layer's shape. */

/* norm2[i * params + p] = |g_i|^2 of parameter p; losses as in eid_net_loss. */
EID_API EID_CHECKED eid_status eid_net_norms(eid_net *m, eid_ctx *ctx, const eid_examples *batch,
                                             double *norm2, double *losses, float *logits);
/* param->gradient = sum_i w_i min(1, clip / |g_i|) g_i: a sum, not a mean.  clip infinite: no
 * clipping.  norm (n, may be NULL): |g_i|; loss (may be NULL): mean over the weights. */
EID_API EID_CHECKED eid_status eid_net_clipped(eid_net *m, eid_ctx *ctx, const eid_examples *batch,
                                               double clip, double *norm, double *loss);

/* Gradients of some examples' own losses, kept as the factors they are products of, so that inner
 * products need no gradient: g_i . g_j = sum_ts (a_it . a_js)(d_it . d_js).  The network is
 * borrowed. */
typedef struct eid_net_grads eid_net_grads;
EID_API EID_CHECKED eid_status eid_net_grads_new(eid_net_grads **out, eid_net *m, eid_ctx *ctx,
                                                 int64_t room); /* for so many examples */
EID_API void eid_net_grads_free(eid_net_grads *g);
EID_API int64_t eid_net_grads_bytes(const eid_net *m); /* that one example takes */
/* Of the batch, by the network as it is now; takes the place of what was kept before. */
EID_API EID_CHECKED eid_status eid_net_grads_take(eid_net_grads *g, eid_ctx *ctx,
                                                  const eid_examples *batch);
/* out[i * ld + j] += scale g_i . g_j over all parameters, i of a and j of b.  A pair's bits depend
 * on its two examples alone. */
EID_API EID_CHECKED eid_status eid_net_grads_products(eid_ctx *ctx, const eid_net_grads *a,
                                                      const eid_net_grads *b, double scale,
                                                      double *out, int64_t ld);

/* What a layer with weights saw and got back, for some examples of a batch: the gradient of its
 * weight is input^T gradient, summed over rows. */
typedef struct eid_tap {
    int weight, bias;        /* places in eid_net_params; bias -1: none */
    int64_t first, n;        /* examples of the batch */
    int64_t positions;       /* rows of one example: 1 for a dense layer */
    int64_t inputs, outputs; /* numbers of a row */
    const float *input;      /* n * positions rows, `input_ld` apart; a convolution's unfolded */
    const float *gradient;   /* of the layer's output before ReLU, `gradient_ld` apart */
    int64_t input_ld, gradient_ld;
} eid_tap;
typedef eid_status (*eid_tap_fn)(void *user, const eid_tap *tap);
/* Calls `fn` for every layer with weights and every part of the batch, in a fixed order, from the
 * calling thread; gradients are those of the examples' own losses. */
EID_API EID_CHECKED eid_status eid_net_taps(eid_net *m, eid_ctx *ctx, const eid_examples *batch,
                                            eid_tap_fn fn, void *user);

/* ---- optimizers
 * ---------------------------------------------------------------------------------- */

typedef enum eid_optim_kind {
    EID_OPTIM_SGD,  /* v = momentum v + g + decay w; w -= lr v, Nesterov: lr (g + decay w + momentum
                       v) */
    EID_OPTIM_ADAM, /* decay added to the gradient (Kingma and Ba 2015) */
    EID_OPTIM_ADAMW /* decoupled (Loshchilov and Hutter 2019) */
} eid_optim_kind;

typedef struct eid_optim_opts {
    eid_optim_kind kind;
    double momentum; /* SGD's */
    bool nesterov;
    double beta1, beta2, eps; /* Adam's */
    double weight_decay;      /* of weights; biases and gains have none */
} eid_optim_opts;
EID_API eid_optim_opts eid_optim_opts_default(void); /* SGD .9; .9 .999 1e-8; no decay */

typedef struct eid_optim eid_optim;
EID_API EID_CHECKED eid_status eid_optim_new(eid_optim **out, eid_net *m, const eid_optim_opts *o);
EID_API void eid_optim_free(eid_optim *o);
EID_API void eid_optim_reset(eid_optim *o); /* as new */
/* One step along param->gradient, which may have been changed since; honours masks. */
EID_API EID_CHECKED eid_status eid_optim_step(eid_optim *o, eid_net *m, eid_ctx *ctx, double lr);
/* Moments for a checkpoint, each as many floats as the network has parameters; second is NULL for
 * SGD. */
EID_API void eid_optim_state(eid_optim *o, float **first, float **second, int64_t **steps);

/* eid_net_loss with backward and eid_optim_step in one: the gradient goes straight into the update,
 * param->gradient is not touched.  Equal to the two up to rounding.  loss, losses and logits may be
 * NULL. */
EID_API EID_CHECKED eid_status eid_net_step(eid_net *m, eid_optim *o, eid_ctx *ctx,
                                            const eid_examples *batch, double lr, double *loss,
                                            double *losses, float *logits);

/* ---- pure functions of the step, and of (seed, epoch, example)
 * ----------------------------------- */

typedef enum eid_schedule_kind {
    EID_SCHEDULE_CONSTANT,
    EID_SCHEDULE_STEP,    /* times `factor` at each of `drops` */
    EID_SCHEDULE_COSINE,  /* to lr * floor */
    EID_SCHEDULE_ONECYCLE /* up from lr / 25 along a cosine, then down to lr * floor */
} eid_schedule_kind;

enum { EID_SCHEDULE_DROPS = 16 };

typedef struct eid_schedule {
    eid_schedule_kind kind;
    double lr; /* the peak */
    double
        warmup;   /* share of the steps over which lr rises linearly from 0 (one cycle: as above) */
    double floor; /* share of lr */
    double factor;
    int n_drops;
    double drops[EID_SCHEDULE_DROPS]; /* ascending shares of the steps */
} eid_schedule;
/* The learning rate of step 0 <= step < steps. */
EID_API double eid_schedule_at(const eid_schedule *s, int64_t step, int64_t steps);

typedef struct eid_augment {
    int64_t crop; /* moves the picture by up to this many places each way, zeros come in */
    bool flip;    /* left to right, half of the time */
} eid_augment;
/* Changes one example in place; the same for the same seed, epoch and example. */
EID_API void eid_augment_example(const eid_augment *a, const eid_net_shape *shape, uint64_t seed,
                                 int64_t epoch, int64_t example, float *x);
#endif
