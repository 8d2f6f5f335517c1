/* audit_data_verdict.c - from the numbers of a training set's audit to a verdict, by one table of
 * rules: as verdict.c, a rule fires on the end of an interval, never on a point estimate. */
#include "base/json.h"
#include "recipe/audit_data.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef enum level { PASS, UNKNOWN, CAUTION, STOP, LEVELS } level;
static const char *const level_names[] = {"pass", "unknown", "caution", "stop"};

/* Thresholds, all of them.  Shares are of 1. */
static const double MANY_WRONG = 0.05, SOME_WRONG = 0.005; /* suspected labels */
static const double MANY_MEMORIZED = 0.05;                 /* examples with mem of 0.25 and more */
static const double LEAKED = 0.001;                        /* of the test set */
static const double AUC_WEAK = 0.6, AUC_STRONG = 0.8;
static const double TPR_WEAK = 0.05, TPR_STRONG = 0.2; /* at 1% false positives */
static const double FEW_MODELS = 16;

enum { MOST_REASONS = 16 };

typedef struct verdict {
    eid_store *store;
    level overall, at[MOST_REASONS];
    char *reason[MOST_REASONS];
    int n;
} verdict;

static eid_status give(verdict *v, level l, const char *topic, const char *code, const char *figure,
                       const char *fmt, ...) __attribute__((format(printf, 6, 7)));
static eid_status give(verdict *v, level l, const char *topic, const char *code, const char *figure,
                       const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (v->n == MOST_REASONS)
        return EID_OK;
    v->overall = l > v->overall ? l : v->overall;
    v->at[v->n] = l;
    return eid_json_text(json_pack("{s:s, s:s, s:s?, s:s, s:s}", "code", code, "text", text,
                                   "figure", figure, "topic", topic, "level", level_names[l]),
                         &v->reason[v->n++]);
}

static eid_status judge_labels(verdict *v)
{
    eid_status st = EID_OK;
    eid_estimate s, precision, recall;
    char known[160] = "";

    EID_TRY(eid_store_get(v->store, "labels.suspected", &s));
    EID_TRY(eid_store_get(v->store, "labels.precision", &precision));
    EID_TRY(eid_store_get(v->store, "labels.recall", &recall));
    if (isnan(s.value))
        return EID_OK;
    if (!isnan(recall.value) && !isnan(precision.value))
        snprintf(known, sizeof known,
                 " Of the labels that were changed on purpose the list holds %.0f%%, and they "
                 "are %.0f%% of it.",
                 100 * recall.value, 100 * precision.value);
    level l = s.low > MANY_WRONG ? STOP : s.low > SOME_WRONG ? CAUTION : PASS;
    if (l == PASS)
        return give(v, PASS, "labels", "clean.labels", "scores.el2n",
                    "Few labels look wrong: %.2f%% (95%% interval %.2f%% to %.2f%%).%s",
                    100 * s.value, 100 * s.low, 100 * s.high, known);
    return give(v, l, "labels", "labels.wrong", isnan(recall.value) ? "scores.el2n" : "labels.roc",
                "%.1f%% of the labels look wrong (95%% interval %.1f%% to %.1f%%): networks that "
                "had not seen the example take it for another class.%s",
                100 * s.value, 100 * s.low, 100 * s.high, known);
done:
    return st;
}

static eid_status judge_memorization(verdict *v, double models)
{
    eid_status st = EID_OK;
    eid_estimate s;

    EID_TRY(eid_store_get(v->store, "memorization.share", &s));
    if (isnan(s.value))
        return EID_OK;
    if (models < FEW_MODELS)
        return give(v, UNKNOWN, "memorization", "unresolved.memorization", "scores.mem",
                    "%.0f networks are too few to tell who is memorized.", models);
    if (s.low > MANY_MEMORIZED)
        return give(v, CAUTION, "memorization", "data.memorized", "scores.mem",
                    "%.1f%% of the examples are memorized (95%% interval %.1f%% to %.1f%%): a "
                    "network that was trained on one is right about it at least 25 points oftener "
                    "than one that was not.",
                    100 * s.value, 100 * s.low, 100 * s.high);
    return give(v, PASS, "memorization", "clean.memorization", "scores.mem",
                "Few examples are memorized: %.1f%% (95%% interval %.1f%% to %.1f%%).",
                100 * s.value, 100 * s.low, 100 * s.high);
done:
    return st;
}

static eid_status judge_membership(verdict *v)
{
    eid_status st = EID_OK;
    eid_estimate auc, tpr;

    EID_TRY(eid_store_get(v->store, "membership.lira.auc", &auc));
    EID_TRY(eid_store_get(v->store, "membership.lira.tpr.0.01", &tpr));
    if (isnan(auc.value) || isnan(auc.low))
        return give(v, UNKNOWN, "membership", "unresolved.membership", NULL,
                    "Whether members can be told could not be measured.");
    level l = auc.low > AUC_STRONG || tpr.low > TPR_STRONG ? STOP
              : auc.low > AUC_WEAK || tpr.low > TPR_WEAK   ? CAUTION
                                                           : PASS;
    if (l == PASS)
        return give(v, PASS, "membership", "clean.membership", "membership.roc",
                    "Whether an example was trained on can hardly be told: LiRA has AUC %.2f "
                    "(95%% interval %.2f to %.2f).",
                    auc.value, auc.low, auc.high);
    return give(v, l, "membership", "membership.leak", "membership.roc",
                "An attacker who trains networks of the same kind can tell who was trained on: "
                "LiRA has AUC %.2f (95%% interval %.2f to %.2f), and finds %.0f%% at 1%% false "
                "alarms.",
                auc.value, auc.low, auc.high, isnan(tpr.value) ? 0 : 100 * tpr.value);
done:
    return st;
}

static eid_status judge_copies(verdict *v)
{
    eid_status st = EID_OK;
    eid_estimate leaks, copies, conflicts;

    EID_TRY(eid_store_get(v->store, "data.leaks", &leaks));
    EID_TRY(eid_store_get(v->store, "data.duplicates", &copies));
    EID_TRY(eid_store_get(v->store, "data.conflicts", &conflicts));
    if (!isnan(leaks.value) && leaks.low > LEAKED)
        EID_TRY(give(v, CAUTION, "copies", "data.leak", NULL,
                     "%.1f%% of the test examples stand in the training set, too: accuracy on "
                     "the test set says more than is true.",
                     100 * leaks.value));
    if (conflicts.value > 0)
        EID_TRY(give(v, CAUTION, "copies", "data.conflict", NULL,
                     "%.0f examples equal another one that has another label.", conflicts.value));
    else if (!isnan(copies.value))
        EID_TRY(give(v, PASS, "copies", "clean.copies", NULL,
                     "No two equal examples have different labels (%.0f equal another one).",
                     copies.value));
done:
    return st;
}

static eid_status take(void *user, const char *name, const char *value)
{
    (void)name;
    snprintf(user, 40, "%s", value);
    return EID_OK;
}

static eid_status judge_dropping(verdict *v)
{
    eid_status st = EID_OK;
    eid_estimate gain, share, over;
    char score[40] = "";

    EID_TRY(eid_store_get(v->store, "dropping.best.gain", &gain));
    EID_TRY(eid_store_get(v->store, "dropping.best.over_random", &over));
    EID_TRY(eid_store_get(v->store, "dropping.best.share", &share));
    EID_TRY(eid_store_texts(v->store, "dropping.best.score", take, score));
    if (isnan(share.value))
        return EID_OK;
    if (gain.low > 0 && over.low > 0)
        return give(v, CAUTION, "dropping", "data.drop", "dropping.hardest",
                    "Training without the %.0f%% of the examples that %s finds hardest gains %.1f "
                    "points of accuracy (95%% interval %.1f to %.1f), more than dropping as many "
                    "at random.",
                    100 * share.value, score, 100 * gain.value, 100 * gain.low, 100 * gain.high);
    return give(v, PASS, "dropping", "clean.dropping", "dropping.hardest",
                "Training without the examples that a score finds hardest gains nothing that "
                "could be told from chance.");
done:
    return st;
}

eid_status data_judge(eid_store *store)
{
    eid_status st = EID_OK;
    verdict v = {.store = store};
    eid_estimate models;
    int number = 0;
    char name[64];

    EID_TRY(eid_store_get(store, "bank.models", &models));
    EID_TRY(judge_labels(&v));
    EID_TRY(judge_membership(&v));
    EID_TRY(judge_memorization(&v, models.value));
    EID_TRY(judge_dropping(&v));
    EID_TRY(judge_copies(&v));
    for (int l = STOP; l >= PASS; l--)
        for (int i = 0; i < v.n; i++)
            if (v.at[i] == (level)l) {
                snprintf(name, sizeof name, "verdict.reason.%d", ++number);
                EID_TRY(eid_store_text(store, name, v.reason[i]));
            }
    EID_TRY(eid_store_text(store, "verdict.level", level_names[v.overall]));
done:
    for (int i = 0; i < v.n; i++)
        eid_string_free(v.reason[i]);
    return st;
}
