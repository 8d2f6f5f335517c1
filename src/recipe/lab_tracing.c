/* lab_tracing.c - an accurate learner in high dimension gives its examples away (Attias et al.
 * 2024). */
#include "eidetic/trace.h"
#include "recipe/lab.h"
#include <math.h>
#include <stdio.h>

/* The setting of all rows unless they say otherwise: n = 1 / accuracy^2 and 25 coordinates for each
 * example. */
static eid_trace_opts setting(const lab_work *w)
{
    eid_trace_opts o = eid_trace_opts_default();
    o.fresh = w->full ? 20000 : 2000;
    o.test = w->full ? 20000 : 1000;
    o.seed = (int64_t)w->seed;
    return o;
}

static eid_status trace_one(lab_work *w, const eid_trace_opts *o, eid_trace_row *row)
{
    eid_trace_result *r = NULL;
    eid_status st = eid_trace(&r, w->ctx, o);
    if (st == EID_OK)
        *row = r->rows[0];
    eid_trace_result_free(r);
    return st;
}

static eid_estimate times(const eid_estimate *e, double factor)
{
    eid_estimate x = *e;
    x.value *= factor;
    x.low *= factor;
    x.high *= factor;
    return x;
}

/* Five deviations of the share of fresh examples flagged: of the draws that calibrate and of those
 * that check. */
static double sound_enough(const eid_trace_opts *o)
{
    double p = o->soundness;
    return p +
           5 * sqrt(p * (1 - p) * (1 / (double)o->fresh + 1 / (double)o->test) / (double)o->trials);
}

static eid_status main_setting(lab_work *w)
{
    eid_status st = EID_OK;
    eid_trace_opts o = setting(w);
    eid_trace_row r;
    EID_TRY(trace_one(w, &o, &r));
    eid_estimate share = times(&r.cmi_low, 1 / r.cmi_cap);
    EID_TRY(
        lab_measured(w, "recall, n = 100, d = 2500", &r.calibrated.recall, lab_about(0.96, 0.04)));
    EID_TRY(lab_measured(w, "fresh examples flagged, bound 0.01", &r.calibrated.soundness,
                         lab_at_most(sound_enough(&o))));
    EID_TRY(lab_measured(w, "excess error", &r.excess, lab_about(0.030, 0.004)));
    EID_TRY(lab_measured(w, "information that the recall proves, of its cap n log 2", &share,
                         lab_at_least(0.8)));
    EID_TRY(lab_measured(w, "least that the CMI bound can say of the gap (losses range over 2)",
                         &r.cmi_bound, lab_at_least(2)));
    EID_TRY(lab_measured(w, "true gap", &r.gap, lab_about(0.0814, 0.006)));
    EID_TRY(lab_measured(w, "recall by Hoeffding's threshold", &r.analytic.recall,
                         lab_about(0.85, 0.06)));
    EID_TRY(lab_measured(w, "fresh examples flagged by it", &r.analytic.soundness,
                         lab_at_most(o.soundness)));
done:
    return st;
}

static eid_status controls(lab_work *w)
{
    eid_status st = EID_OK;
    eid_trace_opts o = setting(w);
    eid_trace_row r;
    o.prior = EID_PRIOR_UNIFORM;
    EID_TRY(trace_one(w, &o, &r));
    EID_TRY(lab_control(w, "recall under a uniform prior, which is easy to learn",
                        &r.calibrated.recall, lab_about(0.08, 0.04)));
    o = setting(w);
    o.d = 100;
    EID_TRY(trace_one(w, &o, &r));
    EID_TRY(lab_control(w, "recall in low dimension, d = n = 100", &r.calibrated.recall,
                        lab_about(0.09, 0.05)));
    o = setting(w);
    o.learner = EID_LEARN_PRIVATE;
    o.dp_epsilon = 1;
    EID_TRY(trace_one(w, &o, &r));
    EID_TRY(lab_control(w, "recall of a private learner, dp_epsilon = 1", &r.calibrated.recall,
                        lab_at_most(0.05)));
    o = setting(w);
    o.learner = EID_LEARN_SGD;
    EID_TRY(trace_one(w, &o, &r));
    EID_TRY(lab_control(w, "recall of one pass of SGD", &r.calibrated.recall, lab_any()));
    EID_TRY(lab_control(w, "its excess error", &r.excess, lab_any()));
done:
    return st;
}

/* Examples traced by accuracy: they grow as 1 / excess^2, or 1 / excess under strong convexity. */
static eid_status by_accuracy(lab_work *w, eid_lab_figure *f, int64_t problem, const char *name,
                              double power)
{
    eid_status st = EID_OK;
    enum { POINTS = 5 };
    double x[POINTS], y[POINTS];
    size_t points = w->full ? 5 : 4;
    eid_line line;
    char row[128];
    for (size_t k = 0; k < points; k++) {
        eid_trace_opts o = setting(w);
        eid_trace_row r;
        o.problem = problem;
        o.fresh = 4000;
        o.test = 1000;
        o.n = (int64_t)25 << k;
        o.d = 25 * o.n;
        o.accuracy = problem == EID_LINEAR ? 1 / sqrt((double)o.n) : 1 / (double)o.n;
        EID_TRY(trace_one(w, &o, &r));
        eid_estimate traced = times(&r.calibrated.recall, (double)o.n);
        x[k] = -log(r.excess.value);
        y[k] = log(traced.value);
        EID_TRY(lab_point(f, name, 1 / r.excess.value, &traced));
    }
    EID_TRY(eid_line_fit(x, y, points, &line));
    snprintf(row, sizeof row, "examples traced grow as 1 / excess to the power, %s", name);
    EID_TRY(lab_measured(w, row, &line.slope, lab_about(power, 0.15 * power)));
done:
    return st;
}

static eid_status traced_figure(lab_work *w)
{
    eid_status st = EID_OK;
    eid_lab_figure *f;
    EID_TRY(lab_figure(&f, w,
                       &(eid_chart){.name = "traced",
                                    .title = "Examples that a sound tracer recalls, by accuracy",
                                    .x_title = "1 / excess error",
                                    .x_unit = "1 / excess",
                                    .y_title = "examples traced",
                                    .x_scale = EID_SCALE_LOG2,
                                    .y_scale = EID_SCALE_LOG10}));
    EID_TRY(by_accuracy(w, f, EID_LINEAR, "linear", 2));
    EID_TRY(by_accuracy(w, f, EID_STRONGLY_CONVEX, "strongly convex", 1));
done:
    return st;
}

static eid_status dimension_figure(lab_work *w)
{
    eid_status st = EID_OK;
    eid_trace_result *r = NULL;
    eid_lab_figure *f;
    static const char *const name[] = {"prior by accuracy", "uniform prior"};
    EID_TRY(lab_figure(&f, w,
                       &(eid_chart){.name = "dimension",
                                    .title = "Recall at soundness 0.01, by dimension",
                                    .x_title = "dimension",
                                    .x_unit = "coordinates",
                                    .y_title = "examples recalled",
                                    .x_scale = EID_SCALE_LOG2,
                                    .x_as = EID_AS_COUNT,
                                    .y_as = EID_AS_PERCENT,
                                    .from_zero = true,
                                    .rule = 0.01,
                                    .rule_label = "fresh examples"}));
    for (int prior = 0; prior < 2; prior++) {
        eid_trace_opts o = setting(w);
        o.fresh = o.test = 2000;
        o.prior = prior ? EID_PRIOR_UNIFORM : EID_PRIOR_ACCURACY;
        o.sweep = EID_SWEEP_D;
        o.values = w->full ? "50,100,200,400,800,1600,3200,6400,12800" : "50,200,800,3200";
        EID_TRY(eid_trace(&r, w->ctx, &o));
        for (size_t i = 0; i < r->n_rows; i++) {
            const eid_trace_row *row = &r->rows[i];
            EID_TRY(lab_point(f, name[prior], (double)row->d, &row->calibrated.recall));
            eid_estimate p = lab_exact(row->predicted_recall);
            if (prior == 0)
                EID_TRY(lab_point(f, "closed form", (double)row->d, &p));
        }
        eid_trace_result_free(r);
        r = NULL;
    }
    EID_TRY(lab_reference(f, "closed form"));
done:
    eid_trace_result_free(r);
    return st;
}

static eid_status run(lab_work *w)
{
    eid_status st = EID_OK;
    EID_TRY(main_setting(w));
    EID_TRY(controls(w));
    EID_TRY(traced_figure(w));
    EID_TRY(dimension_figure(w));
done:
    return st;
}

const eid_lab eid_lab_tracing = {
    .name = "tracing",
    .group = "theory",
    .title = "An accurate learner gives its examples away",
    .claim =
        "In high dimension a tracer that flags one fresh example in a hundred flags nearly all "
        "examples of an accurate learner, as many as 1 / excess², or 1 / excess under strong "
        "convexity; the information that this proves makes the CMI bound on the gap say "
        "nothing, although the gap is small.",
    .meaning = "Memorization is not overfitting: here a learner that generalizes well cannot help "
               "carrying its examples. Bounds that go by how much was memorized cannot explain why "
               "it generalizes.",
    .source = "Attias, Dziugaite, Haghifam, Livni, Roy 2024, Information complexity of stochastic "
              "convex optimization",
    .seconds = {4, 25},
    .run = run,
};
