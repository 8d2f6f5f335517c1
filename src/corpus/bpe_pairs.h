/* bpe_pairs.h - a table from pairs of ids to a number. */
#ifndef EID_SRC_BPE_PAIRS_H
#define EID_SRC_BPE_PAIRS_H
#include "base/memory.h"

/* Open addressing, at most half full.  key 0 is an empty place: keys are one more than the pair. */
typedef struct eid_pairs {
    uint64_t *key;
    int32_t *value;
    size_t cap, n; /* cap: 0 or a power of two */
} eid_pairs;

static inline uint64_t eid_pair_key(int32_t left, int32_t right)
{
    return ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) + 1;
}

/* Where `key` stands, or where it would. */
static inline size_t eid_pairs_place(const eid_pairs *p, uint64_t key)
{
    uint64_t h = key * 0x9E3779B97F4A7C15u;
    size_t i = (size_t)(h ^ h >> 32) & (p->cap - 1);

    while (p->key[i] && p->key[i] != key)
        i = (i + 1) & (p->cap - 1);
    return i;
}

/* -1: not there. */
static inline int32_t eid_pairs_find(const eid_pairs *p, int32_t left, int32_t right)
{
    uint64_t key = eid_pair_key(left, right);
    size_t i;

    if (!p->cap)
        return -1;
    i = eid_pairs_place(p, key);
    return p->key[i] ? p->value[i] : -1;
}

/* The pair must not be there yet; value >= 0. */
eid_status eid_pairs_add(eid_pairs *p, int32_t left, int32_t right, int32_t value);
void eid_pairs_free(eid_pairs *p);
#endif
