/* plan.c - see plan.h. */
#include "corpus/plan.h"
#include <math.h>
#include <stdbool.h>

int64_t eid_plan_strings(const int64_t *n, int buckets)
{
    int64_t sum = 0;
    for (int b = 0; b < buckets; b++)
        sum += n[b];
    return sum;
}

int64_t eid_plan_copies(const int64_t *n, int buckets)
{
    int64_t sum = 0;
    for (int b = 0; b < buckets; b++)
        sum += n[b] << b;
    return sum;
}

static void fill(int64_t *n, int buckets, double s, int64_t least)
{
    for (int b = 0; b < buckets; b++) {
        double x = floor(s * exp2(-0.5 * b) + 1e-9);
        n[b] = x > (double)least ? (int64_t)x : least;
    }
}

static bool fits(int64_t *n, int buckets, double s, int64_t least, int64_t copies, int64_t most)
{
    fill(n, buckets, s, least);
    return eid_plan_copies(n, buckets) <= copies && eid_plan_strings(n, buckets) <= most;
}

int eid_plan(int64_t n[EID_BUCKETS], int64_t budget, int64_t cost, int64_t max_copies,
             int64_t least, int64_t most)
{
    int64_t copies = cost > 0 ? budget / cost : 0;
    double low = 0, high = (double)copies + 1;
    int buckets = 0;

    while (buckets < EID_BUCKETS && ((int64_t)1 << buckets) <= max_copies)
        buckets++;
    while (buckets && !fits(n, buckets, 0, least, copies, most))
        buckets--;
    if (!buckets)
        return 0;
    for (int step = 0; step < 100; step++) {
        double mid = 0.5 * (low + high);
        if (fits(n, buckets, mid, least, copies, most))
            low = mid;
        else
            high = mid;
    }
    fill(n, buckets, low, least);
    return buckets;
}
