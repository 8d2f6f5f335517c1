/* lab_onion.c - take the most vulnerable examples away, and others become vulnerable (Carlini et
 * al. 2022, the privacy onion effect). */
#include "recipe/diet.h"
#include "recipe/lab_bank.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

typedef struct own_opts {
    const char *data;
} own_opts;

static const eid_opt own_table[] = {
    {EID_OPT_STR, "data", offsetof(own_opts, data), 0, 0,
     "labelled images or features; not given: fashion-mnist, at check scale drawn points", NULL,
     EID_OPT_PATH_IN},
    {0},
};

static const double LAYER = 0.1; /* share of the examples that is taken away; of the next layer */
static const double FPR = 0.01;

/* Banks: the first chooses the layers, so that the others judge them with fresh luck: what was
 * chosen for being high in one bank falls back in the next. */
enum { ALL, WITHOUT_TOP, WITHOUT_RANDOM, BANKS };
enum { TOP, NEXT, REST, LAYERS };
static const char *const layers[LAYERS] = {"top tenth", "next tenth", "the others"};
static const char *const banks[BANKS] = {"nothing removed", "the top tenth removed",
                                         "a random tenth removed"};
enum { REPLICAS = 4 };

typedef struct onion {
    lab_work *w;
    eid_dataset *train, *test;
    eid_classifier_opts training;
    int64_t n, models; /* models of a replica */
    uint8_t *layer;    /* of each example, by the first bank */
    int64_t *kept[BANKS], many[BANKS];
    eid_dataset *part[BANKS];
    lab_bank bank[BANKS];
    double separation[BANKS][LAYERS][REPLICAS];
    double tpr[BANKS][REPLICAS]; /* of LiRA, about the next layer and the others */
    double tpr_all[2][REPLICAS]; /* with all examples, about those that each removal keeps */
    double lira[REPLICAS], loss[REPLICAS]; /* TPR about all, with all */
} onion;

static eid_bank_opts bank_of(const onion *o, int64_t models, uint64_t number)
{
    eid_bank_opts b = eid_bank_opts_default();

    b.models = models;
    b.design = EID_BANK_FRACTION;
    b.fraction = 0.5;
    b.seed = (int64_t)(o->w->seed * 100 + number);
    return b;
}

/* ---- layers ------------------------------------------------------------------------------------
 */

static eid_status choose_layers(onion *o)
{
    eid_status st = EID_OK;
    eid_bank_opts opts = bank_of(o, 2 * o->models, 1);
    lab_bank b = {0};
    double *d = NULL;
    int64_t *order = NULL, size = llround(LAYER * (double)o->n);

    EID_TRY(EID_NEW(d, o->n));
    EID_TRY(EID_NEW(order, o->n));
    EID_TRY(EID_NEW(o->layer, o->n));
    EID_TRY(lab_bank_make(&b, o->w, o->train, &opts, &o->training));
    EID_TRY(lab_bank_separation(d, &b, 0, b.models));
    EID_TRY(diet_order(order, o->n, d, -1, o->train->id, o->w->seed));
    for (int64_t i = 0; i < o->n; i++)
        o->layer[order[i]] = i < size ? TOP : i < 2 * size ? NEXT : REST;
done:
    lab_bank_free(&b);
    eid_free(d);
    eid_free(order);
    return st;
}

/* The random layer spares the next one, which is asked about. */
static eid_status choose_kept(onion *o)
{
    eid_status st = EID_OK;
    int64_t *lot = NULL, size = llround(LAYER * (double)o->n), gone = 0;
    uint8_t *random = NULL;

    EID_TRY(EID_NEW(lot, o->n));
    EID_TRY(EID_NEW(random, o->n));
    EID_TRY(diet_order(lot, o->n, NULL, 1, o->train->id, o->w->seed + 1));
    for (int64_t i = 0; i < o->n && gone < size; i++)
        if (o->layer[lot[i]] != NEXT)
            gone += random[lot[i]] = 1;
    for (int b = 0; b < BANKS; b++) {
        EID_TRY(EID_NEW(o->kept[b], o->n));
        for (int64_t i = 0; i < o->n; i++)
            if (b == ALL || (b == WITHOUT_TOP ? o->layer[i] != TOP : !random[i]))
                o->kept[b][o->many[b]++] = i;
        EID_TRY(eid_dataset_pick(&o->part[b], o->w->ctx, o->train, o->kept[b], o->many[b]));
    }
done:
    eid_free(lot);
    eid_free(random);
    return st;
}

/* ---- audits ------------------------------------------------------------------------------------
 */

static eid_status tpr_of(double *out, const lab_bank *b, int64_t from, int64_t n,
                         const uint8_t *about, int attack)
{
    eid_roc *roc = NULL;
    eid_status st = lab_bank_attack(&roc, b, from, n, about, attack);

    if (st == EID_OK)
        *out = eid_roc_tpr(roc, FPR).value;
    eid_roc_free(roc);
    return st;
}

static eid_status audit_one(onion *o, int b, int r)
{
    eid_status st = EID_OK;
    int64_t from = r * o->models, n = o->many[b];
    double *d = NULL, count[LAYERS] = {0};

    EID_TRY(EID_NEW(d, n));
    EID_TRY(lab_bank_separation(d, &o->bank[b], from, o->models));
    for (int64_t i = 0; i < n; i++) {
        int layer = o->layer[o->kept[b][i]];
        o->separation[b][layer][r] += d[i];
        count[layer]++;
    }
    for (int layer = 0; layer < LAYERS; layer++)
        o->separation[b][layer][r] /= count[layer] > 0 ? count[layer] : 1;
    EID_TRY(tpr_of(&o->tpr[b][r], &o->bank[b], from, o->models, NULL, LAB_LIRA));
    if (b == ALL)
        EID_TRY(tpr_of(&o->loss[r], &o->bank[b], from, o->models, NULL, LAB_LOSS));
done:
    eid_free(d);
    return st;
}

/* The same examples that a removal keeps, audited while nothing was removed. */
static eid_status audit_before(onion *o, int removal)
{
    eid_status st = EID_OK;
    uint8_t *about = NULL;

    EID_TRY(EID_NEW(about, o->n));
    for (int64_t i = 0; i < o->many[removal]; i++)
        about[o->kept[removal][i]] = 1;
    for (int r = 0; r < REPLICAS; r++)
        EID_TRY(tpr_of(&o->tpr_all[removal - 1][r], &o->bank[ALL], r * o->models, o->models, about,
                       LAB_LIRA));
done:
    eid_free(about);
    return st;
}

static eid_status audit(onion *o)
{
    eid_status st = EID_OK;

    for (int b = 0; b < BANKS; b++) {
        eid_bank_opts opts = bank_of(o, REPLICAS * o->models, (uint64_t)b + 2);
        EID_TRY(lab_bank_make(&o->bank[b], o->w, o->part[b], &opts, &o->training));
        for (int r = 0; r < REPLICAS; r++)
            EID_TRY(audit_one(o, b, r));
    }
    EID_TRY(audit_before(o, WITHOUT_TOP));
    EID_TRY(audit_before(o, WITHOUT_RANDOM));
done:
    return st;
}

/* ---- what it shows -----------------------------------------------------------------------------
 */

static eid_estimate less(const double *a, const double *b)
{
    double x[REPLICAS];

    for (int r = 0; r < REPLICAS; r++)
        x[r] = a[r] - b[r];
    return eid_mean_t(x, REPLICAS);
}

static eid_status onion_rows(onion *o)
{
    eid_status st = EID_OK;
    lab_work *w = o->w;
    eid_estimate e = less(o->separation[ALL][TOP], o->separation[ALL][NEXT]);

    EID_TRY(lab_measured(w, "separation with all examples, most vulnerable tenth less the next", &e,
                         lab_at_least(0)));
    e = less(o->separation[WITHOUT_TOP][NEXT], o->separation[ALL][NEXT]);
    EID_TRY(lab_measured(w, "separation of the next tenth, most vulnerable removed less before", &e,
                         lab_at_least(0)));
    e = less(o->separation[WITHOUT_TOP][NEXT], o->separation[WITHOUT_RANDOM][NEXT]);
    EID_TRY(lab_measured(
        w, "separation of the next tenth, most vulnerable removed less as many at random", &e,
        lab_at_least(0)));
    e = less(o->tpr[WITHOUT_TOP], o->tpr_all[0]);
    EID_TRY(lab_measured(w, "TPR at FPR 1% about those kept, most vulnerable removed less before",
                         &e, lab_at_least(w->full ? 0 : -0.1)));
    e = less(o->separation[WITHOUT_RANDOM][NEXT], o->separation[ALL][NEXT]);
    EID_TRY(lab_control(w, "separation of the next tenth, a random tenth removed less before", &e,
                        lab_any()));
    e = less(o->tpr[WITHOUT_RANDOM], o->tpr_all[1]);
    EID_TRY(lab_control(w, "TPR at FPR 1% about those kept, a random tenth removed less before", &e,
                        lab_any()));
done:
    return st;
}

static eid_status onion_figure(onion *o)
{
    eid_status st = EID_OK;
    eid_lab_figure *f;

    EID_TRY(lab_figure(&f, o->w,
                       &(eid_chart){.name = "layers",
                                    .title = "How far an example's own training moves the log odds "
                                             "of its label, by layer and by what was removed",
                                    .kind = EID_CHART_BARS,
                                    .y_title = "separation, standard deviations",
                                    .from_zero = true}));
    for (int layer = 0; layer < LAYERS; layer++)
        for (int b = 0; b < BANKS; b++) {
            eid_estimate e = eid_mean_t(o->separation[b][layer], REPLICAS);
            if (layer == TOP && b == WITHOUT_TOP)
                e = eid_estimate_none("they were removed");
            EID_TRY(lab_bar(f, banks[b], layers[layer], &e));
        }
done:
    return st;
}

/* ---- the attack itself -------------------------------------------------------------------------
 */

static eid_status auc_of(double *out, const lab_bank *b, int64_t models)
{
    eid_status st = EID_OK;

    for (int r = 0; r < REPLICAS && st == EID_OK; r++) {
        eid_roc *roc = NULL;
        st = lab_bank_attack(&roc, b, r * models, models, NULL, LAB_LIRA);
        if (st == EID_OK)
            out[r] = eid_roc_auc(roc).value;
        eid_roc_free(roc);
    }
    return st;
}

/* Networks that have seen everything a few times only. */
static eid_status early(onion *o, const double *late)
{
    eid_status st = EID_OK;
    eid_bank_opts opts = bank_of(o, REPLICAS * o->models, 10);
    eid_classifier_opts training = o->training;
    lab_bank b = {0};
    double auc[REPLICAS];
    eid_estimate e;

    training.epochs = 5;
    EID_TRY(lab_bank_make(&b, o->w, o->train, &opts, &training));
    EID_TRY(auc_of(auc, &b, o->models));
    e = less(late, auc);
    EID_TRY(
        lab_measured(o->w, "area under the ROC of LiRA, 50 epochs less 5", &e, lab_at_least(0)));
done:
    lab_bank_free(&b);
    return st;
}

/* Where a tenth of the labels is wrong: are those the most exposed? */
static eid_status wrong_labels(onion *o)
{
    eid_status st = EID_OK;
    eid_bank_opts opts = bank_of(o, 2 * o->models, 11);
    eid_dataset *noisy = NULL;
    lab_bank b = {0};
    double *d = NULL;
    int64_t *order = NULL, size, flips = 0, high = 0;

    EID_TRY(
        eid_dataset_noise(&noisy, o->w->ctx, o->train, EID_NOISE_WRONG, LAYER, o->w->seed, NULL));
    EID_TRY(lab_bank_make(&b, o->w, noisy, &opts, &o->training));
    EID_TRY(EID_NEW(d, o->n));
    EID_TRY(EID_NEW(order, o->n));
    EID_TRY(lab_bank_separation(d, &b, 0, b.models));
    EID_TRY(diet_order(order, o->n, d, -1, noisy->id, o->w->seed));
    size = llround(LAYER * (double)o->n);
    for (int64_t i = 0; i < o->n; i++) {
        bool wrong = noisy->label[order[i]] != noisy->clean[order[i]];
        flips += wrong;
        high += wrong && i < size;
    }
    eid_estimate e = eid_proportion(high, flips);
    EID_TRY(lab_measured(o->w, "wrong labels: share of them in the most vulnerable tenth", &e,
                         lab_at_least(0.5)));
done:
    eid_dataset_free(noisy);
    lab_bank_free(&b);
    eid_free(d);
    eid_free(order);
    return st;
}

static eid_status attack_rows(onion *o)
{
    eid_status st = EID_OK;
    lab_work *w = o->w;
    double auc[REPLICAS];
    eid_estimate e = eid_mean_t(o->tpr[ALL], REPLICAS);

    EID_TRY(lab_measured(w, "TPR at FPR 1% of LiRA, all examples", &e, lab_at_least(FPR)));
    e = less(o->tpr[ALL], o->loss);
    EID_TRY(lab_measured(w, "TPR at FPR 1%, LiRA less LOSS", &e, lab_at_least(0)));
    EID_TRY(auc_of(auc, &o->bank[ALL], o->models));
    e = eid_mean_t(auc, REPLICAS);
    EID_TRY(lab_measured(w, "area under the ROC of LiRA, all examples", &e, lab_at_least(0.5)));
    EID_TRY(early(o, auc));
    EID_TRY(wrong_labels(o));
    lab_bank_shuffle(&o->bank[ALL], w->seed);
    EID_TRY(auc_of(auc, &o->bank[ALL], o->models));
    e = eid_mean_t(auc, REPLICAS);
    EID_TRY(lab_control(w, "area under the ROC of LiRA, memberships dealt out anew", &e,
                        lab_about(0.5, w->full ? 0.02 : 0.04)));
done:
    return st;
}

static eid_status run(lab_work *w)
{
    eid_status st = EID_OK;
    onion o = {.w = w, .models = w->full ? 32 : 24};
    lab_tail_opts small = {.n = 600,
                           .features = 20,
                           .groups = 80,
                           .classes = 5,
                           .exponent = 1,
                           .spread = 1.3,
                           .seed = w->seed};

    EID_TRY(lab_examples(w, ((const own_opts *)w->own)->data, 5000, &small, &o.train, &o.test));
    if (!o.train)
        goto done;
    EID_TRY(lab_centre(w->ctx, &o.train, &o.test));
    o.n = o.train->n;
    o.training = lab_memorizing(w);
    EID_TRY(choose_layers(&o));
    EID_TRY(choose_kept(&o));
    EID_TRY(audit(&o));
    EID_TRY(onion_rows(&o));
    EID_TRY(onion_figure(&o));
    EID_TRY(attack_rows(&o));
    EID_TRY(
        lab_note(w,
                 "Each audit: %d times %" PRId64 " networks, each trained on half of the "
                 "examples there are; intervals are over those %d. Layers were chosen by %" PRId64
                 " other networks.",
                 REPLICAS, o.models, REPLICAS, 2 * o.models));
done:
    for (int b = 0; b < BANKS; b++) {
        lab_bank_free(&o.bank[b]);
        eid_dataset_free(o.part[b]);
        eid_free(o.kept[b]);
    }
    eid_free(o.layer);
    eid_dataset_free(o.train);
    eid_dataset_free(o.test);
    return st;
}

const eid_lab eid_lab_onion = {
    .name = "onion",
    .group = "classifiers",
    .title = "Under the most vulnerable examples lie others",
    .claim =
        "When the examples that a membership attack tells best are removed and networks trained "
        "anew, examples that were safer before become more vulnerable; removing as many at random "
        "does that less.",
    .meaning =
        "Deleting the records that an audit names does not make the next model safe: audit again. "
        "Who is vulnerable depends on who else is in the data.",
    .source = "Carlini et al. 2022, The privacy onion effect: memorization is relative; Carlini et "
              "al. 2022, Membership inference attacks from first principles",
    .seconds = {4, 240},
    .table = own_table,
    .opts_size = sizeof(own_opts),
    .run = run,
};
