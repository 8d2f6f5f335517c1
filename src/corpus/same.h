/* same.h - which documents have equal bytes: a hash table whose hits are verified. */
#ifndef EID_SRC_SAME_H
#define EID_SRC_SAME_H
#include "base/memory.h"
#include "eidetic/corpus.h"

/* Entries stand in the order of their documents, and a later one never moves an earlier one: taking
 * the last entries away again restores the table. */
typedef struct eid_same {
    struct eid_same_entry {
        uint64_t hash;
        size_t doc;
    } * entry;
    size_t n, cap;
    size_t *slot; /* place in `entry` + 1; 0: empty; a power of two of them */
    size_t slots;
} eid_same;

/* *first: the earliest document equal to doc[i], i itself when there is none (it is then known from
 * now on).  Documents must be offered in ascending order. */
eid_status eid_same_add(eid_same *s, const eid_document *doc, size_t i, size_t *first);
/* Forgets documents from `doc` on. */
void eid_same_back(eid_same *s, size_t doc);
void eid_same_free(eid_same *s);
#endif
