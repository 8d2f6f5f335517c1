/* strings.h - what all strings that may be planted have to pass: they have their tokens, and do not
 * stand in the training text. */
#ifndef EID_SRC_STRINGS_H
#define EID_SRC_STRINGS_H
#include "base/ctx.h"
#include "eidetic/plant.h"

/* *end: where the first `tokens` tokens of a text end, if they end between characters and encode to
 * as many tokens again when they stand alone; else 0. */
eid_status eid_first_tokens(const eid_bpe *bpe, const uint8_t *text, size_t n, size_t tokens,
                            size_t *end);
/* flags[i] (pieces.h) of string i: which stand in `c`.  Windows as long as the shortest string, at
 * most `window` bytes; `all`: pieces count, too. */
eid_status eid_find_strings(eid_ctx *ctx, const eid_corpus *c, const eid_canary *s, size_t n,
                            size_t window, bool all, uint8_t *flags);
#endif
