/* windows.h - documents as training windows: a pure function of (seed, number), no state to save.
 *
 * An epoch is one stream: `end`, then every document followed by `end`, in an order drawn for the
 * epoch.  A window reads stream[from .. from + n) and predicts stream[from + 1 .. from + n + 1);
 * the next begins where it ends, so that every token of every document, and every `end` after it,
 * is a target exactly once an epoch.  n is the context T, with one exception: a document that fits
 * into a window is read in one piece.  Where it would be cut, the window ends when it has predicted
 * the document's first token (n < T), and the next one begins with that token.  A cut costs the
 * model the beginning as a context for the rest (Ding et al. 2024, "Fewer truncations improve
 * language modeling"), and would blur what "seen r times" means.  So some short documents stand at
 * the beginning of a window, as a prompt does, and the others behind an `end`.
 *
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
    bool shuffled;   /* no: documents and windows in their own order, the same every epoch */
    int64_t targets; /* of an epoch: tokens + documents */
    int64_t epoch;   /* that what follows is of; -1: of none */
    int64_t count;   /* windows in it */
    int64_t *order;  /* place -> document */
    int64_t *at;     /* place -> where it begins in the stream; docs + 1 */
    int64_t *from;   /* window, as they lie in the stream -> where it begins; count + 1 */
    int64_t *window; /* turn -> window */
    int64_t *before; /* turn -> targets of the turns before it; count + 1 */
    size_t from_cap, window_cap, before_cap;
    int64_t *first; /* epoch -> windows of all epochs before it, for the first `epochs` epochs */
    int64_t epochs;
    size_t first_cap;
} eid_windows;

/* EID_EINVAL: no document, or more tokens than can be counted. */
eid_status eid_windows_new(eid_windows **out, const eid_tokens *docs, int32_t end, int64_t context,
                           uint64_t seed, bool shuffled);
void eid_train_windows_free(eid_windows *w);
/* Window `number` counted from 0 through all epochs; what is left of x and y (both T) is filled up
 * with x = `end`, y = -1 (no target).  *targets: how many there are. */
eid_status eid_windows_get(eid_windows *w, int64_t number, int32_t *x, int32_t *y,
                           int64_t *targets);
/* Targets in all windows before window `number`. */
eid_status eid_windows_before(eid_windows *w, int64_t number, int64_t *targets);
#endif
