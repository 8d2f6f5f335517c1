/* building.h - an index being built: what sorting hands to writing. */
#ifndef EID_INDEX_BUILDING_H
#define EID_INDEX_BUILDING_H
#include "base/ctx.h"
#include "index/code.h"
#include "index/format.h"

typedef struct index_building {
    eid_ctx *ctx;
    const eid_corpus *c;
    const char *path;
    int64_t docs, n;
    size_t name_bytes;
    bool wide, with_prefixes;
    int64_t *before; /* INDEX_PREFIXES + 1: see the prefix table */
    index_code code;
    uint8_t *coded;
    index_rank rank;
    void *sa; /* int32_t or int64_t, code.size of them: the sorted coded places */
    char sha256[65];
} index_building;

/* Decodes the suffixes and writes the file.  The suffixes' memory is given back as they are
 * written: afterwards b->sa holds nothing. */
eid_status index_write(index_building *b);
#endif
