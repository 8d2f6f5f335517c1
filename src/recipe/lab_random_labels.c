/* lab_random_labels.c - a network fits labels that mean nothing (Zhang et al. 2017). */
#include "recipe/lab_nets.h"
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

/* What is trained: a network on labels of which a share was drawn at random, on pixels that were
 * disturbed, without the corrupted examples, or a model that is too small. */
enum { CORRUPTED, PIXELS, CLEANED, SOFTMAX };
typedef struct setting {
    const char *name;
    int kind;
    double share;
    int64_t pixels;
} setting;
static const setting settings[] = {
    {"labels as they are", CORRUPTED, 0, EID_PIXELS_TRUE},
    {"a quarter random", CORRUPTED, 0.25, EID_PIXELS_TRUE},
    {"half random", CORRUPTED, 0.5, EID_PIXELS_TRUE},
    {"three quarters random", CORRUPTED, 0.75, EID_PIXELS_TRUE},
    {"all random", CORRUPTED, 1, EID_PIXELS_TRUE},
    {"inputs shuffled, one order for all", PIXELS, 0, EID_PIXELS_SHUFFLED},
    {"inputs shuffled, each in its own order", PIXELS, 0, EID_PIXELS_RANDOM},
    {"inputs replaced by noise", PIXELS, 0, EID_PIXELS_GAUSSIAN},
    {"half random, those dropped", CLEANED, 0.5, EID_PIXELS_TRUE},
    {"all random, no hidden layer", SOFTMAX, 1, EID_PIXELS_TRUE},
};
enum { SHARES = 5, SETTINGS = sizeof settings / sizeof *settings, MOST_SEEDS = 5 };
enum { TRUE_LABELS = 0, QUARTER, HALF, THREE_QUARTERS, ALL, DROPPED = 8, TOO_SMALL = 9 };

typedef struct fitted {
    eid_dataset *data, *test; /* its own noise; test NULL: everybody's */
    int64_t *part;
    double train, judged;     /* accuracies at the end */
    double epochs, epochs_99; /* to 100% and 99% of the training set; infinite: not reached */
} fitted;

typedef struct random_labels {
    lab_work *w;
    eid_dataset *train, *test;
    int64_t seeds;
    fitted of[SETTINGS * MOST_SEEDS];
    lab_training t[SETTINGS * MOST_SEEDS];
} random_labels;

/* ---- one training ------------------------------------------------------------------------------
 */

static eid_status look(lab_training *t, eid_ctx *ctx, const eid_moment *m)
{
    eid_status st = EID_OK;
    fitted *f = t->user;
    eid_dataset *part = NULL;

    if (t->part)
        EID_TRY(eid_dataset_pick(&part, ctx, t->data, t->part, t->n));
    EID_TRY(lab_accuracy_of(m->net, ctx, part ? part : t->data, &f->train));
    if (f->train >= 0.99 && isinf(f->epochs_99))
        f->epochs_99 = m->epoch;
    if (f->train >= 1) {
        f->epochs = m->epoch;
        t->stop = true;
    }
done:
    eid_dataset_free(part);
    return st;
}

static eid_status drop_corrupted(fitted *f, lab_training *t, const uint8_t *chosen)
{
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(f->part, f->data->n));
    for (int64_t i = 0; i < f->data->n; i++)
        if (!chosen[i])
            f->part[t->n++] = i;
    t->part = f->part;
done:
    return st;
}

static eid_status set_up(random_labels *l, const setting *s, fitted *f, lab_training *t,
                         uint64_t seed)
{
    eid_status st = EID_OK;
    eid_ctx *ctx = l->w->ctx;
    uint8_t *chosen = NULL;

    EID_TRY(EID_NEW(chosen, l->train->n));
    EID_TRY(eid_dataset_noise(&f->data, ctx, l->train, EID_NOISE_RANDOM, s->share, seed, chosen));
    if (s->pixels != EID_PIXELS_TRUE) {
        eid_dataset_free(f->data);
        f->data = NULL;
        EID_TRY(eid_dataset_pixels(&f->data, ctx, l->train, s->pixels, NULL, seed));
        EID_TRY(eid_dataset_pixels(&f->test, ctx, l->test, s->pixels, l->train, seed));
    }
    f->epochs = f->epochs_99 = INFINITY;
    eid_classifier_opts o = eid_classifier_opts_default();
    o.model = s->kind == SOFTMAX ? "mlp:" : l->w->full ? "mlp:128" : "mlp:64";
    o.epochs = s->kind == SOFTMAX ? 200 : 1000;
    o.batch = l->w->full ? 32 : 20;
    o.lr = l->w->full ? 0.01 : 0.005;
    o.seed = (int64_t)seed;
    *t = (lab_training){.data = f->data, .opts = o, .look = look, .user = f};
    t->judge[0] = f->test ? f->test : l->test;
    if (s->kind == CLEANED)
        EID_TRY(drop_corrupted(f, t, chosen));
done:
    eid_free(chosen);
    return st;
}

static eid_status train_all(random_labels *l)
{
    eid_status st = EID_OK;
    size_t n = (size_t)(SETTINGS * l->seeds);

    for (size_t i = 0; i < n; i++) {
        size_t s = i / (size_t)l->seeds, r = i % (size_t)l->seeds;
        EID_TRY(set_up(l, &settings[s], &l->of[i], &l->t[i], l->w->seed * 1000 + r));
    }
    EID_TRY(lab_train(l->w, l->t, n, "fitting labels"));
    for (size_t i = 0; i < n; i++) {
        const lab_training *t = &l->t[i];
        int64_t right = 0;
        for (int64_t k = 0; k < t->judge[0]->n; k++)
            right += t->right[0][k];
        l->of[i].judged = (double)right / (double)t->judge[0]->n;
    }
done:
    return st;
}

/* ---- what it shows -----------------------------------------------------------------------------
 */

typedef double (*value_fn)(const fitted *f);
static double trained(const fitted *f)
{
    return f->train;
}
static double judged(const fitted *f)
{
    return f->judged;
}
static double epochs(const fitted *f)
{
    return f->epochs;
}
static double epochs_99(const fitted *f)
{
    return f->epochs_99;
}

/* Mean over seeds of a value of setting s, less (or over, `ratio`) the same seed's of `than`; than
 * < 0: alone. */
static eid_estimate mean(const random_labels *l, int s, value_fn v, int than, bool ratio)
{
    double x[MOST_SEEDS];

    for (int64_t r = 0; r < l->seeds; r++) {
        x[r] = v(&l->of[s * l->seeds + r]);
        double y = than < 0 ? 0 : v(&l->of[than * l->seeds + r]);
        x[r] = than < 0 ? x[r] : ratio ? x[r] / y : x[r] - y;
    }
    return eid_mean_t(x, (size_t)l->seeds);
}

static eid_status rows(random_labels *l)
{
    eid_status st = EID_OK;
    lab_work *w = l->w;
    char row[128];
    double chance = 1.0 / l->train->classes;
    eid_estimate e;

    for (int s = 0; s < SETTINGS; s++) {
        if (settings[s].kind > PIXELS)
            continue;
        e = mean(l, s, trained, -1, false);
        snprintf(row, sizeof row, "training accuracy, %s", settings[s].name);
        EID_TRY(lab_measured(w, row, &e, lab_at_least(1)));
    }
    e = mean(l, ALL, epochs, TRUE_LABELS, true);
    EID_TRY(lab_measured(w, "epochs to 100%, all random over none", &e,
                         lab_between(l->w->full ? 2 : 1.2, 6)));
    e = mean(l, ALL, epochs_99, TRUE_LABELS, true);
    EID_TRY(lab_measured(w, "epochs to 99%, all random over none", &e, lab_at_least(1.2)));
    for (int s = QUARTER; s < SHARES; s++) {
        e = mean(l, s, judged, s - 1, false);
        snprintf(row, sizeof row, "test accuracy, %s less %s", settings[s].name,
                 settings[s - 1].name);
        EID_TRY(lab_measured(w, row, &e, lab_at_most(-0.03)));
    }
    e = mean(l, TRUE_LABELS, judged, -1, false);
    EID_TRY(lab_measured(w, "test accuracy, labels as they are", &e, lab_at_least(0.8)));
    e = mean(l, ALL, judged, -1, false);
    EID_TRY(lab_control(w, "test accuracy, all random", &e, lab_about(chance, 0.4 * chance)));
    e = mean(l, 7, judged, -1, false);
    EID_TRY(lab_control(w, "test accuracy, inputs replaced by noise", &e,
                        lab_about(chance, 0.4 * chance)));
    e = mean(l, DROPPED, judged, HALF, false);
    EID_TRY(lab_control(w, "test accuracy with the random half dropped less that with it", &e,
                        lab_at_least(0.1)));
    e = mean(l, TOO_SMALL, trained, -1, false);
    EID_TRY(lab_control(w, "training accuracy, all random, no hidden layer", &e, lab_at_most(0.9)));
done:
    return st;
}

static eid_status by_share(random_labels *l)
{
    eid_status st = EID_OK;
    eid_lab_figure *f;

    EID_TRY(lab_figure(&f, l->w,
                       &(eid_chart){.name = "accuracy",
                                    .title = "Accuracy of a network that fits every label, by "
                                             "share of labels drawn at random",
                                    .x_title = "labels drawn at random",
                                    .x_unit = "random",
                                    .y_title = "accuracy",
                                    .x_as = EID_AS_PERCENT,
                                    .y_as = EID_AS_PERCENT,
                                    .from_zero = true,
                                    .rule = 1.0 / l->train->classes,
                                    .rule_label = "chance"}));
    for (int s = 0; s < SHARES; s++) {
        eid_estimate a = mean(l, s, trained, -1, false), b = mean(l, s, judged, -1, false);
        EID_TRY(lab_point(f, "training set", settings[s].share, &a));
        EID_TRY(lab_point(f, "test set", settings[s].share, &b));
    }
    EID_TRY(lab_figure(&f, l->w,
                       &(eid_chart){.name = "epochs",
                                    .title = "Epochs until the training set is fitted, by share "
                                             "of labels drawn at random",
                                    .x_title = "labels drawn at random",
                                    .x_unit = "random",
                                    .y_title = "epochs",
                                    .x_as = EID_AS_PERCENT,
                                    .y_as = EID_AS_COUNT,
                                    .from_zero = true}));
    for (int s = 0; s < SHARES; s++) {
        eid_estimate a = mean(l, s, epochs, -1, false), b = mean(l, s, epochs_99, -1, false);
        EID_TRY(lab_point(f, "to the last example", settings[s].share, &a));
        EID_TRY(lab_point(f, "to 99% of them", settings[s].share, &b));
    }
done:
    return st;
}

static eid_status run(lab_work *w)
{
    eid_status st = EID_OK;
    random_labels *l = NULL;
    lab_tail_opts small = {.n = 400,
                           .features = 40,
                           .groups = 20,
                           .classes = 5,
                           .exponent = 0.5,
                           .spread = 0.8,
                           .seed = w->seed};

    EID_TRY(EID_NEW(l, 1));
    l->w = w;
    l->seeds = w->full ? MOST_SEEDS : 4;
    EID_TRY(lab_examples(w, ((const own_opts *)w->own)->data, 5000, &small, &l->train, &l->test));
    if (!l->train)
        goto done;
    EID_TRY(lab_centre(w->ctx, &l->train, &l->test));
    EID_TRY(train_all(l));
    EID_TRY(rows(l));
    EID_TRY(by_share(l));
done:
    for (int i = 0; l && i < SETTINGS * MOST_SEEDS; i++) {
        eid_dataset_free(l->of[i].data);
        eid_dataset_free(l->of[i].test);
        eid_free(l->of[i].part);
    }
    if (l) {
        lab_trainings_free(l->t, SETTINGS * MOST_SEEDS);
        eid_dataset_free(l->train);
        eid_dataset_free(l->test);
    }
    eid_free(l);
    return st;
}

const eid_lab eid_lab_random_labels = {
    .name = "random-labels",
    .group = "classifiers",
    .title = "A network that can learn can also learn by heart",
    .claim =
        "A network reaches 100% training accuracy whatever share of the labels was drawn at "
        "random, and also on inputs that are noise; it only takes longer, and errs more on new "
        "examples the more of the labels mean nothing.",
    .meaning = "Training accuracy says nothing about what was learned, and a network's size does "
               "not keep it from memorizing. Wrong labels are paid for on new examples: dropping "
               "them costs less than fitting them.",
    .source = "Zhang et al. 2017, Understanding deep learning requires rethinking generalization",
    .seconds = {2, 60},
    .table = own_table,
    .opts_size = sizeof(own_opts),
    .run = run,
};
