/* rank.c - Spearman's rank correlation. */
#include "stats/estimate.h"
#include "stats/special.h"
#include "base/memory.h"
#include <math.h>
#include <stdlib.h>

typedef struct keyed {
    double x;
    size_t at;
} keyed;

static int ascending(const void *a, const void *b)
{
    double x = ((const keyed *)a)->x, y = ((const keyed *)b)->x;
    return (x > y) - (x < y);
}

/* Ranks from 1; ties share the mean of theirs. */
static eid_status average_ranks(const double *x, size_t n, double *rank)
{
    eid_status st = EID_OK;
    keyed *sorted = NULL;
    EID_TRY(EID_NEW(sorted, n));
    for (size_t i = 0; i < n; i++)
        sorted[i] = (keyed){x[i], i};
    qsort(sorted, n, sizeof *sorted, ascending);
    for (size_t i = 0, j; i < n; i = j) {
        for (j = i; j < n && sorted[j].x == sorted[i].x; j++)
            ;
        for (size_t k = i; k < j; k++)
            rank[sorted[k].at] = 0.5 * (double)(i + 1 + j);
    }
done:
    eid_free(sorted);
    return st;
}

static double correlation(const double *x, const double *y, size_t n)
{
    double mean = 0.5 * (double)(n + 1), sxx = 0, sxy = 0, syy = 0;
    for (size_t i = 0; i < n; i++) {
        sxx += (x[i] - mean) * (x[i] - mean);
        sxy += (x[i] - mean) * (y[i] - mean);
        syy += (y[i] - mean) * (y[i] - mean);
    }
    return sxx > 0 && syy > 0 ? sxy / sqrt(sxx * syy) : NAN;
}

/* Fisher's z with variance (1 + r^2 / 2) / (n - 3).  A perfect r would make z infinite and the
 * interval a point; it is moved half a step of the coefficient's lattice (one swap of neighbours
 * costs 12 / (n (n^2 - 1))) inwards, and keeps 1 as its far end. */
static void fisher_interval(eid_estimate *e, double n)
{
    double r = e->value, edge = 1 - 6 / (n * (n * n - 1));
    double z = atanh(fmax(-edge, fmin(edge, r)));
    double half = EID_Z975 * sqrt((1 + 0.5 * r * r) / (n - 3));
    e->low = r <= -edge ? -1 : tanh(z - half);
    e->high = r >= edge ? 1 : tanh(z + half);
}

eid_status eid_spearman(const double *x, const double *y, size_t n, eid_estimate *out)
{
    eid_status st = EID_OK;
    double *rx = NULL, *ry = NULL;
    for (size_t i = 0; i < n; i++)
        if (isnan(x[i]) || isnan(y[i]))
            return eid_fail(EID_EINVAL, "spearman: pair %zu of %zu is not a number", i, n);
    if (n < 4) {
        *out = eid_unresolved((int64_t)n, "unresolved: %zu pairs", n);
        return EID_OK;
    }
    EID_TRY(EID_NEW(rx, n));
    EID_TRY(EID_NEW(ry, n));
    EID_TRY(average_ranks(x, n, rx));
    EID_TRY(average_ranks(y, n, ry));
    eid_estimate e = {.value = correlation(rx, ry, n), .n = (int64_t)n};
    e.method = "spearman, fisher z";
    if (isnan(e.value))
        e = eid_unresolved((int64_t)n, "unresolved: one side does not vary");
    else
        fisher_interval(&e, (double)n);
    *out = e;
done:
    eid_free(rx);
    eid_free(ry);
    return st;
}
