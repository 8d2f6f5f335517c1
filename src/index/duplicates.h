/* duplicates.h - what one walk over merged suffixes tells of repeated strings, length by length. */
#ifndef EID_INDEX_DUPLICATES_H
#define EID_INDEX_DUPLICATES_H
#include "eidetic/duplicates.h"
#include "index/repeated.h"

enum {
    DUPLICATE_CAP = 1024,     /* suffixes that agree so far are told apart only where it matters */
    DUPLICATE_POOL = 1 << 13, /* repeats kept in mind for the list */
};

typedef struct duplicate_lengths {
    int64_t at[EID_DUPLICATE_LENGTHS];
    size_t n;
} duplicate_lengths;

/* How many of the lengths are at most `shared`. */
static inline size_t duplicate_level(const duplicate_lengths *l, size_t shared)
{
    size_t v = 0;
    while (v < l->n && (size_t)l->at[v] <= shared)
        v++;
    return v;
}

/* Levels of the places [from, to) of all sources' bytes: of place p in at[p - from], so many of the
 * lengths begin a string there that is repeated (or shared).  Each place is written once in a walk.
 */
typedef struct duplicate_marks {
    uint8_t *at;
    int64_t from, to;
} duplicate_marks;

static inline void duplicate_mark(const duplicate_marks *m, const merge_source *s, int64_t at,
                                  size_t level)
{
    int64_t p = s->base + at;
    if (level > 0 && p >= m->from && p < m->to && m->at[p - m->from] < level)
        m->at[p - m->from] = (uint8_t)level;
}

/* Bytes covered by strings of each length, counted on over ranges of places that follow each other.
 */
typedef struct duplicate_cover {
    int64_t until, bytes[2]; /* by side */
} duplicate_cover;
eid_status duplicate_count(eid_ctx *ctx, const duplicate_marks *m, const merge_source *source,
                           size_t sources, const duplicate_lengths *l, duplicate_cover *c);

/* Sources of one index or two, places counted through; *bytes: of all. */
eid_status duplicate_sources(merge_source **out, size_t *n, int64_t *bytes, const eid_index *a,
                             const eid_index *b);
/* The document and place of a byte of all the index's text. */
eid_place duplicate_place(const eid_index *ix, int64_t at);
/* Room for marks within the context's bound: all places at once, or as many as fit. */
eid_status duplicate_marks_new(eid_ctx *ctx, duplicate_marks *m, int64_t bytes, int64_t besides);

/* The heaps of all walks as one sorted list, in *all; *cut: the key from which on repeats were left
 * out, -1: none was.  Takes the heaps over. */
eid_status duplicate_gather(repeat_walk *walk, int walks, repeat_heap *all, int64_t *cut);

/* A list in the order that is told. */
typedef struct duplicate_choice {
    repeat_found f;
    int64_t bytes[2], fresh; /* covered in either side; of side 0, by none before it */
    int64_t first[2];        /* first place in the bytes of all sources; -1: none */
} duplicate_choice;
typedef struct duplicate_list {
    duplicate_choice *at;
    size_t n;
    bool whole;
} duplicate_list;
eid_status duplicate_choose(eid_ctx *ctx, duplicate_list *list, const merge_source *source,
                            size_t sources, int64_t bytes, const repeat_heap *all, int64_t cut,
                            size_t top, repeat_goal goal);

/* The public calls with a cap of their own, at least the longest length: so that tests reach what
 * stands beyond it with small texts. */
eid_status duplicates_as(eid_duplicates **out, eid_ctx *ctx, const eid_index *ix,
                         const eid_duplicates_opts *opts, size_t cap);
eid_status duplicate_shared_as(eid_shared **out, eid_ctx *ctx, const eid_index *a,
                               const eid_index *b, const eid_duplicates_opts *opts, size_t cap);
#endif
