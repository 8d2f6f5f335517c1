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

/* The chance that a vote of `l` loses against one of classes - 1 others without a vote when all
 * carry Laplace noise of scale 1/epsilon. */
double eid_tail_private_error(int64_t l, double epsilon, int64_t classes);
/* The chance that a learner other than EID_TAIL_COMPRESS mispredicts a point seen l >= 1 times. */
double eid_tail_miss(const eid_tail_learner *a, int64_t l, int64_t classes);
eid_status eid_tail_check(const eid_tail_prior *p, const eid_tail_learner *a,
                          const eid_tail_opts *o);
/* eid_tail_read from memory. */
eid_status eid_tail_parse(eid_tail_prior **out, const char *name, const uint8_t *text, size_t n);
#endif
