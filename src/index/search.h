/* search.h - where in the suffix array a string's places stand. */
#ifndef EID_INDEX_SEARCH_H
#define EID_INDEX_SEARCH_H
#include "index/manifest.h"

/* Entries lo..hi-1 of the suffix array are the places of one string. */
typedef struct index_range {
    int64_t lo, hi;
} index_range;

index_range index_find(const index_shard *ix, const uint8_t *pat, size_t n); /* n >= 1 */
/* How many of the first bytes of pat stand together in the shard; n >= 1. */
size_t index_reach(const index_shard *ix, const uint8_t *pat, size_t n);
#endif
