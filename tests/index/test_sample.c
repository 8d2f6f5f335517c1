/* test_sample.c - classes, samples and repeats against brute force; the same for any threads. */
#include "index/brute.h"

typedef struct found_string {
    const uint8_t *at;
    int64_t count;
    eid_place first;
} found_string;

/* Every distinct string of `length` bytes, in order of first place. */
static size_t brute_classes(const brute *b, size_t length, found_string *out)
{
    size_t n = 0;
    for (size_t d = 0; d < b->n; d++)
        for (size_t o = 0; o + length <= b->docs[d].size; o++) {
            const uint8_t *at = b->docs[d].bytes + o;
            size_t k = 0;
            while (k < n && memcmp(out[k].at, at, length) != 0)
                k++;
            if (k == n)
                out[n++] = (found_string){at, 0, {(int64_t)d, (int64_t)o}};
            out[k].count++;
        }
    return n;
}

enum { MAX = 4000 };

static void samples_are_what_brute_force_finds(void)
{
    static found_string truth[MAX];
    static eid_repeat got[MAX];
    const uint8_t hard[] = {0, 1, 255};
    eid_ctx *ctx = test_ctx(2);
    for (uint64_t seed = 0; seed < 12; seed++) {
        brute b = brute_random(seed, 3 + seed * 4, 15, hard, 3);
        eid_index *ix = test_index(&b, seed & 1, seed & 2);
        for (size_t length = 1; length <= 6; length++) {
            size_t n = brute_classes(&b, length, truth);
            for (int64_t low = 1; low < 9; low = low * 2 + 1) {
                int64_t high = low + 1 + (int64_t)seed % 3, found = -1, fits = 0, places = 0;
                eid_copies_range range = {.low = low, .high = high};
                CHECK_OK(eid_index_sample(ix, ctx, length, low, high, MAX, seed, got, &found));
                CHECK_OK(eid_index_sample_ranges(ix, ctx, length, &range, 1, 0, seed, NULL));
                for (size_t k = 0; k < n; k++) {
                    int met = 0;
                    if (truth[k].count < low || truth[k].count >= high)
                        continue;
                    fits++;
                    places += truth[k].count;
                    for (int64_t i = 0; i < found; i++)
                        met += got[i].place.doc == truth[k].first.doc &&
                               got[i].place.offset == truth[k].first.offset &&
                               got[i].count == truth[k].count;
                    CHECK_INT(met, 1);
                }
                CHECK_INT(found, fits);
                CHECK_INT(range.strings, fits);
                CHECK_INT(range.occurrences, places);
                CHECK_INT(range.found, 0);
            }
        }
        eid_index_free(ix);
        brute_free(&b);
    }
    eid_ctx_free(ctx);
}

static void repeats_are_what_brute_force_finds(void)
{
    static found_string truth[MAX];
    const uint8_t hard[] = {0, 1, 255};
    for (uint64_t seed = 0; seed < 12; seed++) {
        brute b = brute_random(100 + seed, 1 + seed * 4, 15, hard, 3);
        eid_index *ix = test_index(&b, false, false);
        eid_ctx *ctx = test_ctx(1 + (int)seed % 5);
        for (size_t length = 1; length <= 16; length++) {
            eid_repeats want = {0}, got;
            size_t n = brute_classes(&b, length, truth);
            int64_t most = 0, documents;
            want.distinct = (int64_t)n;
            for (size_t k = 0; k < n; k++) {
                want.windows += truth[k].count;
                want.repeated += truth[k].count > 1;
                if (truth[k].count > most)
                    most = truth[k].count;
            }
            for (size_t d = 0; d < b.n; d++)
                for (size_t o = 0; o < b.docs[d].size; o++) {
                    bool inside = false;
                    for (size_t w = o + 1 < length ? 0 : o + 1 - length; w <= o; w++)
                        inside |=
                            w + length <= b.docs[d].size &&
                            brute_places(&b, b.docs[d].bytes + w, length, NULL, 0, &documents) > 1;
                    want.bytes += inside;
                }
            CHECK_OK(eid_index_repeats(ix, ctx, length, &got));
            CHECK_INT(got.windows, want.windows);
            CHECK_INT(got.distinct, want.distinct);
            CHECK_INT(got.repeated, want.repeated);
            CHECK_INT(got.bytes, want.bytes);
            CHECK_INT(got.most.count, most);
            if (most > 0) {
                const eid_document *d = &b.docs[got.most.place.doc];
                CHECK_INT(
                    brute_places(&b, d->bytes + got.most.place.offset, length, NULL, 0, &documents),
                    most);
            }
        }
        eid_ctx_free(ctx);
        eid_index_free(ix);
        brute_free(&b);
    }
}

/* Big enough for several pieces of the walk, with classes that reach over many of them. */
static eid_index *big_index(void)
{
    eid_document docs[3];
    static uint8_t zeros[200000], noise[150000], text[100000];
    eid_rng rng = eid_rng_seed(1);
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)eid_rng_below(&rng, 256);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "ab"[eid_rng_below(&rng, 2)];
    docs[0] = (eid_document){"zeros", zeros, sizeof zeros};
    docs[1] = (eid_document){"noise", noise, sizeof noise};
    docs[2] = (eid_document){"text", text, sizeof text};
    return test_index(&(brute){docs, 3}, false, true);
}

static void the_same_for_any_threads_and_wants(void)
{
    enum { WANT = 500, RANGES = 5 };
    static eid_repeat first[RANGES * WANT], got[RANGES * WANT], few[RANGES * 20];
    eid_index *ix = big_index();
    for (int threads = 1; threads <= 5; threads++) {
        eid_ctx *ctx = test_ctx(threads);
        eid_copies_range r[RANGES] = {{.low = 1, .high = 2},
                                      {.low = 2, .high = 3},
                                      {.low = 3, .high = 1000},
                                      {.low = 1, .high = 100},
                                      {.low = 1000, .high = INT64_MAX}};
        memset(got, 0, sizeof got);
        CHECK_OK(eid_index_sample_ranges(ix, ctx, 16, r, RANGES, WANT, 11, got));
        CHECK_INT(r[0].found, WANT);
        CHECK_INT(r[4].found, 1); /* sixteen zeros */
        CHECK_INT(r[4].occurrences, 200000 - 15);
        if (threads == 1)
            memcpy(first, got, sizeof got);
        CHECK(memcmp(first, got, sizeof got) == 0);
        CHECK_OK(eid_index_sample_ranges(ix, ctx, 16, r, RANGES, 20, 11, few));
        for (int b = 0; b < RANGES; b++)
            CHECK(memcmp(few + b * 20, first + b * WANT, (size_t)r[b].found * sizeof *few) == 0);
        CHECK_OK(eid_index_sample_ranges(ix, ctx, 16, r, RANGES, 20, 12, few));
        CHECK(memcmp(few, first, 20 * sizeof *few) != 0); /* another seed, another sample */
        eid_ctx_free(ctx);
    }
    eid_index_free(ix);
}

/* Each of 64 strings is drawn in a quarter of the samples: chi-squared with 63 degrees of freedom
 * (the draws of one sample exclude each other, which makes it a little smaller) is below 104 but
 * for one time in a thousand. */
static void samples_are_uniform(void)
{
    enum { STRINGS = 64, WANT = 16, SEEDS = 2000 };
    uint8_t bytes[STRINGS * 2];
    for (int i = 0; i < STRINGS; i++)
        bytes[2 * i] = (uint8_t)(i + 1), bytes[2 * i + 1] = 0;
    eid_document docs[STRINGS];
    for (int i = 0; i < STRINGS; i++)
        docs[i] = (eid_document){NULL, bytes + 2 * i, 2};
    eid_index *ix = test_index(&(brute){docs, STRINGS}, false, false);
    eid_ctx *ctx = test_ctx(1);
    int drawn[STRINGS] = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        eid_repeat out[WANT];
        int64_t found = 0;
        CHECK_OK(eid_index_sample(ix, ctx, 2, 1, 2, WANT, seed, out, &found));
        CHECK_INT(found, WANT);
        for (int64_t i = 0; i < found; i++)
            drawn[out[i].place.doc]++;
    }
    double chi = 0, expected = (double)SEEDS * WANT / STRINGS;
    for (int i = 0; i < STRINGS; i++)
        chi += (drawn[i] - expected) * (drawn[i] - expected) / expected;
    CHECK(chi < 104);
    eid_ctx_free(ctx);
    eid_index_free(ix);
}

static void senseless_arguments_are_refused(void)
{
    eid_document doc = {"x", (const uint8_t *)"abc", 3};
    eid_index *ix = test_index(&(brute){&doc, 1}, false, false);
    eid_ctx *ctx = test_ctx(1);
    eid_repeat out[1];
    eid_repeats r;
    int64_t found = 42;
    CHECK_FAILS(eid_index_sample(ix, ctx, 0, 1, 2, 1, 1, out, &found), EID_EINVAL, "no bytes");
    CHECK_FAILS(eid_index_sample(ix, ctx, 1, 0, 2, 1, 1, out, &found), EID_EINVAL, "[0, 2)");
    CHECK_FAILS(eid_index_sample(ix, ctx, 1, 2, 2, 1, 1, out, &found), EID_EINVAL, "[2, 2)");
    CHECK_FAILS(eid_index_sample(ix, ctx, 1, 1, 2, -1, 1, out, &found), EID_EINVAL, "-1");
    CHECK_FAILS(eid_index_repeats(ix, ctx, 0, &r), EID_EINVAL, "no bytes");
    CHECK_INT(found, 42);
    CHECK_OK(eid_index_sample(ix, ctx, 4, 1, 2, 1, 1, out, &found)); /* longer than the text */
    CHECK_INT(found, 0);
    eid_ctx_cancel(ctx);
    CHECK_FAILS(eid_index_sample(ix, ctx, 1, 1, 2, 1, 1, out, &found), EID_ECANCELLED, "");
    eid_ctx_free(ctx);
    eid_index_free(ix);
}

int main(void)
{
    RUN(samples_are_what_brute_force_finds);
    RUN(repeats_are_what_brute_force_finds);
    RUN(the_same_for_any_threads_and_wants);
    RUN(samples_are_uniform);
    RUN(senseless_arguments_are_refused);
    return DONE();
}
