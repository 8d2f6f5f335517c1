/* lab_cmi.c - what outputs tell about membership bounds the gap; what parameters tell does not. */
#include "eidetic/cmi.h"
#include "eidetic/trace.h"
#include "recipe/lab.h"
#include <math.h>
#include <stdio.h>

static eid_cmi_opts setting(const lab_work *w, int64_t learner)
{
    eid_cmi_opts o = eid_cmi_opts_default();
    o.learner = learner;
    o.supers = w->full ? 20 : 8;
    o.masks = w->full ? 100 : 40;
    o.permutations = w->full ? 200 : 100;
    o.noise = learner == EID_CMI_PRIVATE ? 1 : 0;
    o.seed = (int64_t)w->seed;
    return o;
}

/* a - b from their intervals' far ends: of the same super-samples, so rather too wide. */
static eid_estimate less(const eid_estimate *a, const eid_estimate *b)
{
    eid_estimate e = *a;
    e.value = a->value - b->value;
    e.low = a->low - b->high;
    e.high = a->high - b->low;
    e.method = "ends of two intervals";
    return e;
}

static eid_estimate times(const eid_estimate *e, double factor)
{
    eid_estimate x = *e;
    x.value *= factor;
    x.low *= factor;
    x.high *= factor;
    return x;
}

/* What must hold of every learner. */
static eid_status common(lab_work *w, const eid_cmi_result *r)
{
    eid_status st = EID_OK;
    char row[128];
    eid_estimate e = lab_exact((double)r->disordered);
    snprintf(row, sizeof row, "pairs against F ≥ L ≥ ΔL, %s", r->learner);
    EID_TRY(lab_measured(w, row, &e, lab_at_most(0)));
    e = less(&r->dl.bound, &r->gap);
    snprintf(row, sizeof row, "bound by ΔL less the gap, %s", r->learner);
    EID_TRY(lab_measured(w, row, &e, lab_at_least(0)));
    /* As published; the plug-in's bias makes it hold more easily than it should. */
    e = less(&r->dl.bound_plugin, &r->gap);
    snprintf(row, sizeof row, "the same by the plug-in, uncorrected, %s", r->learner);
    EID_TRY(lab_measured(w, row, &e, lab_any()));
    e = lab_exact(r->f.adjusted.value / M_LN2);
    snprintf(row, sizeof row, "information of predictions, of log 2, %s", r->learner);
    EID_TRY(lab_measured(w, row, &e, lab_between(0, 1.0001)));
    snprintf(row, sizeof row, "adjusted information under permuted coins, %s", r->learner);
    EID_TRY(lab_control(w, row, &r->f.null_adjusted, lab_about(0, 0.01)));
done:
    return st;
}

static eid_status bars(eid_lab_figure *f, const eid_cmi_result *r)
{
    eid_status st = EID_OK;
    eid_estimate cmi = lab_exact(r->cmi_bound);
    EID_TRY(lab_bar(f, "measured gap", r->learner, &r->gap));
    EID_TRY(lab_bar(f, "bound by ΔL", r->learner, &r->dl.bound));
    EID_TRY(lab_bar(f, "bound by F", r->learner, &r->f.bound));
    EID_TRY(lab_bar(f, "bound by the parameters' CMI", r->learner, &cmi));
done:
    return st;
}

/* A learner that fits every label: its test error is what its losses give away. */
static eid_status interpolating(lab_work *w, const eid_cmi_result *r, double error, double off)
{
    eid_status st = EID_OK;
    char row[128];
    eid_estimate e = lab_exact(r->test.value - r->interpolating.value);
    snprintf(row, sizeof row, "test error less I(ΔL; U) / log 2, %s", r->learner);
    EID_TRY(lab_measured(w, row, &e, lab_about(0, 1e-9)));
    snprintf(row, sizeof row, "test error, %s", r->learner);
    EID_TRY(lab_measured(w, row, &r->test, off > 0 ? lab_about(error, off) : lab_any()));
done:
    return st;
}

/* The tracer's setting: what recall implies must not exceed what is estimated. */
static eid_status against_recall(lab_work *w, const eid_cmi_result *r)
{
    eid_status st = EID_OK;
    eid_trace_opts t = eid_trace_opts_default();
    eid_trace_result *traced = NULL;
    t.seed = (int64_t)w->seed;
    EID_TRY(eid_trace(&traced, w->ctx, &t));
    double n = (double)r->pairs;
    eid_estimate found = times(&r->cmi_low, 1 / n);
    eid_estimate implied = times(&traced->rows[0].cmi_low, 1 / (double)t.n);
    eid_estimate e = less(&found, &implied);
    EID_TRY(lab_measured(w, "information less what the recall implies, nats a pair, mean", &e,
                         lab_at_least(-0.05)));
    e = lab_exact(r->cmi_bound);
    EID_TRY(lab_control(w, "bound by the parameters' CMI, mean (losses range over 1)", &e,
                        lab_at_least(1)));
    EID_TRY(lab_control(w, "Xu and Raginsky's bound, mean", &r->xu_raginsky, lab_at_least(1)));
done:
    eid_trace_result_free(traced);
    return st;
}

static eid_status by_n(lab_work *w)
{
    eid_status st = EID_OK;
    eid_lab_figure *f;
    eid_cmi_result *r = NULL;
    eid_estimate first = {0}, last = {0};
    EID_TRY(lab_figure(&f, w,
                       &(eid_chart){.name = "by-n",
                                    .title = "Bound by ΔL and gap, by number of examples "
                                             "(normalized mean, d = 500)",
                                    .x_title = "examples",
                                    .x_unit = "examples",
                                    .y_title = "loss",
                                    .x_scale = EID_SCALE_LOG2,
                                    .x_as = EID_AS_COUNT,
                                    .from_zero = true,
                                    .rule = sqrt(2 * M_LN2),
                                    .rule_label = "bound by the parameters' CMI"}));
    int64_t most = w->full ? 400 : 100;
    for (int64_t n = 25; n <= most; n *= 2) {
        eid_cmi_opts o = setting(w, EID_CMI_MEAN);
        o.d = 500;
        o.pairs = n;
        o.permutations = 0;
        EID_TRY(eid_cmi(&r, w->ctx, &o));
        EID_TRY(lab_point(f, "bound by ΔL", (double)n, &r->dl.bound));
        EID_TRY(lab_point(f, "measured gap", (double)n, &r->gap));
        last = r->dl.bound;
        if (n == 25)
            first = last;
        eid_cmi_result_free(r);
        r = NULL;
    }
    eid_estimate e = less(&last, &first);
    EID_TRY(lab_measured(w, "bound by ΔL, most examples less fewest", &e, lab_at_most(-0.05)));
done:
    eid_cmi_result_free(r);
    return st;
}

static eid_status run(lab_work *w)
{
    eid_status st = EID_OK;
    eid_cmi_result *r = NULL;
    eid_lab_figure *f;
    EID_TRY(lab_figure(&f, w,
                       &(eid_chart){.name = "bounds",
                                    .title = "Gap and what bounds say of it, losses in [0, 1]",
                                    .kind = EID_CHART_BARS,
                                    .y_title = "loss",
                                    .from_zero = true}));
    for (int64_t learner = EID_CMI_NEAREST; learner <= EID_CMI_PRIVATE; learner++) {
        eid_cmi_opts o = setting(w, learner);
        EID_TRY(eid_cmi(&r, w->ctx, &o));
        EID_TRY(common(w, r));
        EID_TRY(bars(f, r));
        if (learner == EID_CMI_NEAREST) {
            EID_TRY(interpolating(w, r, 0, 0));
            EID_TRY(lab_control(w, "plug-in under permuted coins, uncorrected, nearest",
                                &r->f.null_plugin, lab_at_least(0.002)));
            EID_TRY(lab_control(w, "the same by Miller and Madow, nearest", &r->f.null_miller_madow,
                                lab_any()));
        }
        if (learner == EID_CMI_LOOKUP) {
            eid_estimate share = times(&r->f.adjusted, 1 / M_LN2);
            EID_TRY(interpolating(w, r, 0.5, 0.06));
            EID_TRY(lab_measured(w, "information of a table of random labels, of log 2", &share,
                                 lab_about(0.75, w->full ? 0.06 : 0.1)));
        }
        if (learner == EID_CMI_MEAN)
            EID_TRY(against_recall(w, r));
        eid_cmi_result_free(r);
        r = NULL;
    }
    EID_TRY(by_n(w));
done:
    eid_cmi_result_free(r);
    return st;
}

const eid_lab eid_lab_cmi = {
    .name = "cmi",
    .group = "theory",
    .title = "What outputs give away bounds the gap",
    .claim =
        "Predictions tell at least as much about who was in the sample as losses, and losses as "
        "their differences; each bounds the gap, less where there are more examples. Of a learner "
        "that fits its sample the differences tell the test error exactly; the parameters of an "
        "accurate learner tell so much that bounds by them say nothing.",
    .meaning =
        "How much a model's outputs give away about membership is also a limit on how far its "
        "training error may mislead. Measure it on outputs, not on weights.",
    .source =
        "Steinke and Zakynthinou 2020; Harutyunyan et al. 2021; Wang and Mao 2023; Attias et al. "
        "2024",
    .seconds = {4, 40},
    .run = run,
};
