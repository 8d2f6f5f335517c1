/* training.h - one training while it runs. */
#ifndef EID_SRC_TRAINING_H
#define EID_SRC_TRAINING_H
#include "base/ctx.h"
#include "base/memory.h"
#include "train/plan.h"
#include "train/windows.h"

typedef struct training {
    eid_ctx *ctx;
    const eid_train_opts *opts;
    eid_train_plan plan;
    char identity[65];
    char *checkpoint, *weights; /* paths; NULL when nothing is to be written */
    const char *dir;
    eid_windows *train, *heldout;
    int32_t *x, *y; /* one batch */
    eid_gpt *m;
    eid_adamw *adam;
    int64_t step, evals;
    double *loss, *judged; /* of every step; of every evaluation */
    double began, saved;   /* seconds */
    int64_t first;         /* step that this process began at */
    bool finished;         /* found finished: nothing to do */
} training;

/* Makes a folder ours, and the paths of its checkpoint and model. */
eid_status eid_train_claim(const char *dir, char **checkpoint, char **weights);
/* Makes the folder ours; EID_EEXIST when it holds somebody else's model. */
eid_status eid_training_claim(training *t, const char *dir);
/* Sets model and optimizer up, from the checkpoint where there is one. */
eid_status eid_training_start(training *t);
/* Writes the checkpoint; with `model_hash`, the one that says the training is finished. */
eid_status eid_training_save(training *t, const char *model_hash);
eid_status eid_training_report(const training *t, eid_train_result **out);
#endif
