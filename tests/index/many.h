/* many.h - indexes of a wanted number of shards, made the way a user makes them. */
#ifndef MANY_H
#define MANY_H
#include "index/brute.h"
#include "index/folder.h"
#include "index/manifest.h"
#include "index/shards.h"

enum { DOC_COST = 64 }; /* ROW of shards.c: a shard's size counts it for each document */

/* A shard size at which these documents become `shards` of them, or nearly. */
static inline int64_t shard_size(const brute *b, size_t shards)
{
    int64_t cost = 0, most = 0;
    for (size_t d = 0; d < b->n; d++) {
        int64_t one = (int64_t)b->docs[d].size + DOC_COST + 16;
        cost += one;
        most = one > most ? one : most;
    }
    int64_t size = cost / (int64_t)shards + most / 2 + 1;
    return size < most ? most : size;
}

static inline eid_index *test_shards(const brute *b, size_t shards, int threads)
{
    eid_ctx *ctx = test_ctx(threads);
    const char *folder = check_tmp("shards");
    eid_corpus *c = NULL;
    eid_index_opts o = eid_index_opts_default();
    eid_index *ix = NULL;
    o.shard = shard_size(b, shards);
    CHECK_OK(eid_corpus_from(&c, b->docs, b->n));
    CHECK_OK(index_shards_from(ctx, c, &o, folder));
    CHECK_OK(eid_index_open(&ix, folder));
    if (ix)
        CHECK_OK(eid_index_verify(ix, ctx));
    index_folder_remove(folder);
    CHECK(access(folder, F_OK) != 0);
    eid_corpus_free(c);
    eid_ctx_free(ctx);
    return ix;
}
#endif
