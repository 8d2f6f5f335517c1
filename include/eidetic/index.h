/* index.h - the training text as a suffix array: how often, where, how long a match. */
#ifndef EID_INDEX_H
#define EID_INDEX_H
#include "eidetic/base.h"
#include "eidetic/corpus.h"

typedef struct eid_index eid_index;

/* Builds the index of all documents into one file, which appears whole or not at all. */
EID_API EID_CHECKED eid_status eid_index_build(eid_ctx *ctx, const eid_corpus *c, const char *path);
/* Maps the file; checks magic, version, every size against the file's length.  Cheap. */
EID_API EID_CHECKED eid_status eid_index_open(eid_index **out, const char *path);
EID_API void eid_index_free(eid_index *ix);

EID_API int64_t eid_index_docs(const eid_index *ix);
EID_API int64_t eid_index_bytes(const eid_index *ix);
EID_API const char *eid_index_doc_name(const eid_index *ix, int64_t doc);
/* The text of document `doc`, borrowed from the map. */
EID_API const uint8_t *eid_index_doc(const eid_index *ix, int64_t doc, size_t *size);

typedef struct eid_place {
    int64_t doc;    /* document */
    int64_t offset; /* byte in it */
} eid_place;

/* Occurrences of pat[0..n), overlapping ones included, never across two documents.  `documents` may
 * be NULL; counting documents costs the number of occurrences.  n = 0 is EID_EINVAL. */
EID_API EID_CHECKED eid_status eid_index_count(const eid_index *ix, const uint8_t *pat, size_t n,
                                               int64_t *count, int64_t *documents);
/* The first `max` places in order of document and offset; *found says how many were written. */
EID_API EID_CHECKED eid_status eid_index_locate(const eid_index *ix, const uint8_t *pat, size_t n,
                                                eid_place *places, int64_t max, int64_t *found);
/* The longest prefix of pat that stands in the text, and its number of copies (0 when length 0). */
EID_API EID_CHECKED eid_status eid_index_longest(const eid_index *ix, const uint8_t *pat, size_t n,
                                                 size_t *length, int64_t *count);

/* Distinct strings of exactly `length` bytes that stand between low and high times (high excluded),
 * drawn uniformly without replacement, at most `want`; each with one of its places and its count.
 */
typedef struct eid_repeat {
    eid_place place;
    int64_t count;
} eid_repeat;
EID_API EID_CHECKED eid_status eid_index_sample(const eid_index *ix, eid_ctx *ctx, size_t length,
                                                int64_t low, int64_t high, int64_t want,
                                                uint64_t seed, eid_repeat *out, int64_t *found);
#endif
