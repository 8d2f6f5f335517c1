/* skew_normal.h - the standard skew-normal, f(z) = 2 phi(z) Phi(shape z). */
#ifndef EID_SRC_STATS_SKEW_NORMAL_H
#define EID_SRC_STATS_SKEW_NORMAL_H
#include "eidetic/stats.h"

double eid_skew_normal_log_pdf(double z, double shape);
double eid_skew_normal_log_cdf(double z, double shape);
/* Integral of f / exp(reference) over [low, high], at most panel_width wide. */
double eid_skew_normal_panel(double low, double high, double shape, double reference);
double eid_skew_normal_panel_width(double shape);
#endif
