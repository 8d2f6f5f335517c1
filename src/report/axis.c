#include "report/axis.h"
#include <math.h>

enum { ZERO_SLOT_PERCENT = 9 }; /* of the axis's length */

static void add_tick(axis *a, double value, bool labelled)
{
    if (a->ticks < AXIS_TICKS) {
        a->tick[a->ticks].value = value;
        a->tick[a->ticks++].labelled = labelled;
    }
}

/* Steps of 1, 2 or 5 times a power of ten: the smallest that needs no more than `labels` ticks. */
static void fit_linear(axis *a, double low, double high, int labels)
{
    if (!(high > low))
        high = low + 1;
    double step = pow(10, floor(log10((high - low) / labels)));
    static const double grow[] = {2, 2.5, 2}; /* 1, 2, 5, 10 */
    for (int i = 0; floor(low / step) * step + step * (labels - 1) < high * (1 - 1e-12); i++)
        step *= grow[i % 3];
    a->low = floor(low / step + 1e-9) * step;
    a->high = ceil(high / step - 1e-9) * step;
    int n = (int)lround((a->high - a->low) / step);
    for (int i = 0; i <= n; i++)
        add_tick(a, a->low + i * step, true);
}

static void fit_log2(axis *a, double low, double high, int labels)
{
    int first = (int)floor(log2(low) + 1e-9), last = (int)ceil(log2(high) - 1e-9);
    if (last <= first)
        last = first + 1;
    int every = 1 + (last - first) / (labels > 1 ? labels : 1);
    a->low = exp2(first);
    a->high = exp2(last);
    for (int k = first; k <= last; k++)
        add_tick(a, exp2(k), (k - first) % every == 0);
}

static void fit_log10(axis *a, double low, double high, int labels)
{
    int first = (int)floor(log10(low) + 1e-9), last = (int)ceil(log10(high) - 1e-9);
    if (last <= first)
        last = first + 1;
    int every = 1 + (last - first) / (labels > 1 ? labels : 1);
    a->low = pow(10, first);
    a->high = pow(10, last);
    for (int k = first; k <= last; k++) {
        add_tick(a, pow(10, k), (k - first) % every == 0);
        for (int m = 2; m < 10 && k < last && last - first <= 3; m++)
            add_tick(a, m * pow(10, k), false);
    }
}

axis axis_fit(axis_kind kind, double low, double high, bool zero, double from, double to,
              int labels)
{
    axis a = {.kind = kind, .from = from, .to = to, .zero = zero && kind != AXIS_LINEAR};
    if (kind != AXIS_LINEAR) { /* a hostile or empty run must not send log to infinity */
        low = low > 1e-12 && low < 1e15 ? low : 1e-3;
        high = high > low && high < 1e15 ? high : low * 2;
    }
    if (kind == AXIS_LINEAR)
        fit_linear(&a, fabs(low) < 1e15 ? low : 0, fabs(high) < 1e15 ? high : 1, labels);
    else if (kind == AXIS_LOG2)
        fit_log2(&a, low, high, labels);
    else
        fit_log10(&a, low, high, labels);
    return a;
}

void axis_cut(axis *a, double low)
{
    int kept = 0;
    a->low = low > a->low && low < a->high ? low : a->low;
    for (int i = 0; i < a->ticks; i++)
        if (a->tick[i].value >= a->low)
            a->tick[kept++] = a->tick[i];
    a->ticks = kept;
}

double axis_at(const axis *a, double value)
{
    double from = a->from, share;
    if (a->kind == AXIS_LINEAR) {
        share = (value - a->low) / (a->high - a->low);
    } else {
        if (a->zero && value <= 0)
            return a->from;
        if (a->zero)
            from += (a->to - a->from) * ZERO_SLOT_PERCENT / 100;
        share = value > 0 ? log(value / a->low) / log(a->high / a->low) : 0;
    }
    share = share > 0 ? share : 0; /* NaN goes to the low end too */
    return from + (a->to - from) * (share < 1 ? share : 1);
}
