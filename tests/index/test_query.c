/* test_query.c - count, documents, locate, longest against brute force. */
#include "index/brute.h"
#include <dirent.h>

/* The string chosen as a piece of the text or as noise, so that both hits and misses are asked. */
static size_t pick_pattern(const brute *b, eid_rng *rng, const uint8_t *alphabet, size_t letters,
                           uint8_t *pat, size_t max)
{
    size_t n = 1 + (size_t)eid_rng_below(rng, max);
    const eid_document *d = &b->docs[eid_rng_below(rng, b->n)];
    for (size_t i = 0; i < n; i++)
        pat[i] = alphabet[eid_rng_below(rng, letters)];
    if (eid_rng_below(rng, 3) > 0 && d->size > 0) {
        size_t at = (size_t)eid_rng_below(rng, d->size);
        for (size_t i = 0; i < n && at + i < d->size; i++)
            pat[i] = d->bytes[at + i];
    }
    return n;
}

static void ask_everything(const brute *b, const eid_index *ix, const uint8_t *pat, size_t n)
{
    enum { MAX = 4096 };
    static eid_place want[MAX], got[MAX];
    int64_t documents, count = -1, seen = -1, found = -1, copies = -1;
    int64_t truth = brute_places(b, pat, n, want, MAX, &documents);
    size_t length = 99;

    CHECK_OK(eid_index_count(ix, pat, n, &count, &seen));
    CHECK_INT(count, truth);
    CHECK_INT(seen, documents);
    for (int64_t max = MAX; max >= 0; max = max > 3 ? 3 : max - 1) {
        CHECK_OK(eid_index_locate(ix, pat, n, got, max, &found));
        CHECK_INT(found, truth < max ? truth : max);
        CHECK(memcmp(got, want, (size_t)found * sizeof *got) == 0);
    }
    size_t longest = brute_longest(b, pat, n);
    CHECK_OK(eid_index_longest(ix, pat, n, &length, &copies));
    CHECK_INT(length, longest);
    CHECK_INT(copies, longest ? brute_places(b, pat, longest, want, 0, &documents) : 0);
}

static void random_against_brute_force(uint64_t seed, size_t n, size_t max_size,
                                       const uint8_t *alphabet, size_t letters, bool full)
{
    brute b = brute_random(seed, n, max_size, alphabet, letters);
    uint8_t all[256], pat[32];
    for (int i = 0; i < 256; i++)
        all[i] = (uint8_t)i;
    if (full && b.n) { /* one document with every byte: none is free for the ends */
        free((void *)b.docs[0].bytes);
        b.docs[0] = (eid_document){NULL, memcpy(malloc(256), all, 256), 256};
    }
    eid_index *ix = test_index(&b, seed % 2 == 1, seed / 2 % 2 == 1);
    eid_rng rng = eid_rng_stream(seed, 1);
    for (int q = 0; ix && q < 120; q++)
        ask_everything(&b, ix, pat, pick_pattern(&b, &rng, alphabet, letters, pat, 1 + q % 20));
    eid_index_free(ix);
    brute_free(&b);
}

static void tiny_binary_documents(void)
{
    const uint8_t hard[] = {0, 1, 255}, two[] = {0, 255}, one[] = {0};
    for (uint64_t seed = 0; seed < 24; seed++) {
        random_against_brute_force(seed, 1 + seed * 2, 9, hard, 3, false);
        random_against_brute_force(seed, 1 + seed, 30, two, 2, false);
        random_against_brute_force(seed, 1 + seed, 12, one, 1, false);
    }
}

static void every_byte_in_use(void)
{
    uint8_t all[256];
    const uint8_t hard[] = {0, 1, 2, 254, 255};
    for (int i = 0; i < 256; i++)
        all[i] = (uint8_t)i;
    for (uint64_t seed = 0; seed < 12; seed++) {
        random_against_brute_force(seed, 40, 12, hard, 5, true);
        random_against_brute_force(seed, 60, 40, all, 256, true);
    }
}

static void exhaustive_patterns(void)
{
    const uint8_t hard[] = {0, 1, 255};
    brute b = brute_random(7, 60, 6, hard, 3);
    for (int form = 0; form < 4; form++) {
        eid_index *ix = test_index(&b, form & 1, form & 2);
        for (int code = 0; ix && code < 363;
             code++) { /* all of up to 5 letters: 3 + 9 + ... + 243 */
            uint8_t pat[5];
            int n = 1, c = code;
            for (int power = 3; c >= power; power *= 3, n++)
                c -= power;
            for (int i = 0; i < n; i++, c /= 3)
                pat[i] = hard[c % 3];
            ask_everything(&b, ix, pat, (size_t)n);
        }
        eid_index_free(ix);
    }
    brute_free(&b);
}

/* Debian's licence texts, small ones: real text that repeats itself. */
static void real_text(void)
{
    brute b = {calloc(32, sizeof *b.docs), 0};
    DIR *dir = opendir("/usr/share/common-licenses");
    for (struct dirent *e; dir && b.n < 6 && (e = readdir(dir));) {
        char path[600];
        snprintf(path, sizeof path, "/usr/share/common-licenses/%s", e->d_name);
        FILE *f = e->d_name[0] == '.' ? NULL : fopen(path, "rb");
        if (!f)
            continue;
        uint8_t *bytes = malloc(30000);
        b.docs[b.n++] = (eid_document){NULL, bytes, fread(bytes, 1, 30000, f)};
        fclose(f);
    }
    if (dir)
        closedir(dir);
    if (b.n > 0) {
        const uint8_t letters[] = "etaoin shrdlu\n";
        uint8_t pat[200];
        eid_rng rng = eid_rng_seed(3);
        for (int form = 0; form < 2; form++) {
            eid_index *ix = test_index(&b, form, form);
            for (int q = 0; ix && q < 60; q++)
                ask_everything(&b, ix, pat, pick_pattern(&b, &rng, letters, 14, pat, 1 + q * 3));
            eid_index_free(ix);
        }
    }
    brute_free(&b);
}

static void one_repeated_character(void)
{
    size_t n = 300000;
    uint8_t *bytes = malloc(n);
    memset(bytes, 'a', n);
    eid_document doc = {NULL, bytes, n};
    eid_index *ix = test_index(&(brute){&doc, 1}, false, true);
    int64_t count, documents, found;
    eid_place places[3];
    size_t length;
    for (size_t k = 1; ix && k <= n; k = k * 7 + 1) {
        CHECK_OK(eid_index_count(ix, bytes, k, &count, &documents));
        CHECK_INT(count, n - k + 1);
        CHECK_INT(documents, 1);
        CHECK_OK(eid_index_locate(ix, bytes, k, places, 3, &found));
        CHECK_INT(places[0].offset, 0);
        CHECK_INT(places[2].offset, 2);
    }
    bytes[n - 1] = 'b'; /* the pattern, not the index: its text is in the file */
    CHECK_OK(eid_index_longest(ix, bytes, n, &length, &count));
    CHECK_INT(length, n - 1);
    CHECK_INT(count, 2);
    eid_index_free(ix);
    free(bytes);
}

static void a_hundred_thousand_copies(void)
{
    enum { COPIES = 100000 };
    const uint8_t text[] = {'s', 'a', 'm', 'e', 0, 's'};
    eid_document *docs = calloc(COPIES, sizeof *docs);
    for (int d = 0; d < COPIES; d++)
        docs[d] = (eid_document){NULL, text, sizeof text};
    eid_index *ix = test_index(&(brute){docs, COPIES}, false, false);
    int64_t count, documents, found;
    eid_place places[4];
    CHECK_OK(eid_index_count(ix, text, 6, &count, &documents));
    CHECK_INT(count, COPIES);
    CHECK_INT(documents, COPIES);
    CHECK_OK(eid_index_count(ix, text, 1, &count, &documents));
    CHECK_INT(count, 2 * COPIES);
    CHECK_INT(documents, COPIES);
    CHECK_OK(eid_index_count(ix, (const uint8_t *)"ss", 2, &count, NULL)); /* across the boundary */
    CHECK_INT(count, 0);
    CHECK_OK(eid_index_locate(ix, text, 1, places, 4, &found));
    CHECK_INT(found, 4);
    CHECK_INT(places[1].offset, 5);
    CHECK_INT(places[2].doc, 1);
    eid_index_free(ix);
    free(docs);
}

static void many_at_once(void)
{
    enum { M = 1000 };
    const uint8_t hard[] = {0, 1, 255};
    brute b = brute_random(5, 300, 20, hard, 3);
    eid_index *ix = test_index(&b, false, true);
    static eid_pattern pats[M];
    static uint8_t bytes[M][8];
    static int64_t count[M], documents[M];
    eid_rng rng = eid_rng_seed(9);
    for (int i = 0; i < M; i++)
        pats[i] = (eid_pattern){bytes[i], pick_pattern(&b, &rng, hard, 3, bytes[i], 8)};
    for (int threads = 1; threads <= 5; threads += 2) {
        eid_ctx *ctx = test_ctx(threads);
        memset(count, -1, sizeof count);
        CHECK_OK(eid_index_count_many(ix, ctx, pats, M, count, documents));
        for (int i = 0; i < M; i++) {
            int64_t c, d;
            CHECK_OK(eid_index_count(ix, pats[i].bytes, pats[i].n, &c, &d));
            CHECK_INT(count[i], c);
            CHECK_INT(documents[i], d);
        }
        CHECK_OK(eid_index_count_many(ix, ctx, pats, 0, NULL, NULL));
        size_t was = pats[777].n;
        pats[777].n = 0;
        CHECK_FAILS(eid_index_count_many(ix, ctx, pats, M, count, NULL), EID_EINVAL, "pattern 777");
        pats[777].n = was;
        eid_ctx_free(ctx);
    }
    eid_index_free(ix);
    brute_free(&b);
}

static void an_empty_pattern_is_refused(void)
{
    eid_document doc = {"x", (const uint8_t *)"abc", 3};
    eid_index *ix = test_index(&(brute){&doc, 1}, false, false);
    int64_t count = 42, found = 42;
    size_t length = 42;
    eid_place place;
    CHECK_FAILS(eid_index_count(ix, (const uint8_t *)"", 0, &count, NULL), EID_EINVAL, "empty");
    CHECK_FAILS(eid_index_locate(ix, (const uint8_t *)"", 0, &place, 1, &found), EID_EINVAL,
                "empty");
    CHECK_FAILS(eid_index_longest(ix, (const uint8_t *)"", 0, &length, &count), EID_EINVAL,
                "empty");
    CHECK_FAILS(eid_index_locate(ix, doc.bytes, 1, &place, -1, &found), EID_EINVAL, "-1");
    CHECK_INT(count, 42);
    CHECK_INT(found, 42);
    CHECK_INT(length, 42);
    eid_index_free(ix);
}

int main(void)
{
    RUN(tiny_binary_documents);
    RUN(every_byte_in_use);
    RUN(exhaustive_patterns);
    RUN(real_text);
    RUN(one_repeated_character);
    RUN(a_hundred_thousand_copies);
    RUN(many_at_once);
    RUN(an_empty_pattern_is_refused);
    return DONE();
}
