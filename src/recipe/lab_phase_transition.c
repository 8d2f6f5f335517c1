/* lab_phase_transition.c - untraceable or accurate: noise buys the one with the other. */
#include "eidetic/trace.h"
#include "recipe/lab.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static eid_trace_opts setting(const lab_work *w)
{
    eid_trace_opts o = eid_trace_opts_default();
    o.learner = EID_LEARN_PRIVATE;
    o.fresh = w->full ? 20000 : 2000;
    o.test = 2000;
    o.seed = (int64_t)w->seed;
    return o;
}

static eid_estimate ratio(const eid_estimate *a, const eid_estimate *b)
{
    eid_estimate x = *a; /* of the same trials: the denominator's spread moves with it */
    x.value /= b->value;
    x.low /= b->value;
    x.high /= b->value;
    return x;
}

/* The numbers that an independent program found at these noise multipliers. */
static eid_status published(lab_work *w, const eid_trace_result *r)
{
    static const struct {
        double noise, recall, recall_off, excess;
    } known[] = {{0.2, 0.45, 0.12, 0.049}, {1, 0.03, 0.03, 0.065}, {3.7, 0.01, 0.03, 0.069}};
    eid_status st = EID_OK;
    char name[96];
    for (size_t i = 0; i < r->n_rows; i++)
        for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
            const eid_trace_row *row = &r->rows[i];
            if (row->noise != known[k].noise)
                continue;
            snprintf(name, sizeof name, "recall at noise %g, dp_epsilon %.3g", row->noise,
                     row->dp_epsilon);
            EID_TRY(lab_measured(w, name, &row->calibrated.recall,
                                 lab_between(fmax(0, known[k].recall - known[k].recall_off),
                                             known[k].recall + known[k].recall_off)));
            snprintf(name, sizeof name, "excess error at noise %g", row->noise);
            EID_TRY(lab_measured(w, name, &row->excess, lab_about(known[k].excess, 0.004)));
        }
done:
    return st;
}

/* The same draws serve every noise, so that what falls must fall from row to row. */
static eid_status monotone(lab_work *w, const eid_trace_result *r)
{
    eid_status st = EID_OK;
    double rise = -1, fall = -1, corner = 2;
    for (size_t i = 0; i < r->n_rows; i++) {
        const eid_trace_row *row = &r->rows[i];
        corner =
            fmin(corner, row->calibrated.recall.value + row->excess.value / row->trivial.value);
        if (i == 0)
            continue;
        rise = fmax(rise, row->calibrated.recall.value - row[-1].calibrated.recall.value);
        fall = fmax(fall, row[-1].excess.value - row->excess.value);
    }
    eid_estimate e = lab_exact(rise);
    EID_TRY(lab_measured(w, "largest rise of recall as noise grows", &e, lab_at_most(0.005)));
    e = lab_exact(fall);
    EID_TRY(lab_measured(w, "largest fall of the excess error as noise grows", &e, lab_at_most(0)));
    e = lab_exact(corner);
    EID_TRY(lab_measured(w, "least of recall + excess / trivial excess over all noises", &e,
                         lab_at_least(0.85)));
done:
    return st;
}

static eid_status picture(lab_work *w, const eid_trace_result *r)
{
    eid_status st = EID_OK;
    eid_lab_figure *f, *g;
    EID_TRY(lab_figure(&f, w,
                       &(eid_chart){.name = "recall-by-excess",
                                    .title = "Recall by excess error, as noise grows from left to "
                                             "right (n = 100, d = 2500)",
                                    .x_title = "excess error, as a share of that of answering 0",
                                    .x_unit = "of the trivial excess",
                                    .y_title = "examples recalled",
                                    .x_as = EID_AS_PERCENT,
                                    .y_as = EID_AS_PERCENT,
                                    .from_zero = true,
                                    .rule = 0.01,
                                    .rule_label = "fresh examples"}));
    EID_TRY(lab_figure(&g, w,
                       &(eid_chart){.name = "by-noise",
                                    .title = "Recall, and excess error as a share of that of "
                                             "answering 0, by noise multiplier",
                                    .x_title = "noise multiplier",
                                    .x_unit = "of the sensitivity",
                                    .y_title = "share",
                                    .x_scale = EID_SCALE_LOG10,
                                    .y_as = EID_AS_PERCENT,
                                    .from_zero = true}));
    for (size_t i = 0; i < r->n_rows; i++) {
        const eid_trace_row *row = &r->rows[i];
        eid_estimate share = ratio(&row->excess, &row->trivial);
        eid_estimate p = lab_exact(row->predicted_recall);
        EID_TRY(lab_point(f, "measured", share.value, &row->calibrated.recall));
        EID_TRY(lab_point(f, "closed form", row->predicted_excess / row->trivial.value, &p));
        if (!(row->noise > 0))
            continue;
        EID_TRY(lab_point(g, "recall", row->noise, &row->calibrated.recall));
        EID_TRY(lab_point(g, "excess", row->noise, &share));
    }
    EID_TRY(lab_reference(f, "closed form"));
done:
    return st;
}

/* With n far beyond sqrt(d) / (accuracy epsilon) the corner is in reach. */
static eid_status enough_examples(lab_work *w)
{
    eid_status st = EID_OK;
    eid_trace_result *r = NULL;
    eid_trace_opts o = setting(w);
    o.n = 20000;
    o.d = w->full ? 2500 : 400;
    o.trials = w->full ? 12 : 4;
    o.fresh = o.test = 4000;
    o.dp_epsilon = 1;
    EID_TRY(eid_trace(&r, w->ctx, &o));
    const eid_trace_row *row = &r->rows[0];
    eid_estimate share = ratio(&row->excess, &row->trivial);
    EID_TRY(lab_control(w, "recall with n = 20,000 at dp_epsilon 1", &row->calibrated.recall,
                        lab_at_most(0.03)));
    EID_TRY(lab_control(w, "its excess error, as a share of the trivial one", &share,
                        lab_at_most(0.15)));
done:
    eid_trace_result_free(r);
    return st;
}

static eid_status run(lab_work *w)
{
    eid_status st = EID_OK;
    eid_trace_result *r = NULL;
    eid_trace_opts o = setting(w);
    o.sweep = EID_SWEEP_NOISE;
    o.values = w->full ? "0,0.025,0.05,0.075,0.1,0.15,0.2,0.3,0.5,0.7,1,2,3.7"
                       : "0,0.05,0.1,0.2,0.5,1,3.7";
    EID_TRY(eid_trace(&r, w->ctx, &o));
    EID_TRY(published(w, r));
    EID_TRY(monotone(w, r));
    EID_TRY(
        lab_control(w, "recall without noise", &r->rows[0].calibrated.recall, lab_at_least(0.9)));
    EID_TRY(enough_examples(w));
    EID_TRY(picture(w, r));
done:
    eid_trace_result_free(r);
    return st;
}

const eid_lab eid_lab_phase_transition = {
    .name = "phase-transition",
    .group = "theory",
    .title = "Untraceable or accurate",
    .claim =
        "With 1 / accuracy² examples, noise takes a learner from nearly all examples traced to "
        "none, and over the same stretch from accurate to no better than answering 0; with "
        "many more examples than √d / (accuracy × dp_epsilon) it is both private and accurate.",
    .meaning =
        "Privacy is paid for in examples: a model that is private on few of them has learned "
        "nothing. Whether there are enough can be computed before anything is trained.",
    .source = "Attias et al. 2024; Voitovych et al. 2025, arXiv 2502.17384",
    .seconds = {2, 15},
    .run = run,
};
