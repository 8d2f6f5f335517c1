/* axis.h - from values to places on paper, and where the ticks stand. */
#ifndef EID_SRC_REPORT_AXIS_H
#define EID_SRC_REPORT_AXIS_H
#include "report/page.h"

typedef enum axis_kind { AXIS_LINEAR, AXIS_LOG2, AXIS_LOG10 } axis_kind;

enum { AXIS_TICKS = 48 };

typedef struct axis {
    axis_kind kind;
    double low, high; /* values at the ends; both > 0 on a logarithmic axis */
    double from, to;  /* places of the ends */
    bool zero;        /* a logarithmic axis with a slot of its own for the value 0, at `from` */
    int ticks;
    struct {
        double value;
        bool labelled;
    } tick[AXIS_TICKS];
} axis;

/* An axis from `from` to `to` that holds [low, high], widened to round values, with at most
 * `labels` labels.  `zero` is for logarithmic axes. */
axis axis_fit(axis_kind kind, double low, double high, bool zero, double from, double to,
              int labels);
/* Raises the low end, and drops the ticks below it. */
void axis_cut(axis *a, double low);
/* The place of a value; what lies outside is put at the nearest end. */
double axis_at(const axis *a, double value);
#endif
