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
 * are the first place of prompt and continuation, -1 where the index does not find them; `copies`
 * and `documents` count that text. */
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

/* Strings of 8 copies and more; the tokens to match stay the same while the prompt grows backwards.
 */
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
    eid_estimate uniform; /* of the training set without planted documents: "at least x%" */
    eid_estimate heldout; /* the same question on text that is not in training */
    eid_estimate
        heldout_novel;    /* of those, sequences whose continuation isn't in training either */
    eid_estimate matched; /* mean share of leading tokens that come back, uniform sequences */
    int64_t *
        matches; /* [m], m = 0..match: uniform sequences whose first m tokens, no more, came back */
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

/* ---- exposure (Carlini et al. 2019) ---------------------------------------------------------- */

/* Exposure of a secret, in bits: log2 |R| - log2 rank, where R is the secret and its rivals, all
 * strings of the same template that were never planted, and rank = #{r in R: Px(r) <= Px(secret)},
 * so that ties speak against it.  Px = -log p of the whole string, from the model's start token (or
 * the tokenizer's end token) on.  Other planted secrets are no rivals: a model that knows two of
 * them exposes both.  A secret that was never planted has rank uniform on 1..|R|: P(exposure > e) =
 * 2^-e, mean 1.44 bits. */
typedef enum eid_exposure_method {
    EID_EXPOSURE_AUTO =
        0, /* exact where the space has at most `exact` members, else sampled; a secret
              likelier than all rivals drawn is then extrapolated, if the fit holds */
    EID_EXPOSURE_EXACT,
    EID_EXPOSURE_SAMPLED,    /* against `rivals` members drawn without replacement */
    EID_EXPOSURE_SKEW_NORMAL /* -log2 F(Px), F fitted to the rivals' Px */
} eid_exposure_method;

typedef struct eid_exposure_opts {
    int64_t method;    /* eid_exposure_method */
    int64_t exact;     /* largest space that is ranked as a whole */
    int64_t rivals;    /* drawn otherwise */
    int64_t resamples; /* of the bootstrap */
    int64_t seed;
} eid_exposure_opts;
EID_API eid_exposure_opts eid_exposure_opts_default(void);
EID_API extern const eid_opt eid_exposure_opt_table[];

typedef struct eid_exposed {
    int64_t canary, copies; /* ledger id, copies */
    int64_t rank;           /* 1: likeliest of those ranked; -1: not ranked */
    double bits;            /* at most log2 of the space */
    double nats;            /* Px */
    eid_exposure_method method;
} eid_exposed;

typedef struct eid_exposure_row {
    int64_t copies, canaries;
    eid_estimate bits;
} eid_exposure_row;

typedef struct eid_exposure_result {
    eid_exposure_opts opts;
    double space_bits;      /* log2 of the largest template's space */
    eid_estimate null;      /* mean over secrets never planted: 1.44 bits if nothing leaks */
    eid_exposure_row *rows; /* by copies, ascending, 0 left out */
    size_t n_rows;
    eid_exposed *canaries; /* in the ledger's order, those never planted too */
    size_t n_canaries;
    eid_skew_normal
        fit; /* of the rivals' Px, for the first template; NaN where none could be made */
} eid_exposure_result;
/* EID_EINVAL: no secret in the ledger, a template without exactly one "{}", a secret that is not 1
 * to 18 digits or not as long as its template's others, a tokenizer that is not the model's. */
EID_API EID_CHECKED eid_status eid_exposure(eid_exposure_result **out, eid_ctx *ctx, eid_lm *lm,
                                            const eid_bpe *bpe, const eid_ledger *ledger,
                                            const eid_exposure_opts *opts);
EID_API void eid_exposure_result_free(eid_exposure_result *r);
EID_API EID_CHECKED eid_status eid_exposure_json(const eid_exposure_result *r, char **json);

/* ---- membership inference -------------------------------------------------------------------- */

/* Can one tell from the model which texts it was trained on?  Samples are windows of `tokens`
 * tokens, not overlapping, cut from members (training documents) and non-members (held-out ones);
 * attacks give each a score, higher: member.  Over the n = tokens - 1 scored tokens of a window:
 *     loss       mean log p
 *     zlib       mean log p / bytes of the text compressed by zlib
 *     min_k      mean of the lowest min_k per cent of the log p, at least one
 *     min_k++    the same of z = (log p - mean) / sd, mean and variance of log p under the model's
 * own distribution at that place, variance at least 1e-6 (left out where the model does not show
 * its distribution) lowercase  mean log p less that of the text in lower case
 *
 * With an index of the training text only windows are compared that stand in no other document of
 * either side: a rule that does not know the sides, so that it cannot tell them apart.  (Leaving
 * copies of training text out of the non-members alone would make boilerplate a mark of
 * membership.)  Members that stand in several training documents are `repeated`: they are told of
 * by copies only. */
typedef struct eid_membership_opts {
    int64_t tokens;       /* length of a sample */
    int64_t samples;      /* of members, and of non-members, at most; of repeated ones, half */
    int64_t min_k;        /* per cent, for Min-K% and Min-K%++ */
    int64_t per_document; /* windows of one document, at most */
    int64_t resamples;    /* of the bootstraps */
    int64_t seed;
} eid_membership_opts;
EID_API eid_membership_opts eid_membership_opts_default(void);
EID_API extern const eid_opt eid_membership_opt_table[];

typedef struct eid_attack {
    const char *name;    /* "loss", "zlib", "min_k", "min_k++", "lowercase": static */
    eid_estimate auc;    /* bootstrap by document */
    eid_estimate tpr[2]; /* at 1% and at 0.1%, Clopper-Pearson with the effective n by document */
    double *score;       /* members, non-members, repeated members; higher: member */
    double *fpr, *rate;  /* the ROC curve of members against non-members */
    size_t points;
} eid_attack;

/* Members with copies in [low, high) against all non-members.  Copies come with the kind of text:
 * the row's own blind baseline says how far the two differ without any model. */
typedef struct eid_membership_row {
    int64_t low, high, members;
    eid_estimate blind;
    eid_estimate *auc; /* by attack */
} eid_membership_row;

typedef struct eid_membership_sample {
    int64_t document, offset; /* in member or nonmember; in tokens */
    int64_t copies;           /* occurrences in the index; -1: no index */
} eid_membership_sample;

typedef struct eid_membership_result {
    eid_membership_opts opts;
    int64_t members, nonmembers, repeated, tokens;
    eid_estimate blind; /* AUC of a naive Bayes classifier on bags of tokens that sees no model,
                           cross-validated by document */
    bool alarm;         /* blind's interval lies above 0.5: the two sets differ without any model */
    eid_attack *attacks;
    size_t n_attacks;
    eid_membership_sample *samples; /* members, non-members, repeated members */
    eid_membership_row *by_copies;  /* NULL without an index */
    size_t n_rows;
} eid_membership_result;
/* `member` and `nonmember` are documents' tokens, `index` (NULL: none) is over the training text,
 * bytes of `member` included.  Too few samples on a side make estimates unresolved, not an error.
 * EID_EINVAL: windows longer than the context, tokens beyond the vocabulary, a member window that
 * does not stand in the index. */
EID_API EID_CHECKED eid_status eid_membership(eid_membership_result **out, eid_ctx *ctx, eid_lm *lm,
                                              const eid_bpe *bpe, const eid_tokens *member,
                                              const eid_tokens *nonmember, const eid_index *index,
                                              const eid_membership_opts *opts);
EID_API void eid_membership_result_free(eid_membership_result *r);
EID_API EID_CHECKED eid_status eid_membership_json(const eid_membership_result *r, char **json);

/* ---- personal data --------------------------------------------------------------------------- */

/* Detects personal data in the training text, gives the model the tokens before each distinct one,
 * and looks for it in the greedy continuation.  What already stands in the prompt is not asked for:
 * copying is no memory. */
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
    eid_estimate share;      /* of those asked for, the emitted */
    eid_estimate chance; /* share of held-out ones, not in training, that came out the same way */
} eid_personal_row;

/* One that came out.  `document` and `offset` are its first place in the index, `name` that
 * document's; strings are owned by the result. */
typedef struct eid_emitted {
    const char *kind;
    uint8_t *text, *prompt, *output; /* it, the text given, the text that came out */
    size_t size, prompt_n, output_n;
    int32_t *prompt_ids, *output_ids; /* the same as tokens */
    size_t prompt_ids_n, output_ids_n;
    char *name;
    int64_t document, offset;
    int64_t copies, documents;
} eid_emitted;

typedef struct eid_personal_result {
    eid_personal_opts opts;
    eid_personal_row *rows;
    size_t n_rows;
    eid_emitted *emitted; /* in one document first, then in order of kind and place */
    size_t n_emitted;
} eid_personal_result;

/* `index` is over the whole training text; `train` may leave documents out (planted ones).  heldout
 * and listed may be NULL. */
EID_API EID_CHECKED eid_status eid_personal(eid_personal_result **out, eid_ctx *ctx, eid_lm *lm,
                                            const eid_bpe *bpe, const eid_index *index,
                                            const eid_corpus *train, const eid_corpus *heldout,
                                            const eid_strings *listed,
                                            const eid_personal_opts *opts);
EID_API void eid_personal_result_free(eid_personal_result *r);
EID_API EID_CHECKED eid_status eid_personal_json(const eid_personal_result *r, bool reveal,
                                                 char **json);
#endif
