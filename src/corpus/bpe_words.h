/* bpe_words.h - distinct byte strings with a count each, numbered in the order of their arrival. */
#ifndef EID_SRC_BPE_WORDS_H
#define EID_SRC_BPE_WORDS_H
#include "base/memory.h"

typedef struct eid_word {
    uint64_t hash;
    size_t at, n; /* in `text` */
    int64_t count;
} eid_word;

typedef struct eid_words {
    eid_word *word;
    size_t n, cap;
    eid_buf text;
    uint32_t *place; /* a hash table of numbers + 1, at most half full */
    size_t places;
} eid_words;

/* Adds `count` to a word's, new or not; its number goes to *number unless that is NULL. */
eid_status eid_words_add(eid_words *w, const uint8_t *bytes, size_t n, int64_t count,
                         size_t *number);
/* SIZE_MAX: not there. */
size_t eid_words_find(const eid_words *w, const uint8_t *bytes, size_t n);
void eid_words_free(eid_words *w); /* a zeroed one is fine */

static inline const uint8_t *eid_words_bytes(const eid_words *w, size_t number)
{
    return w->text.at + w->word[number].at;
}
#endif
