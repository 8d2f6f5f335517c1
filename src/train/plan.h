/* plan.h - what follows from the options alone: sizes, when to log and judge, who the training is.
 */
#ifndef EID_SRC_TRAIN_PLAN_H
#define EID_SRC_TRAIN_PLAN_H
#include "eidetic/train.h"

/* A row of the log every `log_every` steps, about 200 in all; every tenth is judged on held-out
 * text. */
typedef struct eid_train_plan {
    eid_gpt_config shape;
    int64_t rows; /* sequences a step */
    int64_t warmup, log_every, eval_every;
} eid_train_plan;

/* EID_EINVAL when an option is out of its bounds or the shape makes no sense. */
eid_status eid_train_plan_make(eid_train_plan *out, eid_ctx *ctx, const eid_train_opts *opts,
                               int32_t vocab, int32_t end);
bool eid_train_judged(const eid_train_plan *p, int64_t steps, int64_t step);
/* How many of the steps 1..step were judged. */
int64_t eid_train_evals(const eid_train_plan *p, int64_t steps, int64_t step);
/* SHA-256 over everything that the resulting weights depend on, but for library and processor. */
eid_status eid_train_identity(const eid_train_opts *opts, const eid_tokens *train,
                              const eid_tokens *heldout, int32_t vocab, int32_t end, char hex[65]);
#endif
