/* trace.c - the tracing experiment: from trials to estimates. */
#include "theory/trace.h"
#include "base/memory.h"
#include "stats/special.h"
#include "theory/convex.h"
#include "theory/prior.h"
#include "theory/rate.h"
#include "theory/signs.h"
#include <math.h>

/* Bernoulli entropy in nats. */
static double entropy(double p)
{
    return p > 0 && p < 1 ? -p * log(p) - (1 - p) * log1p(-p) : 0;
}

double eid_trace_fano(double in, double out)
{
    double one = in + out;
    return in > out ? one * (M_LN2 - entropy(out / one)) : 0;
}

/* ---- closed forms -----------------------------------------------------------------------------
 */

static void predict(const eid_trace_opts *o, double v, double noise, double *recall, double *excess)
{
    double n = (double)o->n, d = (double)o->d;
    *recall = *excess = NAN;
    if (o->learner == EID_LEARN_SGD || o->learner == EID_LEARN_PROJECTED_SGD)
        return;
    double s2 = eid_convex_length2(v, o->n, o->d, noise), s = sqrt(s2);
    double push = sqrt(d * (1 - v)) / (n * s); /* of a member's phi, in a fresh one's deviations */
    *recall = exp(eid_normal_log_cdf(push - eid_normal_upper(o->soundness)));
    if (o->problem == EID_LINEAR)
        *excess = sqrt(v) - v / s;
    else if (o->learner == EID_LEARN_PRIVATE)
        *excess = v * (1 - v / s2) / 2;
    else
        *excess = (s2 - v) / 2;
}

void eid_trace_predict(const eid_trace_opts *o, double noise, double *recall, double *excess)
{
    double beta;
    *recall = *excess = NAN;
    if (o->n < 1 || o->d < 1 || !(o->soundness > 0 && o->soundness < 1) || o->prior_file ||
        eid_prior_beta(o, &beta) != EID_OK)
        return;
    predict(o, eid_convex_signal(beta), noise, recall, excess);
}

/* ---- estimates --------------------------------------------------------------------------------
 */

static double mean_of(const double *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

/* Between trials; a single one shows no spread. */
static eid_estimate average(const double *x, int64_t n)
{
    eid_estimate e = eid_mean_t(x, (size_t)n);
    if (n == 1)
        e.value = x[0], e.why[0] = 0, e.method = "one trial";
    return e;
}

static eid_estimate fano_of_all(const eid_trace_trials *t)
{
    eid_estimate in = eid_rate(t->only_in, t->trials, t->pairs);
    eid_estimate out = eid_rate(t->only_out, t->trials, t->pairs);
    double n = (double)t->n;
    return (eid_estimate){
        .value = n * eid_trace_fano(in.value, out.value),
        .low = n * eid_trace_fano(in.low, out.high),
        .high = n * eid_trace_fano(in.high, out.low),
        .n = in.n,
        .method = "fano, from the ends of two 95% intervals",
    };
}

/* The CMI bound of losses that range over 2, as a function of the information: increasing. */
static eid_estimate bound_of(const eid_estimate *cmi, int64_t n)
{
    eid_estimate e = *cmi;
    e.value = 2 * sqrt(2 * cmi->value / (double)n);
    e.low = 2 * sqrt(2 * cmi->low / (double)n);
    e.high = 2 * sqrt(2 * cmi->high / (double)n);
    return e;
}

/* What is known before a trial. */
static eid_trace_row plan_row(const eid_trace_setting *s)
{
    eid_estimate none = eid_estimate_none("not run");
    eid_tracer tracer = {NAN, none, none};
    eid_trace_row row = {
        .n = s->o.n,
        .d = s->o.d,
        .bytes = eid_signs_bytes(s->o.n, s->o.d),
        .beta = s->beta,
        .signal = s->signal,
        .soundness = s->o.soundness,
        .noise = s->noise,
        .dp_epsilon = s->dp_epsilon,
        .calibrated = tracer,
        .analytic = tracer,
        .excess = none,
        .trivial = none,
        .gap = none,
        .cmi_low = none,
        .cmi_cap = (double)s->o.n * M_LN2,
        .cmi_bound = none,
    };
    predict(&s->o, s->signal, s->noise, &row.predicted_recall, &row.predicted_excess);
    return row;
}

static void summarize(const eid_trace_trials *t, eid_trace_row *row)
{
    for (int i = 0; i < 2; i++) {
        eid_tracer *tracer = i ? &row->analytic : &row->calibrated;
        tracer->threshold = mean_of(t->threshold[i], t->trials);
        tracer->recall = eid_rate(t->recalled[i], t->trials, t->n);
        tracer->soundness = eid_rate(t->flagged[i], t->trials, t->test);
    }
    row->excess = average(t->excess, t->trials);
    row->trivial = average(t->trivial, t->trials);
    row->gap = average(t->gap, t->trials);
    row->cmi_low = fano_of_all(t);
    row->cmi_bound = bound_of(&row->cmi_low, row->n);
}

static eid_status run(eid_trace_result **out, eid_ctx *ctx, const eid_trace_opts *opts, bool dry)
{
    eid_status st = EID_OK;
    eid_trace_setting *all = NULL;
    eid_prior_list *list = NULL;
    eid_trace_result *r = NULL;
    eid_trace_trials t = {0};
    size_t n = 0;
    if (opts->prior_file)
        EID_TRY(eid_prior_list_read(&list, opts->prior_file));
    EID_TRY(eid_trace_settings(&all, &n, ctx, opts, list));
    EID_TRY(EID_NEW(r, 1));
    EID_TRY(EID_NEW(r->rows, n));
    r->trials = opts->trials;
    int64_t total = (int64_t)n * opts->trials;
    for (; r->n_rows < n; r->n_rows++) {
        r->rows[r->n_rows] = plan_row(&all[r->n_rows]);
        if (dry)
            continue;
        EID_TRY(eid_trace_run_trials(ctx, &all[r->n_rows], &t, (int64_t)r->n_rows * opts->trials,
                                     total));
        summarize(&t, &r->rows[r->n_rows]);
        eid_trace_trials_free(&t);
    }
    if (!dry)
        EID_TRY(eid_tick(ctx, "tracing", "trials", total, total));
    *out = r;
    r = NULL;
done:
    eid_trace_trials_free(&t);
    eid_trace_result_free(r);
    eid_free(all);
    eid_prior_list_free(list);
    return st;
}

eid_status eid_trace(eid_trace_result **out, eid_ctx *ctx, const eid_trace_opts *opts)
{
    return run(out, ctx, opts, false);
}

eid_status eid_trace_plan(eid_trace_result **out, eid_ctx *ctx, const eid_trace_opts *opts)
{
    return run(out, ctx, opts, true);
}

void eid_trace_result_free(eid_trace_result *r)
{
    if (!r)
        return;
    eid_free(r->rows);
    eid_free(r);
}
