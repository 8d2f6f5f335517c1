/* fuzz_index.c - an index of hostile bytes: opened, asked everything, verified.
 *
 * An input that begins as a manifest does is a folder: the manifest, as long as it says it is, and
 * behind it the shards' files, as long as its rows say.  Anything else is one file. */
#define _GNU_SOURCE /* memfd_create */
#include "fuzz.h"
#include "base/hash.h"
#include "eidetic/questions.h"
#include "index/folder.h"
#include "index/manifest.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST_SHARDS = 4 };

/* The checksum is made right, or nothing but it would ever be tested. */
static void sign(uint8_t *h, size_t n)
{
    if (n < INDEX_HEADER)
        return;
    uint64_t at = index_get64(h + 72), sections = index_get32(h + 12);
    if (at > n || sections > (n - at) / INDEX_ENTRY)
        return;
    uint64_t table = eid_hash64(h + at, (size_t)sections * INDEX_ENTRY, 0);
    index_put64(h + 88, eid_hash64(h, 88, table));
}

static void must(int holds)
{
    if (!holds)
        __builtin_trap();
}

static void check_place(const eid_index *ix, eid_place p, size_t length)
{
    size_t size;
    must(eid_index_doc(ix, p.doc, &size) != NULL);
    must(p.offset >= 0 && length <= size && (size_t)p.offset <= size - length);
}

static void ask(const eid_index *ix, eid_ctx *ctx, const uint8_t *pat, size_t n)
{
    enum { MAX = 16 };
    eid_place places[MAX];
    eid_repeat out[MAX];
    eid_repeats all;
    eid_match match[8];
    eid_continuation next = {0};
    eid_span *spans = NULL;
    int64_t count, documents, found = 0;
    size_t length, n_spans = 0, covered = 0;
    if (eid_index_count(ix, pat, n, &count, &documents) == EID_OK)
        must(count >= 0 && count <= eid_index_bytes(ix) && documents <= count);
    if (eid_index_longest(ix, pat, n, &length, &count) == EID_OK)
        must(length <= n);
    if (eid_index_locate(ix, pat, n, places, MAX, &found) == EID_OK)
        for (int64_t i = 0; i < found; i++)
            check_place(ix, places[i], n);
    if (eid_index_sample(ix, ctx, n, 1, 1 + (int64_t)n, MAX, n, out, &found) == EID_OK)
        for (int64_t i = 0; i < found; i++)
            check_place(ix, out[i].place, n);
    if (eid_index_repeats(ix, ctx, n, &all) == EID_OK && all.most.count > 0)
        check_place(ix, all.most.place, n);
    if (eid_index_matches(ix, ctx, pat, n, match) == EID_OK)
        for (size_t i = 0; i < n; i++)
            must(match[i].length <= n - i);
    if (eid_index_next_bytes(ix, pat, n, &next) == EID_OK)
        must(next.used <= n && next.n <= 257);
    if (eid_index_spans(ix, ctx, pat, n, 1, &spans, &n_spans, &covered) == EID_OK)
        must(covered <= n);
    eid_continuation_free(&next);
    eid_spans_free(spans);
}

static void compare_with_tests(const eid_index *ix, eid_ctx *ctx, const uint8_t *text, size_t n)
{
    eid_document doc = {"test", text, n};
    eid_overlap_opts o = {.ngram = 2, .min_words = 1};
    eid_overlap out;
    eid_corpus *c = NULL;
    if (eid_corpus_from(&c, &doc, 1) == EID_OK &&
        eid_index_overlaps(ix, ctx, c, &o, &out) == EID_OK)
        must(out.longest <= n && out.ngrams_found <= out.ngrams && out.words_found <= out.words);
    eid_corpus_free(c);
}

static void examine(const eid_index *ix, eid_ctx *ctx, const uint8_t *bytes, size_t n)
{
    for (int64_t d = 0; d < eid_index_docs(ix); d++)
        must(strlen(eid_index_doc_name(ix, d)) < n);
    for (size_t k = 1; k < 6 && k <= n; k++) {
        ask(ix, ctx, (const uint8_t *)"\0\0\0\0\0", k);
        ask(ix, ctx, (const uint8_t *)"anana", k);
        ask(ix, ctx, bytes + n - k, k);
    }
    compare_with_tests(ix, ctx, bytes + n - (n < 60 ? n : 60), n < 60 ? n : 60);
    if (eid_index_verify(ix, ctx) == EID_OK) /* then answers are true: the text's own */
        for (int64_t d = 0; d < eid_index_docs(ix); d++) {
            size_t size, length = 0;
            int64_t count = 0;
            const uint8_t *doc = eid_index_doc(ix, d, &size);
            if (size > 0)
                must(eid_index_longest(ix, doc, size, &length, &count) == EID_OK &&
                     length == size && count >= 1);
        }
}

static void one_file(eid_ctx *ctx, uint8_t *bytes, size_t n)
{
    eid_index *ix = NULL;
    char path[64];
    int fd = memfd_create("index", MFD_CLOEXEC);

    if (fd < 0)
        return;
    sign(bytes, n);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (write(fd, bytes, n) == (ssize_t)n && eid_index_open(&ix, path) == EID_OK)
        examine(ix, ctx, bytes, n);
    eid_index_free(ix);
    close(fd);
}

static void put(const char *path, const uint8_t *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    if (f) {
        (void)!fwrite(bytes, 1, n, f);
        fclose(f);
    }
}

/* Each row tells of the shard behind the manifest, so that it is opened. */
static void write_shards(const char *folder, uint8_t *bytes, size_t n, size_t manifest)
{
    size_t at = manifest;
    for (size_t s = 0; s < MOST_SHARDS && INDEX_MANIFEST_HEADER + 64 * (s + 1) <= manifest; s++) {
        uint8_t *row = bytes + INDEX_MANIFEST_HEADER + 64 * s;
        uint64_t size = index_get64(row + 16);
        char *path = NULL;
        if (size > n - at || index_shard_path(&path, folder, s) != EID_OK)
            return;
        sign(bytes + at, (size_t)size);
        if (size >= INDEX_HEADER) {
            memcpy(row + 24, bytes + at + 88, 8);
            memcpy(row + 32, bytes + at + 40, 32);
        }
        put(path, bytes + at, (size_t)size);
        eid_free(path);
        at += (size_t)size;
    }
}

static void a_folder(eid_ctx *ctx, uint8_t *bytes, size_t n)
{
    eid_index *ix = NULL;
    char folder[64] = "/tmp/eid-fuzz-XXXXXX", path[96];
    size_t manifest = n;

    if (n < INDEX_MANIFEST_HEADER || !mkdtemp(folder))
        return;
    if (index_get64(bytes + 16) >= INDEX_MANIFEST_HEADER && index_get64(bytes + 16) < n)
        manifest = (size_t)index_get64(bytes + 16);
    write_shards(folder, bytes, n, manifest);
    index_put64(bytes + 56, eid_hash64(bytes, 56,
                                       eid_hash64(bytes + INDEX_MANIFEST_HEADER,
                                                  manifest - INDEX_MANIFEST_HEADER, 0)));
    snprintf(path, sizeof path, "%s/manifest", folder);
    put(path, bytes, manifest);
    if (eid_index_open(&ix, folder) == EID_OK)
        examine(ix, ctx, bytes, n);
    eid_index_free(ix);
    index_folder_remove(folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static eid_ctx *ctx;
    eid_ctx_opts one = {.threads = 1};
    uint8_t *copy = malloc(n + 1);

    if (copy && (ctx || eid_ctx_new(&ctx, &one) == EID_OK)) {
        memcpy(copy, bytes, n);
        if (n >= 8 && memcmp(copy, INDEX_MANIFEST_MAGIC, 8) == 0)
            a_folder(ctx, copy, n);
        else
            one_file(ctx, copy, n);
    }
    free(copy);
    return 0;
}
