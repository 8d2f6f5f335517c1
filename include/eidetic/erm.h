/* erm.h - an arbitrary empirical minimizer needs as many examples as there are dimensions; one pass
 * of stochastic gradients does not (Feldman 2016, "Generalization of ERM in stochastic convex
 * optimization: the dimension strikes back").
 *
 * There are `words` = 2^(d / 12) words w in {-1, +1}^d / sqrt(d), <w, w'> <= 1/2 between any two.
 * An example is a set V of them, each in it by a fair coin, and theta in the unit ball loses
 *     f(theta, V) = max(1/2, max over w in V of <w, theta>),
 * convex and 1-Lipschitz; 1/2 is the least loss, of the population as of any sample.  A word that
 * is in none of the n sets is an empirical minimizer, too, and its excess is 1/4: it fits the
 * sample because of what the sample happens not to hold.  There is one with chance 1 - (1 -
 * 2^-n)^words. */
#ifndef EID_ERM_H
#define EID_ERM_H
#include "eidetic/base.h"
#include "eidetic/stats.h"

typedef struct eid_erm_opts {
    int64_t d; /* dimension, 12 to 156 */
    int64_t n; /* examples */
    int64_t trials;
    int64_t seed;
} eid_erm_opts;
EID_API eid_erm_opts eid_erm_opts_default(void);
EID_API extern const eid_opt eid_erm_opt_table[];

typedef struct eid_erm_result {
    int64_t words;
    /* The minimizer that memorizes: the first word that is in no set, 0 where there is none. */
    eid_estimate excess;
    double excess_exact;   /* (1 - (1 - 2^-n)^words) / 4 */
    double empirical_most; /* its empirical loss above the least, largest of all trials: 0 */
    /* Examples at which such a minimizer is still there, and one more is too many. */
    eid_estimate last;
    double last_exact; /* sum over n >= 1 of 1 - (1 - 2^-n)^words: about d / 12 + 0.33 */
    /* One pass with steps 1 / sqrt(n) from a word that was chosen before the sample, projected,
     * iterates averaged; and what holds in any dimension: (1/8 + 1/2) / sqrt(n), for a minimizer is
     * half a unit away. */
    eid_estimate sgd;
    double sgd_bound;
    double least_norm; /* excess of the minimizer of least norm, theta = 0: 0 */
} eid_erm_result;
/* EID_EINVAL with the reason: n = 0, a dimension out of range. */
EID_API EID_CHECKED eid_status eid_erm_run(eid_erm_result *out, eid_ctx *ctx,
                                           const eid_erm_opts *opts);
#endif
