/* lab_data_diet.c - half of the examples do, if it is the right half; and where that fails (Paul,
 * Ganguli and Dziugaite 2021). */
#include "recipe/lab_diet.h"
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

/* ---- what it shows -----------------------------------------------------------------------------
 */

static eid_status versus(diet_lab *l, bool control, const char *row, int a, int b, lab_range range)
{
    eid_estimate e =
        lab_difference(diet_of(l, a), diet_of(l, b), (size_t)l->replicas, 0, l->spread[0]);

    return control ? lab_control(l->w, row, &e, range) : lab_measured(l->w, row, &e, range);
}

static eid_status clean_rows(diet_lab *l)
{
    eid_status st = EID_OK;
    bool full = l->w->full;
    char row[128];

    EID_TRY(versus(l, false, "clean: half with the highest EL2N less all", HALF, ALL,
                   lab_at_least(full ? -0.004 : -0.03)));
    EID_TRY(versus(l, false, "clean: half with the highest EL2N less half at random", HALF,
                   HALF_AT_RANDOM, lab_at_least(full ? 0.006 : 0.005)));
    EID_TRY(versus(l, false, "clean: half with the lowest EL2N less half at random", LOWEST_HALF,
                   HALF_AT_RANDOM, lab_at_most(full ? -0.05 : -0.02)));
    snprintf(row, sizeof row,
             "clean, where it fails: %s%% with the highest EL2N less as many at random",
             full ? "30" : "10");
    EID_TRY(versus(l, false, row, FEW, FEW_AT_RANDOM, lab_at_most(-0.03)));
    EID_TRY(versus(l, true,
                   "clean: half with the highest GraNd at initialization less half at "
                   "random",
                   HALF_BY_GRAND, HALF_AT_RANDOM, lab_at_most(full ? -0.01 : 0.01)));
done:
    return st;
}

static eid_status noisy_rows(diet_lab *l)
{
    eid_status st = EID_OK;
    bool full = l->w->full;
    eid_estimate share = lab_exact(1 - diet_subsets[l->window].to);

    EID_TRY(lab_measured(l->w, "10% wrong: share dropped that held-out examples choose", &share,
                         full ? lab_between(0.04, 0.16) : lab_between(0.04, 0.21)));
    EID_TRY(versus(l, false, "10% wrong: that share dropped less all", l->window, ALL_NOISY,
                   lab_at_least(0.003)));
    EID_TRY(versus(l, false, "10% wrong: that share dropped less as many dropped at random",
                   l->window, AS_MANY_AT_RANDOM, lab_at_least(0.004)));
    EID_TRY(versus(l, false, "10% wrong: 20% dropped less that share", DROP_20, l->window,
                   lab_at_most(full ? 0 : 0.02)));
    EID_TRY(versus(l, false, "10% wrong, where it fails: half with the highest EL2N less all",
                   HALF_NOISY, ALL_NOISY, lab_at_most(full ? -0.1 : -0.08)));
    EID_TRY(versus(l, false, "10% wrong: the wrong labels dropped less that share", TRUE_FLIPS,
                   l->window, lab_at_least(full ? 0 : -0.03)));
    EID_TRY(versus(l, true, "10% wrong: as many dropped at random less all", AS_MANY_AT_RANDOM,
                   ALL_NOISY, lab_about(0, full ? 0.01 : 0.05)));
done:
    return st;
}

static eid_status figures(diet_lab *l)
{
    static const int by_share[] = {ALL_NOISY, DROP_5, DROP_10, DROP_15, DROP_20};
    eid_status st = EID_OK;
    eid_lab_figure *f;
    eid_estimate e;
    size_t r = (size_t)l->replicas;

    EID_TRY(lab_figure(&f, l->w,
                       &(eid_chart){.name = "clean",
                                    .title = "Test accuracy by what was trained on, labels clean, "
                                             "as many steps each",
                                    .kind = EID_CHART_BARS,
                                    .y_title = "test accuracy",
                                    .y_as = EID_AS_PERCENT}));
    for (int p = ALL; p <= HALF_BY_GRAND; p++) {
        char name[DIET_NAME];
        diet_name(name, l, p);
        e = lab_accuracy(diet_of(l, p), r, 0, l->spread[0]);
        EID_TRY(lab_bar(f, "test accuracy", name, &e));
    }
    EID_TRY(lab_figure(&f, l->w,
                       &(eid_chart){.name = "dropped",
                                    .title = "Accuracy by share of the examples dropped, a tenth "
                                             "of the labels wrong",
                                    .x_title = "dropped, highest EL2N first",
                                    .x_unit = "dropped",
                                    .y_title = "accuracy",
                                    .x_as = EID_AS_PERCENT,
                                    .y_as = EID_AS_PERCENT}));
    for (size_t i = 0; i < sizeof by_share / sizeof *by_share; i++) {
        double x = 1 - diet_subsets[by_share[i]].to;
        e = lab_accuracy(diet_of(l, by_share[i]), r, 0, l->spread[0]);
        EID_TRY(lab_point(f, "test set", x, &e));
        e = lab_accuracy(diet_of(l, by_share[i]), r, 1, l->spread[1]);
        EID_TRY(lab_point(f, "held out, labels as noisy: chooses", x, &e));
        e = lab_accuracy(diet_of(l, TRUE_FLIPS), r, 0, l->spread[0]);
        EID_TRY(lab_point(f, "test set, the wrong labels dropped", x, &e));
    }
    EID_TRY(lab_reference(f, "test set, the wrong labels dropped"));
done:
    return st;
}

static eid_status notes(diet_lab *l)
{
    eid_status st = EID_OK;
    double open = lab_open(diet_of(l, HALF), diet_of(l, ALL), (size_t)l->replicas, 0);

    EID_TRY(lab_note(l->w,
                     "Every network got %lld steps, whatever it was trained on; %lld of them per "
                     "subset, by seed. An interval of a difference says how other seeds would have "
                     "come out on these %lld test examples; other test examples would move a small "
                     "difference by about %.2f points, either way.",
                     (long long)diet_of(l, ALL)->opts.steps, (long long)l->replicas,
                     (long long)l->test->n, 100 * open));
    for (int p = 0; p < PARTS; p++) {
        char name[DIET_NAME];
        diet_name(name, l, p);
        eid_estimate e = lab_accuracy(diet_of(l, p), (size_t)l->replicas, 0, l->spread[0]);
        EID_TRY(lab_note(l->w, "%s labels, %s: %.2f%% (%.2f to %.2f), %lld examples.",
                         diet_subsets[p].set == CLEAN ? "Clean" : "10% wrong", name, 100 * e.value,
                         100 * e.low, 100 * e.high,
                         (long long)(p == ALL ? l->learn[CLEAN]->n : diet_of(l, p)->n)));
    }
done:
    return st;
}

static diet_recipe recipe_of(const lab_work *w)
{
    eid_classifier_opts o = eid_classifier_opts_default();

    o.model = w->full ? "mlp:512-256" : "mlp:128";
    o.epochs = w->full ? 15 : 20;
    o.batch = w->full ? 128 : 32;
    o.lr = w->full ? 0.1 : 0.05;
    o.schedule = EID_SCHEDULE_COSINE;
    o.seed = (int64_t)w->seed * 100000;
    return (diet_recipe){
        .training = o, .other = w->full ? "cnn:lenet" : "mlp:32-32", .other_lr = 0.02};
}

static eid_status run(lab_work *w)
{
    eid_status st = EID_OK;
    diet_lab *l = NULL;
    lab_tail_opts small = {.n = 4000,
                           .features = 20,
                           .groups = 100,
                           .classes = 5,
                           .exponent = 1,
                           .spread = 1.2,
                           .seed = w->seed};

    EID_TRY(EID_NEW(l, 1));
    l->w = w;
    l->r = recipe_of(w);
    l->replicas = w->full ? 2 : 4;
    EID_TRY(lab_examples(w, ((const own_opts *)w->own)->data, 0, &small, &l->train, &l->test));
    if (!l->train)
        goto done;
    EID_TRY(diet_prepare(l));
    EID_TRY(diet_show_finding(w, &l->scored[NOISY]));
    EID_TRY(diet_compare_subsets(l));
    EID_TRY(clean_rows(l));
    EID_TRY(noisy_rows(l));
    EID_TRY(diet_show_agreement(w, &l->scored[CLEAN], &l->r, l->forgotten));
    EID_TRY(figures(l));
    EID_TRY(notes(l));
done:
    for (int set = 0; l && set < 2; set++) {
        for (int o = 0; o < ORDERS; o++)
            eid_free(l->order[set][o]);
        diet_scored_free(&l->scored[set]);
        eid_dataset_free(l->learn[set]);
        eid_dataset_free(l->validate[set]);
    }
    if (l) {
        lab_trainings_free(l->t, PARTS * MOST_REPLICAS);
        eid_dataset_free(l->train);
        eid_dataset_free(l->test);
        eid_free(l->last);
        eid_free(l->forgotten);
    }
    eid_free(l);
    return st;
}

const eid_lab eid_lab_data_diet = {
    .name = "data-diet",
    .group = "classifiers",
    .title = "Half of the examples do, if it is the right half",
    .claim =
        "EL2N of the first epochs ranks examples by what training gains from them: the highest "
        "half "
        "does what all do, the lowest half does far less; wrong labels rank highest, so with them "
        "a share at the top must go, as large as the share that is wrong.",
    .meaning = "Most of a training set is redundant, and a few epochs tell which part. Look at the "
               "top of the ranking before keeping it: hard and wrong examples stand there side by "
               "side. Below a third kept, random choice is better; scores at initialization are "
               "worth nothing.",
    .source = "Paul, Ganguli and Dziugaite 2021, Deep learning on a data diet, with its erratum; "
              "Toneva et al. 2019",
    .seconds = {4, 400},
    .table = own_table,
    .opts_size = sizeof(own_opts),
    .run = run,
};
