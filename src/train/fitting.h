/* fitting.h - one training of a classifier while it runs. */
#ifndef EID_SRC_FITTING_H
#define EID_SRC_FITTING_H
#include "base/ctx.h"
#include "eidetic/train.h"
#include "train/draw.h"

/* What follows from the options and the number of examples. */
typedef struct eid_fit_plan {
    eid_net_shape shape;
    int64_t steps, batch;
    eid_schedule schedule;
    eid_optim_opts optim;
    eid_augment augment;
} eid_fit_plan;

/* EID_EINVAL when an option is out of its bounds, or a batch larger than the dataset. */
eid_status eid_fit_plan_make(eid_fit_plan *out, const eid_classifier_opts *o,
                             const eid_dataset *train, int64_t n);
/* SHA-256 over everything that the weights depend on, but for library and processor. */
eid_status eid_fit_identity(const eid_classifier_opts *o, const eid_dataset *train,
                            const eid_dataset *test, char hex[65]);
/* The test set must look as the training set does. */
eid_status eid_fit_check_test(const eid_dataset *train, const eid_dataset *test);

typedef struct fitting {
    eid_ctx *ctx;
    const eid_classifier_opts *opts;
    eid_fit_plan plan;
    const eid_dataset *train, *test;
    const eid_watch *watch;
    char identity[65];
    char *checkpoint, *weights; /* paths; NULL when nothing is to be written */
    const char *dir;
    eid_draw *draw;
    int64_t *index, *epoch; /* of one batch */
    float *x, *logits;
    int32_t *y;
    eid_net *m;
    eid_optim *optim;
    int64_t step;
    double *loss; /* of every step */
    int64_t *at;  /* moments */
    size_t moments, next;
    double began, saved; /* seconds */
    int64_t first;       /* step that this process began at */
    bool finished;       /* found finished: nothing to do */
} fitting;

/* Sets network and optimizer up, from the checkpoint where there is one. */
eid_status eid_fitting_start(fitting *t);
/* Writes the checkpoint; with `model_hash`, the one that says the training is finished. */
eid_status eid_fitting_save(fitting *t, const char *model_hash);

/* Is the label's logit the largest?  Of equal ones the lowest class counts. */
bool eid_classifier_right(const float *z, int64_t classes, int32_t label);
/* Mean loss and share of right answers over all of d. */
eid_status eid_classifier_judge(eid_net *m, eid_ctx *ctx, const eid_dataset *d, double *loss,
                                double *accuracy);
#endif
