/* attack.h - membership inference with a bank: can one tell which examples a classifier was trained
 * on?  Each model of the bank in turn is the target, the others are what the attacker has. */
#ifndef EID_ATTACK_H
#define EID_ATTACK_H
#include "eidetic/bank.h"
#include "eidetic/stats.h"

/* Scores, high for members.  phi = log(p / (1 - p)) of the label, p from it.
 *
 * LOSS          phi itself: no reference model (Yeom et al. 2018)
 * RANK          attack R: share of the reference models without the example that find it no
 *               likelier than the target does (Ye et al. 2022)
 * LIRA          log N(phi; mean, variance of models with it) - log N(.; of those without), summed
 *               over the queries (Carlini et al. 2022)
 * LIRA_OFFLINE  only models without it: (phi - mean) / standard deviation, the one-sided test
 * RMIA          share of the points z with (p(x | target) / p(x)) / (p(z | target) / p(z)) >=
 *               gamma, p(x) = (mean over models with it + mean over those without) / 2; z: the
 *               bank's test examples, or without any all training examples (Zarifzadeh et al. 2024)
 * RMIA_OFFLINE  the same with p(x) = ((1 + a) mean over models without it + 1 - a) / 2
 *
 * The target never counts among the models that it is judged by. */
typedef enum eid_bank_attack {
    EID_BY_LOSS,
    EID_BY_RANK,
    EID_BY_LIRA,
    EID_BY_LIRA_OFFLINE,
    EID_BY_RMIA,
    EID_BY_RMIA_OFFLINE,
    EID_BANK_ATTACKS
} eid_bank_attack;
EID_API const char *eid_bank_attack_name(eid_bank_attack a); /* "lira_offline"; static */

enum { EID_VARIANCE_AUTO, EID_VARIANCE_FIXED, EID_VARIANCE_EACH };
typedef struct eid_attack_opts {
    int64_t variance; /* of LIRA: one for all examples (FIXED), each its own (EACH), or by the
                         number of models (AUTO: EACH from 64 on) */
    int64_t target;   /* the one model that is attacked; -1: every model in turn */
    double gamma, offline_a;
    int64_t seed; /* of the memberships dealt out anew */
} eid_attack_opts;
EID_API eid_attack_opts eid_attack_opts_default(void);
EID_API extern const eid_opt eid_attack_opt_table[];

/* Of every model in turn: means over the targets with Student's intervals over targets, which takes
 * targets for samples and examples for given.  Of one target: over its examples.  TPR at 0.1% wants
 * 1,000 non-members or more, at 1% 100; else unresolved. */
typedef struct eid_attacked {
    eid_estimate auc, tpr1, tpr01; /* at 1% and at 0.1% false positives */
} eid_attacked;

typedef struct eid_attack_result {
    int64_t models, targets, n;
    bool fixed; /* variance */
    eid_attacked attack[EID_BANK_ATTACKS];
    /* LIRA with each example's memberships dealt out anew among the models: .5 but for chance. */
    eid_estimate shuffled;
    /* How far an example gives itself away: (mean phi of models with it - of those without) over
     * the standard deviation that is pooled over all examples; n; NaN where a side has no model. */
    double *separation;
    eid_estimate finds;      /* area under the ROC of separation for changed labels; unresolved
                                without any */
    int64_t changed, in_top; /* changed labels; those among the tenth of highest separation */
    /* A target's curve for LIRA, the first target's: for a figure.  Points as eid_roc_points. */
    eid_roc *roc[EID_BANK_ATTACKS];
} eid_attack_result;

enum { EID_ATTACK_MODELS = 4 }; /* with fewer there is nothing to compare a target with */
/* train, test: wanted by a bank of logits, for the labels; `train` also tells changed labels; else
 * NULL.  An example that the other models all had, or none, or only one of them on a side where a
 * variance of its own is asked for, is left out of that target's curve.  EID_EINVAL: fewer than
 * EID_ATTACK_MODELS models, a target that there is not. */
EID_API EID_CHECKED eid_status eid_attack_bank(eid_attack_result **out, eid_ctx *ctx,
                                               const eid_bank *b, const eid_dataset *train,
                                               const eid_dataset *test, const eid_attack_opts *o);
EID_API void eid_attack_result_free(eid_attack_result *r);

/* Into DIR: separation.npy (f8), separation.csv (id,label,clean,separation), roc.csv
 * (attack,fpr,tpr of the first target); each file whole or not at all. */
EID_API EID_CHECKED eid_status eid_attack_write(eid_ctx *ctx, const eid_attack_result *r,
                                                const eid_dataset *train, const char *dir);
#endif
