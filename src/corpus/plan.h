/* plan.h - how many strings are planted how often. */
#ifndef EID_SRC_PLAN_H
#define EID_SRC_PLAN_H
#include <stdint.h>

enum { EID_BUCKETS = 40 };

/* Buckets b = 0, 1, ... of strings that are planted 2^b <= max_copies times, each copy at `cost`
 * tokens. Bucket b gets n[b] = max(least, floor(s 2^(-b/2))) strings, with the largest s for which
 * all copies cost at most `budget` tokens and there are at most `most` strings.  Where even `least`
 * in each bucket is too much, the highest bucket is left out, and so on.  Returns the number of
 * buckets; 0: nothing fits. */
int eid_plan(int64_t n[EID_BUCKETS], int64_t budget, int64_t cost, int64_t max_copies,
             int64_t least, int64_t most);
/* Strings in all buckets; copies of all of them. */
int64_t eid_plan_strings(const int64_t *n, int buckets);
int64_t eid_plan_copies(const int64_t *n, int buckets);
#endif
