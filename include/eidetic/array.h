/* array.h - NumPy's .npy and .npz: how arrays come into this house and leave it.
 *
 * Reads versions 1, 2 and 3, either byte order, C and Fortran order, of the types below; pickled
 * objects, text, records and complex numbers are refused.  Nothing in a file is ever executed. */
#ifndef EID_ARRAY_H
#define EID_ARRAY_H
#include "eidetic/base.h"

/* Named as NumPy names them: kind and bytes.  EID_B1 is a bool, each byte 0 or 1. */
typedef enum eid_type {
    EID_B1,
    EID_I1,
    EID_U1,
    EID_I2,
    EID_U2,
    EID_I4,
    EID_U4,
    EID_I8,
    EID_U8,
    EID_F2,
    EID_F4,
    EID_F8
} eid_type;
EID_API size_t eid_type_size(eid_type type);      /* bytes of an element */
EID_API const char *eid_type_name(eid_type type); /* "f4"; static */

enum { EID_ARRAY_DIMS = 8 };

/* An array in this machine's byte order and C order (the last index runs fastest), whatever the
 * file held.  Read-only; owns its memory or a map of the file. */
typedef struct eid_array {
    eid_type type;
    int ndim; /* 0: a single number */
    int64_t shape[EID_ARRAY_DIMS];
    int64_t count; /* product of the shape; 1 when ndim is 0 */
    const void *data;
    const char *name; /* "p.npy", "d.npz!x": for messages */
    void *owner;      /* of data and name; not yours */
} eid_array;

/* A .npy file.  Mapped, not read, where the file holds the bytes as they are wanted, so that an
 * array may be larger than memory; else copied, within the context's memory bound. */
EID_API EID_CHECKED eid_status eid_array_read(eid_array **out, eid_ctx *ctx, const char *path);
EID_API void eid_array_free(eid_array *a);

/* Element i as a double.  Integers beyond 2^53 are rounded. */
EID_API double eid_array_at(const eid_array *a, int64_t i);
/* Elements [from, from + n) as floats or doubles; the range must lie within the array. */
EID_API void eid_array_f32(const eid_array *a, int64_t from, int64_t n, float *out);
EID_API void eid_array_f64(const eid_array *a, int64_t from, int64_t n, double *out);
/* The same as whole numbers in [low, high].  EID_EFORMAT names the first element that is none
 * (2.5, NaN, 300 where high is 255). */
EID_API EID_CHECKED eid_status eid_array_whole(const eid_array *a, int64_t from, int64_t n,
                                               int64_t low, int64_t high, int64_t *out);

/* A .npz: a zip of .npy files, stored or deflated. */
typedef struct eid_npz eid_npz;
EID_API EID_CHECKED eid_status eid_npz_open(eid_npz **out, eid_ctx *ctx, const char *path);
EID_API void eid_npz_free(eid_npz *z);
EID_API size_t eid_npz_keys(const eid_npz *z, const char *const **keys); /* in the file's order */
/* EID_EINVAL when there is no such key. */
EID_API EID_CHECKED eid_status eid_npz_get(eid_array **out, eid_ctx *ctx, const eid_npz *z,
                                           const char *key);

/* What is written: version 1, little-endian, C order.  `data` is borrowed. */
typedef struct eid_array_view {
    const char *key; /* in a .npz: "x"; not read by eid_array_write */
    eid_type type;
    int ndim;
    int64_t shape[EID_ARRAY_DIMS];
    const void *data;
} eid_array_view;

/* Whole files or none; same arrays, same bytes.  A .npz is stored, not compressed. */
EID_API EID_CHECKED eid_status eid_array_write(eid_ctx *ctx, const char *path,
                                               const eid_array_view *a);
EID_API EID_CHECKED eid_status eid_npz_write(eid_ctx *ctx, const char *path,
                                             const eid_array_view *a, size_t n);
#endif
