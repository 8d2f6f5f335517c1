/* benign.h - minimum-norm regression that fits noise exactly: when it does no harm (Bartlett et al.
 * 2020).
 *
 * y = X theta* + noise, rows of X ~ N(0, diag(lambda)), n examples, p > n directions.  The
 * estimator theta^ = X^T (X X^T)^-1 y interpolates.  Its risk beyond the noise is bias + variance;
 * given X, the variance is exactly sigma^2 tr C with C = (X X^T)^-1 X Sigma X^T (X X^T)^-1.  With
 *     r_k = sum_{i>k} lambda_i / lambda_{k+1},   R_k = (sum_{i>k} lambda_i)^2 / sum_{i>k}
 * lambda_i^2, k* = min {k : r_k >= b n}, it is, up to constants, sigma^2 (k* / n + n / R_{k*}):
 * small when few directions hold the signal and very many small ones, of like size, take up the
 * noise. */
#ifndef EID_BENIGN_H
#define EID_BENIGN_H
#include "eidetic/stats.h"

/* Effective ranks of lambda[0..p), which is positive and does not rise; 0 <= k < p. */
EID_API EID_CHECKED eid_status eid_effective_ranks(const double *lambda, int64_t p, int64_t k,
                                                   double *r, double *R);

typedef struct eid_benign_bound {
    int64_t k_star; /* -1: there is none below p, and the bound says nothing */
    double r, R;    /* effective ranks there, and that of k = 0 */
    double r0;
    double variance; /* k-star / n + n / R, in units of sigma^2, without the constant */
    double bias;     /* |theta-star|^2 lambda_1 max(sqrt(r0/n), r0/n), for |theta-star| = 1 */
} eid_benign_bound;
EID_API EID_CHECKED eid_status eid_benign_bounds(eid_benign_bound *out, const double *lambda,
                                                 int64_t p, int64_t n, double b);

/* What the variance tends to as n and p grow together (Hastie et al. 2022): df2 / (n - df2), with
 * sum lambda/(lambda+kappa) = n and df2 = sum (lambda/(lambda+kappa))^2; in units of sigma^2.  NaN
 * unless n < p. */
EID_API double eid_benign_limit(const double *lambda, int64_t p, int64_t n);

typedef struct eid_benign_opts {
    int64_t n;      /* examples */
    int64_t trials; /* matrices X */
    int64_t noises; /* noise vectors for each X */
    double sigma;   /* of the noise; theta* is the first unit vector */
    int64_t seed;
} eid_benign_opts;
EID_API eid_benign_opts eid_benign_opts_default(void);
EID_API extern const eid_opt eid_benign_opt_table[];

typedef struct eid_benign_result {
    eid_estimate exact;    /* sigma^2 tr C, over X */
    eid_estimate variance; /* the same by Monte Carlo over the noise */
    eid_estimate ratio;    /* variance / exact, X by X: 1 */
    eid_estimate bias;     /* risk of the estimator without noise */
    double residual;       /* largest |X theta^ - y|: it interpolates */
    /* The gap between risk and training error, split by a surrogate that does not see the noise,
     * theta~ = E[theta^ | X] (Negrea et al. 2020); only the middle part needs uniform convergence.
     */
    eid_estimate gap;    /* L(theta^) - L^(theta^) = first + middle + last */
    eid_estimate first;  /* L(theta^) - L(theta~) */
    eid_estimate middle; /* L(theta~) - L^(theta~) */
    eid_estimate last;   /* L^(theta~) - L^(theta^) */
} eid_benign_result;
/* EID_EINVAL: n >= p, eigenvalues that are not positive or rise, no trials. */
EID_API EID_CHECKED eid_status eid_benign_run(eid_benign_result *out, eid_ctx *ctx,
                                              const double *lambda, int64_t p,
                                              const eid_benign_opts *opts);
#endif
