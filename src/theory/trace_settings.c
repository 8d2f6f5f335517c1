/* trace_settings.c - options of the tracing experiment, checked before anything is drawn. */
#include "base/memory.h"
#include "eidetic/privacy.h"
#include "theory/convex.h"
#include "theory/prior.h"
#include "theory/signs.h"
#include "theory/streams.h"
#include "theory/trace.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

eid_trace_opts eid_trace_opts_default(void)
{
    return (eid_trace_opts){
        .accuracy = 0.1,
        .beta = 1,
        .n = 100,
        .d = 2500,
        .trials = 12,
        .soundness = 0.01,
        .fresh = 4000,
        .test = 4000,
        .dp_delta = 1e-5,
        .passes = 10,
        .seed = 1,
    };
}

/* Bounds here are the machine's; what makes no sense is refused with its reason below. */
#define AT(field) offsetof(eid_trace_opts, field)
const eid_opt eid_trace_opt_table[] = {
    {EID_OPT_ENUM, "problem", AT(problem), 0, 0, "what is learned", "linear|strongly-convex", 0},
    {EID_OPT_ENUM, "learner", AT(learner), 0, 0, "who learns it",
     "mean|erm|sgd|projected-sgd|private", 0},
    {EID_OPT_I64, "n", AT(n), -1e15, 1e15, "examples that are learned from", NULL, 0},
    {EID_OPT_I64, "d", AT(d), -1e15, 1e15, "dimension", NULL, 0},
    {EID_OPT_ENUM, "prior", AT(prior), 0, 0,
     "of the means: Beta(b, b) with b by the accuracy, 1, or as given", "accuracy|uniform|beta", 0},
    {EID_OPT_F64, "accuracy", AT(accuracy), -1e300, 1e300, "scale of the prior's means", NULL, 0},
    {EID_OPT_F64, "beta", AT(beta), -1e300, 1e300, "b of --prior beta", NULL, 0},
    {EID_OPT_STR, "prior-file", AT(prior_file), 0, 0,
     "a prior of your own instead: lines of a mean in [-1, 1] and its weight", NULL,
     EID_OPT_PATH_IN},
    {EID_OPT_F64, "soundness", AT(soundness), -1e300, 1e300,
     "share of fresh examples that may be flagged", NULL, 0},
    {EID_OPT_I64, "fresh", AT(fresh), 1, 4e6, "fresh draws that calibrate the threshold", NULL, 0},
    {EID_OPT_I64, "test", AT(test), 1, 4e6, "other fresh draws, to check the soundness", NULL, 0},
    {EID_OPT_I64, "trials", AT(trials), -1e15, 1e15, "repetitions, each with means of its own",
     NULL, 0},
    {EID_OPT_F64, "noise", AT(noise), -1e300, 1e300,
     "noise multiplier of --learner private, in units of its sensitivity", NULL, 0},
    {EID_OPT_F64, "dp-epsilon", AT(dp_epsilon), -1e300, 1e300,
     "the epsilon that --learner private must keep, instead of --noise", NULL, 0},
    {EID_OPT_F64, "dp-delta", AT(dp_delta), -1e300, 1e300, "its delta", NULL, 0},
    {EID_OPT_I64, "passes", AT(passes), 1, 1e6, "of --learner projected-sgd", NULL, 0},
    {EID_OPT_ENUM, "sweep", AT(sweep), 0, 0, "what --values are of",
     "none|n|d|noise|dp-epsilon|accuracy|soundness", 0},
    {EID_OPT_STR, "values", AT(values), 0, 0, "a row for each: 50,100,200", NULL, 0},
    {EID_OPT_I64, "seed", AT(seed), 0, 1e15, "random seed", NULL, 0},
    {0}};
#undef AT

int64_t eid_trace_passing(int64_t fresh, double soundness)
{
    return (int64_t)floor(soundness * (double)(fresh + 1) * (1 + 1e-12));
}

/* ---- one setting ------------------------------------------------------------------------------
 */

static eid_status check_sizes(const eid_trace_opts *o)
{
    if (o->n < 1)
        return eid_fail(EID_EINVAL, "trace: n = %" PRId64 ": a learner needs at least one example",
                        o->n);
    if (o->d < 1)
        return eid_fail(EID_EINVAL, "trace: d = %" PRId64 ": examples need at least one coordinate",
                        o->d);
    if (o->trials < 1 || o->trials >= EID_MOST_TRIALS)
        return eid_fail(EID_EINVAL, "trace: %" PRId64 " trials: want 1 to %d", o->trials,
                        EID_MOST_TRIALS - 1);
    if (!(o->soundness > 0))
        return eid_fail(
            EID_EINVAL,
            "trace: soundness %g: a tracer that never flags a fresh example flags nobody; "
            "it must lie above 0",
            o->soundness);
    if (!(o->soundness < 1))
        return eid_fail(
            EID_EINVAL,
            "trace: soundness %g: flagging everybody is no tracing; it must lie below 1",
            o->soundness);
    if (eid_trace_passing(o->fresh, o->soundness) < 1)
        return eid_fail(EID_EINVAL,
                        "trace: %" PRId64 " fresh draws cannot place a threshold of soundness %g: "
                        "want at least %.0f",
                        o->fresh, o->soundness, ceil(1 / o->soundness) - 1);
    return EID_OK;
}

static eid_status check_memory(const eid_ctx *ctx, const eid_trace_opts *o)
{
    int64_t chunk = o->fresh > o->test ? o->fresh : o->test, limit = eid_ctx_memory(ctx);
    double members = (double)o->n * (double)o->d / 8;
    double held =
        members + (double)(chunk < EID_TRACE_CHUNK ? chunk : EID_TRACE_CHUNK) * (double)o->d / 8;
    double rest = 80 * (double)o->d + 8 * ((double)o->n + (double)o->fresh + (double)o->test);
    if (o->d > (int64_t)1 << 30 || held + rest > (double)limit)
        return eid_fail(EID_ENOMEM,
                        "trace: n = %" PRId64 " examples of d = %" PRId64 " bits take %.3g GB, and "
                        "%.3g GB may be used",
                        o->n, o->d, (held + rest) / 1e9, (double)limit / 1e9);
    return EID_OK;
}

static eid_status find_noise(eid_trace_setting *s)
{
    const eid_trace_opts *o = &s->o;
    bool given = o->noise != 0 || o->sweep == EID_SWEEP_NOISE;
    bool wanted = o->dp_epsilon != 0 || o->sweep == EID_SWEEP_DP_EPSILON;
    s->dp_epsilon = INFINITY;
    if (o->learner != EID_LEARN_PRIVATE) {
        if (given || wanted)
            return eid_fail(EID_EINVAL,
                            "trace: noise belongs to the private learner: --learner private");
        return EID_OK;
    }
    if (given == wanted)
        return eid_fail(EID_EINVAL,
                        given ? "trace: give --noise or --dp-epsilon, not both"
                              : "trace: the private learner needs --noise or --dp-epsilon");
    if (given ? !(o->noise >= 0 && o->noise < 1e100)
              : !(o->dp_epsilon > 0 && o->dp_epsilon < 1e100))
        return eid_fail(EID_EINVAL, "trace: %s %g makes no sense", given ? "noise" : "dp-epsilon",
                        given ? o->noise : o->dp_epsilon);
    s->noise = o->noise;
    if (wanted) {
        eid_status st = eid_gaussian_noise(o->dp_epsilon, o->dp_delta, &s->noise);
        if (st != EID_OK)
            return st;
    }
    return eid_gaussian_epsilon(s->noise, o->dp_delta, &s->dp_epsilon);
}

static eid_status check(const eid_ctx *ctx, eid_trace_setting *s)
{
    eid_status st = EID_OK;
    EID_TRY(check_sizes(&s->o));
    s->beta = NAN;
    if (!s->list)
        EID_TRY(eid_prior_beta(&s->o, &s->beta));
    s->signal = s->list ? s->list->signal : eid_convex_signal(s->beta);
    EID_TRY(find_noise(s));
    EID_TRY(check_memory(ctx, &s->o));
done:
    return st;
}

/* ---- the sweep --------------------------------------------------------------------------------
 */

static eid_status set_value(eid_trace_opts *o, double x)
{
    bool whole = o->sweep == EID_SWEEP_N || o->sweep == EID_SWEEP_D;
    if (whole && (x != floor(x) || fabs(x) > 1e15))
        return eid_fail(EID_EINVAL, "trace: --values: %g is not a whole number", x);
    switch ((eid_trace_sweep)o->sweep) {
    case EID_SWEEP_N:
        o->n = (int64_t)x;
        break;
    case EID_SWEEP_D:
        o->d = (int64_t)x;
        break;
    case EID_SWEEP_NOISE:
        o->noise = x;
        break;
    case EID_SWEEP_DP_EPSILON:
        o->dp_epsilon = x;
        break;
    case EID_SWEEP_ACCURACY:
        o->accuracy = x;
        break;
    case EID_SWEEP_SOUNDNESS:
        o->soundness = x;
        break;
    case EID_SWEEP_NONE:
        break;
    }
    return EID_OK;
}

static eid_status read_value(const char **at, double *x)
{
    char *end;
    *x = strtod(*at, &end);
    if (end == *at || isnan(*x) || (*end && *end != ',') || (*end == ',' && !end[1]))
        return eid_fail(EID_EINVAL, "trace: --values: \"%.40s\" does not begin with a number", *at);
    *at = *end ? end + 1 : end;
    return EID_OK;
}

static eid_status check_sweep(const eid_trace_opts *o)
{
    if ((o->sweep == EID_SWEEP_NONE) != (o->values == NULL))
        return eid_fail(EID_EINVAL, o->values ? "trace: --values need a --sweep to be values of"
                                              : "trace: a --sweep needs --values");
    if (o->sweep == EID_SWEEP_ACCURACY && (o->prior != EID_PRIOR_ACCURACY || o->prior_file))
        return eid_fail(EID_EINVAL,
                        "trace: the accuracy can be swept only where the prior goes by it");
    return EID_OK;
}

eid_status eid_trace_settings(eid_trace_setting **out, size_t *n, const eid_ctx *ctx,
                              const eid_trace_opts *o, const eid_prior_list *list)
{
    enum { MOST_ROWS = 1000 };
    eid_trace_setting *all = NULL;
    eid_status st = EID_OK;
    size_t rows = 0, cap = 0;
    EID_TRY(check_sweep(o));
    const char *at = o->values;
    do {
        double x = 0;
        if (at)
            EID_TRY(read_value(&at, &x));
        if (rows == MOST_ROWS)
            EID_TRY(eid_fail(EID_EINVAL, "trace: --values: more than %d", MOST_ROWS));
        EID_TRY(EID_GROW(all, &cap, rows + 1));
        all[rows] = (eid_trace_setting){.o = *o, .list = list};
        EID_TRY(set_value(&all[rows].o, x));
        EID_TRY(check(ctx, &all[rows++]));
    } while (at && *at);
    *out = all;
    *n = rows;
    all = NULL;
done:
    eid_free(all);
    return st;
}
