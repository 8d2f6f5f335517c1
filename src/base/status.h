/* status.h - failing with a sentence, and leaving through one door. */
#ifndef EID_SRC_STATUS_H
#define EID_SRC_STATUS_H
#include "eidetic/base.h"

/* Records why (for this thread) and hands the code back, so that failing takes one line:
 *     return eid_fail(EID_EIO, "%s: %s", path, strerror(errno));
 * The arguments may include eid_last_error() itself, to add context. */
eid_status eid_fail(eid_status code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The one macro that jumps; whoever uses it declares `st` and ends in `done:`. */
#define EID_TRY(call)     \
    do {                  \
        st = (call);      \
        if (st != EID_OK) \
            goto done;    \
    } while (0)
#endif
