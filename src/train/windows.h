/* windows.h - documents as training windows: a pure function of (seed, number), no state to save.
 *
 * An epoch is one stream: `end`, then every document followed by `end`, in an order drawn for the
 * epoch.  Window k of it reads stream[kT .. kT + T) and predicts stream[kT + 1 .. kT + T + 1), so
 * that every token of every document, and every `end` after it, is a target exactly once an epoch.
 * The windows too come in an order drawn for the epoch: a long document does not fill a step. */
#ifndef EID_SRC_WINDOWS_H
#define EID_SRC_WINDOWS_H
#include "base/memory.h"
#include "eidetic/bpe.h"

typedef struct eid_windows {
    const eid_tokens *docs; /* borrowed */
    int32_t end;
    int64_t context; /* T */
    uint64_t seed;
    bool shuffled;     /* no: documents and windows in their own order, the same every epoch */
    int64_t targets;   /* of an epoch: tokens + documents */
    int64_t per_epoch; /* windows */
    int64_t epoch;     /* that order, at and window are of; -1: of none */
    int64_t *order;    /* place -> document */
    int64_t *at;       /* place -> where it begins in the stream; docs + 1 */
    int64_t *window;   /* turn -> window */
} eid_windows;

/* EID_EINVAL: no document, or more tokens than can be counted. */
eid_status eid_windows_new(eid_windows **out, const eid_tokens *docs, int32_t end, int64_t context,
                           uint64_t seed, bool shuffled);
void eid_train_windows_free(eid_windows *w);
/* Window `number` counted from 0 through all epochs.  The last of an epoch's stream is filled up
 * with x = `end`, y = -1 (no target).  Returns the number of targets. */
int64_t eid_windows_get(eid_windows *w, int64_t number, int32_t *x, int32_t *y);
#endif
