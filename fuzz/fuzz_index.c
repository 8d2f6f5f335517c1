/* fuzz_index.c - an index file of hostile bytes: opened, asked everything, verified. */
#define _GNU_SOURCE /* memfd_create */
#include "fuzz.h"
#include "base/hash.h"
#include "index/format.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

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
    int64_t count, documents, found = 0;
    size_t length;
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
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static eid_ctx *ctx;
    eid_index *ix = NULL;
    char path[64];
    uint8_t *copy = malloc(n + 1);
    int fd = memfd_create("index", MFD_CLOEXEC);
    eid_ctx_opts one = {.threads = 1};

    if (copy && fd >= 0 && (ctx || eid_ctx_new(&ctx, &one) == EID_OK)) {
        memcpy(copy, bytes, n);
        sign(copy, n);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if (write(fd, copy, n) == (ssize_t)n && eid_index_open(&ix, path) == EID_OK) {
            for (int64_t d = 0; d < eid_index_docs(ix); d++)
                must(strlen(eid_index_doc_name(ix, d)) < n);
            for (size_t k = 1; k < 6; k++) {
                ask(ix, ctx, (const uint8_t *)"\0\0\0\0\0", k);
                ask(ix, ctx, (const uint8_t *)"anana", k);
                ask(ix, ctx, copy + n - k, k);
            }
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
    }
    eid_index_free(ix);
    if (fd >= 0)
        close(fd);
    free(copy);
    return 0;
}
