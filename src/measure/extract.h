/* extract.h - the parts of discoverable extraction: which strings are asked for, asking, summing
 * up. */
#ifndef EID_SRC_MEASURE_EXTRACT_H
#define EID_SRC_MEASURE_EXTRACT_H
#include "base/memory.h"
#include "eidetic/measure.h"

enum { /* random streams of opts.seed, one per use */
       EID_STREAM_UNIFORM = 0x6501,
       EID_STREAM_HELDOUT,
       EID_STREAM_NATURAL
};

typedef enum eid_series { EID_NATURAL = 0, EID_PLANTED, EID_RANDOM, EID_HELDOUT } eid_series;

/* A string of prompt + match tokens, and what the model made of it. */
typedef struct eid_cut {
    const int32_t *tok;        /* borrowed */
    int64_t before;            /* tokens of the same document that stand before tok */
    int64_t document, offset;  /* first place in the index, -1: not there */
    int64_t copies, documents; /* in the index */
    int64_t cluster;           /* text it was cut from, for the bootstrap */
    int64_t canary, planted;   /* ledger id and copies; -1 and 0: natural */
    eid_series series;
    bool novel;            /* held-out: the continuation is not in training either */
    const int32_t *output; /* match tokens, greedily */
    int64_t matched;
    bool hit;      /* all of them right, and the index finds the string */
    double log_pz; /* NaN: the probe cannot score */
} eid_cut;

typedef struct eid_cuts {
    eid_cut *at;
    size_t n, cap;
    int32_t *output; /* n * match, once asked */
    int32_t **owned; /* token arrays that tok points into, where they are no one else's */
    size_t n_owned, cap_owned;
} eid_cuts;
void eid_cuts_free(eid_cuts *w);

/* Everything that sampling and asking share. */
typedef struct eid_extraction {
    eid_ctx *ctx;
    eid_lm *lm;
    const eid_extract_in *in;
    const eid_extract_opts *opts;
    int64_t length;      /* prompt + match */
    uint8_t *skip;       /* per training document: planted, so not natural text */
    int64_t *byte_start; /* docs + 1: bytes of the index before each document */
} eid_extraction;

/* ---- text of tokens (extract_text.c) ------------------------------------------------------------
 */

/* The bytes of tok[0..n), written over b.  A model may have more tokens than its tokenizer: one
 * that means nothing is written as U+FFFD. */
eid_status eid_text_of(const eid_bpe *bpe, const int32_t *tok, size_t n, eid_buf *b);
/* Fills copies, documents, document, offset, cluster of every window from the index, in parallel.
 * `cluster` is set to the first document only where it was -1. */
eid_status eid_cuts_locate(eid_extraction *x, eid_cuts *w);

/* Places already taken, in steps of `grain`; a claim that touches one is refused. */
typedef struct eid_claims {
    uint64_t *bit;
    int64_t grain;
} eid_claims;
eid_status eid_claims_new(eid_claims *c, int64_t size, int64_t grain);
bool eid_claim(eid_claims *c, int64_t begin, int64_t end);

/* Start positions of windows of `length` tokens, all equally likely, none across documents. */
typedef struct eid_positions {
    const eid_tokens *tokens;
    int64_t *first; /* docs + 1: windows before each document */
    int64_t total;
} eid_positions;
eid_status eid_positions_new(eid_positions *p, const eid_tokens *t, int64_t length,
                             const uint8_t *skip);
/* Window u of `total`: its position among all tokens, and its document. */
int64_t eid_position(const eid_positions *p, int64_t u, int64_t *doc);

/* ---- which strings (extract_sample.c, extract_natural.c, extract_planted.c) ---------------------
 */

eid_status eid_sample_uniform(eid_extraction *x, eid_cuts *w);
eid_status eid_sample_heldout(eid_extraction *x, eid_cuts *w);
/* By copies, and the merged buckets that they fill; windows beyond per_bucket are left out. */
eid_status eid_sample_natural(eid_extraction *x, eid_cuts *w, eid_bucket **buckets,
                              size_t *n_buckets);
/* Marks planted documents in x->skip. */
eid_status eid_mark_planted(eid_extraction *x);
eid_status eid_sample_planted(eid_extraction *x, eid_cuts *w);

/* ---- asking (extract_ask.c)
 * ------------------------------------------------------------------------ */

eid_status eid_ask(eid_extraction *x, eid_cuts *w);
/* Whether each window's match tokens come back from the k tokens before them; k may reach `before`
 * further back than the window. */
eid_status eid_ask_prompt(eid_extraction *x, const eid_cut *const *w, size_t n, int64_t k,
                          double *hit);

/* ---- summing up (extract_sum.c, extract_strings.c)
 * ------------------------------------------------ */

/* Mean of v over windows, resampled by the text they were cut from. */
eid_status eid_mean_of(eid_extraction *x, const eid_cut *const *w, const double *v, size_t n,
                       eid_estimate *e);
eid_status eid_sum_planted(eid_extraction *x, const eid_cuts *w, eid_extract_result *r);
eid_status eid_sum_natural(eid_extraction *x, const eid_cuts *w, const eid_bucket *b, size_t n,
                           eid_extract_result *r);
eid_status eid_sum_uniform(eid_extraction *x, const eid_cuts *w, eid_extract_result *r);
eid_status eid_sum_heldout(eid_extraction *x, const eid_cuts *w, eid_extract_result *r);
eid_status eid_sum_prompts(eid_extraction *x, const eid_cuts *planted, const eid_cuts *natural,
                           eid_extract_result *r);
/* Picks the findings; *tok receives the block that holds their tokens. */
eid_status eid_pick_strings(eid_extraction *x, const eid_cuts *const *sets, size_t n_sets,
                            eid_extract_result *r, int32_t **tok);
#endif
