/* readers.h - the formats.  Each takes bytes in memory, so that a fuzz target can call it. */
#ifndef EID_SRC_READERS_H
#define EID_SRC_READERS_H
#include "dataset/dataset.h"

/* Bytes of a file, and its name for messages. */
typedef struct eid_bytes {
    const char *name;
    const uint8_t *at;
    size_t n;
} eid_bytes;

/* IDX (LeCun), plain or gzip: 0 0 type ndim, ndim sizes of 4 bytes, elements; all big-endian.
 * Images of ubyte stay bytes; other types become floats.  Starts m. */
eid_status eid_idx_read(eid_making *m, eid_ctx *ctx, const char *name, eid_bytes images,
                        eid_bytes labels, int64_t classes);

/* CIFAR binary: records of 1 label byte (CIFAR-10) or a coarse and a fine one (CIFAR-100), then
 * 3 x 32 x 32 bytes.  The files are one after the other. */
eid_status eid_cifar_read(eid_making *m, eid_ctx *ctx, const char *name, const eid_bytes *file,
                          size_t n, bool hundred, bool coarse);

/* Arrays: x of (n), (n, features), (n, height, width), (n, channels, height, width) or, with the
 * channels last, (n, height, width, channels); y of (n) or (n, 1); clean and id may be NULL. `own`,
 * if not NULL, are the five numbers of the arrays that we write: version, classes, channels,
 * height, width. */
typedef struct eid_arrays {
    const eid_array *x, *y, *clean, *id, *own, *scale;
} eid_arrays;
eid_status eid_arrays_read(eid_making *m, eid_ctx *ctx, const char *name, const eid_arrays *a,
                           int64_t classes, int64_t layout);

/* Both parts of `data`, as they stand; out[1] stays as it is where there is no test set. */
eid_status eid_dataset_read_whole(eid_dataset *out[2], eid_ctx *ctx, const char *data,
                                  const eid_dataset_opts *o);

/* Classes when nobody said how many: the largest label plus one. */
eid_status eid_classes_seen(eid_making *m, int64_t given);
#endif
