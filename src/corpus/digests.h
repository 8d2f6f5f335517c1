/* digests.h - which documents came before, told by 128 bits of their SHA-256, not by their bytes.
 *
 * For documents that are not kept.  Two different ones with equal digests would take some 2^64
 * documents, made for the purpose or not. */
#ifndef EID_SRC_DIGESTS_H
#define EID_SRC_DIGESTS_H
#include "base/memory.h"

typedef struct eid_digests {
    uint64_t (*slot)[2]; /* both 0: empty; a power of two of them, at most two thirds in use */
    size_t slots, n;
} eid_digests;

/* *known: whether the same bytes were added before. */
eid_status eid_digests_add(eid_digests *s, const uint8_t *bytes, size_t n, bool *known);
/* Memory in use, with the room to grow that the next step may take. */
size_t eid_digests_bytes(const eid_digests *s);
void eid_digests_free(eid_digests *s);
#endif
