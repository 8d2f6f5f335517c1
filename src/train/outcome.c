/* outcome.c - see outcome.h. */
#include "train/outcome.h"
#include <math.h>

/* 1 - p_y is summed from the others: where p_y is nearly 1, subtracting would leave no digits. */
eid_outcome eid_outcome_of(const double *z, int32_t k, int32_t y)
{
    double top = -INFINITY, rival = -INFINITY, sum = 0, others = 0, squares = 0;
    eid_outcome o;

    for (int32_t c = 0; c < k; c++) {
        top = z[c] > top ? z[c] : top;
        if (c != y && z[c] > rival)
            rival = z[c];
    }
    for (int32_t c = 0; c < k; c++)
        sum += exp(z[c] - top);
    for (int32_t c = 0; c < k; c++) {
        double p = exp(z[c] - top) / sum;
        if (c == y)
            continue;
        others += p;
        squares += p * p;
    }
    o.loss = log(sum) - (z[y] - top);
    o.probability = exp(z[y] - top) / sum;
    o.margin = z[y] - rival; /* not both are -infinity: some class has a probability */
    o.el2n = sqrt(others * others + squares);
    return o;
}

double eid_phi_of(const float *z, int64_t k, int32_t y, double *margin)
{
    double top = -INFINITY, sum = 0;

    for (int64_t c = 0; c < k; c++)
        if (c != y && (double)z[c] > top)
            top = (double)z[c];
    for (int64_t c = 0; c < k; c++)
        if (c != y)
            sum += exp((double)z[c] - top);
    if (margin)
        *margin = (double)z[y] - top;
    return (double)z[y] - top - log(sum);
}
