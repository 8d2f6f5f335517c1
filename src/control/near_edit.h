/* near_edit.h - edit distance of two sequences. */
#ifndef EID_CONTROL_NEAR_EDIT_H
#define EID_CONTROL_NEAR_EDIT_H
#include "base/memory.h"

/* Insertions, deletions and substitutions that make b[0..m) of a[0..n); limit + 1 when it takes
 * more than `limit`.  Costs n + m + limit^2 at most limit (n + m); n, m < 2^31. */
eid_status near_edit(const int32_t *a, size_t n, const int32_t *b, size_t m, size_t limit,
                     size_t *distance);
#endif
