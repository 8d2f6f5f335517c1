/* convex.h - learners of the two convex problems of trace.h, and how well they did.
 *
 * Vectors over the coordinates have 64 * s->words entries, zeros past d. */
#ifndef EID_SRC_THEORY_CONVEX_H
#define EID_SRC_THEORY_CONVEX_H
#include "eidetic/trace.h"
#include "theory/signs.h"

typedef struct eid_convex {
    int64_t problem, learner, passes;
    double noise;  /* multiplier of the private learner */
    double signal; /* E |m|^2 under the prior, which that learner may know */
    const eid_signs *s;
    int64_t n;           /* examples: the first rows of s */
    const int64_t *ones; /* of each coordinate among them */
    const double *mean;  /* the population's */
    uint64_t seed;
    int64_t trial;
} eid_convex;

/* theta; scratch is another such vector. */
eid_status eid_convex_learn(const eid_convex *c, double *theta, double *scratch);

typedef struct eid_convex_score {
    double excess, trivial, gap; /* trace.h says what */
    double norm;                 /* |theta| */
    double centre;               /* <theta, m> */
} eid_convex_score;
eid_convex_score eid_convex_judge(const eid_convex *c, const double *theta);

/* E |m|^2 under Beta(b, b), and what a noisy mean's square length is expected to be. */
double eid_convex_signal(double beta);
double eid_convex_length2(double v, int64_t n, int64_t d, double noise);
#endif
