#include "theory.h"
#include "base/memory.h"
#include "eidetic/cmi.h"
#include "eidetic/rng.h"
#include "eidetic/trace.h"
#include "theory/mi.h"

static eid_factorials factorials;

/* The definition: sum over cells of p log(p / (q r)). */
static double plugin_ref(const int *symbol, const int *bit, int n)
{
    double sum = 0;
    for (int a = 0; a < n; a++)
        for (int b = 0; b < 2; b++) {
            double both = 0, one = 0, other = 0;
            for (int i = 0; i < n; i++) {
                both += symbol[i] == a && bit[i] == b;
                one += symbol[i] == a;
                other += bit[i] == b;
            }
            if (both > 0)
                sum += both / n * log(both * n / (one * other));
        }
    return sum;
}

static eid_joint joint_of(const int *symbol, const int *bit, int n, int32_t (*count)[2])
{
    memset(count, 0, (size_t)n * sizeof *count);
    for (int i = 0; i < n; i++)
        count[symbol[i]][bit[i]]++;
    return (eid_joint){.n = n, .symbols = n, .count = count};
}

static void plugin_matches_its_definition(void)
{
    eid_rng r = eid_rng_seed(4);
    for (int run = 0; run < 300; run++) {
        int symbol[20], bit[20], n = 2 + (int)eid_rng_below(&r, 19);
        int32_t count[20][2];
        for (int i = 0; i < n; i++) {
            symbol[i] = (int)eid_rng_below(&r, (uint64_t)n);
            bit[i] = (int)eid_rng_below(&r, 2);
        }
        eid_joint j = joint_of(symbol, bit, n, count);
        CHECK_CLOSE(eid_mi_plugin(&j), plugin_ref(symbol, bit, n), 1e-12, 1e-14);
    }
    int32_t told[2][2] = {{8, 0}, {0, 8}};
    CHECK_CLOSE(eid_mi_plugin(&(eid_joint){16, 2, told}), M_LN2, 1e-15, 0);
    CHECK_CLOSE(eid_mi_bias(&(eid_joint){16, 2, told}), 1 / 32.0, 1e-15, 0);
}

/* Mean of the plug-in over all 40,320 orders of the bits. */
static double permute_ref(const int *symbol, int *bit, int n, int at, double *count)
{
    if (at == n) {
        *count += 1;
        return plugin_ref(symbol, bit, n);
    }
    double sum = 0;
    for (int i = at; i < n; i++) {
        int t = bit[at];
        bit[at] = bit[i], bit[i] = t;
        sum += permute_ref(symbol, bit, n, at + 1, count);
        t = bit[at];
        bit[at] = bit[i], bit[i] = t;
    }
    return sum;
}

static void the_mean_under_permutation_is_exact(void)
{
    static const int symbols[][7] = {
        {0, 0, 0, 0, 0, 0, 1}, {0, 0, 1, 1, 2, 2, 2}, {0, 1, 2, 3, 4, 5, 6}, {0, 0, 0, 1, 1, 1, 1}};
    for (int k = 0; k < 4; k++)
        for (int ones = 1; ones < 7; ones += 2) {
            int bit[7];
            int32_t count[7][2];
            double orders = 0;
            for (int i = 0; i < 7; i++)
                bit[i] = i < ones;
            eid_joint j = joint_of(symbols[k], bit, 7, count);
            double got = eid_mi_expected(&j, &factorials);
            double want = permute_ref(symbols[k], bit, 7, 0, &orders);
            CHECK_CLOSE(got, want / orders, 1e-11, 1e-14);
        }
    /* Of all told: the entropy; of nothing told: 0; of bits that agree: not to be told. */
    CHECK_CLOSE(eid_mi_adjusted(0.6, 0.02, 0.6), M_LN2, 1e-15, 0);
    CHECK_CLOSE(eid_mi_adjusted(0.02, 0.02, 0.6), 0, 0, 0);
    CHECK(isnan(eid_mi_adjusted(0, 0, 0)));
}

static void symbols_are_renamed(void)
{
    const int64_t symbol[] = {7, -1, 7, (int64_t)1 << 40, -1};
    int32_t name[5];
    int64_t scratch[5];
    static const int32_t want[] = {1, 0, 1, 2, 0};
    CHECK_INT(eid_mi_rename(symbol, 5, name, scratch), 3);
    CHECK(memcmp(name, want, sizeof want) == 0);
}

/* ---- whole runs -------------------------------------------------------------------------------
 */

static void cmi(const eid_cmi_opts *o, eid_cmi_result **r)
{
    eid_ctx *ctx = context(2, 0);
    *r = NULL;
    CHECK_OK(eid_cmi(r, ctx, o));
    eid_ctx_free(ctx);
}

static eid_cmi_opts quick(int64_t learner)
{
    eid_cmi_opts o = eid_cmi_opts_default();
    o.learner = learner;
    o.pairs = 40;
    o.supers = 6;
    o.masks = 40;
    o.permutations = 100;
    o.d = learner == EID_CMI_NEAREST ? 3 : 1000;
    o.noise = learner == EID_CMI_PRIVATE ? 1 : 0;
    return o;
}

/* What holds of every learner: order, cap, bounds above the gap, a null at zero. */
static void every_learner_keeps_the_order(void)
{
    for (int64_t learner = 0; learner <= EID_CMI_PRIVATE; learner++) {
        eid_cmi_opts o = quick(learner);
        eid_cmi_result *r;
        o.levels = 6;
        cmi(&o, &r);
        CHECK_INT(r->disordered, 0);
        CHECK(r->f.plugin.value >= r->l.plugin.value && r->l.plugin.value >= r->dl.plugin.value);
        CHECK(r->f.plugin.high <= M_LN2 + 0.02);
        CHECK(r->cmi_low.value <= r->cmi_high + 1e-9 && r->cmi_high <= r->cmi_cap + 1e-9);
        CHECK(r->dl.bound_plugin.value >= r->gap.value);
        CHECK(r->dl.bound.value + 0.05 >= r->gap.value);
        CHECK(r->cmi_bound >= r->gap.value);
        CHECK(isnan(r->xu_raginsky.value) || r->xu_raginsky.value >= r->gap.value);
        const eid_estimate *null[] = {&r->f.null_adjusted, &r->l.null_adjusted,
                                      &r->dl.null_adjusted};
        for (int k = 0; k < 3; k++) /* 100 permutations: a tenth of their spread, 4 times */
            CHECK_CLOSE(null[k]->value, 0, 0, 4 * (null[k]->high - null[k]->low) / 40 + 1e-12);
        CHECK(r->f.null_plugin.value > r->f.null_miller_madow.value);
        eid_cmi_result_free(r);
    }
}

/* Test error = I(dL; U) / log 2 for a learner that fits all labels, an identity of the counts. */
static void interpolation_is_an_equality(void)
{
    for (int k = 0; k < 2; k++) {
        eid_cmi_opts o = quick(k ? EID_CMI_LOOKUP : EID_CMI_NEAREST);
        eid_cmi_result *r;
        o.flip = 0.2;
        cmi(&o, &r);
        CHECK(r->train.value == 0);
        CHECK(r->test.value > 0.2);
        CHECK_CLOSE(r->interpolating.value, r->test.value, 1e-12, 0);
        eid_cmi_result_free(r);
    }
}

/* Of a table on distinct cells: half of the fresh labels are guessed, and the others give the coin
 * away: I(F; U | Z) is known.  Labels 0, 0: both are predicted 0 whatever the coin; 1, 1: told; 0,
 * 1: the 1 is predicted only when learned: told.  So three pairs of four tell all. */
static void a_table_tells_three_quarters(void)
{
    eid_cmi_opts o = quick(EID_CMI_LOOKUP);
    eid_cmi_result *r;
    o.pairs = 300;
    o.cells = (int64_t)1 << 50;
    cmi(&o, &r);
    CHECK_CLOSE(r->f.adjusted.value, 0.75 * M_LN2, 0, 4 * 0.433 * M_LN2 / sqrt(1800));
    CHECK_CLOSE(r->test.value, 0.5, 0, 4 * 0.36 / sqrt(1800));
    eid_cmi_result_free(r);
}

/* The recall at this setting implies information; the estimate must not be below it. */
static void the_recall_is_covered(void)
{
    eid_trace_opts t = eid_trace_opts_default();
    eid_trace_result *traced = NULL;
    eid_cmi_opts o = eid_cmi_opts_default();
    eid_cmi_result *r;
    eid_ctx *ctx = context(2, 0);
    t.fresh = 2000;
    t.test = 200;
    CHECK_OK(eid_trace(&traced, ctx, &t));
    o.learner = EID_CMI_MEAN;
    o.supers = 4;
    o.masks = 40;
    o.permutations = 0;
    cmi(&o, &r);
    CHECK(r->cmi_low.value / 100 > 0.6 && r->cmi_low.value <= r->cmi_cap);
    CHECK(r->cmi_low.high >= traced->rows[0].cmi_low.low);
    CHECK(r->cmi_low.value >= traced->rows[0].cmi_low.value * 0.97);
    eid_cmi_result_free(r);
    eid_trace_result_free(traced);
    eid_ctx_free(ctx);
}

static void threads_do_not_matter(void)
{
    static const int64_t learner[] = {EID_CMI_NEAREST, EID_CMI_PRIVATE};
    for (int k = 0; k < 2; k++) {
        char *text[2];
        for (int i = 0; i < 2; i++) {
            eid_ctx *ctx = context(i ? 3 : 1, 0);
            eid_cmi_opts o = quick(learner[k]);
            eid_cmi_result *r;
            o.permutations = 10;
            CHECK_OK(eid_cmi(&r, ctx, &o));
            CHECK_OK(eid_cmi_json(r, &text[i]));
            eid_cmi_result_free(r);
            eid_ctx_free(ctx);
        }
        CHECK_STR(text[1], text[0]);
        eid_string_free(text[0]);
        eid_string_free(text[1]);
    }
}

#define REFUSED(who, change, part)                                        \
    do {                                                                  \
        eid_cmi_opts o = quick(who);                                      \
        eid_cmi_result *r = NULL;                                         \
        change;                                                           \
        eid_status want = strstr(part, "kept") ? EID_ENOMEM : EID_EINVAL; \
        CHECK_FAILS(eid_cmi(&r, ctx, &o), want, part);                    \
        CHECK(r == NULL);                                                 \
    } while (0)

static void what_cannot_be_is_refused(void)
{
    eid_ctx *ctx = context(1, 100 << 20);
    REFUSED(EID_CMI_NEAREST, o.pairs = 0, "n = 0");
    REFUSED(EID_CMI_NEAREST, o.masks = 1, "2 masks");
    REFUSED(EID_CMI_NEAREST, o.supers = 0, "1 super-sample");
    REFUSED(EID_CMI_NEAREST, o.masks = 5000, "tell nothing about a coin");
    REFUSED(EID_CMI_NEAREST, o.flip = 1.5, "flip 1.5");
    REFUSED(EID_CMI_NEAREST, o.d = -1, "d = -1");
    REFUSED(EID_CMI_LOOKUP, o.cells = 0, "0 cells");
    REFUSED(EID_CMI_LOOKUP, o.pairs = 1000000000000, "kept");
    REFUSED(EID_CMI_MEAN, o.levels = 3, "3 levels");
    REFUSED(EID_CMI_MEAN, o.soundness = 0, "soundness 0");
    REFUSED(EID_CMI_MEAN, o.accuracy = 0, "accuracy 0");
    REFUSED(EID_CMI_PRIVATE, o.noise = 0, "--noise above 0");
    eid_ctx_free(ctx);
}

/* Runs from elsewhere, by hand: side told by prediction in the first pair, not in the second. */
static void runs_may_come_from_elsewhere(void)
{
    enum { MASKS = 64 };
    eid_ctx *ctx = context(1, 0);
    uint8_t side[MASKS * 2];
    int32_t prediction[MASKS * 4];
    double loss[MASKS * 4];
    for (int m = 0; m < MASKS; m++)
        for (int pair = 0; pair < 2; pair++) {
            int at = 2 * m + pair;
            side[at] = (uint8_t)(pair ? m / 2 % 2 : m % 2);
            prediction[2 * at] = prediction[2 * at + 1] = pair ? 0 : side[at];
            loss[2 * at] = loss[2 * at + 1] = pair ? 0 : 0.5 * side[at];
        }
    eid_cmi_runs runs = {1, MASKS, 2, side, prediction, loss};
    eid_cmi_opts o = eid_cmi_opts_default();
    eid_cmi_result *r = NULL;
    CHECK_OK(eid_cmi_measure_runs(&r, ctx, &runs, &o));
    CHECK_CLOSE(r->f.plugin.value, M_LN2 / 2, 1e-12, 0);
    CHECK_CLOSE(r->l.plugin.value, M_LN2 / 2, 1e-12, 0);
    CHECK_CLOSE(r->dl.plugin.value, 0, 0, 1e-12); /* both losses move together */
    CHECK(r->gap.value == 0 && isnan(r->gap.low));
    eid_cmi_result_free(r);
    r = NULL;
    loss[3] = 1.5;
    CHECK_FAILS(eid_cmi_measure_runs(&r, ctx, &runs, &o), EID_EINVAL, "loss[3] is 1.5");
    loss[3] = 0;
    side[2] = 7;
    CHECK_FAILS(eid_cmi_measure_runs(&r, ctx, &runs, &o), EID_EINVAL, "side[2] is 7");
    eid_ctx_free(ctx);
}

static void no_failed_allocation_is_swallowed(void)
{
    eid_ctx *ctx = context(1, 0);
    eid_cmi_opts o = quick(EID_CMI_MEAN);
    o.pairs = 4;
    o.supers = 1;
    o.masks = 2;
    o.d = 10;
    for (int64_t i = 1; i < 400; i++) {
        eid_cmi_result *r = NULL;
        eid_fail_allocation(i);
        eid_status st = eid_cmi(&r, ctx, &o);
        eid_fail_allocation(0);
        CHECK(st == EID_ENOMEM || (st == EID_OK && i > 10));
        CHECK((st == EID_OK) == (r != NULL));
        eid_cmi_result_free(r);
        if (st == EID_OK)
            break;
    }
    eid_ctx_free(ctx);
}

int main(void)
{
    eid_factorials_fill(&factorials);
    RUN(plugin_matches_its_definition);
    RUN(the_mean_under_permutation_is_exact);
    RUN(symbols_are_renamed);
    RUN(every_learner_keeps_the_order);
    RUN(interpolation_is_an_equality);
    RUN(a_table_tells_three_quarters);
    RUN(the_recall_is_covered);
    RUN(threads_do_not_matter);
    RUN(what_cannot_be_is_refused);
    RUN(runs_may_come_from_elsewhere);
    RUN(no_failed_allocation_is_swallowed);
    return DONE();
}
