/* rate.h - proportions counted in several trials. */
#ifndef EID_SRC_THEORY_RATE_H
#define EID_SRC_THEORY_RATE_H
#include "base/status.h"
#include "eidetic/stats.h"

/* k[t] of m in trial t: Clopper-Pearson with the effective number of draws, trials * m over the
 * design effect between trials (as eid_proportion_by_cluster); all draws count where trials show no
 * spread. */
eid_estimate eid_rate(const int64_t *k, int64_t trials, int64_t m);
/* x with P(N(0, 1) <= x) = 1 - tail. */
double eid_normal_upper(double tail);
#endif
