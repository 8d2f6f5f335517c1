/* test_erm.c - the hard problem is what its header says: losses against every set there is. */
#include "theory.h"
#include "base/memory.h"
#include "eidetic/rng.h"
#include "theory/erm.h"

static void words_are_far_from_each_other(void)
{
    for (uint64_t seed = 0; seed < 40; seed++) {
        const int64_t d = seed ? 24 : 96, words = seed ? 32 : 256;
        eid_signs s = {0};
        double v[512];
        CHECK_OK(eid_erm_words(&s, words, d, seed));
        CHECK_INT(s.rows, words);
        for (int64_t i = 0; i < s.rows; i++) {
            for (int64_t j = 0; j < 512; j++)
                v[j] = j < d ? eid_sign(&s, i, j) / sqrt((double)d) : 0;
            for (int64_t k = 0; k < s.rows; k++) {
                double dot = eid_signs_dot(&s, k, v);
                CHECK(k == i ? fabs(dot - 1) < 1e-12 : dot <= 0.5 + 1e-12);
            }
        }
        eid_signs_free(&s);
    }
}

/* The population's loss is the mean over all 2^words sets. */
static void population_is_the_mean_over_all_sets(void)
{
    enum { WORDS = 8 };
    eid_rng r = eid_rng_seed(6);
    for (int trial = 0; trial < 50; trial++) {
        double dots[WORDS], copy[WORDS], mean = 0;
        for (int k = 0; k < WORDS; k++)
            copy[k] = dots[k] = eid_rng_unit(&r) * (trial % 2 ? 1 : 0.8);
        for (int sets = 0; sets < 1 << WORDS; sets++) {
            uint8_t set[WORDS];
            double most = 0.5;
            int64_t at, want = -1;
            for (int k = 0; k < WORDS; k++) {
                set[k] = sets >> k & 1;
                if (set[k] && dots[k] > most)
                    most = dots[k], want = k;
            }
            CHECK_CLOSE(eid_erm_loss(dots, set, WORDS, &at), most, 0, 0);
            CHECK_INT(at, want);
            mean += most / (1 << WORDS);
        }
        CHECK_CLOSE(eid_erm_population(copy, WORDS), mean, 1e-13, 0);
    }
}

static eid_erm_result run_on(eid_ctx *ctx, int64_t d, int64_t n, int64_t trials)
{
    const eid_erm_opts o = {.d = d, .n = n, .trials = trials, .seed = 2};
    eid_erm_result r = {0};
    CHECK_OK(eid_erm_run(&r, ctx, &o));
    return r;
}

static void minimizers_do_what_closed_forms_say(void)
{
    eid_ctx *ctx = context(2, 0);
    double before = 0;
    for (int64_t d = 24; d <= 72; d += 24) {
        eid_erm_result r = run_on(ctx, d, 4, 1500);
        CHECK_INT(r.words, (int64_t)1 << d / 12);
        CHECK(r.empirical_most < 1e-12); /* it does minimize */
        CHECK_CLOSE(r.excess.value, r.excess_exact, 0,
                    0.012); /* 3.7 deviations of 1/8 / sqrt(1500) */
        CHECK_CLOSE(r.last.value, r.last_exact, 0, 0.2);
        CHECK_CLOSE(r.last_exact, (double)d / 12 + 0.33, 0, 0.2);
        CHECK(r.sgd.high <= r.sgd_bound);
        CHECK_CLOSE(r.least_norm, 0, 0, 0);
        CHECK(r.excess.value > before);
        before = r.excess.value;
    }
    eid_erm_result many = run_on(ctx, 72, 40, 50);
    CHECK_CLOSE(many.excess.value, 0, 0, 1e-12); /* it has met every word */
    eid_ctx_free(ctx);
}

static void sgd_does_not_mind_the_dimension(void)
{
    eid_ctx *ctx = context(2, 0);
    eid_erm_result low = run_on(ctx, 24, 64, 60), high = run_on(ctx, 84, 64, 60);
    CHECK(low.sgd.value > 0.005 && low.sgd.value < low.sgd_bound);
    CHECK_CLOSE(high.sgd.value, low.sgd.value, 0, 0.004);
    eid_ctx_free(ctx);
}

static void threads_do_not_matter(void)
{
    eid_ctx *one = context(1, 0), *three = context(3, 0);
    eid_erm_result a = run_on(one, 48, 6, 30), b = run_on(three, 48, 6, 30);
    CHECK(a.excess.value == b.excess.value && a.sgd.high == b.sgd.high && a.last.low == b.last.low);
    eid_ctx_free(one);
    eid_ctx_free(three);
}

static void what_cannot_be_is_refused(void)
{
    eid_ctx *ctx = context(1, 0);
    eid_erm_result r;
    eid_erm_opts o = eid_erm_opts_default();
    o.n = 0;
    CHECK_FAILS(eid_erm_run(&r, ctx, &o), EID_EINVAL, "n = 0");
    o = eid_erm_opts_default(), o.d = 11;
    CHECK_FAILS(eid_erm_run(&r, ctx, &o), EID_EINVAL, "d = 11");
    o.d = 1000000;
    CHECK_FAILS(eid_erm_run(&r, ctx, &o), EID_EINVAL, "d = 1000000");
    o = eid_erm_opts_default(), o.trials = 1;
    CHECK_FAILS(eid_erm_run(&r, ctx, &o), EID_EINVAL, "1 trials");
    eid_ctx_free(ctx);
}

static void no_failed_allocation_is_swallowed(void)
{
    eid_ctx *ctx = context(1, 0);
    const eid_erm_opts o = {.d = 24, .n = 2, .trials = 2, .seed = 2};
    eid_erm_result r;
    eid_status st = EID_ENOMEM;
    for (int64_t k = 1; st == EID_ENOMEM && k < 100; k++) {
        eid_fail_allocation(k);
        st = eid_erm_run(&r, ctx, &o);
    }
    eid_fail_allocation(0);
    CHECK_OK(st);
    eid_ctx_free(ctx);
}

int main(void)
{
    RUN(words_are_far_from_each_other);
    RUN(population_is_the_mean_over_all_sets);
    RUN(minimizers_do_what_closed_forms_say);
    RUN(sgd_does_not_mind_the_dimension);
    RUN(threads_do_not_matter);
    RUN(what_cannot_be_is_refused);
    RUN(no_failed_allocation_is_swallowed);
    return DONE();
}
