#include "theory.h"
#include "base/memory.h"
#include "eidetic/rng.h"
#include "theory/signs.h"

static void draw(eid_ctx *ctx, eid_signs *s, int64_t rows, int64_t d, uint64_t *chance,
                 int64_t *ones)
{
    CHECK_OK(eid_signs_new(s, rows, d));
    CHECK_OK(eid_signs_draw(ctx, s, rows, chance, 5, 1000, ones));
}

/* The rule said for one lane alone: the number whose digits the lane was dealt is below c. */
static void a_lane_is_a_comparison(void)
{
    eid_rng pick = eid_rng_seed(9);
    for (int run = 0; run < 200; run++) {
        uint64_t c = eid_rng_u64(&pick) >> run % 64 << run % 37, digit[64];
        eid_rng r = eid_rng_stream(3, (uint64_t)run);
        for (int i = 0; i < 64; i++)
            digit[i] = eid_rng_u64(&r);
        uint64_t got = eid_signs_lanes(c, 3, (uint64_t)run), want = 0;
        for (int lane = 0; lane < 64; lane++) {
            uint64_t number = 0;
            for (int i = 0; i < 64; i++)
                number = number << 1 | (digit[i] >> lane & 1);
            want |= (uint64_t)(number < c) << lane;
        }
        CHECK(got == want);
    }
    CHECK(eid_signs_lanes(0, 1, 1) == 0);
}

/* Each coordinate's ones among 6,411 rows lie within 5 standard deviations of its chance. */
static void chances_are_kept_and_counted(void)
{
    enum { ROWS = 6411, D = 70 };
    eid_ctx *ctx = context(2, 0);
    eid_signs s;
    uint64_t chance[D];
    int64_t ones[D];
    for (int j = 0; j < D; j++)
        chance[j] = (uint64_t)ldexp(j / (double)D, 64);
    draw(ctx, &s, ROWS, D, chance, ones);
    for (int j = 0; j < D; j++) {
        double p = j / (double)D;
        int64_t count = 0;
        for (int64_t i = 0; i < ROWS; i++)
            count += eid_sign(&s, i, j) > 0;
        CHECK_INT(ones[j], count);
        CHECK_CLOSE((double)count, p * ROWS, 0, 5 * sqrt(p * (1 - p) * ROWS) + 1e-9);
    }
    for (int64_t i = 0; i < ROWS; i++)
        CHECK(s.bits[i * s.words + 1] >> (D - 64) == 0); /* nothing past the last coordinate */
    eid_signs_free(&s);
    eid_ctx_free(ctx);
}

static void threads_do_not_matter(void)
{
    enum { ROWS = 100, D = 1500 };
    static uint64_t chance[D];
    for (int j = 0; j < D; j++)
        chance[j] = (uint64_t)1 << 63;
    eid_ctx *one = context(1, 0), *three = context(3, 0);
    eid_signs a, b;
    int64_t ones_a[D], ones_b[D];
    draw(one, &a, ROWS, D, chance, ones_a);
    draw(three, &b, ROWS, D, chance, ones_b);
    CHECK(memcmp(a.bits, b.bits, (size_t)(ROWS * a.words) * 8) == 0);
    CHECK(memcmp(ones_a, ones_b, sizeof ones_a) == 0);
    eid_signs_free(&a);
    eid_signs_free(&b);
    eid_ctx_free(one);
    eid_ctx_free(three);
}

static void products_match_their_definition(void)
{
    static const int64_t size[] = {1, 7, 64, 65, 511, 512, 513, 1300};
    eid_ctx *ctx = context(2, 0);
    for (size_t k = 0; k < sizeof size / sizeof *size; k++) {
        int64_t d = size[k], rows = 70;
        eid_signs s;
        uint64_t *chance;
        double *v, *w, *got, *want;
        CHECK_OK(EID_NEW(chance, d));
        CHECK_OK(EID_NEW(v, eid_signs_words(d) * 64));
        CHECK_OK(EID_NEW(w, eid_signs_words(d) * 64));
        CHECK_OK(EID_NEW(got, rows));
        CHECK_OK(EID_NEW(want, rows));
        eid_rng r = eid_rng_stream(1, k);
        for (int64_t j = 0; j < d; j++) {
            chance[j] = eid_rng_u64(&r);
            v[j] = eid_rng_normal(&r);
        }
        draw(ctx, &s, rows, d, chance, NULL);
        eid_signs_dots_ref(&s, rows, v, want);
        CHECK_OK(eid_signs_dots(ctx, &s, rows, v, got));
        CHECK_ALLCLOSE(got, want, (size_t)rows, 1e-12, 1e-12); /* double, 1,300 terms near 1 */
        for (int64_t i = 0; i < rows; i++)
            got[i] = eid_signs_dot(&s, i, v);
        CHECK_ALLCLOSE(got, want, (size_t)rows, 1e-12, 1e-12);
        /* |z| = 1: adding a z moves <v, z> by a. */
        eid_signs_add(&s, 3, 2.5, v, -1.5, w);
        CHECK_CLOSE(eid_signs_dot(&s, 3, v), want[3] + 2.5, 1e-12, 1e-12);
        CHECK_CLOSE(eid_signs_dot(&s, 3, w), -1.5, 1e-12, 1e-12);
        for (int64_t j = d; j < s.words * 64; j++)
            CHECK(v[j] == 0 && w[j] == 0);
        eid_signs_free(&s);
        eid_free(chance);
        eid_free(v);
        eid_free(w);
        eid_free(got);
        eid_free(want);
    }
    eid_ctx_free(ctx);
}

static void sizes_that_cannot_be(void)
{
    eid_signs s;
    CHECK(eid_signs_bytes(INT64_MAX / 2, INT64_MAX / 2) == INT64_MAX);
    CHECK_FAILS(eid_signs_new(&s, INT64_MAX / 2, 1000), EID_ENOMEM, "too many");
    CHECK_INT(eid_signs_words(1), 8);
    CHECK_INT(eid_signs_words(512), 8);
    CHECK_INT(eid_signs_words(513), 16);
}

int main(void)
{
    RUN(a_lane_is_a_comparison);
    RUN(chances_are_kept_and_counted);
    RUN(threads_do_not_matter);
    RUN(products_match_their_definition);
    RUN(sizes_that_cannot_be);
    return DONE();
}
