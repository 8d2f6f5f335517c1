/* test_bank_arrays.c - a bank from arrays says what the arrays say, and refuses what lies. */
#include "../check.h"
#include "eidetic/bank.h"
#include "eidetic/rng.h"

enum { K = 6, N = 19, C = 4, ROW = (N + 7) / 8 };

typedef struct given {
    double z[K * N * C], p[K * N * C], true_p[K * N];
    int64_t label[N];
    uint8_t mask[K * N], bits[K * ROW];
} given;

static void draw(given *g)
{
    eid_rng rng = eid_rng_seed(5);
    memset(g, 0, sizeof *g);
    for (int i = 0; i < N; i++)
        g->label[i] = (int64_t)eid_rng_below(&rng, C);
    for (int x = 0; x < K * N; x++) {
        double sum = 0;
        for (int c = 0; c < C; c++) {
            g->z[x * C + c] = 3 * eid_rng_normal(&rng);
            sum += exp(g->z[x * C + c]);
        }
        for (int c = 0; c < C; c++)
            g->p[x * C + c] = exp(g->z[x * C + c]) / sum;
        g->true_p[x] = g->p[x * C + g->label[x % N]];
        g->mask[x] = (uint8_t)eid_rng_below(&rng, 2);
        g->bits[x / N * ROW + x % N / 8] |= (uint8_t)(g->mask[x] << x % N % 8);
    }
}

static eid_array view(eid_type type, const void *data, int ndim, int64_t a, int64_t b, int64_t c)
{
    eid_array v = {.type = type, .ndim = ndim, .shape = {a, b, c}, .data = data, .name = "given"};
    v.count = a * (ndim > 1 ? b : 1) * (ndim > 2 ? c : 1);
    return v;
}

static eid_ctx *context(void)
{
    eid_ctx *ctx = NULL;
    CHECK_OK(eid_ctx_new(&ctx, &(eid_ctx_opts){.threads = 1}));
    return ctx;
}

static void answers_are_those_given(void)
{
    static given g;
    eid_ctx *ctx = context();
    draw(&g);
    eid_array z = view(EID_F8, g.z, 3, K, N, C), p = view(EID_F8, g.p, 3, K, N, C);
    eid_array one = view(EID_F8, g.true_p, 2, K, N, 0), y = view(EID_I8, g.label, 1, N, 0, 0);
    eid_array bytes = view(EID_U1, g.mask, 2, K, N, 0), bits = view(EID_U1, g.bits, 2, K, ROW, 0);
    static double odds[K * N];
    for (int x = 0; x < K * N; x++)
        odds[x] = log(g.true_p[x] / (1 - g.true_p[x]));
    eid_array phi = view(EID_F8, odds, 2, K, N, 0);
    const eid_bank_arrays from[] = {
        {.values = &z, .labels = &y, .masks = &bytes, .test_values = &z, .test_labels = &y},
        {.values = &p, .labels = &y, .masks = &bits, .probs = true},
        {.values = &one, .masks = &bits, .probs = true},
        {.values = &phi, .masks = &bytes}};
    for (int f = 0; f < 4; f++) {
        eid_bank *b = NULL;
        CHECK_OK(eid_bank_from(&b, ctx, &from[f]));
        CHECK_INT(b->models, K);
        CHECK_INT(b->train.n, N);
        CHECK_INT(b->test.n, f ? 0 : N);
        CHECK(memcmp(b->masks, g.bits, sizeof g.bits) == 0);
        for (int x = 0; x < K * N; x++) {
            double q = g.true_p[x], top = 0;
            for (int c = 0; c < C; c++)
                if (c != g.label[x % N] && g.p[x * C + c] > top)
                    top = g.p[x * C + c];
            CHECK_CLOSE((double)b->train.phi[x], log(q / (1 - q)), 1e-5, 1e-5);
            CHECK(f >= 2 || fabs((double)b->train.margin[x] - log(q / top)) < 1e-4);
            CHECK(eid_bank_bit(b->train.correct, ROW, x / N, x % N) ==
                  (f >= 2 ? q > 0.5 : q > top));
            CHECK(f || b->test.phi[x] == b->train.phi[x]);
        }
        eid_bank_free(b);
    }
    eid_ctx_free(ctx);
}

static void certainty_stays_finite(void)
{
    static const double p[] = {1, 0, 0, 0, 1, 0};
    static const int64_t y[] = {0, 0};
    static const uint8_t m[] = {1, 0};
    eid_ctx *ctx = context();
    eid_array a = view(EID_F8, p, 3, 1, 2, 3), l = view(EID_I8, y, 1, 2, 0, 0);
    eid_array mask = view(EID_U1, m, 2, 1, 2, 0), one = view(EID_F8, p, 2, 1, 2, 0);
    eid_bank_arrays from = {.values = &a, .labels = &l, .masks = &mask, .probs = true};
    for (int f = 0; f < 2; f++) {
        eid_bank *b = NULL;
        CHECK_OK(eid_bank_from(&b, ctx, &from));
        CHECK(isfinite(b->train.phi[0]) && b->train.phi[0] > 30);
        CHECK(isfinite(b->train.phi[1]) && b->train.phi[1] < -30);
        eid_bank_free(b);
        from = (eid_bank_arrays){.values = &one, .masks = &mask, .probs = true};
    }
    eid_ctx_free(ctx);
}

static void what_lies_is_refused(void)
{
    static given g;
    eid_ctx *ctx = context();
    eid_bank *b = NULL;
    draw(&g);
    eid_array p = view(EID_F8, g.p, 3, K, N, C), y = view(EID_I8, g.label, 1, N, 0, 0);
    eid_array m = view(EID_U1, g.mask, 2, K, N, 0), bits = view(EID_U1, g.bits, 2, K, ROW, 0);
    eid_array few = view(EID_F8, g.p, 3, K - 1, N, C), flat = view(EID_F8, g.p, 1, K, 0, 0);
    eid_bank_arrays a = {.values = &p, .labels = &y, .masks = &m, .probs = true};
    g.p[C * N + 2] += 0.01;
    CHECK_FAILS(eid_bank_from(&b, ctx, &a), EID_EFORMAT, "model 1, example 0 sum to 1.01");
    g.p[C * N + 2] = NAN;
    CHECK_FAILS(eid_bank_from(&b, ctx, &a), EID_EFORMAT, "no probability");
    a.probs = false;
    CHECK_FAILS(eid_bank_from(&b, ctx, &a), EID_EFORMAT, "no logit");
    draw(&g);
    a.probs = true;
    g.label[3] = C;
    CHECK_FAILS(eid_bank_from(&b, ctx, &a), EID_EFORMAT, "4");
    draw(&g);
    g.mask[7] = 2;
    CHECK_FAILS(eid_bank_from(&b, ctx, &a), EID_EFORMAT, "2");
    draw(&g);
    g.bits[ROW - 1] |= 0x80;
    a.masks = &bits;
    CHECK_FAILS(eid_bank_from(&b, ctx, &a), EID_EFORMAT, "past its last");
    a.masks = &y;
    CHECK_FAILS(eid_bank_from(&b, ctx, &a), EID_EINVAL, "flags are wanted");
    a.masks = &m;
    a.labels = NULL;
    CHECK_FAILS(eid_bank_from(&b, ctx, &a), EID_EINVAL, "labels of its examples");
    a.labels = &y;
    a.test_values = &few;
    a.test_labels = &y;
    CHECK_FAILS(eid_bank_from(&b, ctx, &a), EID_EINVAL, "of 5 models");
    a.values = &flat;
    CHECK_FAILS(eid_bank_from(&b, ctx, &a), EID_EINVAL, "is wanted");
    CHECK(b == NULL);
    eid_ctx_free(ctx);
}

int main(void)
{
    RUN(answers_are_those_given);
    RUN(certainty_stays_finite);
    RUN(what_lies_is_refused);
    return DONE();
}
