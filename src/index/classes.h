/* classes.h - the distinct strings of one length, each with all its places.
 *
 * Places whose next `length` bytes are equal stand side by side in a shard's suffix array: a part.
 * The parts of all shards with the same bytes are a class.  One walk over the arrays, side by side
 * and cut into pieces for the threads, meets every class once. */
#ifndef EID_INDEX_CLASSES_H
#define EID_INDEX_CLASSES_H
#include "index/manifest.h"

/* Entries first .. first + count - 1 of a shard's suffix array; `at`: the place of the first. */
typedef struct index_part {
    size_t shard;
    int64_t first, count, at;
} index_part;

/* In ascending order of the shards, so that the first place of all lies in part[0]. */
typedef struct index_class {
    int64_t count;
    const index_part *part; /* for the time of the call */
    size_t parts;
} index_class;

/* Called from any thread, in no fixed order; `worker` is in [0, threads). */
typedef eid_status (*index_class_fn)(void *arg, const index_class *c, int worker);

eid_status index_classes(const eid_index *ix, eid_ctx *ctx, size_t length, const char *what,
                         index_class_fn fn, void *arg);

/* The bytes of a part's string, in the map. */
static inline const uint8_t *index_part_text(const eid_index *ix, const index_part *p)
{
    return ix->shard[p->shard].text + p->at;
}

/* The first place of a part in the order of the text: looks at each of them. */
eid_place index_part_place(const eid_index *ix, const index_part *p, size_t length);
#endif
