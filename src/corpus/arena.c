/* arena.c - see arena.h. */
#include "corpus/arena.h"
#include <string.h>

/* Blocks start small, so that a corpus of ten lines stays small, and double. */
enum { FIRST_BLOCK = 1 << 14, LARGEST_BLOCK = 1 << 25 };

static size_t block_size(const eid_arena *a, size_t need)
{
    size_t size = a->blocks ? 2 * a->block[a->blocks - 1].cap : FIRST_BLOCK;
    size_t left = a->limit ? a->limit - a->total : SIZE_MAX;
    if (size > LARGEST_BLOCK)
        size = LARGEST_BLOCK;
    if (size < need)
        size = need + (a->open && need < left / 2 ? need / 2 : 0); /* what grows moves rarely */
    return size < left ? size : left;
}

eid_status eid_arena_room(eid_arena *a, size_t n, uint8_t **at)
{
    eid_arena_block *last = a->blocks ? &a->block[a->blocks - 1] : NULL;
    eid_arena_block fresh = {0};
    eid_status st;

    if (last && last->cap - last->used >= n) {
        *at = last->at + last->used;
        return EID_OK;
    }
    if (n > SIZE_MAX / 4 - a->open ||
        (a->limit && (a->total > a->limit || a->open + n > a->limit - a->total)))
        return eid_fail(EID_ENOMEM, "%zu bytes more do not fit into memory", n);
    st = EID_GROW(a->block, &a->block_cap, a->blocks + 1);
    if (st != EID_OK)
        return st;
    last = a->blocks ? &a->block[a->blocks - 1] : NULL; /* the table may have moved */
    fresh.cap = block_size(a, a->open + n);
    st = EID_NEW(fresh.at, fresh.cap);
    if (st != EID_OK)
        return st;
    if (a->open) {
        last->used -= a->open;
        memcpy(fresh.at, last->at + last->used, a->open);
        fresh.used = a->open;
        if (!last->used) { /* it held this piece alone */
            eid_free(last->at);
            a->total -= last->cap;
            a->blocks--;
        }
    }
    a->total += fresh.cap;
    a->block[a->blocks++] = fresh;
    *at = fresh.at + fresh.used;
    return EID_OK;
}

void eid_arena_wrote(eid_arena *a, size_t n)
{
    if (n)
        a->block[a->blocks - 1].used += n;
    a->open += n;
}

uint8_t *eid_arena_close(eid_arena *a, size_t keep)
{
    static uint8_t nothing[1];
    eid_arena_block *last;
    uint8_t *at;

    if (!a->blocks)
        return nothing;
    last = &a->block[a->blocks - 1];
    at = last->at + last->used - a->open;
    last->used -= a->open - keep;
    a->open = 0;
    return at;
}

eid_status eid_arena_copy(eid_arena *a, const void *bytes, size_t n, uint8_t **out)
{
    uint8_t *at = NULL;
    eid_status st = eid_arena_room(a, n, &at);
    if (st != EID_OK)
        return st;
    if (n)
        memcpy(at, bytes, n);
    eid_arena_wrote(a, n);
    *out = eid_arena_close(a, n);
    return EID_OK;
}

eid_arena_mark eid_arena_mark_now(const eid_arena *a)
{
    size_t used = a->blocks ? a->block[a->blocks - 1].used - a->open : 0;
    return (eid_arena_mark){a->blocks, used};
}

void eid_arena_back(eid_arena *a, eid_arena_mark m)
{
    while (a->blocks > m.blocks) {
        a->blocks--;
        a->total -= a->block[a->blocks].cap;
        eid_free(a->block[a->blocks].at);
    }
    if (a->blocks)
        a->block[a->blocks - 1].used = m.used;
    a->open = 0;
}

void eid_arena_free(eid_arena *a)
{
    eid_arena_back(a, (eid_arena_mark){0, 0});
    eid_free(a->block);
    *a = (eid_arena){0};
}
