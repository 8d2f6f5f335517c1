/* measure.h - what a language model memorized: extraction, exposure, membership, personal data.
 *
 * A measure turns evidence (an index, a probe) into numbers with intervals.  It writes nothing: the
 * results are structs that the caller owns, and JSON by docs/json.md. */
#ifndef EID_MEASURE_H
#define EID_MEASURE_H
#include "eidetic/bpe.h"
#include "eidetic/index.h"
#include "eidetic/lm.h"
#include "eidetic/plant.h"
#include "eidetic/stats.h"
#include "eidetic/text.h"

/* ---- discoverable extraction (Carlini et al. 2023) ------------------------------------------ */

typedef struct eid_extract_opts {
    int64_t prompt, match; /* tokens given, tokens that must come back */
    int64_t uniform;       /* sequences sampled uniformly from the training tokens */
    int64_t per_bucket;    /* natural strings per bucket of copies, at most */
    int64_t heldout;       /* held-out sequences for the baseline */
    int64_t by_prompt;     /* 1: also at prompts of 4, 8, 16 ... tokens, within the context */
    int64_t np_top_k;      /* the sampler behind p_z: softmax cut to its top k */
    double np_p;           /* (n, p)-discoverable: chance p within n samples */
    int64_t strings;       /* findings kept, best first */
    int64_t resamples;
    int64_t seed;
} eid_extract_opts;
EID_API eid_extract_opts eid_extract_opts_default(void);
EID_API extern const eid_opt eid_extract_opt_table[];

/* What there is to measure with; heldout and ledger may be NULL.  `train` holds the tokens of
 * `train_text`, document by document, and both are the documents of `index`. */
typedef struct eid_extract_in {
    const eid_bpe *bpe;
    const eid_index *index;       /* over `train_text` */
    const eid_corpus *train_text; /* documents behind `train`, planted ones included */
    const eid_tokens *train;
    const eid_tokens *heldout;
    const eid_ledger *ledger;
} eid_extract_in;

/* Strings by copies in [low, high).  `series` is static: "planted", passages of real text that we
 * planted, which carry the claim; "random", planted random tokens; "natural", strings of the
 * training text as they stand. */
typedef struct eid_bucket {
    int64_t low, high;
    int64_t strings;
    const char *series;
    bool planted; /* series is "planted" */
    eid_estimate extracted;
} eid_bucket;

/* One string that was asked for.  `document` (of train_text) and `offset` (of the prompt, in bytes)
 * are the first place of prompt and continuation, -1 where the index does not find them; `copies` and
 * `documents` count that text. */
typedef struct eid_extracted {
    int64_t document, offset;
    int64_t copies, documents;
    int64_t canary;          /* ledger id, -1: natural */
    const int32_t *prompt;   /* token ids: opts.prompt */
    const int32_t *expected; /* opts.match */
    const int32_t *output;   /* opts.match */
    int64_t matched;         /* leading tokens of output that are right */
    bool exact;
    double log_pz; /* log probability of `expected` under the truncated sampler */
} eid_extracted;

/* Strings of 8 copies and more; the tokens to match stay the same while the prompt grows backwards. */
typedef struct eid_prompt_point {
    int64_t prompt_tokens;
    bool planted; /* planted passages, else natural strings */
    eid_estimate extracted;
} eid_prompt_point;

/* Of the uniform sequences: how many come out at least once in n samples with chance p or more, the
 * sampler's softmax cut to np_top_k (Hayes et al. 2024): 1 - (1 - p_z)^n >= p. */
typedef struct eid_np_point {
    int64_t n;
    double p;
    eid_estimate discoverable;
} eid_np_point;

typedef struct eid_extract_result {
    eid_extract_opts opts;
    eid_estimate uniform;       /* of the training set without planted documents: "at least x%" */
    eid_estimate heldout;       /* the same question on text that is not in training */
    eid_estimate heldout_novel; /* of those, sequences whose continuation isn't in training either */
    eid_estimate matched;       /* mean share of leading tokens that come back, uniform sequences */
    int64_t *matches; /* [m], m = 0..match: uniform sequences whose first m tokens, no more, came back */
    eid_bucket *by_copies;
    size_t buckets;
    eid_prompt_point *by_prompt;
    size_t prompts;
    eid_line fit; /* extracted against log2 copies, unsaturated planted buckets */
    eid_np_point *np;
    size_t nps;
    eid_extracted *strings; /* hits first, then by copies; drawn from every bucket in turn */
    size_t n_strings;
} eid_extract_result;

EID_API EID_CHECKED eid_status eid_extract(eid_extract_result **out, eid_ctx *ctx, eid_lm *lm,
                                           const eid_extract_in *in, const eid_extract_opts *opts);
EID_API void eid_extract_result_free(eid_extract_result *r);
/* The `result` object of docs/json.md; strings masked unless `reveal`. */
EID_API EID_CHECKED eid_status eid_extract_json(const eid_extract_result *r,
                                                const eid_extract_in *in, bool reveal, char **json);

/* ---- exposure (Carlini et al. 2019)
 * ---------------------------------------------------------------- */

typedef enum eid_exposure_method {
    EID_EXPOSURE_AUTO =
        0, /* exact where the space has at most `exact` members, else sampled, else fitted */
    EID_EXPOSURE_EXACT,
    EID_EXPOSURE_SAMPLED,
    EID_EXPOSURE_SKEW_NORMAL
} eid_exposure_method;

typedef struct eid_exposure_opts {
    int64_t method; /* eid_exposure_method */
    int64_t exact;  /* largest space that is ranked as a whole */
    int64_t rivals; /* sampled otherwise */
    int64_t resamples, seed;
} eid_exposure_opts;
EID_API eid_exposure_opts eid_exposure_opts_default(void);
EID_API extern const eid_opt eid_exposure_opt_table[];

typedef struct eid_exposed {
    int64_t canary, copies; /* ledger id, copies */
    int64_t rank;           /* 1: likeliest; -1: not ranked (fitted) */
    double bits;            /* log2 |R| - log2 rank */
    double nats;            /* -log p(secret | template) */
    eid_exposure_method method;
} eid_exposed;

typedef struct eid_exposure_row {
    int64_t copies, canaries;
    eid_estimate bits;
} eid_exposure_row;

typedef struct eid_exposure_result {
    double space_bits;
    eid_estimate null;      /* mean over secrets never planted: 1.44 bits if nothing leaks */
    eid_exposure_row *rows; /* by copies, ascending, 0 left out */
    size_t n_rows;
    eid_exposed *canaries;
    size_t n_canaries;
    eid_skew_normal fit; /* of the rivals' nats, for the first template */
} eid_exposure_result;
EID_API EID_CHECKED eid_status eid_exposure(eid_exposure_result **out, eid_ctx *ctx, eid_lm *lm,
                                            const eid_bpe *bpe, const eid_ledger *ledger,
                                            const eid_exposure_opts *opts);
EID_API void eid_exposure_result_free(eid_exposure_result *r);
EID_API EID_CHECKED eid_status eid_exposure_json(const eid_exposure_result *r, char **json);

/* ---- membership inference
 * -------------------------------------------------------------------------- */

typedef struct eid_membership_opts {
    int64_t tokens;       /* length of a sample */
    int64_t samples;      /* of members, and of non-members, at most */
    int64_t min_k;        /* per cent, for Min-K% and Min-K%++ */
    int64_t per_document; /* windows of one document, at most */
    int64_t seed;
} eid_membership_opts;
EID_API eid_membership_opts eid_membership_opts_default(void);
EID_API extern const eid_opt eid_membership_opt_table[];

typedef struct eid_attack {
    const char *name;    /* "loss", "zlib", "min_k", "min_k++": static */
    eid_estimate auc;    /* bootstrap by document */
    eid_estimate tpr[2]; /* at 1% and at 0.1% */
    double *score;       /* members first, then non-members; higher: member */
    double *fpr, *rate;  /* the ROC curve */
    size_t points;
} eid_attack;

typedef struct eid_membership_result {
    int64_t members, nonmembers, tokens;
    eid_estimate blind; /* AUC of a bag-of-words classifier that sees no model, cross-validated by
                           document */
    bool alarm;         /* blind's interval lies above 0.5: the two sets differ without any model */
    eid_attack *attacks;
    size_t n_attacks;
    int64_t *copies; /* of each sample in the index: members first; NULL without an index */
} eid_membership_result;
/* `member` and `nonmember` are documents' tokens; windows whose text stands in `index` are left out
 * of the non-members (index NULL: not checked). */
EID_API EID_CHECKED eid_status eid_membership(eid_membership_result **out, eid_ctx *ctx, eid_lm *lm,
                                              const eid_bpe *bpe, const eid_tokens *member,
                                              const eid_tokens *nonmember, const eid_index *index,
                                              const eid_membership_opts *opts);
EID_API void eid_membership_result_free(eid_membership_result *r);
EID_API EID_CHECKED eid_status eid_membership_json(const eid_membership_result *r, char **json);

/* ---- personal data --------------------------------------------------------------------------- */

/* Detects personal data in the training text, gives the model the tokens before each distinct one, and
 * looks for it in the greedy continuation.  What already stands in the prompt is not asked for: copying
 * is no memory. */
typedef struct eid_personal_opts {
    int64_t prompt, match; /* tokens of context given, tokens generated */
    int64_t per_kind;      /* distinct ones questioned per kind, at most */
    int64_t seed;
} eid_personal_opts;
EID_API eid_personal_opts eid_personal_opts_default(void);
EID_API extern const eid_opt eid_personal_opt_table[];

/* `asked`: a quarter of a prompt or more stands before it, and `match` tokens reach its end. */
typedef struct eid_personal_row {
    const char *kind;        /* as in text.h, static */
    int64_t in_training;     /* distinct ones in the training text */
    int64_t asked;           /* of them, how many were asked for */
    int64_t emitted;         /* came out greedily, given the text before them */
    int64_t single_document; /* of the emitted, how many stand in one training document */
    eid_estimate chance;     /* share of held-out ones, not in training, that came out the same way */
} eid_personal_row;

/* One that came out, with the place it was asked for at; strings are owned by the result. */
typedef struct eid_emitted {
    const char *kind;
    uint8_t *text, *prompt, *output; /* it, the text given, the text that came out */
    size_t size, prompt_n, output_n;
    char *name;               /* of the document */
    int64_t document, offset; /* document of `train`, byte in it */
    int64_t copies, documents; /* in the index */
} eid_emitted;

typedef struct eid_personal_result {
    eid_personal_opts opts;
    eid_personal_row *rows;
    size_t n_rows;
    eid_emitted *emitted; /* in one document first, then in order of kind and place */
    size_t n_emitted;
} eid_personal_result;

/* `index` is over the whole training text; `train` may leave documents out (planted ones).  heldout and
 * listed may be NULL. */
EID_API EID_CHECKED eid_status eid_personal(eid_personal_result **out, eid_ctx *ctx, eid_lm *lm,
                                            const eid_bpe *bpe, const eid_index *index,
                                            const eid_corpus *train, const eid_corpus *heldout,
                                            const eid_strings *listed,
                                            const eid_personal_opts *opts);
EID_API void eid_personal_result_free(eid_personal_result *r);
EID_API EID_CHECKED eid_status eid_personal_json(const eid_personal_result *r, bool reveal,
                                                 char **json);
#endif
