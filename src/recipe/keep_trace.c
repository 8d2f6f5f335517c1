/* keep_trace.c - the tracing experiment as a run. */
#include "recipe/keep.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct plot {
    eid_lab_figure *recall, *excess;
} plot;

/* The value of what is swept, and the axis's title. */
static double swept(const eid_trace_opts *o, const eid_trace_row *r, const char **title)
{
    static const char *const name[] = {
        "", "examples n", "dimension d", "noise multiplier", "dp_epsilon", "accuracy", "soundness"};
    *title = name[o->sweep];
    switch ((eid_trace_sweep)o->sweep) {
    case EID_SWEEP_N:
        return (double)r->n;
    case EID_SWEEP_D:
        return (double)r->d;
    case EID_SWEEP_NOISE:
        return r->noise;
    case EID_SWEEP_DP_EPSILON:
        return r->dp_epsilon;
    case EID_SWEEP_ACCURACY: /* b = 1 / accuracy^2, or 1 / accuracy */
        return o->problem == EID_LINEAR ? 1 / sqrt(r->beta) : 1 / r->beta;
    case EID_SWEEP_SOUNDNESS:
        return r->soundness;
    case EID_SWEEP_NONE:
        break;
    }
    return 0;
}

/* ---- CSV --------------------------------------------------------------------------------------
 */

static eid_status csv_number(eid_buf *b, double x)
{
    return isfinite(x) ? eid_buf_printf(b, ",%.9g", x) : eid_buf_str(b, ",");
}

static eid_status csv_estimate(eid_buf *b, const eid_estimate *e)
{
    eid_status st = EID_OK;
    EID_TRY(csv_number(b, e->value));
    EID_TRY(csv_number(b, e->low));
    EID_TRY(csv_number(b, e->high));
done:
    return st;
}

static eid_status csv_row(eid_buf *b, const eid_trace_row *r)
{
    const eid_estimate *e[] = {&r->calibrated.recall,
                               &r->calibrated.soundness,
                               &r->analytic.recall,
                               &r->analytic.soundness,
                               &r->excess,
                               &r->trivial,
                               &r->gap,
                               &r->cmi_low,
                               &r->cmi_bound};
    eid_status st = EID_OK;

    EID_TRY(eid_buf_printf(b, "%" PRId64 ",%" PRId64, r->n, r->d));
    EID_TRY(csv_number(b, r->beta));
    EID_TRY(csv_number(b, r->soundness));
    EID_TRY(csv_number(b, r->noise));
    EID_TRY(csv_number(b, r->dp_epsilon));
    for (size_t i = 0; i < sizeof e / sizeof *e; i++)
        EID_TRY(csv_estimate(b, e[i]));
    EID_TRY(csv_number(b, r->cmi_cap));
    EID_TRY(csv_number(b, r->predicted_recall));
    EID_TRY(csv_number(b, r->predicted_excess));
    EID_TRY(eid_buf_str(b, "\n"));
done:
    return st;
}

static eid_status write_csv(const lab_work *w, const eid_trace_result *r)
{
    static const char *const name[] = {
        "recall",  "flagged", "analytic_recall", "analytic_flagged", "excess",
        "trivial", "gap",     "cmi_low",         "cmi_bound"};
    eid_status st = EID_OK;
    eid_buf b = {0};

    EID_TRY(eid_buf_str(&b, "n,d,beta,soundness,noise,dp_epsilon"));
    for (size_t i = 0; i < sizeof name / sizeof *name; i++)
        EID_TRY(eid_buf_printf(&b, ",%s,%s_low,%s_high", name[i], name[i], name[i]));
    EID_TRY(eid_buf_str(&b, ",cmi_cap,predicted_recall,predicted_excess\n"));
    for (size_t i = 0; i < r->n_rows; i++)
        EID_TRY(csv_row(&b, &r->rows[i]));
    EID_TRY(keep_text(w->folder, "rows.csv", (const char *)b.at));
done:
    eid_buf_free(&b);
    return st;
}

static eid_status write_json(const lab_work *w, const eid_trace_result *r)
{
    eid_status st = EID_OK;
    char *json = NULL;

    EID_TRY(eid_trace_json(r, &json));
    EID_TRY(keep_text(w->folder, "result.json", json));
done:
    eid_string_free(json);
    return st;
}

/* ---- the page ---------------------------------------------------------------------------------
 */

static eid_status figures(plot *p, lab_work *w, const eid_trace_result *r)
{
    const eid_trace_opts *o = w->own;
    const char *title;
    double least = INFINITY, most = -INFINITY;
    eid_status st = EID_OK;

    for (size_t i = 0; i < r->n_rows; i++) {
        double x = swept(o, &r->rows[i], &title);
        least = fmin(least, x);
        most = fmax(most, x);
    }
    eid_chart c = {.name = "recall",
                   .title = "Examples and fresh draws that the tracer flags",
                   .x_title = title,
                   .x_unit = title,
                   .y_title = "share flagged",
                   .x_scale = least > 0 && most >= 8 * least ? EID_SCALE_LOG2 : EID_SCALE_LINEAR,
                   .x_as = o->sweep == EID_SWEEP_N || o->sweep == EID_SWEEP_D ? EID_AS_COUNT
                                                                              : EID_AS_PLAIN,
                   .y_as = EID_AS_PERCENT,
                   .from_zero = true};
    EID_TRY(lab_figure(&p->recall, w, &c));
    c.name = "excess";
    c.title = "Excess error of the learner, and of answering 0";
    c.y_title = "excess error";
    c.y_as = EID_AS_PLAIN;
    EID_TRY(lab_figure(&p->excess, w, &c));
done:
    return st;
}

static eid_status draw(const plot *p, const eid_trace_row *row, double x)
{
    eid_status st = EID_OK;
    eid_estimate recall = lab_exact(row->predicted_recall);
    eid_estimate excess = lab_exact(row->predicted_excess);

    EID_TRY(lab_point(p->recall, "the learner's examples", x, &row->calibrated.recall));
    EID_TRY(lab_point(p->recall, "fresh draws", x, &row->calibrated.soundness));
    EID_TRY(lab_point(p->excess, "learner", x, &row->excess));
    EID_TRY(lab_point(p->excess, "answering 0", x, &row->trivial));
    if (isfinite(recall.value)) {
        EID_TRY(lab_point(p->recall, "closed form", x, &recall));
        EID_TRY(lab_reference(p->recall, "closed form"));
        EID_TRY(lab_point(p->excess, "closed form", x, &excess));
        EID_TRY(lab_reference(p->excess, "closed form"));
    }
done:
    return st;
}

static eid_status tell(lab_work *w, const eid_trace_row *r, const char *where)
{
    const struct {
        const char *name;
        const eid_estimate *e;
        bool control;
    } row[] = {
        {"recall", &r->calibrated.recall, false},
        {"fresh draws flagged", &r->calibrated.soundness, false},
        {"recall by Hoeffding's threshold", &r->analytic.recall, false},
        {"fresh draws flagged by it", &r->analytic.soundness, false},
        {"excess error", &r->excess, false},
        {"gap", &r->gap, false},
        {"nats that the recall proves", &r->cmi_low, false},
        {"the least that the CMI bound can say", &r->cmi_bound, false},
        {"excess error of answering 0", &r->trivial, true},
    };
    eid_status st = EID_OK;
    char name[160];

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        snprintf(name, sizeof name, "%s%s", row[i].name, where);
        EID_TRY((row[i].control ? lab_control : lab_measured)(w, name, row[i].e, lab_any()));
    }
    /* The bound may be missed by what chance does to these draws, and by no more. */
    eid_estimate low = lab_exact(r->calibrated.soundness.low);
    snprintf(name, sizeof name, "fresh draws flagged, lower end of the interval%s", where);
    EID_TRY(lab_measured(w, name, &low, lab_at_most(r->soundness)));
done:
    return st;
}

static eid_status run(lab_work *w)
{
    const eid_trace_opts *o = w->own;
    eid_status st = EID_OK;
    eid_trace_result *r = NULL;
    plot p = {0};

    EID_TRY(eid_trace(&r, w->ctx, o));
    if (o->prior_file)
        EID_TRY(lab_input_file(w, o->prior_file));
    EID_TRY(write_csv(w, r));
    EID_TRY(write_json(w, r));
    if (r->n_rows > 1)
        EID_TRY(figures(&p, w, r));
    for (size_t i = 0; i < r->n_rows; i++) {
        const char *title = "";
        char where[80] = "";
        double x = swept(o, &r->rows[i], &title);
        if (r->n_rows > 1)
            snprintf(where, sizeof where, ", %s %.6g (row %zu)", title, x, i + 1);
        EID_TRY(tell(w, &r->rows[i], where));
        if (p.recall && isfinite(x))
            EID_TRY(draw(&p, &r->rows[i], x));
    }
done:
    eid_trace_result_free(r);
    return st;
}

static const eid_lab as_lab = {
    .name = "trace",
    .group = "trace",
    .title = "Who was in the sample, told from the answer",
    .claim = "The tracer flags fresh examples no more often than its bound allows.",
    .meaning = "What it flags beyond that, the learner has given away: recall is the share of its "
               "examples that a reader of the answer can name.",
    .source = "Attias, Dziugaite, Haghifam, Livni, Roy 2024, Information complexity of stochastic "
              "convex optimization",
    .table = eid_trace_opt_table,
    .opts_size = sizeof(eid_trace_opts),
    .run = run,
};

eid_status eid_trace_keep(char **json, eid_ctx *ctx, const eid_trace_opts *opts,
                          const eid_lab_call *call)
{
    eid_status st = EID_OK;
    eid_trace_result *plan = NULL;
    eid_lab_call named = *call;

    named.command = "trace";
    EID_TRY(eid_trace_plan(&plan, ctx, opts)); /* what cannot be is refused before a run is begun */
    EID_TRY(keep_run(json, ctx, &as_lab, opts, opts->seed, &named));
done:
    eid_trace_result_free(plan);
    return st;
}
