/* safetensors.h - the file in which the field keeps weights, read as if it were hostile.
 *
 *     byte 0    u64  N, little-endian: bytes of the header
 *     byte 8    N    a JSON object, from "{" on, spaces may pad its end:
 *                    {"NAME": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...,
 *                     "__metadata__": {"KEY": "TEXT", ...}}
 *     byte 8+N       data: NAME's elements, row-major, little-endian, at bytes [0, 24) of this part
 *
 * Refused, with file, tensor and number: a header beyond 100 MB or the file's end, JSON that is not
 * valid or names a tensor twice, shapes whose product overflows or disagrees with the offsets, and
 * tensors that overlap, leave a hole or stop before the file does. */
#ifndef EID_SRC_SAFETENSORS_H
#define EID_SRC_SAFETENSORS_H
#include "base/json.h"

enum { EID_ST_DIMS = 8 };

typedef struct eid_st_tensor {
    const char *name, *dtype; /* "F32": static */
    int element;              /* bytes of one */
    int ndim;
    int64_t shape[EID_ST_DIMS], count;
    size_t offset, bytes; /* in the data part */
} eid_st_tensor;

/* A parsed header; tensors sorted by name.  Borrows path and bytes. */
typedef struct eid_st {
    const char *path;
    const uint8_t *data;
    eid_st_tensor *tensor;
    size_t n;
    json_t *header;
} eid_st;

eid_status eid_st_parse(eid_st *s, const char *path, const uint8_t *bytes, size_t n);
void eid_st_free(eid_st *s);                                         /* a zeroed one is fine */
const eid_st_tensor *eid_st_find(const eid_st *s, const char *name); /* NULL: not there */
/* The elements of `t`, F32, F16 or BF16, as floats into out[0..count).  Another type is
 * EID_EUNSUPPORTED; NaN and infinities are EID_EFORMAT, with the element's number. */
eid_status eid_st_widen(const eid_st *s, const eid_st_tensor *t, float *out);
/* "[2, 3]" of a shape, into text. */
const char *eid_st_shape(const int64_t *shape, int ndim, char text[160]);
/* A name from a file made fit for a sentence: cut to 80 bytes, control characters as "?". */
const char *eid_st_shown(const char *name, char text[84]);

typedef struct eid_st_entry {
    const char *name;
    int ndim;
    int64_t shape[EID_ST_DIMS];
    const float *value;
} eid_st_entry;
/* Writes an F32 file, whole or not at all; data starts at a multiple of 8 bytes. */
eid_status eid_st_write(const char *path, const eid_st_entry *entry, size_t n);
#endif
