#include "theory/mi.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

void eid_factorials_fill(eid_factorials *f)
{
    f->log[0] = 0;
    for (int k = 1; k <= EID_MOST_DRAWS; k++)
        f->log[k] = f->log[k - 1] + log(k);
}

static double plogp(double p)
{
    return p > 0 ? p * log(p) : 0;
}

static void margins(const eid_joint *j, int64_t bit[2], int64_t *seen)
{
    bit[0] = bit[1] = *seen = 0;
    for (int64_t k = 0; k < j->symbols; k++) {
        bit[0] += j->count[k][0];
        bit[1] += j->count[k][1];
        *seen += j->count[k][0] + j->count[k][1] > 0;
    }
}

double eid_mi_bit_entropy(const eid_joint *j)
{
    int64_t bit[2], seen;
    margins(j, bit, &seen);
    double n = (double)j->n;
    return -plogp((double)bit[0] / n) - plogp((double)bit[1] / n);
}

double eid_mi_plugin(const eid_joint *j)
{
    double n = (double)j->n, inside = 0;
    for (int64_t k = 0; k < j->symbols; k++) {
        double a = j->count[k][0], b = j->count[k][1];
        if (a + b > 0) /* (a + b) / n times the bit's entropy given the symbol */
            inside -= (a + b) / n * (plogp(a / (a + b)) + plogp(b / (a + b)));
    }
    double information = eid_mi_bit_entropy(j) - inside;
    return information > 0 ? information : 0;
}

double eid_mi_bias(const eid_joint *j)
{
    int64_t bit[2], seen;
    margins(j, bit, &seen);
    int64_t bits = (bit[0] > 0) + (bit[1] > 0);
    return (double)((seen - 1) * (bits - 1)) / (2 * (double)j->n);
}

static double log_choose(const eid_factorials *f, int64_t n, int64_t k)
{
    return f->log[n] - f->log[k] - f->log[n - k];
}

/* E of (x / n) log(n x / (a b)), x hypergeometric: b ones among n draws, a of them looked at. */
static double expected_cell(const eid_factorials *f, int64_t n, int64_t a, int64_t b)
{
    int64_t low = a + b - n > 1 ? a + b - n : 1, high = a < b ? a : b;
    double sum = 0, all = log_choose(f, n, a);
    for (int64_t x = low; x <= high; x++) {
        double chance = exp(log_choose(f, b, x) + log_choose(f, n - b, a - x) - all);
        sum +=
            chance * (double)x / (double)n * log((double)n * (double)x / ((double)a * (double)b));
    }
    return sum;
}

double eid_mi_expected(const eid_joint *j, const eid_factorials *f)
{
    int64_t bit[2], seen;
    double sum = 0;
    margins(j, bit, &seen);
    for (int64_t k = 0; k < j->symbols; k++) {
        int64_t a = j->count[k][0] + j->count[k][1];
        if (a > 0)
            sum += expected_cell(f, j->n, a, bit[0]) + expected_cell(f, j->n, a, bit[1]);
    }
    return sum;
}

double eid_mi_adjusted(double plugin, double expected, double bit_entropy)
{
    double room = bit_entropy - expected;
    if (!(bit_entropy > 0))
        return NAN;
    /* Every symbol its own: nothing can be told apart from chance. */
    return room > 1e-9 ? M_LN2 * (plugin - expected) / room : 0;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int64_t eid_mi_rename(const int64_t *symbol, int64_t n, int32_t *name, int64_t *scratch)
{
    int64_t kinds = 0;
    memcpy(scratch, symbol, (size_t)n * sizeof *scratch);
    qsort(scratch, (size_t)n, sizeof *scratch, by_size);
    for (int64_t i = 0; i < n; i++)
        if (kinds == 0 || scratch[i] != scratch[kinds - 1])
            scratch[kinds++] = scratch[i];
    for (int64_t i = 0; i < n; i++) {
        const int64_t *at = bsearch(&symbol[i], scratch, (size_t)kinds, sizeof *scratch, by_size);
        name[i] = (int32_t)(at - scratch);
    }
    return kinds;
}
