/* near_words.h - words and shingles, hashed and exact. */
#ifndef EID_CONTROL_NEAR_WORDS_H
#define EID_CONTROL_NEAR_WORDS_H
#include "base/memory.h"

enum { NEAR_WORDS_MOST = 64 };

typedef struct near_hashes {
    uint64_t *at;
    size_t n, cap;
} near_hashes;

/* The hashes of all shingles in order, repeated ones repeated. */
eid_status near_shingles(const uint8_t *text, size_t n, int64_t words, near_hashes *out);
/* Ascending, each once. */
void near_set_of(near_hashes *h);
/* |A and B| of two such sets. */
size_t near_common(const uint64_t *a, size_t n, const uint64_t *b, size_t m);

typedef struct near_similar {
    double jaccard, edit; /* edit: -1 when it is below what was asked */
} near_similar;

/* Exactly, from the bytes.  E is computed down to `least_edit` only when J >= least; below it, -1.
 */
eid_status near_compare(const uint8_t *a, size_t n, const uint8_t *b, size_t m, int64_t words,
                        double least, double least_edit, near_similar *out);
#endif
