/* exposure.h - the spaces that secrets are drawn from, and places in them. */
#ifndef EID_SRC_EXPOSURE_H
#define EID_SRC_EXPOSURE_H
#include "base/ctx.h"
#include "eidetic/measure.h"

/* All strings `prefix DIGITS suffix`; member x has the digits of x, padded with zeros.  Views into
 * the template. */
typedef struct eid_space {
    const char *tmpl;
    size_t prefix; /* bytes before "{}"; the rest follows it */
    int digits;
    uint64_t size; /* 10^digits */
} eid_space;

/* `id`: of the canary, for the sentence when template or secret make no sense. */
eid_status eid_space_of(eid_space *space, int64_t id, const char *tmpl, const char *secret);
eid_status eid_space_member(const eid_space *space, int64_t id, const char *secret, uint64_t *x);

/* What is asked, and how: the model, its tokenizer, the token that strings start from (-1: none).
 */
typedef struct eid_space_probe {
    eid_ctx *ctx;
    eid_lm *lm;
    const eid_bpe *bpe;
    int32_t start;
    int64_t done, total; /* progress over all templates */
} eid_space_probe;
eid_status eid_space_probe_new(eid_space_probe *probe, eid_ctx *ctx, eid_lm *lm,
                               const eid_bpe *bpe);
/* Member x as tokens, from the start token on; freed by eid_ids_free. */
eid_status eid_space_tokens(const eid_space_probe *probe, const eid_space *space, uint64_t x,
                            int32_t **tok, size_t *n);
/* Px in nats of the members x[0..n). */
eid_status eid_space_score(eid_space_probe *probe, const eid_space *space, const uint64_t *x,
                           size_t n, double *nats);

/* At most *n members, distinct and in random order, none of which stands in taken[0..n_taken)
 * (sorted); *n says how many there were. */
void eid_space_draw(const eid_space *space, const uint64_t *taken, size_t n_taken, uint64_t seed,
                    uint64_t *x, size_t *n);
/* Whether x stands in sorted[0..n). */
bool eid_space_has(const uint64_t *sorted, size_t n, uint64_t x);

/* #{i: sorted[i] <= x}. */
size_t eid_count_up_to(const double *sorted, size_t n, double x);
#endif
