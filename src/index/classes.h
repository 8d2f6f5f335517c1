/* classes.h - the distinct strings of one length, each with all its places.
 *
 * Places whose next `length` bytes are equal stand side by side in the suffix array: a class.  One
 * walk over the array, cut into pieces for the threads, meets every class once. */
#ifndef EID_INDEX_CLASSES_H
#define EID_INDEX_CLASSES_H
#include "index/format.h"

/* Entries first .. first + count - 1 of the suffix array; `at`: the place of the first of them. */
typedef struct index_class {
    int64_t first, count, at;
} index_class;

/* Called from any thread, in no fixed order; `worker` is in [0, threads). */
typedef eid_status (*index_class_fn)(void *arg, const index_class *c, int worker);

eid_status index_classes(const eid_index *ix, eid_ctx *ctx, size_t length, const char *what,
                         index_class_fn fn, void *arg);

/* The first place of a class in the order of the text: looks at each of them. */
eid_place index_class_place(const eid_index *ix, const index_class *c, size_t length);
#endif
