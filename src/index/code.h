/* code.h - documents as one string whose ordinary suffix order is ours.
 *
 * Suffix sorters order the suffixes of one string.  Ours end at document ends, and no byte is free
 * to mark them: a document may hold any.  So the text is coded, in order: the end of a document
 * becomes 0, and the bytes that occur become 1, 2, ... in their order.  When all 256 occur there is
 * one code too few; then the two neighbours b, b + 1 that occur least share the code b + 1,
 * followed by 1 or 2. No code is the beginning of another, and codes sort as what they stand for,
 * so the coded suffixes that begin at a document's byte sort exactly as the documents' suffixes do.
 * The others (ends, second halves) are dropped after sorting. */
#ifndef EID_INDEX_CODE_H
#define EID_INDEX_CODE_H
#include "base/memory.h"
#include "eidetic/corpus.h"

/* second[b] is 0 unless byte b takes two codes. */
typedef struct index_code {
    uint8_t first[256], second[256];
    int64_t size; /* of the coded text, ends included */
} index_code;

/* The code for a text of `docs` documents in which byte b stands freq[b] times. */
index_code index_code_for(const int64_t freq[256], int64_t docs);

/* Which coded places begin a byte of the text, and how many before them do not: 2 bits a byte. */
typedef struct index_rank {
    uint64_t dropped; /* bit i: coded place 64 w + i begins no byte */
    uint64_t before;  /* dropped places before 64 w */
} index_rank;

/* Codes the corpus into coded[0..code->size) and fills rank[0..size / 64 + 1). */
void index_encode(const index_code *code, const eid_corpus *c, uint8_t *coded, index_rank *rank);

/* The place in the text of a coded place, -1 when no byte begins there. */
static inline int64_t index_decode(const index_rank *rank, int64_t at)
{
    const index_rank *r = rank + (at >> 6);
    if (!r->dropped) /* nearly always, and popcount is slow without its instruction */
        return at - (int64_t)r->before;
    uint64_t bit = 1ull << (at & 63);
    if (r->dropped & bit)
        return -1;
    return at - (int64_t)r->before - __builtin_popcountll(r->dropped & (bit - 1));
}
#endif
