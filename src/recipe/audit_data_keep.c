/* audit_data_keep.c - what an audit of a training set found, into the store and into files. */
#include "recipe/audit_data.h"
#include "eidetic/attack.h"
#include "recipe/diet.h"
#include "recipe/lab_nets.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static eid_status put_metric(data_audit *a, const char *fmt, const char *part,
                             const eid_estimate *e)
{
    char name[96];

    snprintf(name, sizeof name, fmt, part);
    return eid_store_metric(a->store, name, e);
}

/* ---- classes --------------------------------------------------------------------------------- */

/* Of sets that are known by name. */
static const char FASHION[] =
    "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot";

static const char *names_of(const data_audit *a)
{
    if (a->opts->class_names)
        return a->opts->class_names;
    return strcmp(a->opts->data, "fashion-mnist") == 0 && !a->opts->read.only ? FASHION : "";
}

const char *data_class(const data_audit *a, int32_t label, char room[32])
{
    const char *at = names_of(a);

    for (int32_t c = 0; c < label && *at; c++)
        at += strcspn(at, ",") + (at[strcspn(at, ",")] == ',');
    if (*at && *at != ',')
        snprintf(room, 32, "%.*s", (int)fmin(31, (double)strcspn(at, ",")), at);
    else
        snprintf(room, 32, "class %" PRId32, label);
    return room;
}

eid_status data_classes_check(const data_audit *a)
{
    const char *names = a->opts->class_names;
    int32_t n = 1;

    for (const char *c = names; names && *c; c++)
        n += *c == ',';
    if (names && n != a->set[0]->classes)
        return eid_fail(EID_EINVAL, "%" PRId32 " class names are given, the data have %" PRId32, n,
                        a->set[0]->classes);
    return EID_OK;
}

/* ---- inputs ---------------------------------------------------------------------------------- */

typedef struct listing {
    data_audit *a;
    eid_status st;
} listing;

static void put_input(void *user, const char *path)
{
    listing *l = user;
    char hex[65], name[600];
    int64_t bytes;

    if (l->st != EID_OK)
        return;
    l->st = eid_file_sha256(l->a->ctx, path, hex, &bytes);
    if (l->st == EID_OK)
        l->st = eid_store_input(l->a->store, path, bytes, hex, 0, 0);
    snprintf(name, sizeof name, "input.role.%.500s", path);
    if (l->st == EID_OK)
        l->st = eid_store_text(l->a->store, name, "dataset");
}

eid_status data_keep_inputs(data_audit *a)
{
    eid_status st = EID_OK;
    const eid_dataset *d = a->set[0];
    listing l = {a, EID_OK};
    char room[32], name[32];
    bool done;
    const struct {
        const char *name;
        double value;
    } numbers[] = {{"data.examples", (double)d->n},
                   {"data.test_examples", a->set[1] ? (double)a->set[1]->n : 0},
                   {"data.classes", d->classes},
                   {"data.features", (double)d->features},
                   {"data.flips", (double)a->flips},
                   {"data.duplicates", (double)a->duplicates},
                   {"data.conflicts", (double)a->conflicts},
                   {"bank.models", (double)a->models},
                   {"model.runs", (double)a->opts->runs},
                   {"model.epochs", a->training.epochs},
                   {"model.steps", (double)eid_classifier_steps(&a->training, d->n)}};

    EID_TRY(eid_store_begin(a->store, "inputs", &done));
    if (done)
        return EID_OK;
    EID_TRY(eid_dataset_files(a->opts->data, &a->opts->read, put_input, &l));
    EID_TRY(l.st);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        EID_TRY(eid_store_number(a->store, numbers[i].name, numbers[i].value));
    if (a->set[1]) {
        eid_estimate e = eid_proportion(a->leaks, a->set[1]->n);
        EID_TRY(eid_store_metric(a->store, "data.leaks", &e));
    }
    EID_TRY(eid_store_text(a->store, "audit.kind", "data"));
    EID_TRY(eid_store_text(a->store, "model.shape", a->training.model));
    EID_TRY(eid_store_text(a->store, "data.name", d->name));
    EID_TRY(eid_store_text(a->store, "data.pictures", data_is_picture(a->raw[0]) ? "yes" : "no"));
    for (int32_t c = 0; c < d->classes && c < 1000; c++) {
        snprintf(name, sizeof name, "class.%" PRId32, c);
        EID_TRY(eid_store_text(a->store, name, data_class(a, c, room)));
    }
    return eid_store_end(a->store);
done:
    eid_store_abandon(a->store);
    return st;
}

/* ---- scores ---------------------------------------------------------------------------------- */

enum { BINS = 24 };

static void bounds_of(const double *x, int64_t n, double *low, double *high)
{
    *low = INFINITY, *high = -INFINITY;
    for (int64_t i = 0; i < n; i++)
        if (isfinite(x[i])) {
            *low = fmin(*low, x[i]);
            *high = fmax(*high, x[i]);
        }
}

/* Share of the examples in each of BINS equal parts of the scores' range. */
static eid_status put_histogram(data_audit *a, int score)
{
    eid_status st = EID_OK;
    const eid_dataset *d = a->set[0];
    const double *x = a->score[score];
    double low, high;
    char name[48];
    /* mem is a multiple of 2 / models: finer bins would be a comb */
    int bins = score == DATA_MEM && a->models < 2 * BINS ? (int)a->models / 2 : BINS;

    bounds_of(x, d->n, &low, &high);
    if (!(high > low))
        return EID_OK;
    snprintf(name, sizeof name, "scores.%s", data_score_name(score));
    for (int wrong = 0; wrong < (a->flips ? 2 : 1); wrong++) {
        int64_t count[BINS] = {0}, all = 0;
        for (int64_t i = 0; i < d->n; i++) {
            if ((d->label[i] != d->clean[i]) != wrong || !isfinite(x[i]))
                continue;
            int bin = (int)(bins * (x[i] - low) / (high - low));
            count[bin < bins ? bin : bins - 1]++;
            all++;
        }
        for (int b = 0; b < bins; b++) {
            eid_estimate e = eid_proportion(count[b], all);
            EID_TRY(eid_store_point(a->store, name,
                                    wrong      ? "labels changed on purpose"
                                    : a->flips ? "labels as they came"
                                               : "all examples",
                                    low + (b + 0.5) * (high - low) / bins, &e));
        }
    }
done:
    return st;
}

/* What the mean over runs of a score has to do with that of one run. */
static eid_status put_agreement(data_audit *a, int k)
{
    eid_status st = EID_OK;
    double *one = NULL, *other = NULL;
    int64_t n = a->set[0]->n;
    eid_estimate e = eid_estimate_none("one training only");

    if (a->opts->runs > 1) {
        EID_TRY(EID_NEW(one, n));
        EID_TRY(EID_NEW(other, n));
        EID_TRY(eid_score((const eid_trajectory *const *)&a->run[0], 1, (eid_score_kind)k,
                          a->opts->score_epoch, one));
        EID_TRY(eid_score((const eid_trajectory *const *)&a->run[1], 1, (eid_score_kind)k,
                          a->opts->score_epoch, other));
        EID_TRY(eid_spearman(one, other, (size_t)n, &e));
    }
    EID_TRY(put_metric(a, "agrees.%s", data_score_name(k), &e));
done:
    eid_free(one);
    eid_free(other);
    return st;
}

eid_status data_keep_scores(data_audit *a)
{
    eid_status st = EID_OK;
    const eid_dataset *d = a->set[0];
    char room[32];
    bool done;

    EID_TRY(eid_store_begin(a->store, "scores", &done));
    if (done)
        return EID_OK;
    EID_TRY(eid_store_metric(a->store, "accuracy.train", &a->accuracy_train));
    for (int64_t i = 0; i < d->n; i++)
        EID_TRY(eid_store_example(a->store, d->id[i], data_class(a, d->label[i], room), 0));
    for (int k = 0; k < DATA_SCORES; k++) {
        for (int64_t i = 0; i < d->n; i++)
            EID_TRY(eid_store_score(a->store, data_score_name(k), d->id[i], a->score[k][i]));
        if (k < DATA_SELF)
            EID_TRY(put_agreement(a, k));
    }
    EID_TRY(put_histogram(a, EID_SCORE_EL2N));
    EID_TRY(put_histogram(a, EID_SCORE_AUM));
    EID_TRY(put_histogram(a, DATA_MEM));
    return eid_store_end(a->store);
done:
    eid_store_abandon(a->store);
    return st;
}

/* ---- labels ---------------------------------------------------------------------------------- */

/* At most 600 points of a curve, the first and the last among them. */
static eid_status put_roc(data_audit *a, const char *curve, const char *series, const eid_roc *roc)
{
    const double *fpr, *tpr;
    size_t n = eid_roc_points(roc, &fpr, &tpr);
    double last = -1;

    for (size_t i = 0; i < n; i++) {
        /* even steps on a logarithmic axis: the left end is what counts */
        double at = log10(fpr[i] + 1e-6);
        if (i && i + 1 < n && at - last < 6.0 / 500)
            continue;
        last = at;
        eid_estimate y = {.value = tpr[i], .low = NAN, .high = NAN, .method = "exact"};
        eid_status st = eid_store_point(a->store, curve, series, fpr[i], &y);
        if (st != EID_OK)
            return st;
    }
    return EID_OK;
}

static eid_status roc_of_flips(data_audit *a, int score, eid_roc **out)
{
    eid_status st = EID_OK;
    const eid_dataset *d = a->set[0];
    double *side[2] = {NULL, NULL};
    size_t n[2] = {0, 0};

    EID_TRY(EID_NEW(side[0], d->n));
    EID_TRY(EID_NEW(side[1], d->n));
    for (int64_t i = 0; i < d->n; i++) {
        int flipped = d->label[i] != d->clean[i];
        side[flipped][n[flipped]++] = data_score_hard(score) * a->score[score][i];
    }
    EID_TRY(eid_roc_new(out, side[1], n[1], side[0], n[0]));
done:
    eid_free(side[0]);
    eid_free(side[1]);
    return st;
}

/* How well each score, and the list of suspects, find labels that are known to be wrong. */
static eid_status put_known(data_audit *a)
{
    eid_status st = EID_OK;
    const eid_dataset *d = a->set[0];
    eid_roc *roc = NULL;
    int64_t hits = 0;

    for (int64_t i = 0; i < a->n_suspects; i++)
        hits += d->label[a->suspects[i]] != d->clean[a->suspects[i]];
    eid_estimate precision = eid_proportion(hits, a->n_suspects);
    eid_estimate recall = eid_proportion(hits, a->flips);
    EID_TRY(eid_store_metric(a->store, "labels.precision", &precision));
    EID_TRY(eid_store_metric(a->store, "labels.recall", &recall));
    for (int k = 0; k < DATA_SCORES; k++) {
        EID_TRY(roc_of_flips(a, k, &roc));
        eid_estimate auc = eid_roc_auc(roc);
        EID_TRY(put_metric(a, "labels.%s.auc", data_score_name(k), &auc));
        if (k == EID_SCORE_EL2N || k == EID_SCORE_AUM || k == DATA_SELF || k == DATA_MEM)
            EID_TRY(put_roc(a, "labels.roc", data_score_name(k), roc));
        eid_roc_free(roc);
        roc = NULL;
    }
done:
    eid_roc_free(roc);
    return st;
}

eid_status data_keep_labels(data_audit *a)
{
    eid_status st = EID_OK;
    const eid_dataset *d = a->set[0];
    int64_t right = 0;
    bool done;

    EID_TRY(eid_store_begin(a->store, "labels", &done));
    if (done)
        return EID_OK;
    for (int64_t i = 0; i < d->n; i++)
        right += a->guess[i] == d->label[i];
    eid_estimate seen = eid_proportion(right, d->n);
    eid_estimate suspected = eid_proportion(a->n_suspects, d->n);
    EID_TRY(eid_store_metric(a->store, "accuracy.unseen", &seen));
    EID_TRY(eid_store_metric(a->store, "labels.suspected", &suspected));
    EID_TRY(eid_store_number(a->store, "labels.share", a->confident->share));
    if (a->flips)
        EID_TRY(put_known(a));
    else
        EID_TRY(eid_store_text(a->store, "missing.roc",
                               "no label is known to be wrong; --wrong-labels 0.05 changes some on "
                               "purpose, to see how many are found"));
    return eid_store_end(a->store);
done:
    eid_store_abandon(a->store);
    return st;
}

/* ---- the bank -------------------------------------------------------------------------------- */

static eid_status put_mem(data_audit *a)
{
    eid_status st = EID_OK;
    const eid_dataset *d = a->set[0];
    double *side[2] = {NULL, NULL};
    size_t n[2] = {0, 0};
    int64_t many = 0;
    eid_estimate e;
    eid_reliability r;

    EID_TRY(EID_NEW(side[0], d->n));
    EID_TRY(EID_NEW(side[1], d->n));
    for (int64_t i = 0; i < d->n; i++) {
        int flipped = d->label[i] != d->clean[i];
        side[flipped][n[flipped]++] = a->score[DATA_MEM][i];
        many += !flipped && a->score[DATA_MEM][i] >= 0.25;
    }
    e = eid_proportion(many, (int64_t)n[0]);
    EID_TRY(eid_store_metric(a->store, "memorization.share", &e));
    e = eid_mean_t(side[0], n[0]);
    EID_TRY(eid_store_metric(a->store, a->flips ? "memorization.clean" : "memorization.mean", &e));
    if (a->flips) {
        e = eid_mean_t(side[1], n[1]);
        EID_TRY(eid_store_metric(a->store, "memorization.flipped", &e));
    }
    EID_TRY(
        eid_bank_reliability(&r, a->ctx, a->bank, NULL, EID_BANK_MEM, 1, (uint64_t)a->opts->seed));
    EID_TRY(eid_store_metric(a->store, "memorization.split_half", &r.half));
done:
    eid_free(side[0]);
    eid_free(side[1]);
    return st;
}

static eid_status put_attack(data_audit *a, const char *name, const eid_attacked *k)
{
    eid_status st = EID_OK;

    EID_TRY(put_metric(a, "membership.%s.auc", name, &k->auc));
    EID_TRY(put_metric(a, "membership.%s.tpr.0.01", name, &k->tpr1));
    EID_TRY(put_metric(a, "membership.%s.tpr.0.001", name, &k->tpr01));
done:
    return st;
}

static eid_status put_attacks(data_audit *a)
{
    static const eid_bank_attack asked[] = {EID_BY_LIRA, EID_BY_LOSS};
    eid_attack_opts o = eid_attack_opts_default();
    eid_attack_result *r = NULL;
    eid_status st = EID_OK;

    o.variance = EID_VARIANCE_FIXED;
    o.seed = a->opts->seed;
    if (a->bank->models >= EID_ATTACK_MODELS)
        EID_TRY(eid_attack_bank(&r, a->ctx, a->bank, a->set[0], a->set[1], &o));
    for (size_t k = 0; k < sizeof asked / sizeof *asked; k++) {
        const char *name = eid_bank_attack_name(asked[k]);
        eid_estimate none = eid_estimate_none("unresolved: fewer than 4 networks");
        if (!r) {
            EID_TRY(put_attack(a, name, &(eid_attacked){none, none, none}));
            continue;
        }
        EID_TRY(put_attack(a, name, &r->attack[asked[k]]));
        EID_TRY(put_roc(a, "membership.roc", name, r->roc[asked[k]]));
    }
done:
    eid_attack_result_free(r);
    return st;
}

static eid_status put_influence(data_audit *a)
{
    eid_status st = EID_OK;

    if (!a->set[1])
        return eid_store_text(a->store, "missing.influence",
                              "there is no test set; --test-share makes one");
    EID_TRY(eid_store_number(a->store, "influence.candidates", (double)a->pairs->candidates));
    EID_TRY(eid_store_number(a->store, "influence.found", (double)a->pairs->found));
    EID_TRY(eid_store_number(a->store, "influence.pairs", (double)a->pairs->resolved));
    EID_TRY(eid_store_number(a->store, "influence.tests", (double)a->pairs->tests));
    EID_TRY(eid_store_number(a->store, "influence.bar", a->pairs->bar));
done:
    return st;
}

eid_status data_keep_bank(data_audit *a)
{
    eid_status st = EID_OK;
    bool done;

    EID_TRY(eid_store_begin(a->store, "bank", &done));
    if (done)
        return EID_OK;
    EID_TRY(put_mem(a));
    EID_TRY(put_attacks(a));
    EID_TRY(put_influence(a));
    return eid_store_end(a->store);
done:
    eid_store_abandon(a->store);
    return st;
}
