/* trace_trial.c - a trial of the tracing experiment: draw, learn, flag, count. */
#include "base/memory.h"
#include "stats/estimate.h"
#include "theory/convex.h"
#include "theory/prior.h"
#include "theory/streams.h"
#include "theory/trace.h"
#include <math.h>
#include <stdlib.h>

/* Memory that trials share. */
typedef struct desk {
    eid_signs members, chunk;
    uint64_t *chance;
    int64_t *ones;
    double *mean, *theta, *scratch; /* vectors over the coordinates */
    double *in, *fresh, *test;      /* phi */
} desk;

static void desk_free(desk *k)
{
    eid_signs_free(&k->members);
    eid_signs_free(&k->chunk);
    eid_free(k->chance);
    eid_free(k->ones);
    eid_free(k->mean);
    eid_free(k->theta);
    eid_free(k->scratch);
    eid_free(k->in);
    eid_free(k->fresh);
    eid_free(k->test);
}

static eid_status desk_new(desk *k, const eid_trace_opts *o)
{
    eid_status st = EID_OK;
    int64_t padded = eid_signs_words(o->d) * 64, most = o->fresh > o->test ? o->fresh : o->test;
    EID_TRY(eid_signs_new(&k->members, o->n, o->d));
    EID_TRY(eid_signs_new(&k->chunk, most < EID_TRACE_CHUNK ? most : EID_TRACE_CHUNK, o->d));
    EID_TRY(EID_NEW(k->chance, padded));
    EID_TRY(EID_NEW(k->ones, padded));
    EID_TRY(EID_NEW(k->mean, padded));
    EID_TRY(EID_NEW(k->theta, padded));
    EID_TRY(EID_NEW(k->scratch, padded));
    EID_TRY(EID_NEW(k->in, o->n));
    EID_TRY(EID_NEW(k->fresh, o->fresh));
    EID_TRY(EID_NEW(k->test, o->test));
done:
    return st;
}

/* phi of `draws` fresh examples, a chunk of rows at a time. */
static eid_status draw_fresh(eid_ctx *ctx, desk *k, const eid_trace_opts *o, eid_purpose purpose,
                             int64_t trial, double centre, int64_t draws, double *phi)
{
    eid_status st = EID_OK;
    for (int64_t first = 0; first < draws; first += EID_TRACE_CHUNK) {
        int64_t rows = draws - first < EID_TRACE_CHUNK ? draws - first : EID_TRACE_CHUNK;
        EID_TRY(eid_signs_draw(ctx, &k->chunk, rows, k->chance, (uint64_t)o->seed,
                               eid_stream(purpose, trial, first / EID_TRACE_CHUNK), NULL));
        EID_TRY(eid_signs_dots(ctx, &k->chunk, rows, k->theta, phi + first));
    }
    for (int64_t i = 0; i < draws; i++)
        phi[i] -= centre;
done:
    return st;
}

static int64_t count_above(const double *phi, int64_t n, double threshold)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        count += phi[i] > threshold;
    return count;
}

/* The order statistic above which `passing` of the fresh draws lie: one draw more is above it with
 * a chance of at most passing / (fresh + 1), whatever the law of phi. */
static double calibrate(double *phi, int64_t fresh, int64_t passing)
{
    qsort(phi, (size_t)fresh, sizeof *phi, eid_compare_doubles);
    return phi[fresh - passing];
}

static void count_trial(const desk *k, const eid_trace_opts *o, eid_trace_trials *t, int64_t trial)
{
    for (int i = 0; i < 2; i++) {
        double threshold = t->threshold[i][trial];
        t->recalled[i][trial] = count_above(k->in, o->n, threshold);
        t->flagged[i][trial] = count_above(k->test, o->test, threshold);
    }
    double threshold = t->threshold[0][trial];
    for (int64_t i = 0; i < t->pairs; i++) {
        bool in = k->in[i] > threshold, out = k->test[i] > threshold;
        t->only_in[trial] += in && !out;
        t->only_out[trial] += out && !in;
    }
}

static eid_status run_trial(eid_ctx *ctx, desk *k, const eid_trace_setting *s, eid_trace_trials *t,
                            int64_t trial)
{
    eid_status st = EID_OK;
    const eid_trace_opts *o = &s->o;
    uint64_t seed = (uint64_t)o->seed;
    uint64_t stream = eid_stream(EID_FOR_PRIOR, trial, 0);
    if (s->list)
        eid_prior_list_draw(s->list, o->d, seed, stream, k->chance, k->mean);
    else
        eid_prior_draw(s->beta, o->d, seed, stream, k->chance, k->mean);
    EID_TRY(eid_signs_draw(ctx, &k->members, o->n, k->chance, seed,
                           eid_stream(EID_FOR_MEMBERS, trial, 0), k->ones));
    eid_convex c = {
        .problem = o->problem,
        .learner = o->learner,
        .passes = o->passes,
        .noise = s->noise,
        .signal = s->signal,
        .s = &k->members,
        .n = o->n,
        .ones = k->ones,
        .mean = k->mean,
        .seed = seed,
        .trial = trial,
    };
    EID_TRY(eid_convex_learn(&c, k->theta, k->scratch));
    eid_convex_score score = eid_convex_judge(&c, k->theta);
    EID_TRY(eid_signs_dots(ctx, &k->members, o->n, k->theta, k->in));
    for (int64_t i = 0; i < o->n; i++)
        k->in[i] -= score.centre;
    EID_TRY(draw_fresh(ctx, k, o, EID_FOR_CALIBRATION, trial, score.centre, o->fresh, k->fresh));
    EID_TRY(draw_fresh(ctx, k, o, EID_FOR_FRESH, trial, score.centre, o->test, k->test));
    t->threshold[0][trial] =
        calibrate(k->fresh, o->fresh, eid_trace_passing(o->fresh, o->soundness));
    t->threshold[1][trial] = score.norm * sqrt(2 * log(1 / o->soundness) / (double)o->d);
    t->excess[trial] = score.excess;
    t->trivial[trial] = score.trivial;
    t->gap[trial] = score.gap;
    count_trial(k, o, t, trial);
done:
    return st;
}

static eid_status trials_new(eid_trace_trials *t, const eid_trace_opts *o)
{
    eid_status st = EID_OK;
    *t = (eid_trace_trials){.trials = o->trials, .n = o->n, .test = o->test};
    t->pairs = o->n < o->test ? o->n : o->test;
    for (int i = 0; i < 2; i++) {
        EID_TRY(EID_NEW(t->recalled[i], o->trials));
        EID_TRY(EID_NEW(t->flagged[i], o->trials));
        EID_TRY(EID_NEW(t->threshold[i], o->trials));
    }
    EID_TRY(EID_NEW(t->only_in, o->trials));
    EID_TRY(EID_NEW(t->only_out, o->trials));
    EID_TRY(EID_NEW(t->excess, o->trials));
    EID_TRY(EID_NEW(t->trivial, o->trials));
    EID_TRY(EID_NEW(t->gap, o->trials));
done:
    return st;
}

void eid_trace_trials_free(eid_trace_trials *t)
{
    for (int i = 0; i < 2; i++) {
        eid_free(t->recalled[i]);
        eid_free(t->flagged[i]);
        eid_free(t->threshold[i]);
    }
    eid_free(t->only_in);
    eid_free(t->only_out);
    eid_free(t->excess);
    eid_free(t->trivial);
    eid_free(t->gap);
    *t = (eid_trace_trials){0};
}

eid_status eid_trace_run_trials(eid_ctx *ctx, const eid_trace_setting *s, eid_trace_trials *t,
                                int64_t done, int64_t total)
{
    eid_status st = EID_OK;
    desk k = {0};
    EID_TRY(trials_new(t, &s->o));
    EID_TRY(desk_new(&k, &s->o));
    for (int64_t trial = 0; trial < s->o.trials; trial++) {
        EID_TRY(eid_tick(ctx, "tracing", "trials", done + trial, total));
        EID_TRY(run_trial(ctx, &k, s, t, trial));
    }
done:
    desk_free(&k);
    return st;
}
