/* train.h - trains a decoder on token documents, or a classifier on a dataset, in a folder that
 * survives being killed. */
#ifndef EID_TRAIN_H
#define EID_TRAIN_H
#include "eidetic/bpe.h"
#include "eidetic/classifier.h"
#include "eidetic/dataset.h"
#include "eidetic/nn.h"

typedef struct eid_train_opts {
    int64_t width, layers, heads, context; /* the model's shape */
    int64_t steps;                         /* optimizer steps */
    int64_t batch_tokens;                  /* tokens a step: batch_tokens / context sequences */
    double lr, lr_floor;                   /* peak; the cosine ends at lr * lr_floor */
    double warmup;                         /* share of the steps */
    double weight_decay, clip, beta2;
    int64_t checkpoint; /* seconds between checkpoints, neutral to results */
    int64_t seed;
} eid_train_opts;
EID_API eid_train_opts eid_train_opts_default(void);
EID_API extern const eid_opt eid_train_opt_table[];

/* One row per logged step. */
typedef struct eid_train_log {
    int64_t step, tokens;
    double loss, heldout; /* mean nats; heldout NaN where it was not taken */
} eid_train_log;

typedef struct eid_train_result {
    int64_t parameters, steps, tokens;
    double epochs, seconds, rate; /* rate: tokens a second, of this process */
    double loss, heldout; /* mean nats at the end: over the last 5% of steps; over held-out text */
    eid_train_log *log;   /* borrowed from the result */
    size_t logs;
    bool resumed;
} eid_train_result;

/* Trains on `train` (documents, in an order drawn anew each epoch, joined by `end` and cut to
 * windows of `context` tokens), judging on `heldout` (may be NULL).  Writes DIR/{config.json,
 * model.safetensors} at the end and DIR/checkpoint.eid meanwhile; if the same training was
 * interrupted there, goes on from its last checkpoint to the same bits.  A checkpoint of another
 * training is EID_EEXIST; a finished model of the same training is returned as it is. */
EID_API EID_CHECKED eid_status eid_train_lm(eid_gpt **out, eid_train_result **result, eid_ctx *ctx,
                                            const eid_tokens *train, const eid_tokens *heldout,
                                            int32_t vocab, int32_t end, const eid_train_opts *opts,
                                            const char *dir);
EID_API void eid_train_result_free(eid_train_result *r);

/* ---- classifiers --------------------------------------------------------------------------------
 * Steps take `batch` examples each from one long row: the examples in an order drawn for epoch 0,
 * then in one drawn for epoch 1, and so on.  So every step has a full batch, and every example is
 * seen once an epoch. */

typedef struct eid_classifier_opts {
    const char *model; /* "mlp:512-256": eidetic/classifier.h */
    double epochs;
    int64_t steps; /* in place of epochs; 0: as epochs say */
    int64_t batch;
    int64_t optimizer; /* eid_optim_kind */
    double lr, momentum;
    bool nesterov;
    double beta2, weight_decay;
    int64_t schedule; /* eid_schedule_kind */
    double warmup, lr_floor, lr_factor;
    const char *lr_drops; /* "0.3,0.6,0.8": shares of the steps */
    int64_t crop;
    bool flip;
    int64_t checkpoint; /* seconds between checkpoints, neutral to results */
    int64_t seed;
} eid_classifier_opts;
EID_API eid_classifier_opts eid_classifier_opts_default(void);
EID_API extern const eid_opt eid_classifier_opt_table[];
/* Steps of a training on n examples. */
EID_API int64_t eid_classifier_steps(const eid_classifier_opts *o, int64_t n);

/* A moment of a training at which somebody looks: the network may be asked, not changed. */
typedef struct eid_moment {
    int64_t number; /* place among the moments */
    int64_t step;   /* steps made */
    double epoch;   /* step * batch / examples */
    double lr;      /* of the next step; of the last one at the end */
    eid_net *net;
} eid_moment;
/* The examples of one step, before it: their logits as the network saw them (augmented if so). */
typedef struct eid_presented {
    int64_t step, n;
    const int64_t *index; /* places in the training set */
    const int64_t *epoch; /* of each: how often it was presented before */
    const float *logits;  /* n x classes */
} eid_presented;

/* A training that was killed goes on from its last checkpoint, so what happened after it happens
 * again, to the same bits: a watcher writes by number, step or epoch, and twice does no harm.  What
 * it got before a checkpoint does not come again.  Either function may be NULL; a status other than
 * EID_OK ends the training. */
typedef struct eid_watch {
    const int64_t *at; /* ascending steps; NULL: step 0 and the end of every epoch */
    size_t n;
    eid_status (*moment)(void *user, eid_ctx *ctx, const eid_moment *m);
    eid_status (*presented)(void *user, const eid_presented *p);
    /* Called before a checkpoint is written: what was handed over so far must be on disk by then.
     */
    eid_status (*keep)(void *user);
    void *user;
} eid_watch;
/* The steps at which `moment` will be called; free with eid_moments_free. */
EID_API EID_CHECKED eid_status eid_moments(const eid_classifier_opts *o, int64_t n,
                                           const eid_watch *w, int64_t **at, size_t *moments);
EID_API void eid_moments_free(int64_t *at);

/* One row per epoch. */
typedef struct eid_classifier_log {
    int64_t step;
    double epoch, loss; /* loss: mean over the steps since the last row, as presented */
} eid_classifier_log;

typedef struct eid_classifier_result {
    int64_t parameters, steps, examples; /* examples presented */
    double epochs, seconds, rate;        /* rate: examples a second, of this process */
    double loss, accuracy;               /* over the training set at the end */
    double test_loss, test_accuracy;     /* NaN without a test set */
    eid_classifier_log *log;
    size_t logs;
    bool resumed;
} eid_classifier_result;

/* Trains and judges.  dir NULL: nothing is written; else DIR/{config.json, model.safetensors} at
 * the end and DIR/checkpoint.eid meanwhile, with the rules of eid_train_lm.  `watch` may be NULL.
 */
EID_API EID_CHECKED eid_status eid_train_classifier(eid_net **out, eid_classifier_result **result,
                                                    eid_ctx *ctx, const eid_dataset *train,
                                                    const eid_dataset *test,
                                                    const eid_classifier_opts *opts,
                                                    const eid_watch *watch, const char *dir);
EID_API void eid_classifier_result_free(eid_classifier_result *r);

/* Logits (n x classes) of examples index[0..n) of d; index NULL: all, in order, n = d->n. */
EID_API EID_CHECKED eid_status eid_classifier_logits(eid_net *m, eid_ctx *ctx, const eid_dataset *d,
                                                     const int64_t *index, int64_t n,
                                                     float *logits);
/* |g_i|^2 over all parameters, in the same manner; losses and logits may be NULL. */
EID_API EID_CHECKED eid_status eid_classifier_norms(eid_net *m, eid_ctx *ctx, const eid_dataset *d,
                                                    const int64_t *index, int64_t n, double *norm2,
                                                    double *losses, float *logits);
/* A folder with config.json and model.safetensors. */
EID_API EID_CHECKED eid_status eid_classifier_save(eid_net *m, eid_ctx *ctx, const char *dir);
EID_API EID_CHECKED eid_status eid_classifier_load(eid_net **out, eid_ctx *ctx, const char *dir);
#endif
