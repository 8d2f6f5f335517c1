/* neighbour.h - the nearest neighbour: it memorizes everything, and errs at most twice as often as
 * the best rule (Cover and Hart 1967).
 *
 * With eta(x) = P(y = 1 | x), the risk tends to E[2 eta (1 - eta)] <= 2 R* (1 - R*) for the Bayes
 * risk R*.  Labels flipped with chance p on data whose classes stand apart: 2 p (1 - p) against
 * labels that are as noisy, p against clean ones, for any number of examples. */
#ifndef EID_NEIGHBOUR_H
#define EID_NEIGHBOUR_H
#include "eidetic/stats.h"

/* For each of m queries (m x d, row-major) the nearest of n examples (n x d) in Euclidean distance,
 * the first of equals: index[m], and squared distances unless `distance` is NULL.  Products in
 * single precision leave a few candidates, which are compared in double: the answer is exact, for
 * any kernels, threads and batch.  EID_EINVAL: nothing to search, or a number that is not finite.
 */
EID_API EID_CHECKED eid_status eid_nearest(int64_t *index, double *distance, eid_ctx *ctx,
                                           const float *example, int64_t n, const float *query,
                                           int64_t m, int64_t d);

typedef enum eid_neighbour_kind {
    EID_NEIGHBOUR_APART = 0, /* two balls that do not touch, a label each, flipped with chance p */
    EID_NEIGHBOUR_OVERLAP    /* uniform in a cube, eta(x) = x_1: R* = 1/4, limit 1/3, ceiling 3/8 */
} eid_neighbour_kind;

typedef struct eid_neighbour_opts {
    int64_t kind; /* eid_neighbour_kind */
    int64_t n, m; /* examples, queries of a trial */
    int64_t d;    /* dimensions */
    double p;     /* chance of a flipped label, of EID_NEIGHBOUR_APART */
    int64_t trials;
    int64_t seed;
} eid_neighbour_opts;
EID_API eid_neighbour_opts eid_neighbour_opts_default(void);
EID_API extern const eid_opt eid_neighbour_opt_table[];

typedef struct eid_neighbour_result {
    eid_estimate noisy; /* error against labels drawn as those of the examples */
    eid_estimate clean; /* against the Bayes rule's labels */
    eid_estimate bayes; /* error of the Bayes rule itself against the drawn labels */
    eid_estimate train; /* error on the examples themselves: 0 */
} eid_neighbour_result;
EID_API EID_CHECKED eid_status eid_neighbour_risk(eid_neighbour_result *out, eid_ctx *ctx,
                                                  const eid_neighbour_opts *opts);

/* What the nearest neighbour must show when a label of `classes` is replaced with chance p by one
 * of the others, uniformly, and its neighbour's true label is wrong with chance e: clean:  (1-e) p
 * + e (1 - p/(K-1)) noisy:  1 - (1-e) ((1-p)^2 + p^2/(K-1)) - e (2 p (1-p)/(K-1) + p^2
 * (K-2)/(K-1)^2) */
EID_API double eid_neighbour_clean(double e, double p, int64_t classes);
EID_API double eid_neighbour_noisy(double e, double p, int64_t classes);
#endif
