/* prior.h - how likely a coordinate is +1: B_j ~ Beta(b, b). */
#ifndef EID_SRC_THEORY_PRIOR_H
#define EID_SRC_THEORY_PRIOR_H
#include "base/status.h"
#include "eidetic/trace.h"

/* b of the prior that the options ask for; EID_EINVAL where there is none. */
eid_status eid_prior_beta(const eid_trace_opts *o, double *b);
/* chance[j] = B_j in units of 2^-64, and mean[j] = (2 B_j - 1) / sqrt(d). */
void eid_prior_draw(double b, int64_t d, uint64_t seed, uint64_t stream, uint64_t *chance,
                    double *mean);
#endif
