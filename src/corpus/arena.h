/* arena.h - memory that only grows, in blocks that never move: pointers into it stay good.
 *
 * Pieces are written one at a time.  The open piece grows at its end and is moved to a larger block
 * when its own runs out; once closed it stays where it is.
 *     EID_TRY(eid_arena_room(&a, n, &at));   at least n bytes behind the open piece
 *     eid_arena_wrote(&a, n);                ... now belong to it
 *     bytes = eid_arena_close(&a, keep);     its first `keep` bytes are kept */
#ifndef EID_SRC_ARENA_H
#define EID_SRC_ARENA_H
#include "base/memory.h"

typedef struct eid_arena_block {
    uint8_t *at;
    size_t used, cap;
} eid_arena_block;

typedef struct eid_arena {
    eid_arena_block *block;
    size_t blocks, block_cap;
    size_t open;  /* bytes of the open piece: the last ones used in the last block */
    size_t total; /* bytes of all blocks */
    size_t limit; /* most that `total` may be; 0: as much as there is */
} eid_arena;

typedef struct eid_arena_mark {
    size_t blocks, used;
} eid_arena_mark;

/* EID_ENOMEM without a sentence of its own use when `limit` would be passed: the caller knows
 * better what was being read. */
eid_status eid_arena_room(eid_arena *a, size_t n, uint8_t **at);
void eid_arena_wrote(eid_arena *a, size_t n);
uint8_t *eid_arena_close(eid_arena *a, size_t keep);
/* A piece of its own; no piece may be open. */
eid_status eid_arena_copy(eid_arena *a, const void *bytes, size_t n, uint8_t **out);
/* Back to an earlier state; an open piece is dropped. */
eid_arena_mark eid_arena_mark_now(const eid_arena *a);
void eid_arena_back(eid_arena *a, eid_arena_mark m);
void eid_arena_free(eid_arena *a);
#endif
