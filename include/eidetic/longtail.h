/* longtail.h - the price of not memorizing when many subpopulations are rare (Feldman 2020).
 *
 * A population is N points (subpopulations), each with a label of its own that nothing else tells;
 * D(x) is the share of point x.  Which point has which share is not known: a prior says.  n
 * examples are drawn.  A point seen l times is worth tau_l = E[D(x) | x was seen l times] =
 * E[a^(l+1) (1-a)^(n-l)] / E[a^l (1-a)^(n-l)],   a ~ the prior's share of one point, to whoever
 * predicts it right, so a learner that mispredicts m_l of the points seen l times pays, beyond the
 * unavoidable error on points never seen, E[excess] = sum_l tau_l E[m_l]. tau_1 is large as long as
 * the shares have a long tail: fitting singletons is what learning asks. */
#ifndef EID_LONGTAIL_H
#define EID_LONGTAIL_H
#include "eidetic/stats.h"

typedef struct eid_tail_prior eid_tail_prior;

/* points[i] of the points have share[i], dealt out in an order that nobody knows.  EID_EINVAL
 * unless shares are positive and sum_i points[i] share[i] = 1 within 1e-9: a prior that does not
 * normalize is none. */
EID_API EID_CHECKED eid_status eid_tail_shares(eid_tail_prior **out, const double *share,
                                               const int64_t *points, size_t n);
/* The same from a file: lines of a share and how many points have it (1 when left out).
 * EID_EFORMAT, EID_EINVAL with the line. */
EID_API EID_CHECKED eid_status eid_tail_read(eid_tail_prior **out, const char *path);
/* Share of the k-th of `points` points proportional to k^-exponent; exponent 0: all alike. */
EID_API EID_CHECKED eid_status eid_tail_zipf(eid_tail_prior **out, int64_t points, double exponent);
/* Shares drawn from the symmetric Dirichlet distribution with parameter a each (small a: few points
 * hold most). */
EID_API EID_CHECKED eid_status eid_tail_dirichlet(eid_tail_prior **out, int64_t points, double a);
EID_API void eid_tail_prior_free(eid_tail_prior *p);

/* tau_l for n examples, exact; NaN unless 0 <= l <= n. */
EID_API double eid_tail_tau(const eid_tail_prior *p, int64_t n, int64_t l);
/* The expected number of points seen l times among n examples, exact. */
EID_API double eid_tail_points(const eid_tail_prior *p, int64_t n, int64_t l);

typedef enum eid_tail_kind {
    EID_TAIL_MEMORIZE = 0, /* fits every example */
    EID_TAIL_AT_LEAST,     /* fits points seen `least` times or more, guesses the others */
    EID_TAIL_PRIVATE,      /* votes per point and label, each with Laplace noise: epsilon-DP when an
                              example is added or removed */
    EID_TAIL_COMPRESS      /* has room for the `capacity` points seen most often */
} eid_tail_kind;

typedef struct eid_tail_learner {
    eid_tail_kind kind;
    int64_t least, capacity;
    double epsilon;
} eid_tail_learner;

/* E[excess], exact, for any prior.  NaN for EID_TAIL_COMPRESS, whose places depend on all counts at
 * once: eid_tail_exact_of tells it of given shares. */
EID_API double eid_tail_excess(const eid_tail_prior *p, const eid_tail_learner *a, int64_t n,
                               int64_t classes);

typedef struct eid_tail_opts {
    int64_t n;       /* examples of a sample */
    int64_t classes; /* labels, uniform and independent between points */
    int64_t trials;  /* samples */
    int64_t seed;
} eid_tail_opts;
EID_API eid_tail_opts eid_tail_opts_default(void);
EID_API extern const eid_opt eid_tail_opt_table[];

enum { EID_TAIL_GROUPS = 3 }; /* thirds of the population: frequent, middling, rare points */

typedef struct eid_tail_result {
    eid_estimate excess;     /* mispredicted share of the population, on points that were seen */
    eid_estimate formula;    /* sum_l tau_l m_l of the same samples */
    eid_estimate difference; /* excess - formula, sample by sample */
    eid_estimate singletons; /* points seen once and mispredicted */
    eid_estimate unseen;     /* share of the population never seen: nobody can fit it */
    /* the excess within each third of the population, by the points' shares */
    eid_estimate group[EID_TAIL_GROUPS];
    eid_estimate rare_over_frequent; /* group[2] - group[0], sample by sample */
} eid_tail_result;

/* Expectations of `excess` and `group` below, in closed form; EID_EINVAL for Dirichlet priors,
 * whose shares are drawn anew, and for EID_TAIL_COMPRESS with more than 20,000 different shares. */
typedef struct eid_tail_exact {
    double excess, group[EID_TAIL_GROUPS];
} eid_tail_exact;
EID_API EID_CHECKED eid_status eid_tail_exact_of(eid_tail_exact *out, eid_ctx *ctx,
                                                 const eid_tail_prior *p, const eid_tail_learner *a,
                                                 const eid_tail_opts *opts);

/* Draws samples, lets the learner learn, and compares what it pays with the formula. */
EID_API EID_CHECKED eid_status eid_tail_run(eid_tail_result *out, eid_ctx *ctx,
                                            const eid_tail_prior *p, const eid_tail_learner *a,
                                            const eid_tail_opts *opts);
#endif
