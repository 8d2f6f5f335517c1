/* lab_long_tail.c - learning asks for memory when there is a long tail (Feldman 2020). */
#include "eidetic/longtail.h"
#include "recipe/lab.h"
#include <stdio.h>

typedef struct own_opts {
    const char *prior;
} own_opts;

static const eid_opt own_table[] = {
    {EID_OPT_STR, "prior", offsetof(own_opts, prior), 0, 0,
     "a prior of your own, too: lines of a share and how many points have it", NULL,
     EID_OPT_PATH_IN},
    {0},
};

static const eid_tail_learner memorizer = {.kind = EID_TAIL_MEMORIZE};
static const eid_tail_learner forgetful = {.kind = EID_TAIL_AT_LEAST, .least = 2};
static const eid_tail_learner private_one = {.kind = EID_TAIL_PRIVATE, .epsilon = 1};

typedef struct sizes {
    int64_t points;
    eid_tail_opts draw;
} sizes;

/* What may not be memorized is paid for, at exactly the rate that the formula says. */
static eid_status pay(lab_work *w, const sizes *s, const eid_tail_prior *p, const char *name)
{
    eid_status st = EID_OK;
    eid_tail_result r;
    char row[128];
    double exact = eid_tail_excess(p, &forgetful, s->draw.n, s->draw.classes);

    EID_TRY(eid_tail_run(&r, w->ctx, p, &forgetful, &s->draw));
    snprintf(row, sizeof row, "excess error without singletons, %s", name);
    EID_TRY(lab_measured(w, row, &r.excess, lab_about(exact, 0.05 * exact + 1e-4)));
    snprintf(row, sizeof row, "excess - τ₁ × unfitted singletons, %s", name);
    EID_TRY(lab_measured(w, row, &r.difference, lab_about(0, 0.03 * exact + 1e-4)));
    EID_TRY(eid_tail_run(&r, w->ctx, p, &memorizer, &s->draw));
    snprintf(row, sizeof row, "excess error of a learner that memorizes, %s", name);
    EID_TRY(lab_control(w, row, &r.excess, lab_at_most(0)));
done:
    return st;
}

/* The excess by the prior's exponent: a tail must be there to be worth anything. */
static eid_status by_exponent(lab_work *w, const sizes *s)
{
    eid_status st = EID_OK;
    eid_tail_prior *p = NULL;
    eid_lab_figure *f;

    EID_TRY(
        lab_figure(&f, w,
                   &(eid_chart){.name = "exponent",
                                .title = "Excess error of a learner that may not fit singletons, "
                                         "by the Zipf exponent of the prior",
                                .x_title = "exponent of the prior",
                                .x_unit = "exponent",
                                .y_title = "excess error",
                                .y_as = EID_AS_PERCENT,
                                .from_zero = true}));
    for (int k = 0; k <= 10; k++) {
        double exponent = 0.25 * k;
        eid_tail_result r;
        EID_TRY(eid_tail_zipf(&p, s->points, exponent));
        EID_TRY(eid_tail_run(&r, w->ctx, p, &forgetful, &s->draw));
        eid_estimate exact = lab_exact(eid_tail_excess(p, &forgetful, s->draw.n, s->draw.classes));
        EID_TRY(lab_point(f, "measured", exponent, &r.excess));
        EID_TRY(lab_point(f, "τ₁ × unfitted singletons, exact", exponent, &exact));
        eid_tail_prior_free(p);
        p = NULL;
    }
    EID_TRY(lab_reference(f, "τ₁ × unfitted singletons, exact"));
done:
    eid_tail_prior_free(p);
    return st;
}

static eid_status value_of_copies(lab_work *w, const sizes *s, const eid_tail_prior *zipf)
{
    eid_status st = EID_OK;
    eid_lab_figure *f;
    eid_tail_prior *even = NULL;

    EID_TRY(eid_tail_zipf(&even, s->points, 0));
    EID_TRY(lab_figure(
        &f, w,
        &(eid_chart){.name = "tau",
                     .title = "What fitting one point is worth (τ), by how often it was seen",
                     .x_title = "times seen in the sample",
                     .x_unit = "times seen",
                     .y_title = "share of the population",
                     .x_scale = EID_SCALE_LOG2,
                     .y_scale = EID_SCALE_LOG10,
                     .x_as = EID_AS_COUNT,
                     .y_as = EID_AS_PERCENT}));
    for (int64_t l = 1; l <= 64; l *= 2) {
        eid_estimate tau = lab_exact(eid_tail_tau(zipf, s->draw.n, l));
        EID_TRY(lab_point(f, "Zipf prior", (double)l, &tau));
        tau = lab_exact(eid_tail_tau(even, s->draw.n, l));
        EID_TRY(lab_point(f, "all points alike", (double)l, &tau));
        tau = lab_exact((double)l / (double)s->draw.n);
        EID_TRY(lab_point(f, "share in the sample", (double)l, &tau));
    }
    EID_TRY(lab_reference(f, "share in the sample"));
done:
    eid_tail_prior_free(even);
    return st;
}

/* What is measured of a third, against the closed form. */
static eid_status against_exact(lab_work *w, const char *learner, const eid_tail_result *r,
                                const eid_tail_exact *x)
{
    static const char *const third[] = {"frequent", "middle", "rare"};
    eid_status st = EID_OK;
    char row[160];

    for (int g = 0; g < EID_TAIL_GROUPS; g++) {
        snprintf(row, sizeof row, "added error of the %s third, %s", third[g], learner);
        /* a twentieth of what it is, and what few samples of something rare leave open */
        EID_TRY(
            lab_measured(w, row, &r->group[g],
                         lab_about(x->group[g], 0.05 * x->group[g] + (w->full ? 0.002 : 0.006))));
    }
done:
    return st;
}

/* Who pays for privacy and for little room?  The same total, seen by subgroup. */
static eid_status by_group(lab_work *w, const sizes *s, const eid_tail_prior *p)
{
    static const char *const third[] = {"frequent third", "middle third", "rare third"};
    const eid_tail_learner compressed = {.kind = EID_TAIL_COMPRESS, .capacity = s->points / 10};
    const struct {
        const char *name;
        const eid_tail_learner *learner;
    } learner[] = {{"no singletons", &forgetful},
                   {"private, ε = 1", &private_one},
                   {"compressed to a tenth of the points", &compressed}};
    eid_status st = EID_OK;
    eid_lab_figure *f;

    EID_TRY(lab_figure(
        &f, w,
        &(eid_chart){
            .name = "groups",
            .title =
                "Share of each subgroup of the population that is mispredicted though it was seen",
            .kind = EID_CHART_BARS,
            .y_title = "mispredicted though seen",
            .y_as = EID_AS_PERCENT,
            .from_zero = true}));
    for (size_t i = 0; i < sizeof learner / sizeof *learner; i++) {
        eid_tail_result r;
        char row[128];
        EID_TRY(eid_tail_run(&r, w->ctx, p, learner[i].learner, &s->draw));
        for (int g = 0; g < EID_TAIL_GROUPS; g++)
            EID_TRY(lab_bar(f, learner[i].name, third[g], &r.group[g]));
        if (i == 0)
            continue;
        eid_tail_exact x;
        EID_TRY(eid_tail_exact_of(&x, w->ctx, p, learner[i].learner, &s->draw));
        EID_TRY(against_exact(w, i == 1 ? "private" : "compressed", &r, &x));
        snprintf(row, sizeof row, "added error of the rare third - that of the frequent third, %s",
                 i == 1 ? "private" : "compressed");
        EID_TRY(lab_measured(w, row, &r.rare_over_frequent, lab_at_least(0.05)));
    }
done:
    return st;
}

/* Without a tail nothing is gained by memory, and nobody pays more than others. */
static eid_status without_tail(lab_work *w, const sizes *s)
{
    eid_status st = EID_OK;
    eid_tail_prior *few = NULL, *alike = NULL;
    eid_tail_result r;
    int64_t points = s->draw.n / 40;

    EID_TRY(eid_tail_zipf(&few, points, 0));
    EID_TRY(eid_tail_run(&r, w->ctx, few, &forgetful, &s->draw));
    EID_TRY(lab_control(w,
                        "excess error without singletons where every point is seen about 40 times",
                        &r.excess, lab_at_most(0.001)));
    EID_TRY(eid_tail_zipf(&alike, s->draw.n / 4, 0));
    EID_TRY(eid_tail_run(&r, w->ctx, alike, &private_one, &s->draw));
    EID_TRY(lab_control(w, "added error where all points are alike, private", &r.excess,
                        lab_at_least(0.05)));
    EID_TRY(lab_control(w,
                        "added error of one third - that of another where all points are "
                        "alike, private",
                        &r.rare_over_frequent, lab_about(0, 0.01)));
done:
    eid_tail_prior_free(few);
    eid_tail_prior_free(alike);
    return st;
}

static eid_status given(lab_work *w, const sizes *s)
{
    const own_opts *own = w->own;
    eid_status st = EID_OK;
    eid_tail_prior *p = NULL;

    if (!own->prior)
        return EID_OK;
    EID_TRY(eid_tail_read(&p, own->prior));
    EID_TRY(lab_input_file(w, own->prior));
    EID_TRY(pay(w, s, p, "the given prior"));
done:
    eid_tail_prior_free(p);
    return st;
}

static eid_status run(lab_work *w)
{
    eid_status st = EID_OK;
    eid_tail_prior *zipf = NULL, *dirichlet = NULL;
    sizes s = {.points = w->full ? 5000 : 500,
               .draw = {.n = w->full ? 5000 : 500,
                        .classes = 2,
                        .trials = w->full ? 1000 : 400,
                        .seed = (int64_t)w->seed}};

    EID_TRY(eid_tail_zipf(&zipf, s.points, 1));
    EID_TRY(eid_tail_dirichlet(&dirichlet, s.points, 0.2));
    eid_estimate tau = lab_exact((double)s.draw.n * eid_tail_tau(zipf, s.draw.n, 1));
    EID_TRY(pay(w, &s, zipf, "Zipf"));
    EID_TRY(pay(w, &s, dirichlet, "Dirichlet"));
    EID_TRY(lab_measured(w, "n τ₁, Zipf: what a singleton is worth, in examples", &tau, lab_any()));
    EID_TRY(by_exponent(w, &s));
    EID_TRY(by_group(w, &s, zipf));
    EID_TRY(value_of_copies(w, &s, zipf));
    EID_TRY(without_tail(w, &s));
    EID_TRY(given(w, &s));
done:
    eid_tail_prior_free(zipf);
    eid_tail_prior_free(dirichlet);
    return st;
}

const eid_lab eid_lab_long_tail = {
    .name = "long-tail",
    .group = "theory",
    .title = "Where there is a long tail, learning asks for memory",
    .claim =
        "When many subpopulations are rare, a learner that may not fit examples seen once pays "
        "for each of them: its excess error is τ₁ times the singletons it leaves unfitted.",
    .meaning =
        "An example that stands alone may be noise or the only sign of a rare group, and the "
        "data cannot tell which; so the best learner fits it. Privacy and compression forbid "
        "that, and those who pay are the rare groups.",
    .source = "Feldman 2020, Does learning require memorization? A short tale about a long tail, "
              "theorem 2.3",
    .seconds = {3, 25},
    .table = own_table,
    .opts_size = sizeof(own_opts),
    .run = run,
};
