/* exact_scan.h - hashes of all windows of a stretch of text, and of their anchors. */
#ifndef EID_SRC_EXACT_SCAN_H
#define EID_SRC_EXACT_SCAN_H
#include "base/memory.h"

typedef struct exact_scan {
    size_t length, gram; /* L, k */
    int width;
    uint64_t mask;
    uint64_t value[256];           /* of a byte */
    uint64_t out_window, out_gram; /* factors of the unit that leaves */
} exact_scan;

/* What a worker writes to. */
typedef struct exact_scratch {
    uint8_t *text;    /* piece + L units */
    uint64_t *grams;  /* as many */
    uint64_t *window; /* piece */
    uint64_t *anchor; /* piece: hash of the window's anchor */
    uint32_t *place;  /* piece: where it stands, from the stretch's beginning */
} exact_scratch;

void exact_scan_init(exact_scan *s, size_t length, int width, uint64_t mask);
eid_status exact_scratch_new(exact_scratch *s, const exact_scan *scan, size_t piece);
void exact_scratch_free(exact_scratch *s);
/* anchor[i] and place[i] of the n windows that begin at units 0 .. n - 1 of `text`, which has
 * n + L - 1. */
void exact_anchors(const exact_scan *s, const uint8_t *text, size_t n, exact_scratch *to);
void exact_windows(const exact_scan *s, const uint8_t *text, size_t n, exact_scratch *to);
#endif
