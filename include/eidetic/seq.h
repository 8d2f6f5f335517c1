/* seq.h - token sequences in, scores and continuations out: what a model is asked. */
#ifndef EID_SEQ_H
#define EID_SEQ_H
#include "eidetic/base.h"

/* tok[0..n): tokens from..n-1 are scored, each given all before it.  1 <= from <= n. */
typedef struct eid_seq {
    const int32_t *tok;
    int32_t n, from;
} eid_seq;

/* softmax(z / temperature), cut to the top_k largest (0: all), then to the smallest set of mass
 * top_p (1: all), renormalised.  temperature 0: greedy, ties to the lowest id. */
typedef struct eid_sampler {
    double temperature, top_p;
    int64_t top_k, seed;
} eid_sampler;
EID_API eid_sampler eid_sampler_greedy(void);

enum {                       /* what to write per scored token */
       EID_WANT_LOGP = 1,    /* log p(token), nats */
       EID_WANT_ARGMAX = 2,  /* most probable token */
       EID_WANT_RANK = 4,    /* tokens strictly likelier than this one */
       EID_WANT_MEAN = 8,    /* sum_v p(v) log p(v) */
       EID_WANT_VAR = 16,    /* sum_v p(v) log^2 p(v) - mean^2 */
       EID_WANT_SAMPLER = 32 /* log probability under `sampler`; -inf when cut off */
};

/* Arrays of `total` = sum of (n - from), sequence after sequence; only wanted ones are not NULL. */
typedef struct eid_scores {
    int64_t total;
    int64_t *start; /* sequences + 1: where each begins */
    float *logp, *mean, *var, *sampler;
    int32_t *argmax, *rank;
} eid_scores;
EID_API void eid_scores_free(eid_scores *s);
#endif
