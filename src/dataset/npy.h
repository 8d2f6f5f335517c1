/* npy.h - the header of a .npy file.
 *
 *     "\x93NUMPY"  6 bytes
 *     major minor  1 byte each: 1.0, 2.0 or 3.0
 *     length       of the text: 2 bytes in version 1, 4 in 2 and 3, little-endian
 *     text         {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }  padded with spaces
 *                  to a multiple of 64 bytes with all that stands before it, ended by a newline
 *     elements     to the end of the file
 *
 * The text is a Python literal; ours is a parser for this one dictionary, never an evaluator. */
#ifndef EID_SRC_NPY_H
#define EID_SRC_NPY_H
#include "base/status.h"
#include "eidetic/array.h"

typedef struct eid_npy {
    eid_type type;
    bool big_endian, fortran;
    int ndim;
    int64_t shape[EID_ARRAY_DIMS];
    int64_t count;
    size_t data, bytes; /* offset and size of the elements */
} eid_npy;

/* Reads the header from the first n bytes of a file that has `total`; the sizes it claims must be
 * those of the file. */
eid_status eid_npy_parse(eid_npy *out, const char *name, const uint8_t *bytes, size_t n,
                         size_t total);

/* The most bytes that a header is let have, and that eid_npy_header writes. */
enum { EID_NPY_HEADER = 65536 + 12, EID_NPY_WRITTEN = 384 };
/* Writes a version 1 header; its length is a multiple of 64. */
size_t eid_npy_header(const eid_array_view *a, char out[EID_NPY_WRITTEN]);
/* Elements of a shape, and their bytes; EID_EINVAL when they overflow or a dimension is negative.
 */
eid_status eid_npy_sizes(const eid_array_view *a, int64_t *count, size_t *bytes);

/* "[3, 4]" for messages. */
const char *eid_npy_shape(const int64_t *shape, int ndim, char text[192]);
#endif
