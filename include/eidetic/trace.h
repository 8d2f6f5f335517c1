/* trace.h - an accurate learner of a convex problem must give its examples away.
 *
 * Attias, Dziugaite, Haghifam, Livni, Roy 2024 ("Information complexity of stochastic convex
 * optimization: applications to generalization, memorization, and tracing"); Voitovych et al. 2025.
 *
 * Examples are z in {-1, +1}^d / sqrt(d), coordinates independent with means mu_j / sqrt(d), and
 * mu_j = 2 B_j - 1 with B_j ~ Beta(b, b) drawn anew in each trial.  A learner sees n of them and
 * answers theta in the unit ball:
 *
 *     linear           f(theta, z) = -<theta, z>                     excess = |m| - <theta, m>
 *     strongly convex  f(theta, z) = -<theta, z> + |theta|^2 / 2     excess = |theta - m|^2 / 2
 *
 * with m the mean of z.  The tracer knows the law of z and theta.  It flags z when
 * phi = <theta, z - m> is above a threshold: soundness is the share of fresh examples flagged,
 * which must stay below the bound `soundness`; recall is the share of the learner's own. */
#ifndef EID_TRACE_H
#define EID_TRACE_H
#include "eidetic/base.h"
#include "eidetic/stats.h"

typedef enum eid_trace_problem { EID_LINEAR = 0, EID_STRONGLY_CONVEX } eid_trace_problem;

/* Tracing needs a prior whose means are as small as the accuracy asked for: b = 1 / accuracy^2, or
 * 1 / accuracy under strong convexity.  Under the uniform prior (b = 1) few examples suffice, and
 * few are traced. */
typedef enum eid_trace_prior {
    EID_PRIOR_ACCURACY = 0,
    EID_PRIOR_UNIFORM,
    EID_PRIOR_BETA
} eid_trace_prior;

/* mean: the sample mean, scaled to length 1 in the linear problem.
 * erm: the empirical minimizer, of which both problems have but one: `mean`.  erm.h has a problem
 *     with many, good and bad.
 * sgd: one pass, projected onto the ball after each step, iterates averaged; steps 1 / sqrt(n), or
 *     1 / t under strong convexity.
 * projected-sgd: the same in `passes` passes, each in an order of its own.
 * private: the sample mean and Gaussian noise of standard deviation noise * 2 / n per coordinate
 *     (2 / n: how far the mean moves when one example is replaced), then scaled to length 1, or,
 * under strong convexity, by what minimizes the excess under the prior: the best use of that
 * release. */
typedef enum eid_trace_learner {
    EID_LEARN_MEAN = 0,
    EID_LEARN_ERM,
    EID_LEARN_SGD,
    EID_LEARN_PROJECTED_SGD,
    EID_LEARN_PRIVATE
} eid_trace_learner;

typedef enum eid_trace_sweep {
    EID_SWEEP_NONE = 0,
    EID_SWEEP_N,
    EID_SWEEP_D,
    EID_SWEEP_NOISE,
    EID_SWEEP_DP_EPSILON,
    EID_SWEEP_ACCURACY,
    EID_SWEEP_SOUNDNESS
} eid_trace_sweep;

typedef struct eid_trace_opts {
    int64_t problem, prior, learner;
    double accuracy, beta;  /* of the prior */
    const char *prior_file; /* in place of `prior`: lines of a coordinate's mean, -1 to 1, and its
                               weight; the weights sum to 1 */
    int64_t n, d, trials;
    double soundness;
    int64_t fresh, test; /* draws for the calibrated threshold; others, for the soundness reached */
    double noise;        /* multiplier of the private learner... */
    double dp_epsilon;   /* ...or the epsilon it must keep; 0: not given */
    double dp_delta;
    int64_t passes;
    int64_t sweep;
    const char *values; /* of what is swept: "50,100,200" */
    int64_t seed;
} eid_trace_opts;
EID_API eid_trace_opts eid_trace_opts_default(void);
EID_API extern const eid_opt eid_trace_opt_table[];

/* A threshold, its mean over trials, and what it does. */
typedef struct eid_tracer {
    double threshold;
    eid_estimate recall, soundness;
} eid_tracer;

typedef struct eid_trace_row {
    int64_t n, d;
    int64_t bytes;    /* of a trial's sample */
    double beta;      /* of the prior; NaN of one from a file */
    double signal;    /* v: expected square length of the mean, 1 / (2 beta + 1) */
    double soundness; /* the bound asked for */
    double noise;
    double dp_epsilon; /* accounted at dp_delta; infinite without noise */
    /* calibrated: the bound holds in expectation over the fresh draws (an order statistic of them).
     * analytic: |theta| sqrt(2 log(1 / soundness) / d), Hoeffding's: holds always. */
    eid_tracer calibrated, analytic;
    eid_estimate excess;
    eid_estimate trivial; /* excess of theta = 0 */
    eid_estimate gap;     /* population less empirical loss of theta, exact in each trial */
    /* Each member is paired with a fresh example, a super-sample.  Where the calibrated tracer
     * flags one of a pair, guessing that one as the member errs with some chance e, and Fano's
     * inequality bounds the conditional mutual information of theta and the memberships from below:
     * n P(one is flagged) (log 2 - h(e)) nats. */
    eid_estimate cmi_low;
    double cmi_cap; /* n log 2 */
    /* 2 sqrt(2 cmi_low / n): no less can the CMI bound on the gap say (losses range over 2). */
    eid_estimate cmi_bound;
    /* What large d gives in closed form; NaN for learners that are no mean. */
    double predicted_recall, predicted_excess;
} eid_trace_row;

typedef struct eid_trace_result {
    int64_t trials;
    eid_trace_row *rows; /* one for each value of the sweep */
    size_t n_rows;
} eid_trace_result;

/* EID_EINVAL with the reason for what cannot be: no examples, a soundness of 0, a prior that does
 * not normalize, too few fresh draws for the soundness; EID_ENOMEM before anything is drawn when
 * the sample does not fit the context's memory. */
EID_API EID_CHECKED eid_status eid_trace(eid_trace_result **out, eid_ctx *ctx,
                                         const eid_trace_opts *opts);
/* The same without a trial: the rows hold what was checked, accounted and predicted. */
EID_API EID_CHECKED eid_status eid_trace_plan(eid_trace_result **out, eid_ctx *ctx,
                                              const eid_trace_opts *opts);
EID_API void eid_trace_result_free(eid_trace_result *r);
EID_API EID_CHECKED eid_status eid_trace_json(const eid_trace_result *r, char **json);

/* Recall of the calibrated tracer and excess error of a mean with this noise multiplier, as d
 * grows; v = 1 / (2b + 1) is the expected |m|^2 (NaN with a prior from a file), s^2 = v + (1 - v) /
 * n + d (2 noise / n)^2: recall = Phi(sqrt(d (1 - v)) / (n s) - z),  z the (1 - soundness) quantile
 * of N(0, 1) excess = sqrt(v) - v / s, or s^2 with a factor for strong convexity. */
EID_API void eid_trace_predict(const eid_trace_opts *opts, double noise, double *recall,
                               double *excess);
#endif
