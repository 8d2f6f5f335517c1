/* memorization.h - what the models of a bank say about single examples: who is memorized, whom it
 * helps, who is right without having been seen (Feldman 2020; Feldman and Zhang 2020; Jiang et al.
 * 2021).
 *
 * Everything is a difference between models that had an example and models that had not, so it is
 * about the training at the bank's fraction f of the examples, not at all of them: with c more like
 * it, an example is memorized by (1 - f)^c of a lookup table's parts, and not at all by the whole.
 */
#ifndef EID_MEMORIZATION_H
#define EID_MEMORIZATION_H
#include "eidetic/bank.h"
#include "eidetic/stats.h"

/* Counts of models for every training example, and what follows from them.
 *     mem(i) = in_right / in - out_right / out        consistency(i) = out_right / out
 * Standard errors take each share with one right and one wrong model added (Agresti and Caffo
 * 2000), so that 30 models that agree are not taken for certainty; of t models at fraction 0.7 mem
 * has at most 1.09 / sqrt(t).  NaN where an example was in no model or in all (`unseen` counts
 * them). */
typedef struct eid_memorization {
    int64_t models, examples;
    int32_t *in, *in_right, *out, *out_right; /* each of `examples` */
    double *mem, *se;
    double *consistency, *consistency_se; /* NaN only where no model left the example out */
    int64_t unseen;
} eid_memorization;
/* `pick` names the models that count, n of them; NULL: all. */
EID_API EID_CHECKED eid_status eid_memorization_of(eid_memorization **out, eid_ctx *ctx,
                                                   const eid_bank *bank, const int64_t *pick,
                                                   int64_t n);
EID_API void eid_memorization_free(eid_memorization *m);

/* How well two halves of the models agree on a score: Pearson's correlation over the examples that
 * both can tell, mean over `splits` random splits.  `full` is what it lets expect of all the
 * models, 2 r / (1 + r) (Spearman 1910; Brown 1910).  Intervals: Fisher's z over examples. */
typedef enum eid_bank_score {
    EID_BANK_MEM,
    EID_BANK_CONSISTENCY,
    EID_BANK_SEPARATION /* how far phi of models with the example lies above that of the others, in
                           units of the pooled spread: how exposed it is to membership inference */
} eid_bank_score;
EID_API const char *eid_bank_score_name(eid_bank_score kind); /* "mem"; static */
typedef struct eid_reliability {
    eid_estimate half, full;
    int64_t splits;
} eid_reliability;
/* `train` gives the labels of a bank of logits, else it may be NULL. */
EID_API EID_CHECKED eid_status eid_bank_reliability(eid_reliability *out, eid_ctx *ctx,
                                                    const eid_bank *bank, const eid_dataset *train,
                                                    eid_bank_score kind, int64_t splits,
                                                    uint64_t seed);
/* score: one number for each training example; NaN where it cannot be told. */
EID_API EID_CHECKED eid_status eid_bank_separation(double *score, eid_ctx *ctx,
                                                   const eid_bank *bank, const eid_dataset *train,
                                                   const int64_t *pick, int64_t n);

/* ---- influence ------------------------------------------------------------------------------- */

/* infl(i, j) = P[right about test example j | i was in] - P[the same | i was not]. */
typedef struct eid_high_influence_opts {
    double mem, influence; /* pairs of examples with at least so much of either; the paper: .25, .15
                            */
    int64_t permutations;  /* masks are dealt out anew among the models so often; the greatest z of
                              all is the bar: chance reaches it once in permutations + 1 */
    int64_t keep;          /* the pairs of greatest influence, at most */
    int64_t seed;
} eid_high_influence_opts;
EID_API eid_high_influence_opts eid_high_influence_opts_default(void);
EID_API extern const eid_opt eid_high_influence_opt_table[];

typedef struct eid_influence_pair {
    int64_t train, test; /* places */
    double influence, se;
    double z; /* influence over its standard deviation if masks said nothing (hypergeometric) */
} eid_influence_pair;
typedef struct eid_high_influence {
    int64_t candidates;       /* training examples with mem enough */
    int64_t found;            /* pairs with influence enough */
    int64_t resolved;         /* of them, above the bar; 0: none resolved */
    int64_t tests;            /* test examples in resolved pairs */
    double bar;               /* z; NaN: no candidate */
    eid_influence_pair *pair; /* resolved ones, greatest influence first */
    int64_t kept;
} eid_high_influence;
/* Counts bits of masks and answers in blocks; memory does not grow with train x test.  EID_EINVAL:
 * a bank without test examples. */
EID_API EID_CHECKED eid_status eid_high_influence_of(eid_high_influence **out, eid_ctx *ctx,
                                                     const eid_bank *bank, const double *mem,
                                                     const eid_high_influence_opts *opts);
EID_API void eid_high_influence_free(eid_high_influence *p);

/* ---- marginal utility ------------------------------------------------------------------------ */

typedef struct eid_removal_opts {
    int64_t replicas; /* trainings for every threshold and side */
    int64_t seed;
} eid_removal_opts;
enum { EID_REMOVAL_LEVELS = 9 }; /* mem of .9, .8, ... .1 and more */
typedef struct eid_removal_level {
    double mem;
    int64_t removed;
    eid_estimate memorized, random; /* test accuracy without them, and without as many at random */
    eid_estimate cost;              /* random - memorized, paired by seed */
} eid_removal_level;
typedef struct eid_removal {
    eid_estimate all; /* test accuracy with nothing removed */
    eid_removal_level level[EID_REMOVAL_LEVELS];
} eid_removal;
EID_API eid_removal_opts eid_removal_opts_default(void);
EID_API extern const eid_opt eid_removal_opt_table[];
/* Retrains; NaN in mem is never removed at a level, but may be at random. */
EID_API EID_CHECKED eid_status eid_removal_of(eid_removal *out, eid_ctx *ctx,
                                              const eid_dataset *train, const eid_dataset *test,
                                              const eid_classifier_opts *training,
                                              const double *mem, const eid_removal_opts *opts);
#endif
