/* lab_arbitrary_erm.c - fitting the sample is not learning: an arbitrary empirical minimizer
 * (Feldman 2016). */
#include "eidetic/erm.h"
#include "recipe/lab.h"
#include <math.h>
#include <stdio.h>

enum { LEAST = 24, STEP = 24, FEW = 8, MANY = 64 };

static eid_erm_opts setting(const lab_work *w, int64_t d, int64_t n)
{
    eid_erm_opts o = eid_erm_opts_default();
    o.d = d;
    o.n = n;
    o.trials = w->full ? 400 : 100;
    o.seed = (int64_t)w->seed;
    return o;
}

/* Excess with few examples, by dimension, and how many examples would have been enough. */
static eid_status by_dimension(lab_work *w, int64_t most)
{
    eid_status st = EID_OK;
    eid_lab_figure *f, *g;
    eid_erm_result r;
    double x[16], y[16];
    size_t points = 0;
    eid_line line;
    eid_estimate first = {0};

    EID_TRY(lab_figure(&f, w,
                       &(eid_chart){.name = "excess",
                                    .title = "Excess error after 8 examples, by dimension",
                                    .x_title = "dimension",
                                    .x_unit = "coordinates",
                                    .y_title = "excess error",
                                    .x_as = EID_AS_COUNT,
                                    .from_zero = true}));
    EID_TRY(lab_figure(&g, w,
                       &(eid_chart){.name = "examples",
                                    .title = "Examples that still leave a minimizer that memorizes",
                                    .x_title = "dimension",
                                    .x_unit = "coordinates",
                                    .y_title = "examples",
                                    .x_as = EID_AS_COUNT,
                                    .from_zero = true}));
    for (int64_t d = LEAST; d <= most; d += STEP) {
        eid_erm_opts o = setting(w, d, FEW);
        EID_TRY(eid_erm_run(&r, w->ctx, &o));
        eid_estimate exact = lab_exact(r.excess_exact), last = lab_exact(r.last_exact);
        EID_TRY(lab_point(f, "minimizer that memorizes", (double)d, &r.excess));
        EID_TRY(lab_point(f, "closed form", (double)d, &exact));
        EID_TRY(lab_point(f, "one pass of SGD", (double)d, &r.sgd));
        EID_TRY(lab_point(g, "measured", (double)d, &r.last));
        EID_TRY(lab_point(g, "closed form", (double)d, &last));
        x[points] = (double)d;
        y[points++] = r.last.value;
        if (d == LEAST)
            first = r.sgd;
    }
    EID_TRY(lab_reference(f, "closed form"));
    EID_TRY(lab_reference(g, "closed form"));
    EID_TRY(lab_measured(w, "excess of a minimizer that memorizes, largest d", &r.excess,
                         lab_about(r.excess_exact, 0.02)));
    eid_estimate fits = lab_exact(r.empirical_most);
    EID_TRY(lab_measured(w, "its empirical loss above the least, largest d", &fits,
                         lab_about(0, 1e-12)));
    EID_TRY(lab_measured(w, "examples that still leave such a minimizer, largest d", &r.last,
                         lab_about(r.last_exact, 0.5)));
    EID_TRY(eid_line_fit(x, y, points, &line));
    eid_estimate slope = lab_exact(12 * line.slope.value);
    EID_TRY(lab_measured(w, "examples needed for each 12 dimensions", &slope, lab_about(1, 0.1)));
    eid_estimate grows = lab_exact(r.sgd.value - first.value);
    EID_TRY(lab_control(w, "excess of SGD, largest d less smallest", &grows, lab_about(0, 0.03)));
    eid_estimate least = lab_exact(r.least_norm);
    EID_TRY(lab_control(w, "excess of the minimizer of least norm", &least, lab_at_most(0)));
done:
    return st;
}

static eid_status run(lab_work *w)
{
    eid_status st = EID_OK;
    eid_erm_result r;
    int64_t most = w->full ? 144 : 120;
    eid_erm_opts o = setting(w, most, MANY);

    EID_TRY(by_dimension(w, most));
    o.trials = w->full ? 40 : 10;
    EID_TRY(eid_erm_run(&r, w->ctx, &o));
    EID_TRY(lab_control(w, "excess of a minimizer that memorizes, 64 examples", &r.excess,
                        lab_at_most(0.001)));
    EID_TRY(
        lab_control(w, "excess of one pass of SGD, 64 examples", &r.sgd, lab_at_most(r.sgd_bound)));
done:
    return st;
}

const eid_lab eid_lab_arbitrary_erm = {
    .name = "arbitrary-erm",
    .group = "theory",
    .title = "Fitting the sample is not learning",
    .claim = "In a convex problem an arbitrary empirical minimizer needs examples in proportion to "
             "the dimension, for it may be right only about what it has seen; one pass of "
             "stochastic gradients, or the minimizer of least norm, needs no more in any "
             "dimension.",
    .meaning = "A training loss at its minimum says nothing by itself, not even where the problem "
               "is convex: what counts is which of the minimizers an algorithm goes to.",
    .source = "Feldman 2016, Generalization of ERM in stochastic convex optimization: the "
              "dimension strikes back",
    .seconds = {3, 20},
    .run = run,
};
