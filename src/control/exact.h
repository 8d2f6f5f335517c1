/* exact.h - which bytes or tokens of a text lie in a repeat, exactly, within bounded memory.
 *
 * A window is a place where L units begin inside one document.  It is to be found out which windows
 * have an earlier equal one.  No suffix array is sorted:
 *
 *  1. Anchors.  Of the k-grams (k = L/2) of a window the one with the least hash is its anchor;
 * among equals the last.  Equal windows have equal anchors at equal distances.  An anchor that
 * stands once in the text therefore belongs to windows that stand once: two bits a slot of a filter
 *     (seen; seen again) tell most of those, and they are never looked at again.
 *  2. Windows.  The others go, in order, through hash tables that hold the first window of each
 *     content.  A hit is compared unit by unit and then extended to both sides: a match.  Windows
 *     inside a match are done.  Equal hashes of unequal windows share a chain: no answer depends on
 *     the hash.
 *  3. Passes.  A table that is full keeps the lower half of its range of hashes; the next pass,
 *     over the windows that are left and still have a partner, takes the upper one.
 *
 * A first window is never dropped before all its equals are: complete.  What is recorded was
 * compared: sound.  Time is linear in the text for each pass; passes = distinct repeated windows
 * that are left / room in the tables, mostly two. */
#ifndef EID_SRC_EXACT_H
#define EID_SRC_EXACT_H
#include "base/ctx.h"
#include "control/units.h"

enum { EXACT_TABLES = 8 };

typedef struct exact_opts {
    size_t length;  /* L, in units, at least 2 */
    bool overlap;   /* an earlier window that overlaps counts as well */
    size_t piece;   /* windows looked at by one task at a time */
    size_t pieces;  /* tasks between two looks into the tables */
    size_t slots;   /* of each table */
    size_t filter;  /* bits of each half of the filter, a power of two, at least 64 */
    size_t regions; /* most runs of windows to remember apart */
    size_t matches; /* most matches to hold: EID_ENOMEM beyond */
    uint64_t mask;  /* bits of a window's hash that are used: tests want collisions */
} exact_opts;
/* For so much memory, and no more than a text of n units needs. */
exact_opts exact_opts_for(int64_t memory, int width, int64_t n, size_t length);

/* Units [start, end) equal those from `source` on, which stand earlier. */
typedef struct exact_match {
    int64_t start, end, source;
} exact_match;

typedef struct exact_matches {
    exact_match *at;
    size_t n, cap;
} exact_matches;

/* The windows with an earlier equal one are those that lie in one of the matches, which are in
 * order of start and disjoint after trimming.  With `both`, what they were copied from counts, too
 * (source -1 then).  *passes: over the text. */
eid_status exact_find(exact_matches *out, eid_ctx *ctx, const control_units *u,
                      const exact_opts *opts, bool both, int64_t *passes);
#endif
