/* attribution.h - which training example is behind which answer: TracIn, and how to judge it or any
 * other attribution by models that were trained on known parts. */
#ifndef EID_ATTRIBUTION_H
#define EID_ATTRIBUTION_H
#include "eidetic/bank.h"
#include "eidetic/trajectory.h"

/* TracInCP (Pruthi et al. 2020): for a training example i and a test example j
 *
 *     score(j, i) = sum over checkpoints c of  rate_c  grad loss(w_c, j) . grad loss(w_c, i)
 *
 * over all parameters, exactly: a step along i's gradient alone lowers j's loss by about that.
 * Positive: i helps j (a proponent); negative: it hurts (an opponent).  The mean over runs, which
 * are trainings of the same examples with other seeds. */
typedef struct eid_tracin_opts {
    double from_epoch; /* checkpoints from this epoch on; 0: the untrained network's, too */
    int64_t top;       /* proponents and opponents that are listed for a test example */
} eid_tracin_opts;
EID_API eid_tracin_opts eid_tracin_opts_default(void);
EID_API extern const eid_opt eid_tracin_opt_table[];

/* A recorded training: its network (of any weights: they are replaced) and a trajectory that holds
 * weights. */
typedef struct eid_traced {
    eid_net *net;
    const eid_trajectory *record;
} eid_traced;

/* Scores of test examples first .. first + n - 1, n x train->n. */
typedef eid_status (*eid_tracin_fn)(void *user, int64_t first, int64_t n, const double *scores);

/* Calls `fn` for one run of test examples after another, as many as the memory bound allows; a
 * score's bits do not depend on that.  EID_EINVAL: a record without weights, or of other examples
 * than `train`. */
EID_API EID_CHECKED eid_status eid_tracin(eid_ctx *ctx, const eid_traced *run, size_t runs,
                                          const eid_dataset *train, const eid_dataset *test,
                                          const eid_tracin_opts *o, eid_tracin_fn fn, void *user);
/* A training example's score on itself: high for mislabelled and memorized ones. */
EID_API EID_CHECKED eid_status eid_tracin_self(eid_ctx *ctx, const eid_traced *run, size_t runs,
                                               const eid_dataset *train, const eid_tracin_opts *o,
                                               double *self);

typedef struct eid_tracin_result {
    int64_t train, test, checkpoints; /* checkpoints of all runs that were used */
    double *self;                     /* train; the caller reads it */
    int64_t *best;                    /* places of the `top` examples of highest self-influence */
    int64_t top;
} eid_tracin_result;
/* Both, into the folder DIR, each file whole or not at all:
 *     influence.npy  f4 (test, train)
 *     self.npy       f8 (train)
 *     top.csv        test_id,kind,rank,train_id,score,test_label,train_label
 * `test` NULL: self-influence alone.  The same inputs give the same bytes. */
EID_API EID_CHECKED eid_status eid_tracin_write(eid_tracin_result **out, eid_ctx *ctx,
                                                const eid_traced *run, size_t runs,
                                                const eid_dataset *train, const eid_dataset *test,
                                                const eid_tracin_opts *o, const char *dir);
EID_API void eid_tracin_result_free(eid_tracin_result *r);

/* The linear datamodeling score (Park et al. 2023, after Ilyas et al. 2022): a test example's
 * outputs over models, against what attributions foretell of them, the sum of the scores of the
 * examples each was trained on; Spearman's rank correlation over the models, mean over test
 * examples.
 *
 * The interval takes test examples and models for samples: the variance of the mean over test
 * examples plus the jackknife's over models left out by groups (at most 20); Student's t. */
typedef struct eid_lds_data {
    const uint8_t *masks; /* models x ceil(train / 8) bits, as in a bank */
    const float *output;  /* of test example j by model k: output[k * stride + j] */
    int64_t stride;
    int64_t models, train, test;
} eid_lds_data;
typedef struct eid_lds_result {
    eid_estimate score;
    eid_estimate shuffled; /* the same scores given to other training examples: 0 but for chance */
    int64_t constant;      /* test examples left out: an output or a sum that does not vary */
    double *each;          /* test; NaN: left out */
} eid_lds_result;
/* scores: (test x train), of any numeric type; NaN and infinities are EID_EFORMAT. */
EID_API EID_CHECKED eid_status eid_lds(eid_lds_result **out, eid_ctx *ctx, const eid_lds_data *data,
                                       const eid_array *scores, uint64_t seed);
/* Of a bank's test examples: phi, log(p / (1 - p)) of the true class, as they are. */
EID_API EID_CHECKED eid_status eid_lds_bank(eid_lds_result **out, eid_ctx *ctx, const eid_bank *b,
                                            const eid_dataset *test, const eid_array *scores,
                                            uint64_t seed);
EID_API void eid_lds_result_free(eid_lds_result *r);
#endif
