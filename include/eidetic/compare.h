/* compare.h - two runs side by side: the same measures, and differences with intervals. */
#ifndef EID_COMPARE_H
#define EID_COMPARE_H
#include "eidetic/stats.h"

/* b - a for two independent estimates that come with 95% intervals, by the square-and-add method
 * (Newcombe 1998 for proportions; Zou and Donner 2008, "MOVER", for any pair):
 *     low  = b - a - sqrt((b - b.low)^2  + (a.high - a)^2)
 *     high = b - a + sqrt((b.high - b)^2 + (a - a.low)^2)
 * It keeps the asymmetry of the two intervals, and covers where plain "b +- 1.96 se" does not, near
 * 0 and 1.  It assumes independence; where two runs share their strings they vary together, and the
 * interval is wider than it need be, never narrower.  Two intervals that overlap can still differ:
 * ask this one whether it holds 0.  n is the smaller of the two.  NaN, with why, when either is
 * unresolved. */
EID_API eid_estimate eid_difference(const eid_estimate *a, const eid_estimate *b);

typedef enum eid_change {
    EID_CHANGE_NONE = 0,   /* the difference's interval holds 0; for exact numbers: equal */
    EID_CHANGE_UP,         /* b lies above a */
    EID_CHANGE_DOWN,       /* b lies below a */
    EID_CHANGE_UNRESOLVED, /* a or b could not be told, or has no interval */
    EID_CHANGE_ONLY_A,
    EID_CHANGE_ONLY_B
} eid_change;
EID_API const char *eid_change_name(eid_change c); /* "none", "up", ...; static */

typedef struct eid_compared {
    const char *name;   /* metric, or curve */
    const char *series; /* of a curve, NULL for a metric */
    double x;           /* of a curve's point, NaN for a metric */
    eid_estimate a, b, difference;
    eid_change change;
} eid_compared;

typedef struct eid_comparison {
    const char *level_a, *level_b; /* verdicts, "" where there is none */
    bool same_command, same_input, same_bits;
    eid_compared *rows; /* metrics in the order of run A, then points, then what B alone holds */
    size_t n_rows;
} eid_comparison;

/* Metrics by name, curves' points by series and x.  Left out: membership.roc, whose points stand at
 * other rates in each run (its areas and rates are metrics). */
EID_API EID_CHECKED eid_status eid_compare(eid_comparison **out, const char *run_a,
                                           const char *run_b);
EID_API void eid_comparison_free(eid_comparison *c);
#endif
