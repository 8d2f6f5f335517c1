/* distribution.h - everything seq.h asks about one row of logits, in double, from the definitions.
 *
 * Serves outside models; for models of ours it is the independent twin of what nn/ computes. */
#ifndef EID_SRC_DISTRIBUTION_H
#define EID_SRC_DISTRIBUTION_H
#include "base/memory.h"
#include "eidetic/rng.h"
#include "eidetic/seq.h"

typedef struct eid_dist eid_dist;
eid_status eid_dist_new(eid_dist **out, int32_t vocab);
void eid_dist_free(eid_dist *d);

/* Takes a row in.  -infinity is a token that cannot come; NaN, +infinity and a row in which no
 * token can come are EID_EINVAL. */
eid_status eid_dist_set(eid_dist *d, const float *logits);
double eid_dist_logp(const eid_dist *d, int32_t token);
int32_t eid_dist_argmax(const eid_dist *d);
int32_t eid_dist_rank(const eid_dist *d, int32_t token);
/* mean = sum p log p, var = sum p log^2 p - mean^2; a token of probability 0 adds nothing. */
void eid_dist_moments(const eid_dist *d, double *mean, double *var);

/* Cuts and renormalises as `s` says; afterwards logp_sampler (-inf: cut off) and draw are of the
 * cut. */
void eid_dist_cut(eid_dist *d, const eid_sampler *s);
double eid_dist_logp_sampler(const eid_dist *d, int32_t token);
/* Spends one eid_rng_unit, none when greedy.  The same unit picks the same token as nn/sampler.c
 * does: the kept tokens share [0, 1) out likeliest first if any was cut off, else by id. */
int32_t eid_dist_draw(const eid_dist *d, eid_rng *r);
#endif
