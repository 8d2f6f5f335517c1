/* lab_long_tail_removal.c - what is memorized is worth something (Feldman and Zhang 2020). */
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

static const double WRONG = 0.1;      /* share of labels, in the bank that scores are proved on */
static const double MEMORIZED = 0.25; /* mem from which an example counts as memorized */

typedef struct removal {
    lab_work *w;
    eid_dataset *train, *test, *noisy;
    eid_classifier_opts training;
    int64_t models;
    double *mem, *half[2]; /* of the noisy bank; of its halves */
    double *clean_mem;     /* of the clean one */
} removal;

static eid_bank_opts bank_of(const removal *r, int64_t models, uint64_t number)
{
    eid_bank_opts o = eid_bank_opts_default();

    o.models = models;
    o.design = EID_BANK_FRACTION;
    o.fraction = 0.7;
    o.seed = (int64_t)(r->w->seed * 100 + number);
    return o;
}

/* ---- scores that are right ---------------------------------------------------------------------
 */

/* mem of the examples with a wrong label, or of the others. */
static int64_t side_of(const removal *r, const double *mem, bool wrong, double *out)
{
    int64_t n = 0;

    for (int64_t i = 0; i < r->noisy->n; i++)
        if ((r->noisy->label[i] != r->noisy->clean[i]) == wrong)
            out[n++] = mem[i];
    return n;
}

static eid_status score_rows(removal *r, const lab_bank *b)
{
    eid_status st = EID_OK;
    lab_work *w = r->w;
    double *side = NULL;
    bool full = w->full;
    int64_t n;
    eid_estimate e = lab_exact(b->accuracy);

    EID_TRY(EID_NEW(side, r->noisy->n));
    EID_TRY(lab_measured(w, "training accuracy, mean over models", &e,
                         lab_at_least(full ? 0.999 : 0.98)));
    n = side_of(r, r->mem, true, side);
    e = eid_mean_t(side, (size_t)n);
    EID_TRY(lab_measured(w, "mem of wrong labels, mean", &e, lab_at_least(full ? 0.95 : 0.8)));
    n = side_of(r, r->mem, false, side);
    int64_t many = 0;
    for (int64_t i = 0; i < n; i++)
        many += side[i] >= MEMORIZED;
    e = eid_proportion(many, n);
    EID_TRY(lab_measured(w, "right labels memorized too: share with mem of 0.25 and more", &e,
                         lab_between(0.1, 0.4)));
    e = lab_median(side, n);
    EID_TRY(lab_measured(w, "mem of right labels, median", &e, lab_at_most(full ? 0.08 : 0.15)));
    EID_TRY(lab_finds_flips(&e, r->mem, r->noisy));
    EID_TRY(lab_measured(w, "area under the ROC of mem for wrong labels", &e,
                         lab_at_least(full ? 0.96 : 0.9)));
    e = lab_correlation(r->half[0], r->half[1], r->noisy->n);
    char row[128];
    snprintf(row, sizeof row,
             "correlation of mem by %" PRId64 " models with that by as many others", r->models / 2);
    EID_TRY(lab_measured(w, row, &e, lab_at_least(full ? 0.94 : 0.75)));
done:
    eid_free(side);
    return st;
}

/* Share of examples with mem of at least x. */
static eid_status distribution(removal *r)
{
    eid_status st = EID_OK;
    eid_lab_figure *f;
    double *side = NULL;

    EID_TRY(EID_NEW(side, r->noisy->n));
    EID_TRY(lab_figure(&f, r->w,
                       &(eid_chart){.name = "mem",
                                    .title = "Share of the examples with at least so much mem, a "
                                             "tenth of the labels wrong",
                                    .x_title = "mem",
                                    .x_unit = "mem",
                                    .y_title = "examples",
                                    .y_as = EID_AS_PERCENT,
                                    .from_zero = true}));
    for (int wrong = 0; wrong < 2; wrong++) {
        int64_t n = side_of(r, r->mem, wrong, side);
        for (int k = 0; k <= 20; k++) {
            int64_t many = 0;
            for (int64_t i = 0; i < n; i++)
                many += side[i] >= 0.05 * k - 1e-9;
            eid_estimate e = eid_proportion(many, n);
            EID_TRY(lab_point(f, wrong ? "wrong labels" : "right labels", 0.05 * k, &e));
        }
    }
done:
    eid_free(side);
    return st;
}

/* A bank on labels a tenth of which is wrong: what mem must say is known. */
static eid_status prove_scores(removal *r)
{
    eid_status st = EID_OK;
    lab_bank b = {0};
    eid_bank_opts o = bank_of(r, r->models, 1);
    double *side = NULL;
    eid_estimate e;

    EID_TRY(eid_dataset_noise(&r->noisy, r->w->ctx, r->train, EID_NOISE_WRONG, WRONG, r->w->seed,
                              NULL));
    EID_TRY(lab_bank_make(&b, r->w, r->noisy, &o, &r->training));
    EID_TRY(EID_NEW(r->mem, r->noisy->n));
    EID_TRY(EID_NEW(r->half[0], r->noisy->n));
    EID_TRY(EID_NEW(r->half[1], r->noisy->n));
    EID_TRY(EID_NEW(side, r->noisy->n));
    lab_bank_mem(r->mem, &b, 0, r->models);
    lab_bank_mem(r->half[0], &b, 0, r->models / 2);
    lab_bank_mem(r->half[1], &b, r->models / 2, r->models - r->models / 2);
    EID_TRY(score_rows(r, &b));
    EID_TRY(distribution(r));
    lab_bank_shuffle(&b, r->w->seed);
    lab_bank_mem(r->half[0], &b, 0, r->models);
    int64_t n = side_of(r, r->half[0], true, side);
    e = eid_mean_t(side, (size_t)n);
    EID_TRY(lab_control(r->w, "mem of wrong labels, mean, memberships dealt out anew", &e,
                        lab_about(0, 0.05)));
done:
    eid_free(side);
    lab_bank_free(&b);
    return st;
}

/* ---- removal -----------------------------------------------------------------------------------
 */

enum { MEMORIZED_FIRST, AT_RANDOM, LEAST_FIRST, WAYS, SHARES = 4, MOST_SEEDS = 10 };
static const double shares[SHARES] = {0.05, 0.1, 0.2, 0.3};
static const char *const ways[WAYS] = {"the most memorized removed", "as many at random removed",
                                       "the least memorized removed"};

typedef struct removing {
    removal *r;
    int64_t seeds;
    int64_t *order[WAYS]; /* who goes first */
    lab_training t[(SHARES * WAYS + 1) * MOST_SEEDS];
    lab_spread spread;
} removing;

static eid_status make_orders(removing *m)
{
    eid_status st = EID_OK;
    const removal *r = m->r;
    const eid_dataset *d = r->train;

    for (int k = 0; k < WAYS; k++)
        EID_TRY(EID_NEW(m->order[k], d->n));
    EID_TRY(diet_order(m->order[MEMORIZED_FIRST], d->n, r->clean_mem, -1, d->id, r->w->seed));
    EID_TRY(diet_order(m->order[LEAST_FIRST], d->n, r->clean_mem, 1, d->id, r->w->seed));
    EID_TRY(diet_order(m->order[AT_RANDOM], d->n, NULL, 1, d->id, r->w->seed));
done:
    return st;
}

/* The first group is trained on all. */
static size_t group_of(int share, int way)
{
    return 1 + (size_t)share * WAYS + (size_t)way;
}

static eid_status train_without(removing *m)
{
    eid_status st = EID_OK;
    removal *r = m->r;
    int64_t n = r->train->n;

    for (size_t g = 0; g <= SHARES * WAYS; g++)
        for (int64_t k = 0; k < m->seeds; k++) {
            size_t i = g * (size_t)m->seeds + (size_t)k;
            int64_t drop = g ? llround(shares[(g - 1) / WAYS] * (double)n) : 0;
            m->t[i] = (lab_training){.data = r->train,
                                     .part = m->order[g ? (g - 1) % WAYS : AT_RANDOM] + drop,
                                     .n = n - drop,
                                     .opts = r->training,
                                     .judge = {r->test}};
            m->t[i].opts.seed = (int64_t)(r->w->seed * 100000 + i);
            m->t[i].opts.steps = eid_classifier_steps(&r->training, n);
        }
    EID_TRY(lab_train(r->w, m->t, (SHARES * WAYS + 1) * (size_t)m->seeds, "training without some"));
    m->spread = lab_spread_of(m->t, SHARES * WAYS + 1, (size_t)m->seeds, 0);
done:
    return st;
}

static lab_training *of(removing *m, size_t group)
{
    return &m->t[group * (size_t)m->seeds];
}

static eid_status removal_rows(removing *m)
{
    eid_status st = EID_OK;
    lab_work *w = m->r->w;
    size_t seeds = (size_t)m->seeds;
    char row[128];

    for (int s = 0; s < SHARES; s++) {
        const lab_training *top = of(m, group_of(s, MEMORIZED_FIRST)),
                           *any = of(m, group_of(s, AT_RANDOM)),
                           *low = of(m, group_of(s, LEAST_FIRST));
        eid_estimate e = lab_difference(top, any, seeds, 0, m->spread);
        snprintf(row, sizeof row, "test accuracy, %.0f%% most memorized removed less at random",
                 100 * shares[s]);
        EID_TRY(lab_measured(w, row, &e, shares[s] < 0.1 ? lab_any() : lab_at_most(0)));
        e = lab_difference(low, any, seeds, 0, m->spread);
        snprintf(row, sizeof row, "test accuracy, %.0f%% least memorized removed less at random",
                 100 * shares[s]);
        EID_TRY(lab_control(w, row, &e, shares[s] < 0.3 ? lab_any() : lab_at_least(-0.01)));
    }
    EID_TRY(lab_note(w,
                     "An interval of a difference says how other seeds would have come out on "
                     "these %" PRId64 " test examples; others would move the difference at 20%% by "
                     "about %.2f points, either way.",
                     m->r->test->n,
                     100 * lab_open(of(m, group_of(2, MEMORIZED_FIRST)),
                                    of(m, group_of(2, AT_RANDOM)), seeds, 0)));
done:
    return st;
}

static eid_status removal_figure(removing *m)
{
    eid_status st = EID_OK;
    eid_lab_figure *f;
    eid_estimate e;

    EID_TRY(lab_figure(&f, m->r->w,
                       &(eid_chart){.name = "removal",
                                    .title = "Test accuracy by share of the training set removed, "
                                             "as many steps each",
                                    .x_title = "removed",
                                    .x_unit = "removed",
                                    .y_title = "test accuracy",
                                    .x_as = EID_AS_PERCENT,
                                    .y_as = EID_AS_PERCENT}));
    for (int way = 0; way < WAYS; way++) {
        e = lab_accuracy(of(m, 0), (size_t)m->seeds, 0, m->spread);
        EID_TRY(lab_point(f, ways[way], 0, &e));
        for (int s = 0; s < SHARES; s++) {
            e = lab_accuracy(of(m, group_of(s, way)), (size_t)m->seeds, 0, m->spread);
            EID_TRY(lab_point(f, ways[way], shares[s], &e));
        }
    }
    EID_TRY(lab_reference(f, ways[AT_RANDOM]));
done:
    return st;
}

/* Who they are: places in the file, with their labels. */
static eid_status name_the_memorized(const removal *r, const int64_t *order)
{
    char text[400] = "";
    size_t at = 0;

    for (int k = 0; k < 12 && k < r->train->n; k++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%" PRId64 " (class %d, %.2f)",
                               k ? ", " : "", r->train->id[order[k]],
                               (int)r->train->label[order[k]], r->clean_mem[order[k]]);
    return lab_note(r->w,
                    "The most memorized examples, by their place in the data, all labels as "
                    "they are: %s.",
                    text);
}

/* All labels as they are: what is memorized there, and what it costs to do without. */
static eid_status remove_them(removal *r)
{
    eid_status st = EID_OK;
    lab_bank b = {0};
    removing *m = NULL;
    eid_bank_opts o = bank_of(r, r->models / 2, 2);

    EID_TRY(EID_NEW(m, 1));
    m->r = r;
    m->seeds = r->w->full ? 8 : MOST_SEEDS;
    EID_TRY(lab_bank_make(&b, r->w, r->train, &o, &r->training));
    EID_TRY(EID_NEW(r->clean_mem, r->train->n));
    lab_bank_mem(r->clean_mem, &b, 0, o.models);
    int64_t many = 0;
    for (int64_t i = 0; i < r->train->n; i++)
        many += r->clean_mem[i] >= MEMORIZED;
    eid_estimate e = eid_proportion(many, r->train->n);
    EID_TRY(lab_measured(r->w, "all labels right: share with mem of 0.25 and more", &e,
                         lab_between(0.05, 0.4)));
    EID_TRY(make_orders(m));
    EID_TRY(name_the_memorized(r, m->order[MEMORIZED_FIRST]));
    EID_TRY(train_without(m));
    EID_TRY(removal_rows(m));
    EID_TRY(removal_figure(m));
done:
    if (m) {
        lab_trainings_free(m->t, sizeof m->t / sizeof *m->t);
        for (int k = 0; k < WAYS; k++)
            eid_free(m->order[k]);
    }
    eid_free(m);
    lab_bank_free(&b);
    return st;
}

static eid_status run(lab_work *w)
{
    eid_status st = EID_OK;
    removal r = {.w = w, .models = w->full ? 200 : 60};
    lab_tail_opts small = {.n = 1000,
                           .features = 20,
                           .groups = 80,
                           .classes = 5,
                           .exponent = 1,
                           .spread = 1.4,
                           .seed = w->seed};

    EID_TRY(lab_examples(w, ((const own_opts *)w->own)->data, 5000, &small, &r.train, &r.test));
    if (!r.train)
        goto done;
    EID_TRY(lab_centre(w->ctx, &r.train, &r.test));
    r.training = lab_memorizing(w);
    EID_TRY(prove_scores(&r));
    EID_TRY(remove_them(&r));
done:
    eid_dataset_free(r.train);
    eid_dataset_free(r.test);
    eid_dataset_free(r.noisy);
    eid_free(r.mem);
    eid_free(r.half[0]);
    eid_free(r.half[1]);
    eid_free(r.clean_mem);
    return st;
}

const eid_lab eid_lab_long_tail_removal = {
    .name = "long-tail-removal",
    .group = "classifiers",
    .title = "What is memorized is worth something",
    .claim =
        "A network that fits its training set memorizes wrong labels and, of the right ones, those "
        "that stand alone; taking the memorized right ones away costs more test accuracy than "
        "taking away as many at random.",
    .meaning = "Memorization scores find wrong labels, but what they find is not all rubbish: "
               "among memorized examples with right labels are the only ones of their kind. Look "
               "before you delete.",
    .source = "Feldman and Zhang 2020, What neural networks memorize and why",
    .seconds = {3, 300},
    .table = own_table,
    .opts_size = sizeof(own_opts),
    .run = run,
};
