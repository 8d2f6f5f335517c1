/* The parts of near-duplicate removal against their definitions. */
#include "check.h"
#include "control/near_edit.h"
#include "control/near_minhash.h"
#include "control/near_words.h"
#include "eidetic/near.h"
#include "eidetic/rng.h"

static void the_kernel_is_its_twin(void)
{
    static const char *const sets[] = {"sse2", "avx2", "avx512", "generic"};
    enum { K = 4 * NEAR_BLOCK, N = 300 };
    uint32_t x[N], a[K], b[K], got[K], want[K];
    eid_rng rng = eid_rng_seed(1);
    static const size_t sizes[] = {0, 1, 2, 7, 64, N};

    for (int i = 0; i < N; i++)
        x[i] = i % 50 == 0 ? (i ? UINT32_MAX : 0) : eid_rng_u32(&rng);
    for (int k = 0; k < K; k++) {
        a[k] = eid_rng_u32(&rng) | 1;
        b[k] = eid_rng_u32(&rng);
    }
    for (size_t s = 0; s < 4; s++) {
#if defined EID_X86
        if ((s == 1 && !__builtin_cpu_supports("avx2")) ||
            (s == 2 && !__builtin_cpu_supports("avx512f")))
            continue;
#endif
        for (size_t n = 0; n < 6; n++) {
            near_minhash_ref(x, sizes[n], a, b, want, K);
            near_minhash_named(sets[s])(x, sizes[n], a, b, got, K);
            CHECK(memcmp(got, want, sizeof got) == 0);
        }
    }
}

static size_t by_table(const int32_t *a, size_t n, const int32_t *b, size_t m)
{
    size_t d[40][40];
    for (size_t i = 0; i <= n; i++)
        for (size_t j = 0; j <= m; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            best = d[i - 1][j] + 1 < best ? d[i - 1][j] + 1 : best;
            d[i][j] = d[i][j - 1] + 1 < best ? d[i][j - 1] + 1 : best;
        }
    return d[n][m];
}

static void edit_distance_is_the_table_s(void)
{
    int32_t a[39], b[39];
    for (uint64_t seed = 0; seed < 3000; seed++) {
        eid_rng rng = eid_rng_seed(seed);
        size_t n = eid_rng_below(&rng, 40), m = eid_rng_below(&rng, 40), got;
        uint64_t letters = 1 + eid_rng_below(&rng, 6);
        for (size_t i = 0; i < n; i++)
            a[i] = (int32_t)eid_rng_below(&rng, letters);
        for (size_t i = 0; i < m; i++)
            b[i] = seed % 2 && i < n && eid_rng_below(&rng, 8)
                       ? a[i]
                       : (int32_t)eid_rng_below(&rng, letters);
        size_t want = by_table(a, n, b, m), limit = eid_rng_below(&rng, 45);
        CHECK_OK(near_edit(a, n, b, m, 80, &got));
        CHECK_INT(got, want);
        CHECK_OK(near_edit(a, n, b, m, limit, &got));
        if (want <= limit)
            CHECK_INT(got, want);
        else
            CHECK(got > limit || got > (n > m ? n : m));
    }
}

/* A text of words of one letter, with white space of several kinds between. */
static size_t spell(char *text, const int32_t *id, size_t n, eid_rng *rng)
{
    static const char *const gaps[] = {" ", "\n", "\t ", "  ", "\r\n"};
    size_t at = 0;
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, 4, "%c%s", (char)('a' + id[i]),
                               gaps[eid_rng_below(rng, 5)]);
    return at;
}

static double jaccard_by_pairs(const int32_t *a, size_t n, const int32_t *b, size_t m, size_t w)
{
    const int32_t *side[2] = {a, b};
    size_t size[2] = {n, m}, both = 0, all = 0, len[2] = {n < w ? n : w, m < w ? m : w};
    for (int s = 0; s < 2; s++)
        for (size_t i = 0; size[s] && i + len[s] <= size[s]; i++) {
            bool earlier = false, other = false, in_a = false;
            for (size_t k = 0; k < i; k++)
                earlier |= memcmp(side[s] + k, side[s] + i, 4 * len[s]) == 0;
            for (size_t k = 0; size[1 - s] && k + len[1 - s] <= size[1 - s]; k++)
                other |= len[0] == len[1] && memcmp(side[1 - s] + k, side[s] + i, 4 * len[s]) == 0;
            in_a = s == 1 && other;
            all += !earlier && !in_a;
            both += !earlier && s == 0 && other;
        }
    return all ? (double)both / (double)all : 0;
}

static void similarity_is_its_definition(void)
{
    int32_t a[39], b[39];
    char x[200], y[200];
    for (uint64_t seed = 0; seed < 2000; seed++) {
        eid_rng rng = eid_rng_seed(seed);
        size_t n = eid_rng_below(&rng, 39), m = eid_rng_below(&rng, 39), w = 1 + seed % 6;
        for (size_t i = 0; i < n; i++)
            a[i] = (int32_t)eid_rng_below(&rng, 4);
        for (size_t i = 0; i < m; i++)
            b[i] = i < n && eid_rng_below(&rng, 9) ? a[i] : (int32_t)eid_rng_below(&rng, 4);
        size_t nx = spell(x, a, n, &rng), ny = spell(y, b, m, &rng), most = n > m ? n : m;
        double j, e;
        if (nx == ny && memcmp(x, y, nx) == 0)
            continue; /* equal bytes: 1, whatever is in them */
        CHECK_OK(eid_near_similarity((uint8_t *)x, nx, (uint8_t *)y, ny, (int64_t)w, &j, &e));
        CHECK(j == jaccard_by_pairs(a, n, b, m, w));
        CHECK(e == (most ? (double)(most - by_table(a, n, b, m)) / (double)most : 0));
    }
}

static void hashed_sets_have_the_same_jaccard(void)
{
    int32_t a[400], b[400];
    char x[2000], y[2000];
    for (uint64_t seed = 0; seed < 60; seed++) {
        eid_rng rng = eid_rng_seed(seed);
        size_t n = eid_rng_below(&rng, 400), m = eid_rng_below(&rng, 400);
        near_hashes ha = {0}, hb = {0};
        double j, e;
        for (size_t i = 0; i < n; i++)
            a[i] = (int32_t)eid_rng_below(&rng, 3);
        for (size_t i = 0; i < m; i++)
            b[i] = i < n ? a[i] : (int32_t)eid_rng_below(&rng, 3);
        size_t nx = spell(x, a, n, &rng), ny = spell(y, b, m, &rng);
        CHECK_OK(near_shingles((uint8_t *)x, nx, 5, &ha));
        CHECK_OK(near_shingles((uint8_t *)y, ny, 5, &hb));
        near_set_of(&ha);
        near_set_of(&hb);
        size_t both = near_common(ha.at, ha.n, hb.at, hb.n), all = ha.n + hb.n - both;
        CHECK_OK(eid_near_similarity((uint8_t *)x, nx, (uint8_t *)y, ny, 5, &j, &e));
        CHECK((all ? (double)both / (double)all : 0) == j);
        eid_free(ha.at);
        eid_free(hb.at);
    }
}

/* Sets of 50 of which a share is common: how often 8 bands of 4 hashes meet, beside 1-(1-s^b)^r.
 * 4,000 pairs: five standard errors are 0.04 at most. */
static void bands_meet_as_often_as_the_formula_says(void)
{
    enum { B = 4, R = 8, K = NEAR_BLOCK, PAIRS = 4000, SIZE = 50 };
    uint32_t x[SIZE], y[SIZE], a[K], b[K], s[K], t[K];
    near_minhash_fn minhash = near_minhash_named(eid_kernels());

    for (int common = 10; common < SIZE; common += 13) {
        int met = 0;
        eid_rng rng = eid_rng_stream(3, (uint64_t)common);
        for (int p = 0; p < PAIRS; p++) {
            for (int i = 0; i < SIZE; i++) {
                x[i] = eid_rng_u32(&rng);
                y[i] = i < common ? x[i] : eid_rng_u32(&rng);
            }
            for (int k = 0; k < K; k++) {
                a[k] = eid_rng_u32(&rng) | 1;
                b[k] = eid_rng_u32(&rng);
            }
            minhash(x, SIZE, a, b, s, K);
            minhash(y, SIZE, a, b, t, K);
            bool any = false;
            for (int r = 0; r < R; r++)
                any |= memcmp(s + r * B, t + r * B, B * sizeof *s) == 0;
            met += any;
        }
        double jaccard = (double)common / (2 * SIZE - common), p = eid_near_found(jaccard, B, R);
        CHECK_CLOSE((double)met / PAIRS, p, 0, 5 * sqrt(p * (1 - p) / PAIRS) + 0.002);
    }
}

static void the_curve_is_that_of_the_paper(void)
{
    /* 1 - (1 - s^20)^450 in exact arithmetic, rounded. */
    CHECK_CLOSE(eid_near_found(0.7, 20, 450), 0.3018, 0, 1e-3);
    CHECK_CLOSE(eid_near_found(0.75, 20, 450), 0.7602, 0, 1e-3);
    CHECK_CLOSE(eid_near_found(0.8, 20, 450), 0.9946, 0, 1e-3);
    CHECK(eid_near_found(1, 20, 450) == 1 && eid_near_found(0, 20, 450) == 0);
    int64_t band = 0, bands = 0;
    CHECK_OK(eid_near_bands(0.8, 128, &band, &bands));
    CHECK(band * bands <= 128 && eid_near_found(0.85, band, bands) > 0.9);
    CHECK_OK(eid_near_bands(1, 7, &band, &bands));
    CHECK_FAILS(eid_near_bands(0, 128, &band, &bands), EID_EINVAL, "threshold");
    CHECK_FAILS(eid_near_bands(0.5, 0, &band, &bands), EID_EINVAL, "permutations");
}

static void texts_that_are_hardly_texts(void)
{
    double j, e;
    static uint8_t run[100000];
    memset(run, 'a', sizeof run);
    CHECK_OK(eid_near_similarity(run, 0, run, 0, 5, &j, &e)); /* equal bytes */
    CHECK(j == 1 && e == 1);
    CHECK_OK(eid_near_similarity((const uint8_t *)" ", 1, (const uint8_t *)"\n", 1, 5, &j, &e));
    CHECK(j == 0 && e == 0); /* no words: like nothing */
    CHECK_OK(eid_near_similarity(run, sizeof run, run, sizeof run - 1, 5, &j, &e));
    CHECK(j == 0 && e == 0); /* one word each, another one */
    CHECK_OK(
        eid_near_similarity((const uint8_t *)"a b", 3, (const uint8_t *)"a  b ", 5, 5, &j, &e));
    CHECK(j == 1 && e == 1); /* one short shingle, the same words */
    CHECK_OK(eid_near_similarity((const uint8_t *)"\xff\xfe b", 4, (const uint8_t *)"\xff\xfe b\n",
                                 5, 2, &j, &e));
    CHECK(j == 1 && e == 1);
    CHECK_FAILS(eid_near_similarity(run, 1, run, 1, 0, &j, &e), EID_EINVAL, "words");
    CHECK_FAILS(eid_near_similarity(run, 1, run, 1, 65, &j, &e), EID_EINVAL, "words");
}

int main(void)
{
    RUN(the_kernel_is_its_twin);
    RUN(edit_distance_is_the_table_s);
    RUN(similarity_is_its_definition);
    RUN(hashed_sets_have_the_same_jaccard);
    RUN(bands_meet_as_often_as_the_formula_says);
    RUN(the_curve_is_that_of_the_paper);
    RUN(texts_that_are_hardly_texts);
    return DONE();
}
