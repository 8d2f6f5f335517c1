/* neighbour.h - the search's twin. */
#ifndef EID_SRC_THEORY_NEIGHBOUR_H
#define EID_SRC_THEORY_NEIGHBOUR_H
#include "eidetic/neighbour.h"

/* The definition, in double: every pair. */
void eid_nearest_ref(int64_t *index, double *distance, const float *example, int64_t n,
                     const float *query, int64_t m, int64_t d);
/* Squared distance in double, added up in ascending order. */
double eid_distance2(const float *a, const float *b, int64_t d);
#endif
