/* diet.h - which examples a training needs: scores, subsets by them, and trainings on the subsets
 * (Paul, Ganguli and Dziugaite 2021, "Deep learning on a data diet"). */
#ifndef EID_DIET_H
#define EID_DIET_H
#include "eidetic/trajectory.h"

typedef struct eid_diet_opts {
    int64_t measure;    /* eid_score_kind up to _CORRECTNESS that decides who is dropped */
    int64_t seeds;      /* trainings whose scores are averaged */
    double score_epoch; /* checkpoint of EL2N and GraNd */
    double prune;       /* share of the training set to drop; 0: none, scores alone */
    double offset;      /* share to drop at the hard end, the rest at the easy end; at most prune;
                           negative: chosen on `validation` among 0, .05, .1, .15, .2 */
    double validation;  /* share of the training set held out to choose the offset by */
    int64_t replicas;   /* trainings on each subset, with other seeds */
    bool suspects;      /* whom AUM suspects of a wrong label: two more trainings */
    int64_t seed;
} eid_diet_opts;
EID_API eid_diet_opts eid_diet_opts_default(void);
EID_API extern const eid_opt eid_diet_opt_table[];

typedef struct eid_diet_call {
    const char *command_line; /* stored for reproducing */
    const char *out;          /* the run's folder: new, empty, or an interrupted run of the same */
} eid_diet_call;

/* A subset that was trained on, as many steps as the whole. */
typedef struct eid_diet_part {
    char name[16];         /* "all", "window", "highest", "lowest", "random" */
    int64_t kept, flips;   /* examples; of them with a label that is not the clean one */
    eid_estimate accuracy; /* on the test set; over replicas, else over test examples */
} eid_diet_part;
enum { EID_DIET_PARTS = 5 };

typedef struct eid_diet_result {
    int64_t examples, flips, never; /* never: right at no presentation of any run */
    int64_t runs;
    double *score[EID_SCORE_KINDS];       /* NULL where it could not be read */
    eid_estimate finds[EID_SCORE_KINDS];  /* area under the ROC of flips among hard examples */
    eid_estimate agrees[EID_SCORE_KINDS]; /* rank correlation of the first two runs' scores */
    int64_t suspected, suspected_flips;   /* by AUM; -1: not asked.  How many of them are flips */
    double aum_threshold[2];              /* of either training with a class of its own */
    double offset;                        /* that was used */
    eid_diet_part part[EID_DIET_PARTS];
    size_t parts;
} eid_diet_result;

/* Trains opts->seeds networks with records, reads every score from them, and (prune > 0) trains on
 * the subsets.  The offset is never chosen on the test set.  Writes into the run's folder
 *     scores/NAME.npy (example), scores.csv    every score
 *     subsets/NAME.npy                         ids of the examples kept
 *     score-K/, NAME-K/                        the networks, score-K with its record
 *     eidetic.db                               all of it
 * A killed run goes on where it stopped.  `test` may be NULL when prune is 0. */
EID_API EID_CHECKED eid_status eid_diet(eid_diet_result **out, eid_ctx *ctx,
                                        const eid_dataset *train, const eid_dataset *test,
                                        const eid_classifier_opts *model, const eid_diet_opts *opts,
                                        const eid_diet_call *call);
/* The scores alone, of runs from elsewhere; `clean` (labels known to be right) may be NULL. */
EID_API EID_CHECKED eid_status eid_diet_scores(eid_diet_result **out, eid_ctx *ctx,
                                               const eid_trajectory *const *runs, size_t n,
                                               const int32_t *clean, const eid_diet_opts *opts,
                                               const eid_diet_call *call);
EID_API void eid_diet_result_free(eid_diet_result *r);
#endif
