/* test_file.c - the file: whole or not at all, and never believed. */
#include "base/file.h"
#include "base/hash.h"
#include "index/brute.h"
#include "index/format.h"
#include <pthread.h>
#include <sys/stat.h>

/* A small corpus's file in memory; free it. */
static uint8_t *small_file(size_t *n, bool wide, bool prefixes)
{
    eid_document docs[] = {{"a/first", (const uint8_t *)"banana\0band", 11},
                           {"b", (const uint8_t *)"", 0},
                           {"c", (const uint8_t *)"an\xFF\0\x01 ana", 9}};
    eid_ctx *ctx = test_ctx(1);
    eid_corpus *c = NULL;
    uint8_t *bytes = NULL;
    const char *path = check_tmp("small");
    CHECK_OK(eid_corpus_from(&c, docs, 3));
    CHECK_OK(index_build_as(ctx, c, path, wide, prefixes));
    CHECK_OK(eid_read_file(path, 1 << 20, &bytes, n));
    unlink(path);
    eid_corpus_free(c);
    eid_ctx_free(ctx);
    return bytes;
}

static void put(const char *path, const uint8_t *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    CHECK(f && fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
}

static eid_status open_bytes(const uint8_t *bytes, size_t n, eid_index **ix)
{
    const char *path = check_tmp("bytes");
    put(path, bytes, n);
    *ix = NULL;
    eid_status st = eid_index_open(ix, path);
    unlink(path);
    return st;
}

/* The checksum again, after a change that an attacker would make. */
static void sign(uint8_t *h)
{
    uint64_t table = index_get64(h + 72), n = index_get32(h + 12);
    index_put64(h + 88, eid_hash64(h, 88, eid_hash64(h + table, n * INDEX_ENTRY, 0)));
}

static void reads_back(void)
{
    size_t n, size;
    uint8_t *bytes = small_file(&n, false, false);
    eid_index *ix = NULL;
    char hex[65];
    CHECK_OK(open_bytes(bytes, n, &ix));
    CHECK_INT(eid_index_docs(ix), 3);
    CHECK_INT(eid_index_bytes(ix), 20);
    CHECK_STR(eid_index_doc_name(ix, 0), "a/first");
    CHECK_STR(eid_index_doc_name(ix, 2), "c");
    CHECK(eid_index_doc_name(ix, 3) == NULL && eid_index_doc_name(ix, -1) == NULL);
    CHECK(memcmp(eid_index_doc(ix, 0, &size), "banana\0band", 11) == 0);
    CHECK_INT(size, 11);
    CHECK(eid_index_doc(ix, 1, &size) != NULL);
    CHECK_INT(size, 0);
    CHECK(eid_index_doc(ix, 3, &size) == NULL);
    CHECK_OK(eid_sha256_of("banana\0bandan\xFF\0\x01 ana", 20, hex));
    CHECK_STR(eid_index_sha256(ix), hex);
    eid_index_free(ix);
    eid_free(bytes);
}

static void every_truncation_is_refused(void)
{
    size_t n;
    uint8_t *bytes = small_file(&n, false, false);
    eid_index *ix;
    for (size_t k = 0; k < n; k++) {
        CHECK_FAILS(open_bytes(bytes, k, &ix), EID_EFORMAT, k < 8 ? "not an index" : "truncated");
        CHECK(ix == NULL);
    }
    eid_free(bytes);
}

static void every_flipped_bit_of_header_and_table_is_refused(void)
{
    size_t n;
    uint8_t *bytes = small_file(&n, false, false);
    eid_index *ix;
    for (size_t bit = 0; bit < 8 * (INDEX_HEADER + 4 * INDEX_ENTRY); bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        eid_status st = open_bytes(bytes, n, &ix);
        CHECK(st == EID_EFORMAT || st == EID_EUNSUPPORTED);
        CHECK(ix == NULL);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    eid_free(bytes);
}

static void ask_all(const eid_index *ix)
{
    eid_ctx *ctx = test_ctx(2);
    size_t sum = 0;
    for (int64_t d = 0; d < eid_index_docs(ix); d++) {
        size_t doc_size;
        const uint8_t *doc = eid_index_doc(ix, d, &doc_size);
        for (size_t i = 0; i < doc_size; i++)
            sum += doc[i];
        sum += strlen(eid_index_doc_name(ix, d));
    }
    CHECK(sum > 0);
    for (size_t n = 1; n <= 5; n++) {
        const uint8_t *pats[] = {(const uint8_t *)"anana", (const uint8_t *)"\0\0\0\0\0",
                                 (const uint8_t *)"\xFF\0\x01 a"};
        for (int p = 0; p < 3; p++) {
            int64_t count, documents, found = 0;
            eid_place places[50];
            eid_repeat out[50];
            eid_repeats all;
            size_t length, size;
            (void)!eid_index_count(ix, pats[p], n, &count, &documents);
            (void)!eid_index_longest(ix, pats[p], n, &length, &count);
            if (eid_index_locate(ix, pats[p], n, places, 50, &found) == EID_OK)
                for (int64_t i = 0; i < found; i++)
                    CHECK(eid_index_doc(ix, places[i].doc, &size) && places[i].offset >= 0 &&
                          places[i].offset + (int64_t)n <= (int64_t)size);
            if (p == 0 && eid_index_sample(ix, ctx, n, 1, 9, 50, 1, out, &found) == EID_OK)
                for (int64_t i = 0; i < found; i++)
                    CHECK(eid_index_doc(ix, out[i].place.doc, &size) && out[i].place.offset >= 0 &&
                          out[i].place.offset + (int64_t)n <= (int64_t)size);
            if (p == 0)
                (void)!eid_index_repeats(ix, ctx, n, &all);
        }
    }
    (void)!eid_index_verify(ix, ctx);
    eid_ctx_free(ctx);
}

/* Any byte of the file wrong, checksum made right: an error, or answers inside the text. */
static void a_lying_file_harms_nobody(void)
{
    const uint8_t values[] = {0x00, 0x01, 0x7F, 0x80, 0xFF};
    for (int wide = 0; wide < 2; wide++) {
        size_t n;
        uint8_t *bytes = small_file(&n, wide, false);
        for (size_t at = 8; at < n; at++)
            for (int v = 0; v < 5; v++) {
                uint8_t was = bytes[at];
                eid_index *ix;
                bytes[at] = values[v];
                if (index_get64(bytes + 72) == INDEX_HEADER && index_get32(bytes + 12) == 4)
                    sign(bytes);
                if (open_bytes(bytes, n, &ix) == EID_OK)
                    ask_all(ix);
                eid_index_free(ix);
                bytes[at] = was;
            }
        eid_free(bytes);
    }
}

static void every_wrong_suffix_is_found_by_verify(void)
{
    size_t n;
    uint8_t *bytes = small_file(&n, false, false);
    uint64_t at = index_get64(bytes + INDEX_HEADER + 3 * INDEX_ENTRY + 8);
    eid_ctx *ctx = test_ctx(1);
    eid_index *ix;
    for (size_t i = 0; i + 1 < 20; i++) { /* two neighbours change places */
        uint32_t a = index_get32(bytes + at + 4 * i), b = index_get32(bytes + at + 4 * i + 4);
        index_put32(bytes + at + 4 * i, b);
        index_put32(bytes + at + 4 * i + 4, a);
        CHECK_OK(open_bytes(bytes, n, &ix));
        CHECK_FAILS(eid_index_verify(ix, ctx), EID_EFORMAT, "out of order");
        eid_index_free(ix);
        index_put32(bytes + at + 4 * i, a);
        CHECK_OK(open_bytes(bytes, n, &ix));
        CHECK_FAILS(eid_index_verify(ix, ctx), EID_EFORMAT, "twice");
        eid_index_free(ix);
        index_put32(bytes + at + 4 * i, 20);
        CHECK_OK(open_bytes(bytes, n, &ix));
        CHECK_FAILS(eid_index_verify(ix, ctx), EID_EFORMAT, "outside");
        eid_index_free(ix);
        index_put32(bytes + at + 4 * i, a);
        index_put32(bytes + at + 4 * i + 4, b);
    }
    bytes[index_get64(bytes + INDEX_HEADER + 2 * INDEX_ENTRY + 8)] ^= 1;
    CHECK_OK(open_bytes(bytes, n, &ix));
    CHECK_FAILS(eid_index_verify(ix, ctx), EID_EFORMAT, "SHA-256");
    eid_index_free(ix);
    eid_ctx_free(ctx);
    eid_free(bytes);
}

static void every_wrong_prefix_is_found_by_verify(void)
{
    size_t n;
    uint8_t *bytes = small_file(&n, false, true);
    uint8_t *table = bytes + index_get64(bytes + INDEX_HEADER + 4 * INDEX_ENTRY + 8);
    eid_ctx *ctx = test_ctx(1);
    eid_index *ix;
    for (size_t i = 0; i < INDEX_PREFIXES; i++) { /* wherever a prefix ends, one suffix too late */
        uint64_t x = index_get64(table + 8 * i), next = index_get64(table + 8 * i + 8);
        if (x == next)
            continue;
        index_put64(table + 8 * i, x + 1);
        CHECK_OK(open_bytes(bytes, n, &ix));
        CHECK_FAILS(eid_index_verify(ix, ctx), EID_EFORMAT, "out of order");
        eid_index_free(ix);
        index_put64(table + 8 * i, next + 1);
        CHECK_FAILS(open_bytes(bytes, n, &ix), EID_EFORMAT, "ascend");
        index_put64(table + 8 * i, x);
    }
    eid_ctx_free(ctx);
    eid_free(bytes);
}

static void every_wrong_document_entry_is_refused(void)
{
    size_t n;
    uint8_t *bytes = small_file(&n, false, false);
    uint8_t *table = bytes + index_get64(bytes + INDEX_HEADER + 8);
    uint8_t *names = bytes + index_get64(bytes + INDEX_HEADER + INDEX_ENTRY + 8);
    const uint64_t values[] = {0, 1, 9, 12, 19, 21, 1000, UINT64_MAX};
    const uint64_t text[] = {0, 11, 11, 20}, name[] = {0, 8, 10, 12};
    eid_index *ix;
    for (size_t entry = 0; entry < 8; entry++)
        for (size_t v = 0; v < 8; v++) {
            uint64_t was = index_get64(table + 8 * entry), d = entry / 2;
            bool is_name = entry % 2;
            CHECK_INT(was, is_name ? name[d] : text[d]);
            /* the empty document may begin anywhere in the first: that is another corpus */
            if (values[v] == was || (!is_name && (d == 1 || d == 2) && values[v] < 20 &&
                                     (d == 1 ? values[v] <= 11 : values[v] >= 11)))
                continue;
            index_put64(table + 8 * entry, values[v]);
            CHECK_FAILS(open_bytes(bytes, n, &ix), EID_EFORMAT, "document table");
            index_put64(table + 8 * entry, was);
        }
    for (size_t i = 0; i < 3; i++) {
        names[name[i + 1] - 1] = 'x';
        CHECK_FAILS(open_bytes(bytes, n, &ix), EID_EFORMAT, "document table");
        names[name[i + 1] - 1] = '\0';
    }
    CHECK_OK(open_bytes(bytes, n, &ix));
    eid_index_free(ix);
    eid_free(bytes);
}

static void what_is_newer_is_told(void)
{
    size_t n;
    uint8_t *bytes = small_file(&n, false, false);
    eid_index *ix;
    bytes[8] = 2;
    sign(bytes);
    CHECK_FAILS(open_bytes(bytes, n, &ix), EID_EUNSUPPORTED, "version 2");
    bytes[8] = 1;
    bytes[INDEX_HEADER + 4] = 1;
    sign(bytes);
    CHECK_FAILS(open_bytes(bytes, n, &ix), EID_EUNSUPPORTED, "later version");
    CHECK_FAILS(eid_index_open(&ix, check_tmp("nowhere")), EID_EIO, "nowhere");
    eid_free(bytes);
}

static void the_same_bytes_for_any_threads(void)
{
    const uint8_t hard[] = {0, 1, 255};
    brute b = brute_random(4, 5000, 120, hard, 3);
    eid_corpus *c = NULL;
    uint8_t *first = NULL;
    size_t n_first = 0;
    CHECK_OK(eid_corpus_from(&c, b.docs, b.n));
    for (int threads = 1; threads <= 5; threads += threads == 1 ? 1 : 3) {
        eid_ctx *ctx = test_ctx(threads);
        const char *path = check_tmp("threads");
        uint8_t *bytes = NULL;
        size_t n = 0;
        CHECK_OK(eid_index_build(ctx, c, path));
        CHECK_OK(eid_read_file(path, 1 << 24, &bytes, &n));
        if (threads == 1)
            first = bytes, n_first = n;
        CHECK(n == n_first && memcmp(bytes, first, n) == 0);
        if (threads > 1)
            eid_free(bytes);
        unlink(path);
        eid_ctx_free(ctx);
    }
    eid_free(first);
    eid_corpus_free(c);
    brute_free(&b);
}

static void nothing_half_written(void)
{
    eid_document doc = {"x", (const uint8_t *)"abcabc", 6};
    eid_corpus *c = NULL, *none = NULL;
    eid_ctx *small = NULL, *ctx = test_ctx(1);
    eid_ctx_opts o = eid_ctx_opts_default();
    const char *path = check_tmp("half");
    eid_index *ix = NULL;
    char part[600];
    snprintf(part, sizeof part, "%s.part", path);

    CHECK_OK(eid_corpus_from(&c, &doc, 1));
    o.memory = 80;
    CHECK_OK(eid_ctx_new(&small, &o));
    CHECK_FAILS(eid_index_build(small, c, path), EID_ENOMEM, "the bound is 80");
    CHECK(access(path, F_OK) != 0 && access(part, F_OK) != 0);
    CHECK_FAILS(eid_index_build(ctx, c, "/nonexistent-folder/x"), EID_EIO, "nonexistent-folder");
    if (eid_corpus_from(&none, NULL, 0) == EID_OK)
        CHECK_FAILS(eid_index_build(ctx, none, path), EID_EINVAL, "no documents");
    for (int64_t k = 1; k < 30; k++) { /* each allocation fails once */
        eid_fail_allocation(k);
        eid_status st = eid_index_build(ctx, c, path);
        eid_fail_allocation(0);
        CHECK(st == EID_OK || st == EID_ENOMEM);
        CHECK(access(path, F_OK) == (st == EID_OK ? 0 : -1));
        CHECK(access(part, F_OK) != 0);
        if (st == EID_OK) {
            eid_fail_allocation(k % 5);
            if (eid_index_open(&ix, path) == EID_OK)
                eid_index_free(ix);
            eid_fail_allocation(0);
            unlink(path);
        }
    }
    eid_ctx_cancel(ctx);
    CHECK_FAILS(eid_index_build(ctx, c, path), EID_ECANCELLED, "");
    CHECK(access(path, F_OK) != 0 && access(part, F_OK) != 0);
    eid_corpus_free(none);
    eid_corpus_free(c);
    eid_ctx_free(small);
    eid_ctx_free(ctx);
}

static void *cancel_soon(void *ctx)
{
    usleep(200000);
    eid_ctx_cancel(ctx);
    return NULL;
}

/* The sort alone takes longer; what is left of it ends with this program. */
static void a_sort_is_left_when_cancelled(void)
{
    enum { SIZE = 32 << 20 };
    uint8_t *bytes = malloc(SIZE);
    eid_rng rng = eid_rng_seed(1);
    eid_ctx *ctx = test_ctx(1);
    eid_corpus *c = NULL;
    const char *path = check_tmp("left");
    pthread_t thread;
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (uint8_t)eid_rng_below(&rng, 256);
    eid_document doc = {"noise", bytes, SIZE};
    CHECK_OK(eid_corpus_from(&c, &doc, 1));
    free(bytes);
    CHECK(pthread_create(&thread, NULL, cancel_soon, ctx) == 0);
    double began = eid_now();
    CHECK_FAILS(eid_index_build(ctx, c, path), EID_ECANCELLED, "");
    CHECK(eid_now() - began < 2.5);
    pthread_join(thread, NULL);
    CHECK(access(path, F_OK) != 0);
    eid_corpus_free(c);
    eid_ctx_free(ctx);
}

int main(void)
{
    RUN(reads_back);
    RUN(every_truncation_is_refused);
    RUN(every_flipped_bit_of_header_and_table_is_refused);
    RUN(a_lying_file_harms_nobody);
    RUN(every_wrong_suffix_is_found_by_verify);
    RUN(every_wrong_prefix_is_found_by_verify);
    RUN(every_wrong_document_entry_is_refused);
    RUN(what_is_newer_is_told);
    RUN(the_same_bytes_for_any_threads);
    RUN(nothing_half_written);
    RUN(a_sort_is_left_when_cancelled); /* the last: the sort goes on */
    return DONE();
}
