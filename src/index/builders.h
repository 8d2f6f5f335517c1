/* builders.h - threads that turn corpora into index files, one each at a time.
 *
 *     EID_TRY(index_builders_new(&b, ctx, folder, threads, memory));
 *     EID_TRY(index_builders_give(b, shard, &corpus));       waits for an idle thread; takes it
 * over
 *     ...
 *     EID_TRY(index_builders_finish(b, &manifest));
 * done:
 *     index_builders_free(b);                                 stops; waits for the sorts under way
 *
 * A shard's file that stands there already and holds the same documents is left as it is: that is
 * how a build that was killed goes on. */
#ifndef EID_INDEX_BUILDERS_H
#define EID_INDEX_BUILDERS_H
#include "index/manifest.h"

typedef struct index_builders index_builders;

/* `memory`: what each thread may take.  The folder's path is borrowed. */
eid_status index_builders_new(index_builders **out, eid_ctx *ctx, const char *folder, int threads,
                              int64_t memory);
/* *corpus becomes NULL, whatever comes of it.  A shard that failed earlier is told here, too. */
eid_status index_builders_give(index_builders *b, size_t shard, eid_corpus **corpus);
/* Waits until all that was given is built. */
eid_status index_builders_drain(index_builders *b);
/* As give, to one thread that may take `memory` while no other builds; comes back when it has. */
eid_status index_builders_give_alone(index_builders *b, size_t shard, eid_corpus **corpus,
                                     int64_t memory);
/* Waits for all that was given and adds the shards to the manifest, in order. */
eid_status index_builders_finish(index_builders *b, index_manifest *m);
int64_t index_builders_kept(const index_builders *b); /* shards found finished */
void index_builders_free(index_builders *b);
#endif
