/* leave.h - sorting that can be left: neither sorter can be stopped, so it runs beside us. */
#ifndef EID_INDEX_LEAVE_H
#define EID_INDEX_LEAVE_H
#include "base/status.h"

/* As index_sort of *text into *sa, both from eid_new, on a thread of its own, while this one looks
 * ten times a second whether the context was cancelled.  Then EID_ECANCELLED comes at once, both
 * pointers become NULL, and their memory is freed when the sorter comes to its end. */
eid_status index_sort_or_leave(eid_ctx *ctx, uint8_t **text, void **sa, int64_t n, bool wide);
#endif
