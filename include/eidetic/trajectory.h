/* trajectory.h - what a training said about every example at every checkpoint, and the scores read
 * from it: which examples are hard, forgotten, redundant, mislabelled.
 *
 * The evidence is a record written while one of our networks trains, or arrays of logits or
 * probabilities from anybody's. */
#ifndef EID_TRAJECTORY_H
#define EID_TRAJECTORY_H
#include "eidetic/dataset.h"
#include "eidetic/stats.h"
#include "eidetic/train.h"

/* Rows are checkpoints, columns examples, in the training set's order.  With z the logits, p their
 * softmax and y the label:
 *     loss         -log p_y, nats
 *     probability  p_y
 *     margin       z_y - max of the others = log p_y - log max of the others
 *     el2n         |p - onehot(y)|_2 (Paul et al. 2021)
 *     correct      margin > 0: a tie counts as wrong
 *     grand        norm of the loss's gradient over all parameters (the same), where recorded */
typedef struct eid_trajectory {
    int64_t checkpoints, examples;
    int32_t classes;
    const double *epoch;  /* of each checkpoint: examples presented / examples */
    const int64_t *step;  /* of each checkpoint */
    const int32_t *label; /* of each example, as trained on */
    const int64_t *id;    /* of each example, as in its dataset */
    const float *loss, *probability, *margin, *el2n;
    const float *grand; /* NULL: not recorded */
    const uint8_t *correct;
    int64_t presentations;    /* rows of presented; 0: not recorded */
    const uint8_t *presented; /* presentations x examples: right when it was its turn to be learned
                                 from (Toneva et al. 2019); NULL: not recorded */
    const double *rate;       /* learning rate at each checkpoint; NULL: not recorded */
    int64_t parameters;       /* 0: no weights were recorded */
    const float *weights;     /* checkpoints x parameters, in the order of eid_net_params */
    void *owner;
} eid_trajectory;
EID_API void eid_trajectory_free(eid_trajectory *t);

/* ---- recording ------------------------------------------------------------------------------- */

enum { EID_RECORD_FULL, EID_RECORD_SPARSE };

typedef struct eid_record_opts {
    int64_t epochs; /* EID_RECORD_FULL: step 0 and the end of every epoch; _SPARSE: epochs 0, 1, 2,
                       5, 10, 20, 50, ... and the last */
    double grand;   /* up to this epoch gradient norms are recorded, too; -1: never */
    bool weights;   /* the network's, at every checkpoint: what influence is traced through */
} eid_record_opts;
EID_API eid_record_opts eid_record_opts_default(void);
EID_API extern const eid_opt eid_record_opt_table[];

/* A record being written to DIR/record: loss.npy, probability.npy, margin.npy, el2n.npy, grand.npy,
 * correct.npy (checkpoint x example), presented.npy (epoch x example), epoch.npy, step.npy,
 * rate.npy, label.npy, id.npy, classes.npy, weights.npy (checkpoint x parameter).  It stands in
 * DIR/record.part until it is finished; a training that goes on from a checkpoint goes on with its
 * record. */
typedef struct eid_record eid_record;
EID_API EID_CHECKED eid_status eid_record_new(eid_record **out, eid_ctx *ctx, const char *dir,
                                              const eid_dataset *train,
                                              const eid_classifier_opts *opts,
                                              const eid_record_opts *record);
/* To be handed to eid_train_classifier; lives as long as the record. */
EID_API const eid_watch *eid_record_watch(eid_record *r);
EID_API EID_CHECKED eid_status eid_record_finish(eid_record *r);
EID_API void eid_record_free(eid_record *r);

/* ---- reading --------------------------------------------------------------------------------- */

/* The record in DIR (which holds loss.npy), mapped. */
EID_API EID_CHECKED eid_status eid_trajectory_read(eid_trajectory **out, eid_ctx *ctx,
                                                   const char *dir);
/* Models trained elsewhere: `a` is (checkpoint x example x class) or (example x class), logits or,
 * with `probs`, probabilities, which must lie in [0, 1] and sum to one within 1e-3 (EID_EFORMAT
 * names the first that do not); `labels` is (example).  Epochs are 1, 2, ... */
EID_API EID_CHECKED eid_status eid_trajectory_from(eid_trajectory **out, eid_ctx *ctx,
                                                   const eid_array *a, bool probs,
                                                   const eid_array *labels);

/* ---- scores ---------------------------------------------------------------------------------- */

typedef enum eid_score_kind {
    EID_SCORE_EL2N,       /* at one checkpoint */
    EID_SCORE_GRAND,      /* at one checkpoint; needs recorded norms */
    EID_SCORE_FORGETTING, /* times right turned wrong between presentations (else checkpoints);
                             never right: the number of presentations (Toneva et al. 2019) */
    EID_SCORE_AUM, /* mean of the margin over checkpoints after step 0 (Pleiss et al. 2020) */
    EID_SCORE_CONFIDENCE,     /* mean of p_y over these checkpoints (Swayamdipta et al. 2020) */
    EID_SCORE_VARIABILITY,    /* its standard deviation */
    EID_SCORE_CORRECTNESS,    /* share of these checkpoints at which it was right */
    EID_SCORE_FIRST_LEARNED,  /* step of the first checkpoint at which it was right; infinite: none
                               */
    EID_SCORE_LAST_FORGOTTEN, /* step of the last checkpoint at which it was wrong and had been
                                 right at the one before; 0: none */
    EID_SCORE_KINDS
} eid_score_kind;
EID_API const char *eid_score_name(eid_score_kind kind); /* "el2n", "first-learned"; static */
/* 1: high scores are hard examples, -1: low ones are. */
EID_API int eid_score_hard(eid_score_kind kind);

/* One score for each example, the mean over runs of the same training set with other seeds. `epoch`
 * names the checkpoint for EL2N and GraNd: the nearest to it; negative: the last.  EID_EINVAL when
 * the runs are not of the same examples, or lack what the score is read from. */
EID_API EID_CHECKED eid_status eid_score(const eid_trajectory *const *runs, size_t n,
                                         eid_score_kind kind, double epoch, double *score);
/* Never right at any presentation (else checkpoint) of any run. */
EID_API EID_CHECKED eid_status eid_never_learned(const eid_trajectory *const *runs, size_t n,
                                                 uint8_t *never);

/* AUM's threshold (Pleiss et al. 2020, sec. 3.2): the `quantile` of the AUM of examples that were
 * put in a class of their own, which nobody can learn from similar ones.  Whoever is not above it
 * is suspected.  `fake` flags the examples of that class. */
EID_API EID_CHECKED eid_status eid_aum_threshold(const double *aum, const uint8_t *fake, int64_t n,
                                                 double quantile, double *threshold);

/* ---- label errors by confident learning (Northcutt et al. 2021) --------------------------------
 */

typedef enum eid_confident_method {                      /* which examples are suspected */
                                    EID_CONFIDENT_BOTH,  /* found by class and by noise rate */
                                    EID_CONFIDENT_CLASS, /* of class i the least self-confident, as
                                                            many as its errors */
                                    EID_CONFIDENT_RATE,  /* of i taken for j the largest p_j - p_i,
                                                            as many as those */
                                    EID_CONFIDENT_JOINT  /* what the confident joint counted off its
                                                            diagonal */
} eid_confident_method;

typedef struct eid_confident {
    int32_t classes;
    int64_t examples;
    double *threshold; /* of each class: mean p_j of the examples labelled j */
    int64_t *count;    /* confident joint, given x true */
    double *joint;     /* the same calibrated: sums to 1, rows to the shares of labels */
    uint8_t *error;    /* of each example: suspected */
    int32_t *guess;    /* the class it is taken for; the label where it is confident in none */
    int64_t errors;
    double share; /* of wrong labels, by the joint */
} eid_confident;
/* probs: n x classes, out of sample (from models that were not trained on the example: else they
 * agree with every label). */
EID_API EID_CHECKED eid_status eid_confident_learn(eid_confident **out, const double *probs,
                                                   const int32_t *label, int64_t n, int32_t classes,
                                                   eid_confident_method method);
EID_API void eid_confident_free(eid_confident *c);
/* The suspected, the surest first, as CSV: id,label,guess,p_label,p_guess. */
EID_API EID_CHECKED eid_status eid_confident_write(const char *path, const eid_confident *c,
                                                   const double *probs, const int32_t *label,
                                                   const int64_t *id);
#endif
