/* test_memorization.c - mem and consistency against a count bit by bit, closed forms of learners
 * that can be solved, and what halves of a bank say. */
#include "eidetic/memorization.h"
#include "made_bank.h"

static eid_bank_opts options(int64_t models, double fraction)
{
    eid_bank_opts o = eid_bank_opts_default();
    o.models = models;
    o.fraction = fraction;
    o.seed = 3;
    return o;
}

static void random_answers(made *m, uint64_t seed)
{
    eid_rng rng = eid_rng_seed(seed);
    for (int64_t k = 0; k < m->b.models; k++)
        for (int64_t i = 0; i < m->b.train.n; i++)
            made_bit(m->right[0], m->b.train.row, k, i, eid_rng_below(&rng, 3) > 0);
}

static void counts_are_those_bit_by_bit(void)
{
    static const int64_t sizes[][2] = {{1, 1},   {2, 7},    {9, 130},   {7, 64},
                                       {64, 71}, {301, 33}, {16, 4200}, {4100, 9}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        eid_ctx *ctx[2] = {made_ctx(1), made_ctx(3)};
        eid_bank_opts o = options(sizes[s][0], 0.6);
        eid_memorization *r[2] = {0};
        made m;
        made_new(&m, ctx[0], &o, sizes[s][1], 0);
        random_answers(&m, s);
        for (int t = 0; t < 2; t++)
            CHECK_OK(eid_memorization_of(&r[t], ctx[t], &m.b, NULL, 0));
        int64_t unseen = 0;
        for (int64_t i = 0; i < m.b.train.n; i++) {
            double n[2] = {0}, right[2] = {0};
            for (int64_t k = 0; k < o.models; k++) {
                int in = eid_bank_bit(m.masks, m.b.train.row, k, i);
                n[in]++;
                right[in] += eid_bank_bit(m.right[0], m.b.train.row, k, i);
            }
            CHECK_INT(r[0]->in[i], (int64_t)n[1]);
            CHECK_INT(r[0]->out[i], (int64_t)n[0]);
            CHECK_INT(r[0]->in_right[i], (int64_t)right[1]);
            CHECK_INT(r[0]->out_right[i], (int64_t)right[0]);
            CHECK_CLOSE(r[0]->mem[i], right[1] / n[1] - right[0] / n[0], 1e-15, 1e-15);
            CHECK_CLOSE(r[0]->consistency[i], right[0] / n[0], 1e-15, 0);
            unseen += n[0] == 0 || n[1] == 0;
        }
        CHECK_INT(r[0]->unseen, unseen);
        size_t bytes = (size_t)m.b.train.n * sizeof(double);
        CHECK(memcmp(r[0]->mem, r[1]->mem, bytes) == 0);
        CHECK(memcmp(r[0]->se, r[1]->se, bytes) == 0);
        for (int t = 0; t < 2; t++) {
            eid_memorization_free(r[t]);
            eid_ctx_free(ctx[t]);
        }
        made_free(&m);
    }
}

/* A lookup table knows what it was given and nothing else: mem is 1 whatever the part.  With c
 * copies besides it is (1 - f)^c of the parts, and leaving one out of the whole sees nothing: the
 * fraction belongs to what is measured. */
static void a_lookup_table_memorizes_as_the_formula_says(void)
{
    enum { N = 60, K = 3000, COPIES = 3 }; /* examples 0, 1, 2, 3 are the same */
    eid_ctx *ctx = made_ctx(2);
    eid_bank_opts o = options(K, 0.7);
    eid_memorization *r = NULL;
    made m;
    made_new(&m, ctx, &o, N, 0);
    for (int64_t k = 0; k < K; k++) {
        bool any = false;
        for (int64_t i = 0; i <= COPIES; i++)
            any = any || eid_bank_bit(m.masks, m.b.train.row, k, i);
        for (int64_t i = 0; i < N; i++)
            made_bit(m.right[0], m.b.train.row, k, i,
                     i <= COPIES ? any : eid_bank_bit(m.masks, m.b.train.row, k, i));
    }
    CHECK_OK(eid_memorization_of(&r, ctx, &m.b, NULL, 0));
    /* Parts are of exactly 42 of 60: without replacement, given that i is out. */
    double none = 1;
    for (int c = 0; c < COPIES; c++)
        none *= (double)(N - 1 - 42 - c) / (N - 1 - c);
    for (int64_t i = 0; i < N; i++) {
        CHECK(i <= COPIES || r->mem[i] == 1);
        CHECK(i > COPIES || fabs(r->mem[i] - none) < 4.5 * r->se[i]);
    }
    CHECK(fabs(none - pow(0.3, COPIES)) < 0.01);
    eid_memorization_free(r);
    made_free(&m);
    eid_ctx_free(ctx);
}

/* 1.09 / sqrt(t) at worst, and about what mem really varies by. */
static void standard_errors_are_those_of_the_counts(void)
{
    enum { N = 3000, K = 400 };
    eid_ctx *ctx = made_ctx(2);
    eid_bank_opts o = options(K, 0.7);
    eid_memorization *r = NULL;
    made m;
    made_new(&m, ctx, &o, N, 0);
    eid_rng rng = eid_rng_seed(8);
    for (int64_t k = 0; k < K; k++)
        for (int64_t i = 0; i < N; i++)
            made_bit(m.right[0], m.b.train.row, k, i, eid_rng_below(&rng, 2));
    CHECK_OK(eid_memorization_of(&r, ctx, &m.b, NULL, 0));
    double square = 0, se = 0;
    for (int64_t i = 0; i < N; i++) {
        square += r->mem[i] * r->mem[i] / N;
        se += r->se[i] / N;
    }
    CHECK_CLOSE(se, 1.09 / sqrt(K), 0.02, 0);
    CHECK_CLOSE(sqrt(square), 1.09 / sqrt(K), 0.05, 0);
    eid_memorization_free(r);
    made_free(&m);
    eid_ctx_free(ctx);
}

/* With p_i uniform on [0, 1] and noise from t models, the correlation of two halves is var / (var +
 * noise), and stepping up foretells that of twice as many models. */
static void halves_agree_as_much_as_they_should(void)
{
    enum { N = 2000, K = 80 };
    eid_ctx *ctx = made_ctx(2);
    eid_bank_opts o = options(K, 0.5);
    eid_reliability mem, c, again;
    made m;
    made_new(&m, ctx, &o, N, 0);
    eid_rng rng = eid_rng_seed(4);
    for (int64_t i = 0; i < N; i++) {
        double p = eid_rng_unit(&rng);
        for (int64_t k = 0; k < K; k++)
            made_bit(m.right[0], m.b.train.row, k, i, eid_rng_unit(&rng) < p);
    }
    CHECK_OK(eid_bank_reliability(&mem, ctx, &m.b, NULL, EID_BANK_MEM, 5, 1));
    CHECK_OK(eid_bank_reliability(&c, ctx, &m.b, NULL, EID_BANK_CONSISTENCY, 5, 1));
    CHECK_OK(eid_bank_reliability(&again, ctx, &m.b, NULL, EID_BANK_CONSISTENCY, 5, 1));
    double noise = 1.0 / 6 / (K / 4.0), var = 1.0 / 12; /* of 20 models without it */
    CHECK_CLOSE(c.half.value, var / (var + noise), 0.02, 0);
    CHECK_CLOSE(c.full.value, var / (var + noise / 2), 0.02, 0);
    CHECK(mem.half.low < 0 && mem.half.high > 0); /* nobody is memorized */
    CHECK(c.half.value == again.half.value);
    made_free(&m);
    eid_ctx_free(ctx);
}

/* phi ~ N(d, 1) with the example and N(0, 1) without: separation is about d. */
static void separation_is_in_units_of_the_spread(void)
{
    enum { N = 400, K = 200 };
    eid_ctx *ctx = made_ctx(2);
    eid_bank_opts o = options(K, 0.5);
    static double score[N];
    made m;
    made_new(&m, ctx, &o, N, 0);
    eid_rng rng = eid_rng_seed(6);
    for (int64_t k = 0; k < K; k++)
        for (int64_t i = 0; i < N; i++)
            m.phi[0][k * N + i] = (float)(3 * eid_rng_normal(&rng) +
                                          3 * (i % 2) * eid_bank_bit(m.masks, m.b.train.row, k, i));
    CHECK_OK(eid_bank_separation(score, ctx, &m.b, NULL, NULL, 0));
    double mean[2] = {0};
    for (int64_t i = 0; i < N; i++)
        mean[i % 2] += score[i] / (N / 2);
    CHECK_CLOSE(mean[0], 0, 0, 0.05);
    CHECK_CLOSE(mean[1], 1, 0, 0.05);
    m.b.train.phi = NULL;
    CHECK_FAILS(eid_bank_separation(score, ctx, &m.b, NULL, NULL, 0), EID_EINVAL, "logits");
    made_free(&m);
    eid_ctx_free(ctx);
}

static void models_that_are_not_there(void)
{
    eid_ctx *ctx = made_ctx(1);
    eid_bank_opts o = options(4, 0.5);
    eid_memorization *r = NULL;
    eid_reliability rel;
    int64_t pick[] = {1, 4};
    made m;
    made_new(&m, ctx, &o, 20, 0);
    CHECK_FAILS(eid_memorization_of(&r, ctx, &m.b, pick, 2), EID_EINVAL, "no model 4");
    CHECK_FAILS(eid_memorization_of(&r, ctx, &m.b, pick, 0), EID_EINVAL, "0 models");
    CHECK_FAILS(eid_bank_reliability(&rel, ctx, &m.b, NULL, EID_BANK_MEM, 0, 1), EID_EINVAL,
                "splits");
    CHECK_OK(eid_bank_reliability(&rel, ctx, &m.b, NULL, EID_BANK_MEM, 1, 1));
    CHECK(isnan(rel.half.value) && strstr(rel.half.why, "does not vary"));
    made_free(&m);
    eid_ctx_free(ctx);
}

int main(void)
{
    RUN(counts_are_those_bit_by_bit);
    RUN(a_lookup_table_memorizes_as_the_formula_says);
    RUN(standard_errors_are_those_of_the_counts);
    RUN(halves_agree_as_much_as_they_should);
    RUN(separation_is_in_units_of_the_spread);
    RUN(models_that_are_not_there);
    return DONE();
}
