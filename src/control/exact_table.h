/* exact_table.h - the first window of each content, for a range of hashes. */
#ifndef EID_SRC_EXACT_TABLE_H
#define EID_SRC_EXACT_TABLE_H
#include "control/exact.h"

#define EXACT_RANGE ((uint64_t)-1 >> 3) /* the bits of a hash that place it in a table's range */

typedef struct exact_seen {
    uint64_t hash;
    int64_t at; /* -1: empty */
} exact_seen;

typedef struct exact_table {
    const control_units *u;
    size_t length;
    bool overlap;
    exact_seen *slot;
    size_t slots, n;
    uint64_t low, last;    /* hashes & EXACT_RANGE within are looked at in this pass */
    bool done;             /* all were */
    exact_match now;       /* the latest match; windows inside it are done */
    exact_seen lately[64]; /* windows that had only a short match: see exact_table.c */
    exact_matches found;
    size_t most;
    uint8_t *room; /* for text: two stretches */
} exact_table;

eid_status exact_table_init(exact_table *t, const control_units *u, const exact_opts *opts);
void exact_table_free(exact_table *t);
/* Windows come in ascending order of `at`. */
eid_status exact_table_see(exact_table *t, uint64_t hash, int64_t at);
/* After a pass: forgets all windows, and takes what is left of the range. */
void exact_table_next(exact_table *t);
#endif
