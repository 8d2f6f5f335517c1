/* duplicates.h - what a corpus says more than once, and what two corpora share.
 *
 * Everything is counted exactly over all shards of an index, in one walk over their suffix arrays
 * side by side; no match crosses a document.  "Bytes covered" counts each byte of text once. */
#ifndef EID_DUPLICATES_H
#define EID_DUPLICATES_H
#include "eidetic/index.h"

enum { EID_DUPLICATE_LENGTHS = 16 };

typedef struct eid_duplicates_opts {
    const char *lengths; /* in bytes, ascending, "50,100,200,500": at most 16, none above 1 MiB */
    int64_t top;         /* repeated strings to tell of; 0: none */
} eid_duplicates_opts;
EID_API eid_duplicates_opts eid_duplicates_opts_default(void);
EID_API extern const eid_opt eid_duplicates_opt_table[];

/* Strings of one length that stand between low and high times, high included: the whole numbers in
 * [2^(n/4), 2^((n+1)/4)) for some n (Carlini et al. 2023). */
typedef struct eid_copies {
    int64_t low, high;
    int64_t strings;     /* distinct ones */
    int64_t occurrences; /* places where they stand */
} eid_copies;

typedef struct eid_duplicates_row {
    int64_t length;
    int64_t windows;    /* places where so many bytes are left in the document */
    int64_t distinct;   /* different strings there */
    int64_t repeated;   /* of those, that stand at least twice */
    int64_t bytes;      /* of text that lie in a string of this length that stands at least twice */
    eid_copies *copies; /* ascending, from 2 copies on; only those that occur */
    size_t n_copies;
} eid_duplicates_row;

/* A maximal repeat: longer at either end, it would stand less often. */
typedef struct eid_duplicate {
    eid_place place; /* the first; its text is in the index */
    int64_t length;
    int64_t copies, documents; /* occurrences, overlapping ones included */
    int64_t bytes;             /* covered by it */
    int64_t fresh;             /* of those, by no string told before it */
} eid_duplicate;

typedef struct eid_duplicates {
    eid_duplicates_row row[EID_DUPLICATE_LENGTHS];
    size_t rows;
    /* Each covers the most bytes that those before it do not, among all maximal repeats of at least
     * the first length.  `whole`: the list is as long as was asked, or nothing is left; else it
     * ends where only repeats that were not kept in mind could come next. */
    eid_duplicate *string;
    size_t strings;
    bool whole;
} eid_duplicates;
/* Takes a byte of memory for each byte of text, or half the context's bound and more walks; and an
 * eighth.  EID_ENOMEM when not even that is there. */
EID_API EID_CHECKED eid_status eid_index_duplicates(eid_duplicates **out, eid_ctx *ctx,
                                                    const eid_index *ix,
                                                    const eid_duplicates_opts *opts);
EID_API void eid_duplicates_free(eid_duplicates *d);

/* ---- two corpora ----------------------------------------------------------------------------- */

typedef struct eid_shared_row {
    int64_t length;
    int64_t strings;          /* distinct ones that stand in both */
    int64_t bytes_a, bytes_b; /* covered in either by strings that the other holds */
} eid_shared_row;

typedef struct eid_shared_string {
    int64_t length;
    eid_place a, b; /* first places in either */
    int64_t copies_a, copies_b;
} eid_shared_string;

typedef struct eid_shared {
    eid_shared_row row[EID_DUPLICATE_LENGTHS];
    size_t rows;
    /* The longest strings that stand in both and can be made longer at neither end, longest first;
     * left out are those that lie for more than half in longer ones of the list, by their bytes
     * in a. */
    eid_shared_string *string;
    size_t strings;
    bool whole;
} eid_shared;
EID_API EID_CHECKED eid_status eid_index_shared(eid_shared **out, eid_ctx *ctx, const eid_index *a,
                                                const eid_index *b,
                                                const eid_duplicates_opts *opts);
EID_API void eid_shared_free(eid_shared *s);

/* The lengths of the options, ascending; EID_EINVAL says what is wrong with them. */
EID_API EID_CHECKED eid_status eid_duplicates_lengths(const eid_duplicates_opts *opts,
                                                      int64_t length[EID_DUPLICATE_LENGTHS],
                                                      size_t *n);
/* The bucket that holds `copies`; strings and occurrences 0. */
EID_API eid_copies eid_copies_bucket(int64_t copies);
#endif
