/* repeated.h - maximal repeats out of merged suffixes, and the most promising of them.
 *
 * Neighbouring suffixes that share l bytes, while those around them share less, are the places of
 * a string of l bytes that cannot be made longer to the right (an interval of the table of longest
 * common prefixes; Abouelhoda et al. 2004).  It cannot be made longer to the left when what stands
 * before its places differs.  The walk's stack holds the intervals that are open. */
#ifndef EID_INDEX_REPEATED_H
#define EID_INDEX_REPEATED_H
#include "index/merge.h"

/* A maximal repeat, by one of its places. */
typedef struct repeat_found {
    const uint8_t *text;
    size_t length;
    int64_t count[2]; /* its places, by side */
    int64_t key;      /* what the list is sorted by */
} repeat_found;

/* Sorted by key, greatest first; then by text, so that neither shards nor threads matter. */
int repeat_compare(const void *a, const void *b);

/* The `most` greatest so far, least on top. */
typedef struct repeat_heap {
    repeat_found *at;
    size_t n, cap, most;
    bool full; /* some were left out */
} repeat_heap;
eid_status repeat_keep(repeat_heap *h, const repeat_found *f);

typedef struct repeat_node {
    size_t shared;
    int64_t count[2];
    int left; /* the byte before all of its places, or DIVERSE */
    const uint8_t *text;
} repeat_node;

typedef enum repeat_goal {
    REPEAT_COVER, /* key: places * length; in any sides */
    REPEAT_SHARED /* key: length; in both sides */
} repeat_goal;

typedef struct repeat_walk {
    const merge_source *source;
    size_t sources, least; /* bytes of a string worth keeping */
    size_t shortest;       /* least, of a walk that follows strings beyond a cap as well */
    repeat_goal goal;
    repeat_heap heap;
    repeat_node *stack, last; /* last: the suffix before, as an interval of its own... */
    size_t last_source;       /* ...and where it stands */
    int64_t last_at;
    size_t depth, stack_cap;
    merge inner; /* of those that agree for `cap` bytes: made when needed */
    int64_t *ends;
} repeat_walk;

void repeat_begin(repeat_walk *w);
/* The next suffix of a walk capped at `cap`.  Strings of `cap` bytes are followed to their end. */
eid_status repeat_see(repeat_walk *w, const merge_stop *stop, size_t cap);
eid_status repeat_end(repeat_walk *w, size_t cap);
void repeat_free(repeat_walk *w);
#endif
