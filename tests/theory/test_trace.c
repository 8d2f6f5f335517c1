#include "theory.h"
#include "base/memory.h"
#include "eidetic/rng.h"
#include "eidetic/trace.h"
#include "theory/rate.h"
#include "theory/trace.h"

static void trace(const eid_trace_opts *o, eid_trace_result **r)
{
    eid_ctx *ctx = context(2, 0);
    *r = NULL;
    CHECK_OK(eid_trace(r, ctx, o));
    eid_ctx_free(ctx);
}

static eid_trace_opts quick(void)
{
    eid_trace_opts o = eid_trace_opts_default();
    o.fresh = 2000;
    o.test = 500;
    return o;
}

/* Recall .96, .08, .09 within .04 and excess .030, as an independent program found them. */
static void recall_by_prior_and_dimension(void)
{
    eid_trace_result *r;
    eid_trace_opts o = quick();
    trace(&o, &r);
    CHECK_CLOSE(r->rows[0].calibrated.recall.value, 0.96, 0, 0.04);
    CHECK_CLOSE(r->rows[0].excess.value, 0.030, 0, 0.002);
    eid_trace_result_free(r);
    o.prior = EID_PRIOR_UNIFORM;
    trace(&o, &r);
    CHECK_CLOSE(r->rows[0].calibrated.recall.value, 0.08, 0, 0.04);
    eid_trace_result_free(r);
    o.prior = EID_PRIOR_ACCURACY;
    o.d = 100;
    trace(&o, &r);
    CHECK_CLOSE(r->rows[0].calibrated.recall.value, 0.09, 0, 0.04);
    eid_trace_result_free(r);
}

static void noise_buys_recall_and_costs_excess(void)
{
    static const double recall[] = {0.96, 0.45, 0.03, 0.01}, off[] = {0.04, 0.09, 0.03, 0.02};
    static const double excess[] = {0.030, 0.049, 0.065, 0.069};
    eid_trace_opts o = quick();
    eid_trace_result *r;
    o.learner = EID_LEARN_PRIVATE;
    o.sweep = EID_SWEEP_NOISE;
    o.values = "0,0.2,1,3.7";
    trace(&o, &r);
    CHECK_INT((int64_t)r->n_rows, 4);
    for (size_t i = 0; i < r->n_rows; i++) {
        const eid_trace_row *row = &r->rows[i];
        CHECK_CLOSE(row->calibrated.recall.value, recall[i], 0, off[i]);
        CHECK_CLOSE(row->excess.value, excess[i], 0, 0.002);
        /* Closed forms for large d: n (|z| - v) / s has a spread of 1 / sqrt(d) relatively. */
        CHECK_CLOSE(row->predicted_recall, row->calibrated.recall.value, 0, 0.04);
        CHECK_CLOSE(row->predicted_excess, row->excess.value, 0, 0.001);
        CHECK(i == 0 || (row->calibrated.recall.value < row[-1].calibrated.recall.value &&
                         row->excess.value > row[-1].excess.value));
    }
    CHECK(isinf(r->rows[0].dp_epsilon));
    CHECK_CLOSE(r->rows[2].dp_epsilon, 4.37718, 2e-6, 0);
    eid_trace_result_free(r);
}

/* The bound on fresh draws, for thresholds of both kinds: the share flagged is an average over
 * trials of draws whose own chance varies with the calibration, 4 deviations allowed. */
static void soundness_is_kept(void)
{
    static const double bound[] = {0.003, 0.05, 0.3};
    for (int k = 0; k < 3; k++) {
        eid_trace_opts o = quick();
        eid_trace_result *r;
        o.n = 30;
        o.d = 300;
        o.trials = 60;
        o.test = 2000;
        o.soundness = bound[k];
        trace(&o, &r);
        double spread = sqrt(bound[k] * (1 - bound[k]) * (1.0 / 2000 + 1.0 / 2000) / 60);
        CHECK(r->rows[0].calibrated.soundness.value < bound[k] + 4 * spread);
        CHECK(r->rows[0].calibrated.soundness.value > bound[k] * 0.8 - 4 * spread);
        CHECK(r->rows[0].analytic.soundness.value < bound[k]);
        CHECK(r->rows[0].analytic.threshold > r->rows[0].calibrated.threshold);
        eid_trace_result_free(r);
    }
}

/* Whoever learns whatever: 4 deviations of the calibration and of the draws that check it. */
static void soundness_is_kept_of_every_learner(void)
{
    for (int64_t problem = EID_LINEAR; problem <= EID_STRONGLY_CONVEX; problem++)
        for (int64_t learner = EID_LEARN_MEAN; learner <= EID_LEARN_PRIVATE; learner++) {
            eid_trace_opts o = quick();
            eid_trace_result *r;
            o.problem = problem;
            o.learner = learner;
            o.noise = learner == EID_LEARN_PRIVATE ? 0.3 : 0;
            o.n = 20;
            o.d = 200;
            o.trials = 60;
            o.fresh = o.test = 500;
            o.soundness = 0.02;
            trace(&o, &r);
            double spread = sqrt(0.02 * 0.98 * (1.0 / 500 + 1.0 / 500) / 60);
            CHECK(r->rows[0].calibrated.soundness.value <= 0.02 + 4 * spread);
            CHECK(r->rows[0].analytic.soundness.value <= 0.02);
            CHECK(r->rows[0].calibrated.recall.value >= 0.1);
            eid_trace_result_free(r);
        }
}

/* A learner that ignores nothing but sees another law's noise only is not traced: with enormous
 * noise recall falls to the share of fresh examples flagged. */
static void nothing_learned_nothing_traced(void)
{
    eid_trace_opts o = quick();
    eid_trace_result *r;
    o.learner = EID_LEARN_PRIVATE;
    o.noise = 1e6;
    o.soundness = 0.1;
    o.n = 200;
    o.d = 300;
    trace(&o, &r);
    const eid_trace_row *row = &r->rows[0];
    CHECK(row->calibrated.recall.low < 0.1 && row->calibrated.recall.high > 0.1);
    CHECK_CLOSE(row->excess.value, row->trivial.value, 0, 0.02);
    CHECK_CLOSE(row->dp_epsilon, 0, 0, 1e-12);
    CHECK(row->cmi_low.low == 0);
    eid_trace_result_free(r);
}

/* Information of a uniform bit and (flagged member only, other only, no one alone), from the
 * definition. */
static double information_ref(double in, double out)
{
    double joint[2][3] = {{in / 2, out / 2, (1 - in - out) / 2},
                          {out / 2, in / 2, (1 - in - out) / 2}};
    double sum = 0;
    for (int u = 0; u < 2; u++)
        for (int f = 0; f < 3; f++)
            if (joint[u][f] > 0)
                sum += joint[u][f] * log(joint[u][f] / (0.5 * (joint[0][f] + joint[1][f])));
    return sum;
}

static void fano_is_met_with_equality(void)
{
    for (double in = 0.05; in < 0.9; in += 0.1)
        for (double out = 0; out < in && in + out <= 1; out += 0.05)
            CHECK_CLOSE(eid_trace_fano(in, out), information_ref(in, out), 1e-12, 1e-15);
    CHECK(eid_trace_fano(0.1, 0.2) == 0 && eid_trace_fano(0, 0) == 0);
    CHECK_CLOSE(eid_trace_fano(1, 0), M_LN2, 1e-15, 0);
}

/* The CMI bound says nothing where the true gap is small, and no information exceeds its cap. */
static void the_bound_is_vacuous_and_the_gap_small(void)
{
    eid_trace_opts o = quick();
    eid_trace_result *r;
    trace(&o, &r);
    const eid_trace_row *row = &r->rows[0];
    CHECK(row->cmi_bound.low > 2);                 /* losses range over 2 */
    CHECK_CLOSE(row->gap.value, 0.0814, 0, 0.003); /* (1 - v) / (n s) */
    CHECK(row->cmi_low.high <= row->cmi_cap && row->cmi_low.low <= row->cmi_low.value);
    CHECK_CLOSE(row->cmi_bound.value, 2 * sqrt(2 * row->cmi_low.value / 100), 1e-12, 0);
    eid_trace_result_free(r);
}

static void rates_agree_with_clustered_proportions(void)
{
    enum { TRIALS = 9, M = 40 };
    double hit[TRIALS * M];
    int64_t cluster[TRIALS * M], k[TRIALS] = {0};
    eid_rng rng = eid_rng_seed(2);
    for (int t = 0; t < TRIALS; t++)
        for (int i = 0; i < M; i++) {
            hit[t * M + i] = eid_rng_unit(&rng) < 0.1 * (t + 1);
            cluster[t * M + i] = t;
            k[t] += hit[t * M + i] > 0;
        }
    eid_estimate want, got = eid_rate(k, TRIALS, M);
    CHECK_OK(eid_proportion_by_cluster(hit, cluster, TRIALS * M, &want));
    CHECK_CLOSE(got.value, want.value, 1e-12, 0);
    CHECK_CLOSE(got.low, want.low, 1e-9, 0);
    CHECK_CLOSE(got.high, want.high, 1e-9, 0);
    CHECK_INT(got.n, want.n);
    CHECK(isnan(eid_rate(k, 0, M).value));
    CHECK_CLOSE(eid_normal_upper(0.01), 2.3263478740408408, 1e-12, 0);
    CHECK_CLOSE(eid_normal_upper(1e-9), 5.9978070150076865, 1e-12, 0);
}

static void threads_do_not_matter(void)
{
    static const int64_t learners[] = {EID_LEARN_MEAN, EID_LEARN_PROJECTED_SGD, EID_LEARN_PRIVATE};
    for (int k = 0; k < 3; k++) {
        char *text[2];
        for (int i = 0; i < 2; i++) {
            eid_ctx *ctx = context(i ? 3 : 1, 0);
            eid_trace_opts o = quick();
            eid_trace_result *r;
            o.trials = 2;
            o.learner = learners[k];
            o.noise = o.learner == EID_LEARN_PRIVATE ? 1 : 0;
            CHECK_OK(eid_trace(&r, ctx, &o));
            CHECK_OK(eid_trace_json(r, &text[i]));
            eid_trace_result_free(r);
            eid_ctx_free(ctx);
        }
        CHECK_STR(text[1], text[0]);
        eid_string_free(text[0]);
        eid_string_free(text[1]);
    }
}

#define REFUSED(change, part)                                           \
    do {                                                                \
        eid_trace_opts o = quick();                                     \
        eid_trace_result *r = NULL;                                     \
        change;                                                         \
        eid_status want = strstr(part, "GB") ? EID_ENOMEM : EID_EINVAL; \
        CHECK_FAILS(eid_trace(&r, ctx, &o), want, part);                \
        CHECK(r == NULL);                                               \
    } while (0)

static void what_cannot_be_is_refused(void)
{
    eid_ctx *ctx = context(1, 100 << 20);
    REFUSED(o.n = 0, "n = 0");
    REFUSED(o.n = -3, "n = -3");
    REFUSED(o.d = 0, "d = 0");
    REFUSED(o.trials = 0, "0 trials");
    REFUSED(o.soundness = 0, "flags nobody");
    REFUSED(o.soundness = 1, "below 1");
    REFUSED(o.soundness = NAN, "soundness nan");
    REFUSED(o.soundness = 1e-4, "want at least 9999");
    REFUSED(o.accuracy = 0, "accuracy 0");
    REFUSED(o.accuracy = 2, "accuracy 2");
    REFUSED((o.prior = EID_PRIOR_BETA, o.beta = 0), "does not normalize");
    REFUSED((o.prior = EID_PRIOR_BETA, o.beta = -1), "Beta(-1, -1) does not normalize");
    REFUSED((o.prior = EID_PRIOR_BETA, o.beta = INFINITY), "leaves no mean");
    REFUSED(o.d = 10000000, "GB");
    REFUSED((o.d = (int64_t)1 << 60, o.n = (int64_t)1 << 50), "GB");
    REFUSED(o.noise = 1, "belongs to the private learner");
    REFUSED(o.learner = EID_LEARN_PRIVATE, "needs --noise or --dp-epsilon");
    REFUSED((o.learner = EID_LEARN_PRIVATE, o.noise = 1, o.dp_epsilon = 1), "not both");
    REFUSED((o.learner = EID_LEARN_PRIVATE, o.noise = -1), "noise -1");
    REFUSED((o.learner = EID_LEARN_PRIVATE, o.dp_epsilon = 1, o.dp_delta = 0), "delta 0");
    REFUSED(o.sweep = EID_SWEEP_N, "needs --values");
    REFUSED(o.values = "1", "need a --sweep");
    REFUSED((o.sweep = EID_SWEEP_N, o.values = "1,2.5"), "2.5 is not a whole");
    REFUSED((o.sweep = EID_SWEEP_N, o.values = "1,,2"), "\",2\" does not begin");
    REFUSED((o.sweep = EID_SWEEP_N, o.values = "1,2,"), "\"2,\"");
    REFUSED((o.sweep = EID_SWEEP_N, o.values = ""), "does not begin");
    REFUSED((o.sweep = EID_SWEEP_SOUNDNESS, o.values = "0.1,0"), "flags nobody");
    REFUSED((o.sweep = EID_SWEEP_ACCURACY, o.values = "0.1", o.prior = EID_PRIOR_UNIFORM),
            "goes by it");
    eid_ctx_free(ctx);
}

/* ---- priors that a user gives ------------------------------------------------------------------
 */

static const char *prior_file(const char *text, size_t n)
{
    const char *path = check_tmp("prior");
    FILE *f = fopen(path, "wb");
    CHECK(f && fwrite(text, 1, n, f) == n && fclose(f) == 0);
    return path;
}

/* Means of -.1 and .1 have the signal .01; a table of one mean 1 leaves no chance at all. */
static void a_given_prior_is_drawn_from(void)
{
    static const char two[] = "# mean, weight\n-0.1, 0.25\r\n\n\t0.1 0.5 # more\n-1e-1 .25\n";
    eid_trace_opts o = quick();
    eid_trace_result *r;
    double recall, excess;
    o.prior_file = prior_file(two, sizeof two - 1);
    o.d = 2500;
    o.n = 100;
    trace(&o, &r);
    const eid_trace_row *row = &r->rows[0];
    CHECK_CLOSE(row->signal, 0.01, 1e-12, 0);
    CHECK(isnan(row->beta));
    CHECK_CLOSE(row->trivial.value, 0.1, 1e-9, 0); /* |m| is the same in every trial */
    CHECK_CLOSE(row->calibrated.recall.value, row->predicted_recall, 0, 0.05);
    CHECK_CLOSE(row->excess.value, row->predicted_excess, 0.05, 0);
    eid_trace_predict(&o, 0, &recall, &excess);
    CHECK(isnan(recall) && isnan(excess));
    eid_trace_result_free(r);
    o.prior_file = prior_file("1 1", 3);
    trace(&o, &r);
    CHECK_CLOSE(r->rows[0].signal, 1, 1e-12, 0);
    CHECK_CLOSE(r->rows[0].excess.value, 0, 0, 1e-9);
    eid_trace_result_free(r);
}

static void priors_that_are_none_are_refused(void)
{
    static const struct {
        const char *text, *why;
        size_t n;
    } bad[] = {
        {"", "holds no numbers", 0},
        {"# nothing\n\n", "holds no numbers", 0},
        {"0.1 0.5\n-0.1 0.4\n", "sum to 0.9, not to 1", 0},
        {"0.1 1.0000001", "does not normalize", 0},
        {"0.1 0.5\n1.5 0.5", "line 2: a coordinate's mean is 1.5", 0},
        {"0.1 1.5\n0.2 -0.5", "line 2: want a mean and a weight above 0", 0},
        {"0.1 0\n0.2 1", "line 1: want a mean and a weight above 0", 0},
        {"0.1", "line 1: want a mean and a weight above 0", 0},
        {"0 1", "leaves nothing to learn", 0},
        {"0.1 0.5 0.5", "line 1: want one or two numbers", 0},
        {"0.1 x", "line 1", 0},
        {"nan 1", "line 1", 0},
        {"0.1 inf", "line 1", 0},
        {"0x1p-3 1", "line 1", 0},
        {"1e999 1", "line 1", 0},
        {"0.1 0.5\n0.1\0 0.5", "line 2", 16},
        {"0.1-0.1 1", "line 1", 0},
    };
    eid_ctx *ctx = context(1, 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        eid_trace_opts o = quick();
        eid_trace_result *r = NULL;
        o.prior_file = prior_file(bad[i].text, bad[i].n ? bad[i].n : strlen(bad[i].text));
        eid_status st = eid_trace_plan(&r, ctx, &o);
        CHECK(st == EID_EINVAL || st == EID_EFORMAT);
        CHECK(strstr(eid_last_error(), bad[i].why) != NULL);
        CHECK(r == NULL);
    }
    eid_trace_opts o = quick();
    eid_trace_result *r = NULL;
    char *line = malloc(1 << 20);
    memset(line, '1', 1 << 20);
    o.prior_file = prior_file(line, 1 << 20);
    CHECK_FAILS(eid_trace_plan(&r, ctx, &o), EID_EFORMAT, "no more than 200 letters");
    free(line);
    o.prior_file = "/nowhere/prior";
    CHECK_FAILS(eid_trace_plan(&r, ctx, &o), EID_EIO, "/nowhere/prior");
    o = quick();
    o.prior_file = prior_file("0.1 1", 5);
    o.sweep = EID_SWEEP_ACCURACY;
    o.values = "0.1";
    CHECK_FAILS(eid_trace_plan(&r, ctx, &o), EID_EINVAL, "goes by it");
    eid_ctx_free(ctx);
}

static void no_failed_allocation_is_swallowed(void)
{
    eid_ctx *ctx = context(1, 0);
    eid_trace_opts o = quick();
    o.trials = 1;
    o.d = 10;
    o.learner = EID_LEARN_SGD;
    for (int64_t i = 1; i < 200; i++) {
        eid_trace_result *r = NULL;
        eid_fail_allocation(i);
        eid_status st = eid_trace(&r, ctx, &o);
        eid_fail_allocation(0);
        CHECK(st == EID_ENOMEM || (st == EID_OK && i > 10));
        CHECK((st == EID_OK) == (r != NULL));
        eid_trace_result_free(r);
        if (st == EID_OK)
            break;
    }
    eid_ctx_free(ctx);
}

static void cancelling_stops(void)
{
    eid_ctx *ctx = context(1, 0);
    eid_trace_opts o = quick();
    eid_trace_result *r = NULL;
    eid_ctx_cancel(ctx);
    CHECK_FAILS(eid_trace(&r, ctx, &o), EID_ECANCELLED, "");
    eid_ctx_free(ctx);
}

int main(void)
{
    RUN(recall_by_prior_and_dimension);
    RUN(noise_buys_recall_and_costs_excess);
    RUN(soundness_is_kept);
    RUN(soundness_is_kept_of_every_learner);
    RUN(nothing_learned_nothing_traced);
    RUN(fano_is_met_with_equality);
    RUN(the_bound_is_vacuous_and_the_gap_small);
    RUN(rates_agree_with_clustered_proportions);
    RUN(threads_do_not_matter);
    RUN(what_cannot_be_is_refused);
    RUN(a_given_prior_is_drawn_from);
    RUN(priors_that_are_none_are_refused);
    RUN(no_failed_allocation_is_swallowed);
    RUN(cancelling_stops);
    return DONE();
}
