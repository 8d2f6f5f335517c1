/* test_shards.c - an index of several shards answers as one of a single file does, and as brute
 * force does, for any number of shards and threads. */
#include "index/many.h"
#include <dirent.h>

static const uint8_t hard[] = {0, 1, 254, 255};
static uint8_t every_byte[256];

static size_t pick_pattern(const brute *b, eid_rng *rng, uint8_t *pat, size_t max)
{
    size_t n = 1 + (size_t)eid_rng_below(rng, max);
    const eid_document *d = &b->docs[eid_rng_below(rng, b->n)];
    for (size_t i = 0; i < n; i++)
        pat[i] = hard[eid_rng_below(rng, 4)];
    if (d->size > 0 && eid_rng_below(rng, 4) > 0) {
        size_t at = (size_t)eid_rng_below(rng, d->size);
        for (size_t i = 0; i < n && at + i < d->size; i++)
            pat[i] = d->bytes[at + i];
    }
    return n;
}

static void ask_everything(const brute *b, const eid_index *ix, const uint8_t *pat, size_t n)
{
    enum { MAX = 2000 };
    static eid_place want[MAX], got[MAX];
    int64_t documents, count = -1, seen = -1, found = -1, copies = -1;
    int64_t truth = brute_places(b, pat, n, want, MAX, &documents);
    size_t length = 99, longest = brute_longest(b, pat, n);

    CHECK_OK(eid_index_count(ix, pat, n, &count, &seen));
    CHECK_INT(count, truth);
    CHECK_INT(seen, documents);
    for (int64_t max = MAX; max >= 0; max = max > 4 ? 4 : max - 1) {
        CHECK_OK(eid_index_locate(ix, pat, n, got, max, &found));
        CHECK_INT(found, truth < max ? truth : max);
        CHECK(memcmp(got, want, (size_t)found * sizeof *got) == 0);
    }
    CHECK_OK(eid_index_longest(ix, pat, n, &length, &copies));
    CHECK_INT(length, longest);
    CHECK_INT(copies, longest ? brute_places(b, pat, longest, want, 0, &documents) : 0);
}

/* Samples and repeats, which test_sample.c compares with brute force for one shard. */
static void same_samples(const eid_index *one, const eid_index *many, int threads, size_t length)
{
    enum { WANT = 300, RANGES = 3 };
    static eid_repeat a[RANGES * WANT], b[RANGES * WANT];
    eid_copies_range r[RANGES] = {
        {.low = 1, .high = 2}, {.low = 2, .high = 9}, {.low = 1, .high = INT64_MAX}};
    eid_copies_range s[RANGES];
    eid_repeats x, y;
    eid_ctx *ctx = test_ctx(threads);
    memcpy(s, r, sizeof s);
    memset(a, 0, sizeof a);
    memset(b, 0, sizeof b);
    CHECK_OK(eid_index_sample_ranges(one, ctx, length, r, RANGES, WANT, 7, a));
    CHECK_OK(eid_index_sample_ranges(many, ctx, length, s, RANGES, WANT, 7, b));
    CHECK(memcmp(r, s, sizeof r) == 0);
    CHECK(memcmp(a, b, sizeof a) == 0);
    CHECK_OK(eid_index_repeats(one, ctx, length, &x));
    CHECK_OK(eid_index_repeats(many, ctx, length, &y));
    CHECK(memcmp(&x, &y, sizeof x) == 0);
    eid_ctx_free(ctx);
}

static void same_documents(const brute *b, const eid_index *ix)
{
    int64_t bytes = 0;
    CHECK_INT(eid_index_docs(ix), b->n);
    for (size_t d = 0; d < b->n; d++) {
        char name[32];
        size_t size;
        const uint8_t *doc = eid_index_doc(ix, (int64_t)d, &size);
        snprintf(name, sizeof name, "#%zu", d);
        CHECK_STR(eid_index_doc_name(ix, (int64_t)d), name);
        CHECK(doc && size == b->docs[d].size && memcmp(doc, b->docs[d].bytes, size) == 0);
        bytes += (int64_t)size;
    }
    CHECK_INT(eid_index_bytes(ix), bytes);
}

static void compare(const brute *b, size_t shards, int threads, uint64_t seed, int questions)
{
    eid_index *one = test_index(b, false, false), *many = test_shards(b, shards, threads);
    eid_rng rng = eid_rng_seed(seed);
    uint8_t pat[40];
    if (many)
        same_documents(b, many);
    for (int q = 0; many && q < questions; q++)
        ask_everything(b, many, pat, pick_pattern(b, &rng, pat, 1 + (size_t)q % 24));
    for (size_t length = 1; one && many && length < 20; length = length * 2 + 1)
        same_samples(one, many, threads, length);
    eid_index_free(one);
    eid_index_free(many);
}

static void random_bytes(void)
{
    for (int i = 0; i < 256; i++)
        every_byte[i] = (uint8_t)i;
    for (uint64_t seed = 0; seed < 28; seed++) {
        size_t shards = 1 + seed % 7;
        int threads = 1 + (int)(seed % 8);
        brute two = brute_random(seed, 20 + seed * 3, 30, hard + 2, 2);
        brute four = brute_random(seed, 30 + seed * 5, 25, hard, 4);
        brute all = brute_random(seed, 40, 60, every_byte, 256);
        compare(&two, shards, threads, seed, 30);
        compare(&four, shards, threads, seed, 30);
        compare(&all, shards, threads, seed, 30);
        brute_free(&two);
        brute_free(&four);
        brute_free(&all);
    }
}

static void as_many_shards_as_asked(void)
{
    brute b = brute_random(3, 400, 40, hard, 4);
    for (size_t shards = 1; shards <= 7; shards++) {
        eid_index *ix = test_shards(&b, shards, 3);
        CHECK_INT(ix ? eid_index_shards(ix) : 0, shards);
        eid_index_free(ix);
    }
    brute_free(&b);
}

static void real_text(void)
{
    brute b = {calloc(64, sizeof *b.docs), 0};
    DIR *dir = opendir("/usr/share/common-licenses");
    for (struct dirent *e; dir && b.n < 12 && (e = readdir(dir));) {
        char path[600];
        snprintf(path, sizeof path, "/usr/share/common-licenses/%s", e->d_name);
        FILE *f = e->d_name[0] == '.' ? NULL : fopen(path, "rb");
        if (!f)
            continue;
        uint8_t *bytes = malloc(20000);
        b.docs[b.n++] = (eid_document){NULL, bytes, fread(bytes, 1, 20000, f)};
        fclose(f);
    }
    if (dir)
        closedir(dir);
    for (size_t shards = 2; shards <= 7 && b.n > 6; shards += 5)
        compare(&b, shards, 2, shards, 40);
    brute_free(&b);
}

/* Several pieces of the walk, strings whose classes reach over all shards and many pieces. */
static void larger_than_a_piece(void)
{
    brute b = brute_random(5, 24, 30000, hard, 2);
    for (size_t d = 0; d < b.n; d += 3)
        memset((uint8_t *)b.docs[d].bytes, 0, b.docs[d].size);
    for (size_t d = 1; d + 3 < b.n; d += 6) { /* copies in other shards */
        size_t n = b.docs[d].size < b.docs[d + 3].size ? b.docs[d].size : b.docs[d + 3].size;
        memcpy((uint8_t *)b.docs[d + 3].bytes, b.docs[d].bytes, n);
    }
    eid_index *one = test_index(&b, false, true), *many = test_shards(&b, 5, 2);
    for (size_t length = 2; one && many && length < 5000; length *= 8)
        same_samples(one, many, 3, length);
    eid_index_free(one);
    eid_index_free(many);
    brute_free(&b);
}

static void a_hundred_thousand_copies(void)
{
    enum { COPIES = 100000 };
    const uint8_t text[] = {'s', 0xFF, 'm', 'e', 0, 's'};
    eid_document *docs = calloc(COPIES, sizeof *docs);
    for (int d = 0; d < COPIES; d++)
        docs[d] = (eid_document){NULL, text, sizeof text};
    eid_index *ix = test_shards(&(brute){docs, COPIES}, 4, 2);
    int64_t count = 0, documents, found;
    eid_place p[3];
    eid_ctx *ctx = test_ctx(2);
    eid_repeats r;
    CHECK_INT(eid_index_shards(ix), 4);
    CHECK_OK(eid_index_count(ix, text, 1, &count, &documents));
    CHECK_INT(count, 2 * COPIES);
    CHECK_INT(documents, COPIES);
    CHECK_OK(eid_index_locate(ix, text, 6, p, 3, &found));
    CHECK_INT(p[2].doc, 2);
    CHECK_OK(eid_index_repeats(ix, ctx, 6, &r));
    CHECK_INT(r.distinct, 1);
    CHECK_INT(r.most.count, COPIES);
    CHECK_INT(r.bytes, COPIES * 6);
    eid_ctx_free(ctx);
    eid_index_free(ix);
    free(docs);
}

static void one_repeated_character(void)
{
    enum { DOCS = 5, SIZE = 20000 };
    eid_document docs[DOCS];
    uint8_t *bytes = malloc(SIZE);
    memset(bytes, 'a', SIZE);
    for (int d = 0; d < DOCS; d++)
        docs[d] = (eid_document){NULL, bytes, (size_t)(SIZE - d)};
    brute b = {docs, DOCS};
    eid_index *one = test_index(&b, false, false), *many = test_shards(&b, 3, 3);
    int64_t count = 0, documents;
    CHECK_OK(eid_index_count(many, bytes, SIZE - 4, &count, &documents));
    CHECK_INT(count, 5 + 4 + 3 + 2 + 1);
    CHECK_INT(documents, 5);
    same_samples(one, many, 2, 1000);
    eid_index_free(one);
    eid_index_free(many);
    free(bytes);
}

int main(void)
{
    RUN(random_bytes);
    RUN(as_many_shards_as_asked);
    RUN(real_text);
    RUN(larger_than_a_piece);
    RUN(a_hundred_thousand_copies);
    RUN(one_repeated_character);
    return DONE();
}
