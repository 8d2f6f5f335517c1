/* near_check.h - many pairs of documents compared at once, their sets of shingles kept for a while.
 */
#ifndef EID_CONTROL_NEAR_CHECK_H
#define EID_CONTROL_NEAR_CHECK_H
#include "control/near.h"
#include "control/near_words.h"

typedef struct near_checker near_checker;
/* `memory`: most bytes of sets that are kept, but for those of one pair. */
eid_status near_checker_new(near_checker **out, near_job *j, int64_t memory);
void near_checker_free(near_checker *c);
/* yes[i]: whether pair[i] (u << 32 | v) is one of duplicates; then s[i] says how much alike. */
eid_status near_check(near_checker *c, const uint64_t *pair, size_t n, uint8_t *yes,
                      near_similar *s);
#endif
