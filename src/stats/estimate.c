#include "stats/estimate.h"
#include "stats/special.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

eid_estimate eid_unresolved(int64_t n, const char *fmt, ...)
{
    eid_estimate e = {.value = NAN, .low = NAN, .high = NAN, .n = n, .method = "none"};
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e.why, sizeof e.why, fmt, ap);
    va_end(ap);
    return e;
}

eid_estimate eid_estimate_none(const char *why)
{
    return eid_unresolved(0, "%s", why ? why : "");
}

int eid_compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile_sorted(const double *x, size_t n, double p)
{
    double at = p * (double)(n - 1);
    size_t i = (size_t)at;
    return i + 1 < n ? x[i] + (at - (double)i) * (x[i + 1] - x[i]) : x[n - 1];
}

void eid_percentile_interval(double *x, size_t n, double *low, double *high)
{
    qsort(x, n, sizeof *x, eid_compare_doubles);
    *low = quantile_sorted(x, n, 0.025);
    *high = quantile_sorted(x, n, 0.975);
}

eid_estimate eid_mean_t(const double *x, size_t n)
{
    double mean = 0, spread = 0;

    if (n < 2)
        return eid_unresolved((int64_t)n, "unresolved: %zu values", n);
    for (size_t i = 0; i < n; i++)
        mean += x[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        spread += (x[i] - mean) * (x[i] - mean);
    if (!isfinite(spread))
        return eid_unresolved((int64_t)n, "unresolved: not every value is finite");
    double df = (double)n - 1,
           half = eid_student_t_two_sided(0.95, df) * sqrt(spread / df / (double)n);
    return (eid_estimate){.value = mean,
                          .low = mean - half,
                          .high = mean + half,
                          .n = (int64_t)n,
                          .method = "student's t"};
}
