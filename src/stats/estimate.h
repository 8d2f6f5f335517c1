/* estimate.h - making estimates, resolved or not. */
#ifndef EID_SRC_STATS_ESTIMATE_H
#define EID_SRC_STATS_ESTIMATE_H
#include "base/status.h"
#include "eidetic/stats.h"

/* An estimate whose value cannot be told from n things, and why. */
eid_estimate eid_unresolved(int64_t n, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Clopper-Pearson bounds of k out of n, both real: n may be an effective number. */
void eid_clopper_pearson(double k, double n, double *low, double *high);

/* 2.5% and 97.5% points of x[0..n), which is sorted by the call: R's type 7 quantiles. */
void eid_percentile_interval(double *x, size_t n, double *low, double *high);
int eid_compare_doubles(const void *a, const void *b);
#endif
