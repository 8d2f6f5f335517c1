/* bpe_split.h - GPT-2's pre-tokens: a text is cut into pieces that no merge ever crosses.
 *
 *     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 *
 * \s is Unicode's White_Space, \p{L} and \p{N} are those of Unicode 16 at least: what the
 * `tokenizers` package 0.23 uses.  The pattern is defined on UTF-8; so a text is cut into stretches
 * of well-formed UTF-8, each split as if it were the whole text, and every byte outside them is a
 * pre-token. */
#ifndef EID_SRC_BPE_SPLIT_H
#define EID_SRC_BPE_SPLIT_H
#include "base/status.h"

typedef struct eid_splitter eid_splitter; /* the compiled pattern; threads may share it */

/* Not `by_pattern`: a stretch of UTF-8 is one pre-token. */
eid_status eid_splitter_new(eid_splitter **out, bool by_pattern);
void eid_splitter_free(eid_splitter *s);

/* One thread's walk along texts:
 *     EID_TRY(eid_split_open(&s, splitter));
 *     eid_split_text(&s, text, n);
 *     for (;;) { EID_TRY(eid_split_next(&s, &token, &size)); if (!size) break; ... }
 *     eid_split_close(&s);                             a zeroed one is fine */
typedef struct eid_split {
    const eid_splitter *how;
    void *match;                           /* PCRE2's match data */
    const uint8_t *at, *stretch_end, *end; /* of the text that is being split */
} eid_split;
eid_status eid_split_open(eid_split *s, const eid_splitter *how);
void eid_split_close(eid_split *s);
void eid_split_text(eid_split *s, const uint8_t *text, size_t n);          /* borrows the text */
eid_status eid_split_next(eid_split *s, const uint8_t **token, size_t *n); /* n = 0: the end */

/* The twin of eid_split_next: PCRE2 alone, no short cut for ASCII. */
eid_status eid_split_next_ref(eid_split *s, const uint8_t **token, size_t *n);
#endif
