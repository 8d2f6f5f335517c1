/* merge.h - the suffixes of several shards in one order, each with what it shares with the one
 * before it.
 *
 * A tournament in which losers wait at the nodes, each with the length that it shares with the
 * winner that passed there (Ng and Kakehi 2008; Bingmann et al. 2017): of two heads the one that
 * shares more with the last suffix comes first, and only where they share the same are bytes
 * compared, from there on.  So all comparisons together cost what the suffixes share with their
 * neighbours.
 *
 * Suffixes end with their document; those that agree for `cap` bytes are taken as equal. */
#ifndef EID_INDEX_MERGE_H
#define EID_INDEX_MERGE_H
#include "index/manifest.h"

typedef struct merge_source {
    const index_shard *shard;
    int64_t base; /* of its bytes among those of all sources */
    int side;     /* 0 or 1: of which corpus */
} merge_source;

typedef struct merge_head {
    int64_t i,
        end; /* the entry that is next, and the last one's follower in the walk's direction */
    int64_t at;
    const uint8_t *text;
    size_t reach; /* bytes left in the document, at most cap */
    size_t shared;
} merge_head;

typedef struct merge {
    const merge_source *source;
    size_t sources, cap;
    int step; /* 1: ascending, -1: descending */
    merge_head *head;
    size_t *node, winner;
} merge;

/* What comes next: its source, place, and bytes shared with the one before (0 or `base`: the
 * first). */
typedef struct merge_stop {
    size_t source;
    int64_t at;
    size_t shared;
} merge_stop;

eid_status merge_new(merge *m, const merge_source *source, size_t sources);
void merge_free(merge *m);
/* Begins with entries lo[s] .. hi[s] - 1 of each source, all of which share their first `base`
 * bytes. */
void merge_begin(merge *m, const int64_t *lo, const int64_t *hi, size_t base, size_t cap, int step);
bool merge_next(merge *m, merge_stop *stop);

/* ---- all of it, in pieces -------------------------------------------------------------------- */

/* Called for each piece, from any thread, in no fixed order: entries lo[s] .. hi[s] - 1 of each
 * source, to be merged by m.  Suffixes that share `length` bytes are in one piece. */
typedef eid_status (*merge_piece_fn)(void *arg, merge *m, const int64_t *lo, const int64_t *hi,
                                     int worker);
eid_status merge_pieces(eid_ctx *ctx, const merge_source *source, size_t sources, size_t length,
                        const char *what, merge_piece_fn fn, void *arg);
#endif
