/* train.h - trains a decoder on token documents, in a folder that survives being killed. */
#ifndef EID_TRAIN_H
#define EID_TRAIN_H
#include "eidetic/bpe.h"
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
#endif
