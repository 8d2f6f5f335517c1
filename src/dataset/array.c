/* array.c - an array read: mapped as it stands, or copied into our order. */
#include "dataset/array.h"
#include "base/half.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "what we write is little-endian");

eid_status eid_memory_check(const eid_ctx *ctx, const char *name, size_t bytes)
{
    if (bytes > (size_t)eid_ctx_memory(ctx))
        return eid_fail(EID_ENOMEM, "%s: takes %zu bytes; --memory allows %" PRId64, name, bytes,
                        eid_ctx_memory(ctx));
    return EID_OK;
}

void eid_array_owner_free(eid_array_owner *o)
{
    eid_map_close(&o->map);
    eid_free(o->bytes);
    eid_free(o->name);
    *o = (eid_array_owner){0};
}

void eid_array_free(eid_array *a)
{
    if (!a)
        return;
    if (a->owner)
        eid_array_owner_free(a->owner);
    eid_free(a->owner);
    eid_free(a);
}

static void swap_bytes(uint8_t *p, size_t n, size_t size)
{
    for (size_t i = 0; i < n; i++, p += size)
        for (size_t a = 0, b = size - 1; a < b; a++, b--) {
            uint8_t t = p[a];
            p[a] = p[b];
            p[b] = t;
        }
}

/* Elements of a Fortran-ordered array (first index fastest) put into C order. */
static void c_order(const eid_npy *h, const uint8_t *from, uint8_t *to)
{
    size_t size = eid_type_size(h->type), at = 0, stride[EID_ARRAY_DIMS];
    int64_t index[EID_ARRAY_DIMS] = {0};

    for (int d = 0; d < h->ndim; d++)
        stride[d] = d ? stride[d - 1] * (size_t)h->shape[d - 1] : 1;
    for (int64_t i = 0; i < h->count; i++) {
        memcpy(to + (size_t)i * size, from + at * size, size);
        for (int d = h->ndim - 1; d >= 0; d--) { /* the next index in C order */
            at += stride[d];
            if (++index[d] < h->shape[d])
                break;
            at -= stride[d] * (size_t)h->shape[d];
            index[d] = 0;
        }
    }
}

/* Where the bytes cannot stay as they are: a copy in our order. */
static eid_status copy_elements(eid_ctx *ctx, const eid_npy *h, const char *name,
                                const uint8_t *from, uint8_t **out)
{
    eid_status st = eid_memory_check(ctx, name, h->bytes);
    uint8_t *to = NULL;

    if (st == EID_OK)
        st = EID_NEW(to, h->bytes);
    if (st != EID_OK)
        return st;
    if (h->fortran && h->ndim > 1)
        c_order(h, from, to);
    else
        memcpy(to, from, h->bytes);
    if (h->big_endian)
        swap_bytes(to, (size_t)h->count, eid_type_size(h->type));
    *out = to;
    return EID_OK;
}

eid_status eid_array_take(eid_array **out, eid_ctx *ctx, const char *name, eid_array_owner *from,
                          size_t n)
{
    const uint8_t *file = from->map.at ? from->map.at : from->bytes, *data;
    eid_array_owner *own = NULL;
    eid_array *a = NULL;
    eid_npy h;
    size_t size;
    eid_status st = EID_OK;

    EID_TRY(eid_npy_parse(&h, name, file, n < EID_NPY_HEADER ? n : EID_NPY_HEADER, n));
    EID_TRY(EID_NEW(a, 1));
    EID_TRY(EID_NEW(own, 1));
    EID_TRY(eid_strdup(&own->name, name));
    size = eid_type_size(h.type);
    data = file + h.data;
    if ((h.fortran && h.ndim > 1) || (h.big_endian && size > 1) || (uintptr_t)data % size) {
        EID_TRY(copy_elements(ctx, &h, name, data, &own->bytes));
        data = own->bytes;
    } else {
        own->map = from->map;
        own->bytes = from->bytes;
        *from = (eid_array_owner){0};
    }
    *a = (eid_array){.type = h.type,
                     .ndim = h.ndim,
                     .count = h.count,
                     .data = data,
                     .name = own->name,
                     .owner = own};
    memcpy(a->shape, h.shape, sizeof a->shape);
    *out = a;
    a = NULL;
    own = NULL;
done:
    eid_array_owner_free(from);
    if (own)
        eid_array_owner_free(own);
    eid_free(own);
    eid_free(a);
    return st;
}

eid_status eid_array_read(eid_array **out, eid_ctx *ctx, const char *path)
{
    eid_array_owner from = {0};
    eid_status st = eid_map_open(&from.map, path);

    return st == EID_OK ? eid_array_take(out, ctx, path, &from, from.map.n) : st;
}

/* ---- elements -------------------------------------------------------------------------------- */

double eid_array_at(const eid_array *a, int64_t i)
{
    switch (a->type) {
    case EID_B1:
        return ((const uint8_t *)a->data)[i] != 0;
    case EID_I1:
        return ((const int8_t *)a->data)[i];
    case EID_U1:
        return ((const uint8_t *)a->data)[i];
    case EID_I2:
        return ((const int16_t *)a->data)[i];
    case EID_U2:
        return ((const uint16_t *)a->data)[i];
    case EID_I4:
        return ((const int32_t *)a->data)[i];
    case EID_U4:
        return ((const uint32_t *)a->data)[i];
    case EID_I8:
        return (double)((const int64_t *)a->data)[i];
    case EID_U8:
        return (double)((const uint64_t *)a->data)[i];
    case EID_F2:
        return (double)eid_half_float(((const uint16_t *)a->data)[i]);
    case EID_F4:
        return (double)((const float *)a->data)[i];
    case EID_F8:
        return ((const double *)a->data)[i];
    }
    return NAN;
}

void eid_array_f32(const eid_array *a, int64_t from, int64_t n, float *out)
{
    if (a->type == EID_F4 && n)
        memcpy(out, (const float *)a->data + from, (size_t)n * sizeof *out);
    else
        for (int64_t i = 0; i < n; i++)
            out[i] = (float)eid_array_at(a, from + i);
}

void eid_array_f64(const eid_array *a, int64_t from, int64_t n, double *out)
{
    if (a->type == EID_F8 && n)
        memcpy(out, (const double *)a->data + from, (size_t)n * sizeof *out);
    else
        for (int64_t i = 0; i < n; i++)
            out[i] = eid_array_at(a, from + i);
}

/* A whole number without a detour by double, where 64 bits would lose some. */
static bool whole_at(const eid_array *a, int64_t i, int64_t *out)
{
    double x;

    if (a->type == EID_I8) {
        *out = ((const int64_t *)a->data)[i];
        return true;
    }
    if (a->type == EID_U8) {
        uint64_t u = ((const uint64_t *)a->data)[i];
        *out = (int64_t)u;
        return u <= INT64_MAX;
    }
    x = eid_array_at(a, i);
    if (!(x >= -0x1p53 && x <= 0x1p53) || x != floor(x))
        return false;
    *out = (int64_t)x;
    return true;
}

eid_status eid_array_whole(const eid_array *a, int64_t from, int64_t n, int64_t low, int64_t high,
                           int64_t *out)
{
    for (int64_t i = 0; i < n; i++) {
        if (!whole_at(a, from + i, &out[i]))
            return eid_fail(EID_EFORMAT, "%s: element %" PRId64 " is %g; a whole number is wanted",
                            a->name, from + i, eid_array_at(a, from + i));
        if (out[i] < low || out[i] > high)
            return eid_fail(EID_EFORMAT,
                            "%s: element %" PRId64 " is %" PRId64 ", not between %" PRId64
                            " and %" PRId64,
                            a->name, from + i, out[i], low, high);
    }
    return EID_OK;
}
