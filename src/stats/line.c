/* line.c - least squares with an interval. */
#include "stats/estimate.h"
#include "stats/special.h"
#include <math.h>
#include <stdio.h>

eid_status eid_line_fit(const double *x, const double *y, size_t n, eid_line *out)
{
    double mx = 0, my = 0, sxx = 0, sxy = 0, syy = 0, rest = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i]) || !isfinite(y[i]))
            return eid_fail(EID_EINVAL, "line: point %zu of %zu is not finite", i, n);
        mx += x[i] / (double)n;
        my += y[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        sxx += (x[i] - mx) * (x[i] - mx);
        sxy += (x[i] - mx) * (y[i] - my);
        syy += (y[i] - my) * (y[i] - my);
    }
    eid_line line = {.intercept = NAN, .r2 = NAN, .points = (int64_t)n};
    if (n < 2 || sxx == 0) {
        line.slope = n < 2 ? eid_unresolved((int64_t)n, "unresolved: %zu points", n)
                           : eid_unresolved((int64_t)n, "unresolved: all x agree");
        *out = line;
        return EID_OK;
    }
    double slope = sxy / sxx;
    line.intercept = my - slope * mx;
    for (size_t i = 0; i < n; i++) {
        double miss = y[i] - line.intercept - slope * x[i];
        rest += miss * miss;
    }
    line.r2 = syy > 0 ? 1 - rest / syy : 1;
    line.slope = (eid_estimate){.value = slope, .n = (int64_t)n, .method = "least squares, t"};
    if (n > 2) {
        double df = (double)n - 2;
        double half = eid_student_t_two_sided(0.95, df) * sqrt(rest / df / sxx);
        line.slope.low = slope - half;
        line.slope.high = slope + half;
    } else {
        line.slope.low = line.slope.high = NAN;
        snprintf(line.slope.why, sizeof line.slope.why, "no interval: 2 points");
    }
    *out = line;
    return EID_OK;
}
