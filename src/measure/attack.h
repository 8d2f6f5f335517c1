/* attack.h - what the attacks of a bank share: phi of every model, and its moments by example. */
#ifndef EID_SRC_MEASURE_ATTACK_H
#define EID_SRC_MEASURE_ATTACK_H
#include "base/ctx.h"
#include "base/memory.h"
#include "eidetic/attack.h"

/* Of one example (and query), without (0) and with it (1). */
typedef struct attack_side {
    double n[2], sum[2], squares[2], p[2]; /* of phi; p: sum of probabilities */
} attack_side;

typedef struct attack_view {
    eid_ctx *ctx;
    const eid_bank *bank;
    const eid_attack_opts *o;
    const uint8_t *masks; /* the bank's, or dealt out anew */
    const float *phi, *test_phi;
    float *own[2];      /* phi made of logits */
    attack_side *side;  /* queries x n */
    double *test_p;     /* test examples: sum of p over models */
    double variance[2]; /* of phi around each example's mean, pooled */
    float *rank;        /* models x n; NULL: does not fit into memory */
    bool fixed;
} attack_view;

eid_status attack_view_new(attack_view *v, eid_ctx *ctx, const eid_bank *b,
                           const eid_dataset *train, const eid_dataset *test,
                           const eid_attack_opts *o);
/* Moments and ranks, by the memberships of `masks`. */
eid_status attack_view_read(attack_view *v, const uint8_t *masks, bool ranks);
void attack_view_free(attack_view *v);

static inline bool attack_in(const attack_view *v, int64_t k, int64_t i)
{
    return eid_bank_bit(v->masks, v->bank->train.row, k, i);
}
static inline double attack_p(double phi)
{
    return phi >= 0 ? 1 / (1 + __builtin_exp(-phi)) : __builtin_exp(phi) / (1 + __builtin_exp(phi));
}

/* Scores of target k about all examples; NaN: cannot be told.  z: scratch of doubles, as many as
 * there are points. */
void attack_scores(const attack_view *v, eid_bank_attack a, int64_t k, double *score, double *z);
int64_t attack_points(const attack_view *v);
#endif
