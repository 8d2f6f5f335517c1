/* longtail.h - a prior from inside. */
#ifndef EID_SRC_THEORY_LONGTAIL_H
#define EID_SRC_THEORY_LONGTAIL_H
#include "base/memory.h"
#include "eidetic/longtail.h"

struct eid_tail_prior {
    int64_t points;
    double dirichlet; /* the parameter; 0: shares are given */
    double *share;    /* descending, equal ones together */
    int64_t *many;    /* points of that share */
    size_t n;
};

/* The chance that a vote of `l` loses against none when both carry Laplace noise of scale
 * 1/epsilon: the tail of the difference of two Laplace numbers. */
double eid_tail_private_error(int64_t l, double epsilon);
#endif
