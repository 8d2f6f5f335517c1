/* bytes.h - small files made byte by byte. */
#ifndef BYTES_H
#define BYTES_H
#include "check.h"
#include "base/file.h"
#include "base/memory.h"
#include "eidetic/dataset.h"

static eid_ctx *ctx;

static inline const char *put_file(const char *dir, const char *name, const void *bytes, size_t n)
{
    static char path[8][900];
    static int turn;
    char *p = path[turn++ % 8];
    snprintf(p, sizeof path[0], "%s/%s", dir, name);
    FILE *f = fopen(p, "wb");
    if (!f || (n && fwrite(bytes, 1, n, f) != n))
        CHECK_FAIL("%s: cannot be written", p);
    if (f)
        fclose(f);
    return p;
}

/* Sizes and elements of an IDX file of bytes; returns its length. */
static inline size_t idx_bytes(uint8_t *out, int type, int ndim, const int64_t *shape,
                               const uint8_t *data, size_t n)
{
    uint8_t *p = out;
    *p++ = 0, *p++ = 0, *p++ = (uint8_t)type, *p++ = (uint8_t)ndim;
    for (int d = 0; d < ndim; d++)
        for (int k = 3; k >= 0; k--)
            *p++ = (uint8_t)(shape[d] >> 8 * k);
    memcpy(p, data, n);
    return (size_t)(p - out) + n;
}

/* n examples of 2 x 3 bytes in `classes` classes in turn, from memory. */
static inline eid_dataset *small_set(int64_t n, int32_t classes, int32_t part)
{
    uint8_t *x = malloc((size_t)n * 6);
    int32_t *y = malloc((size_t)n * sizeof *y);
    eid_dataset *d = NULL;
    for (int64_t i = 0; i < n * 6; i++)
        x[i] = (uint8_t)(i * 37 % 251);
    for (int64_t i = 0; i < n; i++)
        y[i] = (int32_t)(i % classes);
    CHECK_OK(eid_dataset_from(&d, ctx,
                              &(eid_dataset){.n = n,
                                             .channels = 1,
                                             .height = 2,
                                             .width = 3,
                                             .classes = classes,
                                             .part = part,
                                             .u8 = x,
                                             .label = y}));
    free(x);
    free(y);
    return d;
}
#endif
