/* passages.h - passages of real text that the training text does not hold. */
#ifndef EID_SRC_PASSAGES_H
#define EID_SRC_PASSAGES_H
#include "base/ctx.h"
#include "eidetic/plant.h"

/* At most `want` passages from random places of `donors`, in random order: *out, freed by eid_free,
 * with texts that point into `donors`.  Each
 *  - starts at the beginning of a line or a word, and encodes to exactly opts->tokens tokens;
 *  - overlaps no other, and shares no piece of 96 bytes with another;
 *  - does not stand in `train`.  Those of which not even a piece of 96 bytes stands there come
 * first; others only fill up. */
eid_status eid_find_passages(eid_canary **out, size_t *n, size_t want, eid_ctx *ctx,
                             const eid_corpus *train, const eid_corpus *donors, const eid_bpe *bpe,
                             const eid_plant_opts *opts);
#endif
