/* secrets.h - canaries that we make up: secrets in templates, and strings of random tokens. */
#ifndef EID_SRC_SECRETS_H
#define EID_SRC_SECRETS_H
#include "base/ctx.h"
#include "corpus/arena.h"
#include "eidetic/plant.h"

/* Appends n secrets to `out` (room for n; texts in `arena`), none of which stands in `train`:
 * digits uniform among those of their template not used yet, templates in turn. */
eid_status eid_make_secrets(eid_canary *out, size_t n, eid_arena *arena, eid_ctx *ctx,
                            const eid_corpus *train, const eid_plant_opts *opts);
/* n strings of `tokens` tokens each when encoded again: tokens uniform among those that are whole
 * characters, cut where the re-encoded text has enough. */
eid_status eid_make_random(eid_canary *out, size_t n, eid_arena *arena, eid_ctx *ctx,
                           const eid_corpus *train, const eid_bpe *bpe, const eid_plant_opts *opts);
/* *end: where the first `tokens` tokens of a text end, if they end between characters and encode to
 * as many tokens again when they stand alone; else 0. */
eid_status eid_first_tokens(const eid_bpe *bpe, const uint8_t *text, size_t n, size_t tokens,
                            size_t *end);
/* flags[i] (pieces.h) of string i: which stand in `c`.  Windows as long as the shortest string, at
 * most `window` bytes; `all`: pieces count, too. */
eid_status eid_find_strings(eid_ctx *ctx, const eid_corpus *c, const eid_canary *s, size_t n,
                            size_t window, bool all, uint8_t *flags);
#endif
