/* shards.h - how large shards are for a bound of memory, and building them from memory. */
#ifndef EID_INDEX_SHARDS_H
#define EID_INDEX_SHARDS_H
#include "eidetic/index.h"

typedef struct index_plan {
    int64_t shard;   /* most bytes of a shard's documents, names and tables included */
    int64_t reading; /* memory for the document that is being read */
    int64_t each;    /* memory of a builder */
    int builders;
} index_plan;

/* EID_ENOMEM: the bound is too small for the shards asked for. */
eid_status index_plan_for(index_plan *p, int64_t memory, int threads, int64_t shard);

/* As eid_index_build_shards of documents that are in memory already; for tests, which want empty
 * ones, too: reading a corpus skips those. */
eid_status index_shards_from(eid_ctx *ctx, const eid_corpus *c, const eid_index_opts *opts,
                             const char *folder);
#endif
