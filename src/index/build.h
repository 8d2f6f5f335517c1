/* build.h - building with a choice that the public call makes by size. */
#ifndef EID_INDEX_BUILD_H
#define EID_INDEX_BUILD_H
#include "eidetic/index.h"

/* As eid_index_build.  wide: sort with 64-bit entries and store 5 bytes each, as from 2 GiB on;
 * prefixes: add the prefix table, as from 1 MiB on.  So that tests reach both with small texts. */
eid_status index_build_as(eid_ctx *ctx, const eid_corpus *c, const char *path, bool wide,
                          bool prefixes);
#endif
