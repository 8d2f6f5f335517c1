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

/* Which coded places begin no byte of the text, and how many such lie before a place.  Nearly all
 * questions are settled by `block`, an eighth of the other table and small enough for the caches.
 * A block is 512 places; its entry, from the low bits: 10 bits, the first dropped place in it (512:
 * none); 1 bit, whether there are more; the rest, the dropped places before the block. */
typedef struct index_word {
    uint64_t dropped; /* bit i: coded place 64 w + i begins no byte */
    uint64_t before;  /* dropped places before 64 w */
} index_word;
typedef struct index_rank {
    index_word *word;
    uint64_t *block;
} index_rank;
enum { INDEX_BLOCK_SHIFT = 9, INDEX_BLOCK = 1 << INDEX_BLOCK_SHIFT, INDEX_BLOCK_MORE = 1 << 10 };

/* Room for a coded text of `size` places. */
eid_status index_rank_new(index_rank *rank, int64_t size);
void index_rank_free(index_rank *rank);
int64_t index_rank_bytes(int64_t size);

/* Codes the corpus into coded[0..code->size) and fills the rank. */
void index_encode(const index_code *code, const eid_corpus *c, uint8_t *coded, index_rank *rank);

/* The place in the text of a coded place, -1 when no byte begins there. */
static inline int64_t index_decode(const index_rank *rank, int64_t at)
{
    uint64_t block = rank->block[at >> INDEX_BLOCK_SHIFT];
    if (!(block & INDEX_BLOCK_MORE)) {
        int64_t first = (int64_t)(block & (INDEX_BLOCK_MORE - 1)), in = at & (INDEX_BLOCK - 1);
        int64_t text = at - (int64_t)(block >> 11) - (first < in);
        return first == in ? -1 : text;
    }
    const index_word *w = rank->word + (at >> 6);
    uint64_t bit = 1ull << (at & 63);
    if (w->dropped & bit)
        return -1;
    return at - (int64_t)w->before - __builtin_popcountll(w->dropped & (bit - 1));
}
#endif
