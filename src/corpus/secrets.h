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
#endif
