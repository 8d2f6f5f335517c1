/* roc.c - the receiver operating characteristic, its area and its low-false-positive end. */
#include "stats/estimate.h"
#include "stats/special.h"
#include "base/memory.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* Scores are kept as groups of ties, from the highest score down: group g holds `pos[g]` members
 * and `neg[g]` non-members with score[g]. */
struct eid_roc {
    size_t n_pos, n_neg, groups;
    double *score, *pos, *neg;
    double *fpr, *tpr; /* groups + 1 points, (0,0) first */
};

typedef struct scored {
    double score;
    int member;
} scored;

static int high_first(const void *a, const void *b)
{
    double x = ((const scored *)a)->score, y = ((const scored *)b)->score;
    return (x < y) - (x > y);
}

static eid_status no_nan(const char *who, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (isnan(x[i]))
            return eid_fail(EID_EINVAL, "roc: score %zu of the %s is not a number", i, who);
    return EID_OK;
}

static void group_ties(eid_roc *roc, const scored *sorted, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || sorted[i].score != sorted[i - 1].score)
            roc->score[roc->groups++] = sorted[i].score;
        roc->pos[roc->groups - 1] += sorted[i].member;
        roc->neg[roc->groups - 1] += !sorted[i].member;
    }
    double above_pos = 0, above_neg = 0;
    for (size_t g = 0; g < roc->groups; g++) {
        above_pos += roc->pos[g];
        above_neg += roc->neg[g];
        roc->tpr[g + 1] = roc->n_pos ? above_pos / (double)roc->n_pos : 0;
        roc->fpr[g + 1] = roc->n_neg ? above_neg / (double)roc->n_neg : 0;
    }
    roc->tpr[roc->groups] = roc->fpr[roc->groups] = n > 0;
}

eid_status eid_roc_new(eid_roc **out, const double *member, size_t n_member,
                       const double *nonmember, size_t n_nonmember)
{
    eid_status st = EID_OK;
    size_t n = n_member + n_nonmember;
    eid_roc *roc = NULL;
    scored *sorted = NULL;

    EID_TRY(no_nan("members", member, n_member));
    EID_TRY(no_nan("non-members", nonmember, n_nonmember));
    EID_TRY(EID_NEW(roc, 1));
    EID_TRY(EID_NEW(roc->score, n));
    EID_TRY(EID_NEW(roc->pos, n));
    EID_TRY(EID_NEW(roc->neg, n));
    EID_TRY(EID_NEW(roc->fpr, n + 1));
    EID_TRY(EID_NEW(roc->tpr, n + 1));
    EID_TRY(EID_NEW(sorted, n));
    roc->n_pos = n_member;
    roc->n_neg = n_nonmember;
    for (size_t i = 0; i < n_member; i++)
        sorted[i] = (scored){member[i], 1};
    for (size_t i = 0; i < n_nonmember; i++)
        sorted[n_member + i] = (scored){nonmember[i], 0};
    qsort(sorted, n, sizeof *sorted, high_first);
    group_ties(roc, sorted, n);
    *out = roc;
    roc = NULL;
done:
    eid_free(sorted);
    eid_roc_free(roc);
    return st;
}

void eid_roc_free(eid_roc *roc)
{
    if (!roc)
        return;
    eid_free(roc->score);
    eid_free(roc->pos);
    eid_free(roc->neg);
    eid_free(roc->fpr);
    eid_free(roc->tpr);
    eid_free(roc);
}

size_t eid_roc_points(const eid_roc *roc, const double **fpr, const double **tpr)
{
    if (fpr)
        *fpr = roc->fpr;
    if (tpr)
        *tpr = roc->tpr;
    return roc->groups + 1;
}

/* DeLong, DeLong and Clarke-Pearson 1988.  A member's structural component is the share of
 * non-members below it (ties half), a non-member's the share of members above it; the area is
 * either mean, its variance the sum of the components' variances over their numbers.  Components
 * are equal within a group of ties, so one pass over the groups does. */
static double delong_variance(const eid_roc *roc, double auc)
{
    double m = (double)roc->n_pos, n = (double)roc->n_neg;
    double above_pos = 0, above_neg = 0, var_pos = 0, var_neg = 0;
    for (size_t g = 0; g < roc->groups; g++) {
        double v10 = (n - above_neg - 0.5 * roc->neg[g]) / n;
        double v01 = (above_pos + 0.5 * roc->pos[g]) / m;
        var_pos += roc->pos[g] * (v10 - auc) * (v10 - auc);
        var_neg += roc->neg[g] * (v01 - auc) * (v01 - auc);
        above_pos += roc->pos[g];
        above_neg += roc->neg[g];
    }
    return var_pos / ((m - 1) * m) + var_neg / ((n - 1) * n);
}

static double area(const eid_roc *roc)
{
    double below = (double)roc->n_neg, sum = 0;
    for (size_t g = 0; g < roc->groups; g++) {
        below -= roc->neg[g];
        sum += roc->pos[g] * (below + 0.5 * roc->neg[g]);
    }
    return sum / ((double)roc->n_pos * (double)roc->n_neg);
}

eid_estimate eid_roc_auc(const eid_roc *roc)
{
    size_t n = roc->n_pos + roc->n_neg;
    if (roc->n_pos < 2 || roc->n_neg < 2)
        return eid_unresolved((int64_t)n, "unresolved: %zu members, %zu non-members", roc->n_pos,
                              roc->n_neg);
    if (roc->groups == 1)
        return eid_unresolved((int64_t)n, "unresolved: all %zu scores agree", n);
    eid_estimate e = {.value = area(roc), .n = (int64_t)n, .method = "delong"};
    double half = EID_Z975 * sqrt(delong_variance(roc, e.value));
    e.low = fmax(0, e.value - half);
    e.high = fmin(1, e.value + half);
    if (e.value == 0 || e.value == 1) {
        double pairs = (double)(roc->n_pos < roc->n_neg ? roc->n_pos : roc->n_neg);
        e.method = "clopper-pearson over disjoint pairs";
        eid_clopper_pearson(e.value * pairs, pairs, &e.low, &e.high);
    }
    return e;
}

/* Groups that may be called members: the most with at most fpr * n false positives.  The small
 * allowance is for fpr * n that should be whole: 0.001 * 1000 must be 1. */
static size_t groups_within(const eid_roc *roc, double fpr)
{
    double allowed = floor(fpr * (double)roc->n_neg + 1e-9), above = 0;
    size_t g = 0;
    while (g < roc->groups && above + roc->neg[g] <= allowed)
        above += roc->neg[g++];
    return g;
}

eid_estimate eid_roc_tpr(const eid_roc *roc, double fpr)
{
    if (!(fpr > 0 && fpr <= 1) || (double)roc->n_neg * fpr < 1 - 1e-9)
        return eid_unresolved((int64_t)roc->n_neg, "unresolved: %zu negatives", roc->n_neg);
    if (roc->n_pos == 0)
        return eid_unresolved(0, "unresolved: 0 members");
    double hits = 0;
    for (size_t g = 0, end = groups_within(roc, fpr); g < end; g++)
        hits += roc->pos[g];
    return eid_proportion((int64_t)hits, (int64_t)roc->n_pos);
}

double eid_roc_threshold(const eid_roc *roc, double fpr)
{
    size_t g = groups_within(roc, fpr);
    return g ? roc->score[g - 1] : INFINITY;
}
