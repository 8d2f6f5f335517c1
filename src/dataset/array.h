/* array.h - where an eid_array's bytes come from. */
#ifndef EID_SRC_ARRAY_H
#define EID_SRC_ARRAY_H
#include "base/ctx.h"
#include "base/file.h"
#include "dataset/npy.h"

/* What an array is made of; exactly one of map and bytes holds the file. */
typedef struct eid_array_owner {
    eid_map map;
    uint8_t *bytes; /* the file, or its elements put in order */
    char *name;
} eid_array_owner;

/* An array of the .npy file in from->map or from->bytes (n bytes), which is taken over, also on
 * failure; *from is zeroed. */
eid_status eid_array_take(eid_array **out, eid_ctx *ctx, const char *name, eid_array_owner *from,
                          size_t n);
void eid_array_owner_free(eid_array_owner *o);

/* Refuses more than the context's bound, before anything is allocated. */
eid_status eid_memory_check(const eid_ctx *ctx, const char *name, size_t bytes);
#endif
