/* lab_private_price.c - what the best private mean costs, by examples, dimension and epsilon. */
#include "eidetic/privacy.h"
#include "eidetic/trace.h"
#include "recipe/lab.h"
#include <math.h>
#include <stdio.h>

/* Nobody is traced here; the fewest fresh draws that the experiment takes. */
static eid_trace_opts setting(const lab_work *w, int64_t n, int64_t d, double dp_epsilon)
{
    eid_trace_opts o = eid_trace_opts_default();
    o.soundness = 0.5;
    o.fresh = o.test = 1;
    o.trials = w->full ? 12 : 5;
    o.n = n;
    o.d = d;
    o.learner = dp_epsilon > 0 ? EID_LEARN_PRIVATE : EID_LEARN_MEAN;
    o.dp_epsilon = dp_epsilon;
    o.seed = (int64_t)w->seed;
    return o;
}

static eid_status price(lab_work *w, const eid_trace_opts *o, eid_trace_row *row)
{
    eid_trace_result *r = NULL;
    eid_status st = eid_trace(&r, w->ctx, o);
    if (st == EID_OK)
        *row = r->rows[0];
    eid_trace_result_free(r);
    return st;
}

static eid_estimate divided(const eid_estimate *e, double by)
{
    eid_estimate x = *e;
    x.value /= by;
    x.low /= by;
    x.high /= by;
    return x;
}

/* The fewest examples with which the closed form's excess is at most `target`. */
static int64_t examples_needed(eid_trace_opts o, double noise, double target)
{
    int64_t low = 0, high = 1;
    double recall, excess;
    for (; high < (int64_t)1 << 50; high *= 2) {
        o.n = high;
        eid_trace_predict(&o, noise, &recall, &excess);
        if (excess <= target)
            break;
    }
    while (high - low > 1) {
        o.n = low + (high - low) / 2;
        eid_trace_predict(&o, noise, &recall, &excess);
        if (excess <= target)
            high = o.n;
        else
            low = o.n;
    }
    return high;
}

/* Excess error by dimension at n = 1000: the private mean's rises to that of answering 0. */
static eid_status by_dimension(lab_work *w)
{
    eid_status st = EID_OK;
    eid_lab_figure *f;
    eid_trace_row first = {0}, r;
    eid_estimate off, ratio = {0};
    char name[96];
    EID_TRY(lab_figure(&f, w,
                       &(eid_chart){.name = "dimension",
                                    .title = "Excess error with 1,000 examples, as a share of that "
                                             "of answering 0",
                                    .x_title = "dimension",
                                    .x_unit = "coordinates",
                                    .y_title = "share",
                                    .x_scale = EID_SCALE_LOG2,
                                    .x_as = EID_AS_COUNT,
                                    .y_as = EID_AS_PERCENT,
                                    .from_zero = true}));
    int64_t last = w->full ? 25600 : 6400;
    for (int64_t d = 100; d <= last; d *= 4) {
        eid_trace_opts o = setting(w, 1000, d, 1);
        EID_TRY(price(w, &o, &r));
        eid_estimate share = divided(&r.excess, r.trivial.value);
        eid_estimate closed = lab_exact(r.predicted_excess / r.trivial.value);
        EID_TRY(lab_point(f, "private, dp_epsilon = 1", (double)d, &share));
        EID_TRY(lab_point(f, "closed form", (double)d, &closed));
        if (d > 100) {
            off = divided(&r.excess, r.predicted_excess);
            snprintf(name, sizeof name, "excess over its closed form, private, d = %d", (int)d);
            EID_TRY(lab_measured(w, name, &off, lab_about(1, 0.12)));
        }
        o = setting(w, 1000, d, 0);
        EID_TRY(price(w, &o, &r));
        share = divided(&r.excess, r.trivial.value);
        EID_TRY(lab_point(f, "not private", (double)d, &share));
        if (d == 400)
            first = r;
        ratio = divided(&r.excess, first.excess.value);
    }
    EID_TRY(lab_reference(f, "closed form"));
    snprintf(name, sizeof name, "excess without privacy, d = %d over d = 400", (int)last);
    EID_TRY(lab_control(w, name, &ratio, lab_about(1, 0.2)));
done:
    return st;
}

/* Examples that reach an excess of 0.02, and the excess measured with so many. */
static eid_status by_need(lab_work *w)
{
    enum { POINTS = 5 };
    const double target = 0.02;
    eid_status st = EID_OK;
    eid_lab_figure *f;
    eid_trace_row r = {0};
    eid_line line;
    double x[POINTS], y[POINTS], bare[POINTS], noise;
    size_t points = w->full ? 5 : 4;
    EID_TRY(eid_gaussian_noise(1, 1e-5, &noise));
    EID_TRY(lab_figure(&f, w,
                       &(eid_chart){.name = "examples",
                                    .title = "Examples needed for an excess error of 0.02",
                                    .x_title = "dimension",
                                    .x_unit = "coordinates",
                                    .y_title = "examples",
                                    .x_scale = EID_SCALE_LOG2,
                                    .y_scale = EID_SCALE_LOG10,
                                    .x_as = EID_AS_COUNT,
                                    .y_as = EID_AS_COUNT}));
    for (size_t k = 0; k < points; k++) {
        int64_t d = (int64_t)400 << (2 * k);
        eid_trace_opts o = setting(w, 1, d, 1);
        int64_t need = examples_needed(o, noise, target);
        o.learner = EID_LEARN_MEAN;
        int64_t need_bare = examples_needed(o, 0, target);
        eid_estimate n = lab_exact((double)need), n_bare = lab_exact((double)need_bare);
        EID_TRY(lab_point(f, "private, dp_epsilon = 1", (double)d, &n));
        EID_TRY(lab_point(f, "not private", (double)d, &n_bare));
        x[k] = log((double)d);
        y[k] = log((double)need);
        bare[k] = log((double)need_bare);
        if (d <= (w->full ? 25600 : 6400)) {
            o = setting(w, need, d, 1);
            EID_TRY(price(w, &o, &r));
        }
    }
    EID_TRY(lab_measured(w, "excess measured with as many examples as the closed form asks for",
                         &r.excess, lab_about(target, 0.003)));
    EID_TRY(eid_line_fit(x, y, points, &line));
    EID_TRY(lab_measured(w, "examples needed grow as d to the power, private", &line.slope,
                         lab_about(0.5, 0.08)));
    EID_TRY(eid_line_fit(x, bare, points, &line));
    eid_estimate flat = lab_exact(line.slope.value);
    EID_TRY(isnan(flat.value)
                ? EID_OK
                : lab_control(w, "the same without privacy", &flat, lab_about(0, 0.02)));
done:
    return st;
}

static eid_status by_epsilon(lab_work *w)
{
    eid_status st = EID_OK;
    eid_lab_figure *f;
    static const double epsilon[] = {0.25, 0.5, 1, 2, 4, 8};
    EID_TRY(lab_figure(&f, w,
                       &(eid_chart){.name = "epsilon",
                                    .title = "Excess error by epsilon, as a share of that of "
                                             "answering 0 (d = 2500)",
                                    .x_title = "dp_epsilon",
                                    .x_unit = "epsilon",
                                    .y_title = "share",
                                    .x_scale = EID_SCALE_LOG2,
                                    .y_as = EID_AS_PERCENT,
                                    .from_zero = true}));
    for (int64_t n = 100; n <= 10000; n *= 10) {
        char name[64];
        snprintf(name, sizeof name, "n = %d", (int)n);
        for (size_t k = 0; k < sizeof epsilon / sizeof *epsilon; k++) {
            eid_trace_opts o = setting(w, n, 2500, epsilon[k]);
            eid_trace_row r;
            EID_TRY(price(w, &o, &r));
            eid_estimate share = divided(&r.excess, r.trivial.value);
            EID_TRY(lab_point(f, name, epsilon[k], &share));
            if (epsilon[k] == 1 && n == 100)
                EID_TRY(lab_measured(w, "share of the trivial excess, n = 100, dp_epsilon = 1",
                                     &share, lab_at_least(0.9)));
            if (epsilon[k] == 8 && n == 10000)
                EID_TRY(lab_control(w, "the same, n = 10,000, dp_epsilon = 8", &share,
                                    lab_at_most(0.1)));
        }
    }
done:
    return st;
}

/* The accounting: the noise spends all of delta, and the textbook's noise would be more. */
static eid_status accounting(lab_work *w)
{
    eid_status st = EID_OK;
    double noise, textbook = sqrt(2 * log(1.25 / 1e-5));
    EID_TRY(eid_gaussian_noise(1, 1e-5, &noise));
    eid_estimate e = lab_exact(eid_gaussian_delta(noise, 1) / 1e-5);
    EID_TRY(
        lab_measured(w, "delta spent at dp_epsilon = 1, over delta given", &e, lab_about(1, 1e-6)));
    e = lab_exact(noise);
    EID_TRY(lab_measured(w, "noise multiplier of dp_epsilon 1, dp_delta 1e-5", &e,
                         lab_about(3.7306, 0.0001)));
    e = lab_exact(textbook / noise);
    EID_TRY(lab_control(w, "the textbook's noise over it", &e, lab_at_least(1.2)));
done:
    return st;
}

static eid_status run(lab_work *w)
{
    eid_status st = EID_OK;
    EID_TRY(accounting(w));
    EID_TRY(by_dimension(w));
    EID_TRY(by_need(w));
    EID_TRY(by_epsilon(w));
done:
    return st;
}

const eid_lab eid_lab_private_price = {
    .name = "private-price",
    .group = "theory",
    .title = "What private learning costs",
    .claim =
        "The examples that a private mean needs for a given accuracy grow with the square root "
        "of the dimension; without privacy they do not grow at all.",
    .meaning = "A private model of many parameters needs many examples, not more clever training. "
               "Spend the budget on fewer dimensions or on more data.",
    .source = "Attias et al. 2024; Balle and Wang 2018, Improving the Gaussian mechanism",
    .seconds = {2, 20},
    .run = run,
};
