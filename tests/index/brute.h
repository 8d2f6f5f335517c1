/* brute.h - what an index must answer, found by looking everywhere. */
#ifndef BRUTE_H
#define BRUTE_H
#include "base/ctx.h"
#include "check.h"
#include "eidetic/index.h"
#include "eidetic/rng.h"
#include "index/build.h"

typedef struct brute {
    eid_document *docs;
    size_t n;
} brute;

static inline bool brute_at(const eid_document *d, size_t o, const uint8_t *pat, size_t n)
{
    return d->size >= n && o <= d->size - n && memcmp(d->bytes + o, pat, n) == 0;
}

/* Places in order; at most max are written, all are counted. */
static inline int64_t brute_places(const brute *b, const uint8_t *pat, size_t n, eid_place *places,
                                   int64_t max, int64_t *documents)
{
    int64_t count = 0;
    *documents = 0;
    for (size_t d = 0; d < b->n; d++) {
        int64_t before = count;
        for (size_t o = 0; o < b->docs[d].size; o++)
            if (brute_at(&b->docs[d], o, pat, n)) {
                if (count < max)
                    places[count] = (eid_place){(int64_t)d, (int64_t)o};
                count++;
            }
        *documents += count > before;
    }
    return count;
}

static inline size_t brute_longest(const brute *b, const uint8_t *pat, size_t n)
{
    size_t longest = 0;
    for (size_t d = 0; d < b->n; d++)
        for (size_t o = 0; o < b->docs[d].size; o++)
            while (longest < n && brute_at(&b->docs[d], o, pat, longest + 1))
                longest++;
    return longest;
}

/* `n` documents of 0 to max_size bytes out of alphabet[0..letters). */
static inline brute brute_random(uint64_t seed, size_t n, size_t max_size, const uint8_t *alphabet,
                                 size_t letters)
{
    eid_rng rng = eid_rng_seed(seed);
    brute b = {calloc(n, sizeof *b.docs), n};
    for (size_t d = 0; d < n; d++) {
        size_t size = (size_t)eid_rng_below(&rng, max_size + 1);
        uint8_t *bytes = malloc(size + 1);
        for (size_t i = 0; i < size; i++)
            bytes[i] = alphabet[eid_rng_below(&rng, letters)];
        b.docs[d] = (eid_document){NULL, bytes, size};
    }
    return b;
}

static inline void brute_free(brute *b)
{
    for (size_t d = 0; d < b->n; d++)
        free((void *)b->docs[d].bytes);
    free(b->docs);
}

static inline eid_ctx *test_ctx(int threads)
{
    eid_ctx *ctx = NULL;
    eid_ctx_opts o = eid_ctx_opts_default();
    o.threads = threads;
    CHECK_OK(eid_ctx_new(&ctx, &o));
    return ctx;
}

/* Builds with every choice made by hand, opens, and forgets the file's name. */
static inline eid_index *test_index(const brute *b, bool wide, bool prefixes)
{
    eid_ctx *ctx = test_ctx(2);
    eid_corpus *c = NULL;
    eid_index *ix = NULL;
    const char *path = check_tmp("index");
    CHECK_OK(eid_corpus_from(&c, b->docs, b->n));
    CHECK_OK(index_build_as(ctx, c, path, wide, prefixes));
    CHECK_OK(eid_index_open(&ix, path));
    if (ix)
        CHECK_OK(eid_index_verify(ix, ctx));
    unlink(path);
    eid_corpus_free(c);
    eid_ctx_free(ctx);
    return ix;
}
#endif
