/* later.h - strings that stand earlier in the text, too: what keep-first deduplication removes. */
#ifndef EID_INDEX_LATER_H
#define EID_INDEX_LATER_H
#include "index/manifest.h"

/* bits: eid_index_bytes / 64 + 1 words, zeroed.  Sets bit p for every byte p that lies in a string
 * of `length` bytes which stands earlier: in an earlier document, or before in the same one. */
eid_status index_later(const eid_index *ix, eid_ctx *ctx, size_t length, uint64_t *bits);
#endif
