/* lab_nearest_neighbour.c - total memory, and an error at most twice the best (Cover and Hart
 * 1967). */
#include "eidetic/dataset.h"
#include "eidetic/neighbour.h"
#include "eidetic/rng.h"
#include "recipe/lab.h"
#include <stdio.h>
#include <string.h>

typedef struct own_opts {
    const char *data;
} own_opts;

static const eid_opt own_table[] = {
    {EID_OPT_STR, "data", offsetof(own_opts, data), 0, 0,
     "labelled images: a name that a package ships, a folder or a file", NULL, EID_OPT_PATH_IN},
    {0},
};

static void own_defaults(void *opts)
{
    *(own_opts *)opts = (own_opts){.data = "fashion-mnist"};
}

static eid_neighbour_opts sizes(const lab_work *w)
{
    eid_neighbour_opts o = eid_neighbour_opts_default();
    o.n = w->full ? 4000 : 1000;
    o.m = w->full ? 4000 : 2000;
    o.trials = w->full ? 30 : 15;
    o.seed = (int64_t)w->seed;
    return o;
}

/* ---- classes that stand apart, labels flipped ---------------------------------------------- */

static eid_status flipped(lab_work *w)
{
    static const int64_t dimension[] = {1, 10, 100};
    eid_status st = EID_OK;
    eid_neighbour_opts o = sizes(w);
    eid_neighbour_result r;
    char row[128];

    for (int k = 0; k < 3; k++) {
        o.d = dimension[k];
        o.p = 0.1;
        EID_TRY(eid_neighbour_risk(&r, w->ctx, &o));
        snprintf(row, sizeof row, "error on labels as noisy, p = 0.1, d = %d", (int)o.d);
        EID_TRY(lab_measured(w, row, &r.noisy, lab_about(0.18, 0.01)));
        snprintf(row, sizeof row, "error on clean labels, p = 0.1, d = %d", (int)o.d);
        EID_TRY(lab_measured(w, row, &r.clean, lab_about(0.1, 0.01)));
        if (k == 1)
            EID_TRY(lab_measured(w, "error on the examples themselves", &r.train, lab_at_most(0)));
    }
    o.d = 10;
    o.p = 0;
    EID_TRY(eid_neighbour_risk(&r, w->ctx, &o));
    EID_TRY(lab_control(w, "error without noise", &r.noisy, lab_at_most(0)));
    o.p = 0.5;
    EID_TRY(eid_neighbour_risk(&r, w->ctx, &o));
    EID_TRY(
        lab_control(w, "error where labels say nothing, p = 0.5", &r.noisy, lab_about(0.5, 0.02)));
done:
    return st;
}

static eid_status by_noise(lab_work *w)
{
    eid_status st = EID_OK;
    eid_neighbour_opts o = sizes(w);
    eid_lab_figure *f;

    o.d = 10;
    EID_TRY(lab_figure(&f, w,
                       &(eid_chart){.name = "noise",
                                    .title = "Error of the nearest neighbour by share of flipped "
                                             "labels, two classes that stand apart",
                                    .x_title = "share of flipped labels, p",
                                    .x_unit = "flipped",
                                    .y_title = "error",
                                    .x_as = EID_AS_PERCENT,
                                    .y_as = EID_AS_PERCENT,
                                    .from_zero = true}));
    for (int k = 0; k <= 10; k++) {
        eid_neighbour_result r;
        o.p = 0.05 * k;
        EID_TRY(eid_neighbour_risk(&r, w->ctx, &o));
        eid_estimate noisy = lab_exact(2 * o.p * (1 - o.p)), clean = lab_exact(o.p);
        EID_TRY(lab_point(f, "labels as noisy", o.p, &r.noisy));
        EID_TRY(lab_point(f, "clean labels", o.p, &r.clean));
        EID_TRY(lab_point(f, "2p(1-p)", o.p, &noisy));
        EID_TRY(lab_point(f, "p: the best there is", o.p, &clean));
    }
    EID_TRY(lab_reference(f, "2p(1-p)"));
    EID_TRY(lab_reference(f, "p: the best there is"));
done:
    return st;
}

/* ---- classes that overlap ------------------------------------------------------------------ */

static eid_status overlapping(lab_work *w)
{
    static const int64_t dimension[] = {1, 2, 5, 10};
    eid_status st = EID_OK;
    eid_neighbour_opts o = sizes(w);
    eid_neighbour_result r = {0};
    eid_lab_figure *f;
    char row[128];

    o.kind = EID_NEIGHBOUR_OVERLAP;
    EID_TRY(lab_figure(&f, w,
                       &(eid_chart){.name = "examples",
                                    .title = "Error of the nearest neighbour by examples, two "
                                             "classes that overlap (η(x) = x₁)",
                                    .x_title = "examples",
                                    .x_unit = "examples",
                                    .y_title = "error",
                                    .x_scale = EID_SCALE_LOG2,
                                    .x_as = EID_AS_COUNT,
                                    .y_as = EID_AS_PERCENT,
                                    .rule = 0.25,
                                    .rule_label = "25%: the Bayes risk"}));
    for (int k = 0; k < 4; k++) {
        char series[32];
        o.d = dimension[k];
        snprintf(series, sizeof series, "%d dimension%s", (int)o.d, o.d > 1 ? "s" : "");
        for (o.n = 16; o.n <= (w->full ? 8192 : 2048); o.n *= 2) {
            eid_estimate limit = lab_exact(1.0 / 3), ceiling = lab_exact(3.0 / 8);
            EID_TRY(eid_neighbour_risk(&r, w->ctx, &o));
            EID_TRY(lab_point(f, series, (double)o.n, &r.noisy));
            if (k == 0) {
                EID_TRY(lab_point(f, "E 2η(1-η) = 1/3", (double)o.n, &limit));
                EID_TRY(lab_point(f, "2R*(1-R*) = 3/8", (double)o.n, &ceiling));
            }
        }
        if (k > 1)
            continue;
        snprintf(row, sizeof row, "error where classes overlap, d = %d", (int)o.d);
        EID_TRY(lab_measured(w, row, &r.noisy, lab_about(1.0 / 3, 0.01)));
        if (k == 0)
            EID_TRY(lab_control(w, "error of the Bayes rule on the same", &r.bayes,
                                lab_about(0.25, 0.01)));
    }
    EID_TRY(lab_reference(f, "E 2η(1-η) = 1/3"));
    EID_TRY(lab_reference(f, "2R*(1-R*) = 3/8"));
done:
    return st;
}

/* ---- images -------------------------------------------------------------------------------- */

typedef struct images {
    int64_t n, m;
    int32_t classes;
    const int32_t *train, *test; /* labels */
    int64_t *near;               /* [m] */
    double base;                 /* share of queries whose neighbour is of another class */
} images;

static int32_t noisy_label(eid_rng *r, int32_t label, int32_t classes, double p)
{
    bool flip = eid_rng_unit(r) < p;
    int32_t other = (int32_t)eid_rng_below(r, (uint64_t)classes - 1);
    return flip ? other + (other >= label) : label;
}

/* Errors when labels of both sides are replaced with chance p; neighbours do not change. */
static eid_status with_noise(const images *im, double p, uint64_t seed, int64_t draw, double *noisy,
                             double *clean)
{
    eid_status st = EID_OK;
    eid_rng r = eid_rng_stream(seed, 0x4e4e000000000000u + (uint64_t)draw);
    int32_t *train = NULL;
    int64_t wrong = 0, wrong_clean = 0;

    EID_TRY(EID_NEW(train, im->n));
    for (int64_t i = 0; i < im->n; i++)
        train[i] = noisy_label(&r, im->train[i], im->classes, p);
    for (int64_t i = 0; i < im->m; i++) {
        int32_t said = train[im->near[i]];
        wrong_clean += said != im->test[i];
        wrong += said != noisy_label(&r, im->test[i], im->classes, p);
    }
    *noisy = (double)wrong / (double)im->m;
    *clean = (double)wrong_clean / (double)im->m;
done:
    eid_free(train);
    return st;
}

static eid_status by_noise_on_images(lab_work *w, const images *im)
{
    enum { DRAWS = 12 };
    eid_status st = EID_OK;
    eid_lab_figure *f;
    double noisy[DRAWS], clean[DRAWS];

    EID_TRY(lab_figure(&f, w,
                       &(eid_chart){.name = "images",
                                    .title = "Error of the nearest neighbour by share of wrong "
                                             "labels, on images",
                                    .x_title = "share of wrong labels, p",
                                    .x_unit = "wrong",
                                    .y_title = "error",
                                    .x_as = EID_AS_PERCENT,
                                    .y_as = EID_AS_PERCENT,
                                    .from_zero = true}));
    for (int k = 0; k <= 8; k++) {
        double p = 0.1 * k;
        for (int i = 0; i < DRAWS; i++)
            EID_TRY(with_noise(im, p, w->seed, k * DRAWS + i, &noisy[i], &clean[i]));
        eid_estimate a = eid_mean_t(noisy, DRAWS), b = eid_mean_t(clean, DRAWS);
        eid_estimate want_a = lab_exact(eid_neighbour_noisy(im->base, p, im->classes));
        eid_estimate want_b = lab_exact(eid_neighbour_clean(im->base, p, im->classes));
        EID_TRY(lab_point(f, "labels as noisy", p, &a));
        EID_TRY(lab_point(f, "clean labels", p, &b));
        EID_TRY(lab_point(f, "formula, labels as noisy", p, &want_a));
        EID_TRY(lab_point(f, "formula, clean labels", p, &want_b));
        if (k != 1)
            continue;
        double slack = w->full ? 0.01 : 0.02;
        EID_TRY(lab_measured(w, "images: error on labels as noisy, p = 0.1", &a,
                             lab_about(want_a.value, slack)));
        EID_TRY(lab_measured(w, "images: error on clean labels, p = 0.1", &b,
                             lab_about(want_b.value, slack)));
    }
    EID_TRY(lab_reference(f, "formula, labels as noisy"));
    EID_TRY(lab_reference(f, "formula, clean labels"));
done:
    return st;
}

/* Labels dealt out anew: neighbours say nothing then. */
static eid_status shuffled(lab_work *w, const images *im)
{
    eid_status st = EID_OK;
    eid_rng r = eid_rng_stream(w->seed, 0x4e4f000000000000u);
    int64_t *order = NULL, wrong = 0;

    EID_TRY(EID_NEW(order, im->n));
    for (int64_t i = 0; i < im->n; i++)
        order[i] = i;
    eid_rng_shuffle(&r, order, (size_t)im->n);
    for (int64_t i = 0; i < im->m; i++)
        wrong += im->train[order[im->near[i]]] != im->test[i];
    eid_estimate e = eid_proportion(wrong, im->m);
    EID_TRY(lab_control(w, "images: error after labels were dealt out anew", &e,
                        lab_at_least(1 - 1.5 / im->classes)));
done:
    eid_free(order);
    return st;
}

static eid_status to_floats(const eid_dataset *d, float **out)
{
    eid_status st = EID_OK;
    float *x = NULL;

    EID_TRY(EID_NEW(x, d->n * d->features));
    for (int64_t i = 0; i < d->n; i++)
        eid_dataset_row(d, i, x + i * d->features);
    *out = x;
done:
    return st;
}

typedef struct told {
    lab_work *w;
    eid_status st;
} told;

static void tell_file(void *user, const char *path)
{
    told *t = user;
    if (t->st == EID_OK)
        t->st = lab_input_file(t->w, path);
}

static eid_status search(lab_work *w, const eid_dataset *train, const eid_dataset *test)
{
    eid_status st = EID_OK;
    float *x = NULL, *q = NULL;
    images im = {.n = train->n,
                 .m = test->n,
                 .classes = train->classes,
                 .train = train->label,
                 .test = test->label};
    int64_t wrong = 0;

    EID_TRY(to_floats(train, &x));
    EID_TRY(to_floats(test, &q));
    EID_TRY(EID_NEW(im.near, im.m));
    EID_TRY(eid_nearest(im.near, NULL, w->ctx, x, im.n, q, im.m, train->features));
    for (int64_t i = 0; i < im.m; i++)
        wrong += im.train[im.near[i]] != im.test[i];
    eid_estimate e = eid_proportion(wrong, im.m);
    im.base = e.value;
    EID_TRY(lab_measured(w, "images: error without noise", &e, lab_any()));
    EID_TRY(by_noise_on_images(w, &im));
    EID_TRY(shuffled(w, &im));
    EID_TRY(lab_note(w, "Images: %s, %lld examples, %lld queries, %d classes; the search is exact.",
                     train->name, (long long)im.n, (long long)im.m, im.classes));
done:
    eid_free(x);
    eid_free(q);
    eid_free(im.near);
    return st;
}

/* A set that is not on this machine leaves the numbers unresolved; one that lies is a failure. */
static eid_status on_images(lab_work *w)
{
    const char *data = ((const own_opts *)w->own)->data;
    eid_dataset_opts o = eid_dataset_opts_default();
    eid_dataset *train = NULL, *test = NULL;
    told t = {w, EID_OK};
    eid_status st;

    o.examples = w->full ? 0 : 4000;
    o.test_examples = w->full ? 0 : 1000;
    o.seed = (int64_t)w->seed;
    st = eid_dataset_read(&train, &test, w->ctx, data, &o);
    if ((st == EID_EINVAL && strcmp(data, "fashion-mnist") == 0) || (st == EID_OK && !test)) {
        eid_estimate none = eid_estimate_none("the images are not on this machine");
        st = lab_note(w, "No images were measured: %s.",
                      st == EID_OK ? "the data has no test set" : eid_last_error());
        if (st == EID_OK)
            st = lab_measured(w, "images: error on labels as noisy, p = 0.1", &none,
                              lab_between(0, 1));
        goto done;
    }
    EID_TRY(st);
    EID_TRY(eid_dataset_files(data, &o, tell_file, &t));
    EID_TRY(t.st);
    EID_TRY(search(w, train, test));
done:
    eid_dataset_free(train);
    eid_dataset_free(test);
    return st;
}

static eid_status run(lab_work *w)
{
    eid_status st = EID_OK;

    EID_TRY(flipped(w));
    EID_TRY(by_noise(w));
    EID_TRY(overlapping(w));
    EID_TRY(on_images(w));
done:
    return st;
}

const eid_lab eid_lab_nearest_neighbour = {
    .name = "nearest-neighbour",
    .group = "theory",
    .title = "Total memory, and an error at most twice the best",
    .claim =
        "The nearest neighbour memorizes every label, wrong ones too, and errs with chance "
        "2p(1-p) on labels that are wrong with chance p; never more than twice the Bayes risk.",
    .meaning =
        "Fitting wrong labels does not by itself ruin a classifier: the damage of a memorized "
        "label stays with its neighbours. Two times the Bayes risk is a ceiling, not what "
        "happens; against clean labels the error is p.",
    .source = "Cover and Hart 1967, Nearest neighbor pattern classification",
    .seconds = {4, 30},
    .table = own_table,
    .opts_size = sizeof(own_opts),
    .defaults = own_defaults,
    .run = run,
};
