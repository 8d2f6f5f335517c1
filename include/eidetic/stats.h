/* stats.h - estimates that say how sure they are, ROC curves, fits, rank correlation. */
#ifndef EID_STATS_H
#define EID_STATS_H
#include "eidetic/base.h"

/* One number with its interval.  `value` is NaN when it cannot be told; `why` then says why
 * ("unresolved: 412 negatives").  `low` and `high` bound it at 95% unless `method` says otherwise.
 */
typedef struct eid_estimate {
    double value, low, high;
    int64_t n;          /* what it was estimated from: strings, canaries, pairs */
    const char *method; /* static: "bootstrap by cluster", "clopper-pearson", "exact" */
    char why[96];
} eid_estimate;

EID_API eid_estimate eid_estimate_none(const char *why); /* value NaN, n 0 */

/* k of n with the exact binomial (Clopper-Pearson 1934) 95% interval.  n = 0: unresolved. */
EID_API eid_estimate eid_proportion(int64_t k, int64_t n);

/* Mean of independent x[0..n) with the 95% interval of Student's t.  Unresolved under 2 values;
 * equal values give an interval of no width. */
EID_API eid_estimate eid_mean_t(const double *x, size_t n);

/* Mean of x[0..n) with a 95% percentile bootstrap.  `cluster[i]` names the text that x[i] was cut
 * from: whole clusters are resampled, because windows of one text are not independent; NULL: each
 * x[i] its own.  When all values agree, or under 2 clusters, resampling sees no spread: a
 * proportion's exact interval over clusters is used instead where all x are 0 or 1, and `method`
 * says so. */
EID_API EID_CHECKED eid_status eid_mean_bootstrap(const double *x, const int64_t *cluster, size_t n,
                                                  int64_t resamples, uint64_t seed,
                                                  eid_estimate *out);

/* k of n where the trials hang together: Clopper-Pearson with the effective number of trials, n
 * over the design effect between clusters (Korn and Graubard 1998); hit[i] is 0 or 1.  When all
 * agree each cluster counts once.  With clusters of one it is eid_proportion. */
EID_API EID_CHECKED eid_status eid_proportion_by_cluster(const double *hit, const int64_t *cluster,
                                                         size_t n, eid_estimate *out);

/* ROC of scores where higher means member.  Ties count half in the area.  Points run from (0,0) to
 * (1,1); n_points <= members + nonmembers + 1.  Infinite scores are fine; NaN is EID_EINVAL.  A
 * side with nothing in it is allowed: its estimates are unresolved. */
typedef struct eid_roc eid_roc;
EID_API EID_CHECKED eid_status eid_roc_new(eid_roc **out, const double *member, size_t n_member,
                                           const double *nonmember, size_t n_nonmember);
EID_API void eid_roc_free(eid_roc *roc);
EID_API size_t eid_roc_points(const eid_roc *roc, const double **fpr, const double **tpr);
/* Area with the DeLong (1988) interval: right for independent scores.  A perfect area shows DeLong
 * no variance; its interval is then the exact one over min(members, non-members) disjoint pairs.
 * Unresolved under 2 on a side, or when all scores agree. */
EID_API eid_estimate eid_roc_auc(const eid_roc *roc);
/* TPR at FPR <= fpr with the Clopper-Pearson interval, the threshold taken as given; unresolved
 * when fewer than 1/fpr negatives. */
EID_API eid_estimate eid_roc_tpr(const eid_roc *roc, double fpr);
/* The lowest score s such that "score >= s" keeps FPR <= fpr; +infinity when none does. */
EID_API double eid_roc_threshold(const eid_roc *roc, double fpr);

/* The area when scores come in clusters (windows of one document): whole clusters of either side
 * are resampled, 95% percentile interval.  A cluster's name may stand on both sides; the sides are
 * resampled apart.  Strata are for scores by different classifiers, the folds of a
 * cross-validation: across folds a score depends on the very label it is compared with, which
 * pushes the area below one half. */
typedef struct eid_score_set {
    const double *score;
    const int64_t *cluster; /* NULL: each score its own */
    const int64_t *stratum; /* only scores of one stratum are compared; NULL: all are */
    size_t n;
} eid_score_set;
EID_API EID_CHECKED eid_status eid_auc_bootstrap(const eid_score_set *member,
                                                 const eid_score_set *nonmember, int64_t resamples,
                                                 uint64_t seed, eid_estimate *out);

/* y = intercept + slope x by least squares; slope's interval from the t distribution.  Unresolved
 * under 2 points or when all x agree; without an interval at 2 points. */
typedef struct eid_line {
    eid_estimate slope;
    double intercept, r2;
    int64_t points;
} eid_line;
EID_API EID_CHECKED eid_status eid_line_fit(const double *x, const double *y, size_t n,
                                            eid_line *out);

/* Spearman's rank correlation, average ranks for ties, Fisher-z interval (Bonett-Wright 2000
 * variance).  Unresolved under 4 pairs or when one side does not vary. */
EID_API EID_CHECKED eid_status eid_spearman(const double *x, const double *y, size_t n,
                                            eid_estimate *out);

/* Skew-normal by maximum likelihood (Azzalini 1985), with the Kolmogorov-Smirnov distance of the
 * fit.  The density is 2/scale phi(z) Phi(shape z), z = (x - location) / scale; |shape| is kept
 * below 50, because the likelihood of a small sample can grow for ever towards a half-normal.
 * EID_EINVAL under 8 values, or when all agree. */
typedef struct eid_skew_normal {
    double location, scale, shape;
    double ks, ks_p; /* distance, and its asymptotic p-value (too kind: parameters were fitted) */
} eid_skew_normal;
EID_API EID_CHECKED eid_status eid_skew_normal_fit(const double *x, size_t n, eid_skew_normal *out);
/* log2 of the distribution function, also far in the left tail where Phi(z) - 2T(z,a) cancels. */
EID_API double eid_skew_normal_log2_cdf(const eid_skew_normal *fit, double x);
#endif
