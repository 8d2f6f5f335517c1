/* safetensors_read.c - see safetensors.h for what is refused. */
#include "lm/safetensors.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the format is little-endian, so are we");

static const size_t HEADER_MAX = 100u * 1000 * 1000; /* the format's own bound */

static const struct {
    const char *name;
    int bytes;
} DTYPES[] = {
    {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"F64", 8},     {"I64", 8},
    {"U64", 8}, {"I32", 4}, {"U32", 4},  {"I16", 2},     {"U16", 2},
    {"I8", 1},  {"U8", 1},  {"BOOL", 1}, {"F8_E4M3", 1}, {"F8_E5M2", 1},
};

const char *eid_st_shown(const char *name, char text[84])
{
    size_t n = 0;
    for (; name[n] && n < 80; n++)
        text[n] = (unsigned char)name[n] < 32 || name[n] == 127 ? '?' : name[n];
    snprintf(text + n, 84 - n, "%s", name[n] ? "..." : "");
    return text;
}

const char *eid_st_shape(const int64_t *shape, int ndim, char text[160])
{
    size_t n = (size_t)snprintf(text, 160, "[");
    for (int d = 0; d < ndim && n < 130; d++)
        n += (size_t)snprintf(text + n, 160 - n, "%s%" PRId64, d ? ", " : "", shape[d]);
    snprintf(text + n, 160 - n, "]");
    return text;
}

static eid_status wrong(const eid_st *s, const char *name, const char *what)
{
    char shown[84];
    return eid_fail(EID_EFORMAT, "%s: tensor \"%s\": %s", s->path, eid_st_shown(name, shown), what);
}

static eid_status read_dtype(const eid_st *s, eid_st_tensor *t, json_t *entry)
{
    json_t *dtype = json_object_get(entry, "dtype");
    if (!json_is_string(dtype))
        return wrong(s, t->name, "no dtype");
    for (size_t i = 0; i < sizeof DTYPES / sizeof *DTYPES; i++)
        if (strlen(DTYPES[i].name) == json_string_length(dtype) && /* a NUL may stand inside */
            !strcmp(DTYPES[i].name, json_string_value(dtype))) {
            t->dtype = DTYPES[i].name;
            t->element = DTYPES[i].bytes;
            return EID_OK;
        }
    return wrong(s, t->name, "unknown dtype");
}

/* Shape and count; the product is checked before it is taken. */
static eid_status read_shape(const eid_st *s, eid_st_tensor *t, json_t *entry)
{
    json_t *shape = json_object_get(entry, "shape");
    if (!json_is_array(shape))
        return wrong(s, t->name, "no shape");
    if (json_array_size(shape) > EID_ST_DIMS)
        return wrong(s, t->name, "more than 8 dimensions");
    t->ndim = (int)json_array_size(shape);
    t->count = 1;
    for (int d = 0; d < t->ndim; d++) {
        json_t *size = json_array_get(shape, (size_t)d);
        if (!json_is_integer(size) || json_integer_value(size) < 0)
            return wrong(s, t->name, "a dimension that is not a natural number");
        t->shape[d] = json_integer_value(size);
        if (__builtin_mul_overflow(t->count, t->shape[d], &t->count))
            return wrong(s, t->name, "a shape whose product overflows");
    }
    return EID_OK;
}

static eid_status read_offsets(const eid_st *s, eid_st_tensor *t, json_t *entry, size_t size)
{
    json_t *at = json_object_get(entry, "data_offsets");
    json_t *a = json_array_get(at, 0), *b = json_array_get(at, 1);
    int64_t bytes;
    if (json_array_size(at) != 2 || !json_is_integer(a) || !json_is_integer(b))
        return wrong(s, t->name, "data_offsets are not two whole numbers");
    int64_t begin = json_integer_value(a), end = json_integer_value(b);
    if (begin < 0 || end < begin)
        return wrong(s, t->name, "data_offsets run backwards");
    if ((uint64_t)end > size)
        return wrong(s, t->name, "data_offsets lie beyond the end of the file");
    if (__builtin_mul_overflow(t->count, (int64_t)t->element, &bytes) || bytes != end - begin) {
        char shown[84], shape[160];
        return eid_fail(EID_EFORMAT,
                        "%s: tensor \"%s\": %s of shape %s does not take the %" PRId64
                        " bytes of its data_offsets",
                        s->path, eid_st_shown(t->name, shown), t->dtype,
                        eid_st_shape(t->shape, t->ndim, shape), end - begin);
    }
    t->offset = (size_t)begin;
    t->bytes = (size_t)bytes;
    return EID_OK;
}

static eid_status read_metadata(const eid_st *s, json_t *meta)
{
    const char *key;
    json_t *value;
    if (!json_is_object(meta))
        return eid_fail(EID_EFORMAT, "%s: __metadata__ is not an object", s->path);
    json_object_foreach(meta, key, value) if (!json_is_string(value)) return eid_fail(
        EID_EFORMAT, "%s: __metadata__ holds something that is not text", s->path);
    return EID_OK;
}

static int by_offset(const void *a, const void *b)
{
    const eid_st_tensor *x = a, *y = b;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    return (x->bytes > y->bytes) - (x->bytes < y->bytes); /* empty ones first */
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const eid_st_tensor *)a)->name, ((const eid_st_tensor *)b)->name);
}

/* Every byte of the data belongs to exactly one tensor. */
static eid_status check_cover(eid_st *s, size_t size)
{
    size_t at = 0;
    qsort(s->tensor, s->n, sizeof *s->tensor, by_offset);
    for (size_t i = 0; i < s->n; i++) {
        if (s->tensor[i].offset < at)
            return wrong(s, s->tensor[i].name, "overlaps another tensor");
        if (s->tensor[i].offset > at)
            return wrong(s, s->tensor[i].name, "bytes before it belong to no tensor");
        at += s->tensor[i].bytes;
    }
    if (at != size)
        return eid_fail(EID_EFORMAT, "%s: %zu bytes at the end belong to no tensor", s->path,
                        size - at);
    qsort(s->tensor, s->n, sizeof *s->tensor, by_name);
    return EID_OK;
}

static eid_status read_tensors(eid_st *s, size_t size)
{
    eid_status st = EID_OK;
    const char *name;
    json_t *entry;
    json_object_foreach(s->header, name, entry)
    {
        if (!strcmp(name, "__metadata__")) {
            EID_TRY(read_metadata(s, entry));
            continue;
        }
        eid_st_tensor *t = &s->tensor[s->n++];
        t->name = name;
        if (!json_is_object(entry))
            EID_TRY(wrong(s, name, "not an object"));
        EID_TRY(read_dtype(s, t, entry));
        EID_TRY(read_shape(s, t, entry));
        EID_TRY(read_offsets(s, t, entry, size));
    }
done:
    return st;
}

eid_status eid_st_parse(eid_st *out, const char *path, const uint8_t *bytes, size_t n)
{
    eid_status st = EID_OK;
    eid_st s = {.path = path};
    uint64_t header;

    if (n < 8)
        return eid_fail(EID_EFORMAT, "%s: %zu bytes are too few for a safetensors file", path, n);
    memcpy(&header, bytes, sizeof header);
    if (header > HEADER_MAX)
        return eid_fail(EID_EFORMAT,
                        "%s: claims a header of %" PRIu64 " bytes; the format allows 100 million",
                        path, header);
    if (header > n - 8)
        return eid_fail(EID_EFORMAT, "%s: claims a header of %" PRIu64 " bytes but has %zu", path,
                        header, n - 8);
    if (header == 0 || bytes[8] != '{')
        return eid_fail(EID_EFORMAT, "%s: byte 8: the header does not begin with \"{\"", path);
    EID_TRY(eid_json_parse(&s.header, path, (const char *)bytes + 8, (size_t)header));
    if (!json_is_object(s.header))
        EID_TRY(eid_fail(EID_EFORMAT, "%s: the header is not a JSON object", path));
    s.data = bytes + 8 + header;
    EID_TRY(EID_NEW(s.tensor, json_object_size(s.header)));
    EID_TRY(read_tensors(&s, n - 8 - (size_t)header));
    EID_TRY(check_cover(&s, n - 8 - (size_t)header));
    *out = s;
    return EID_OK;
done:
    eid_st_free(&s);
    return st;
}

void eid_st_free(eid_st *s)
{
    eid_free(s->tensor);
    json_decref(s->header);
    *s = (eid_st){0};
}

const eid_st_tensor *eid_st_find(const eid_st *s, const char *name)
{
    const eid_st_tensor key = {.name = name};
    return s->n ? bsearch(&key, s->tensor, s->n, sizeof key, by_name) : NULL;
}

static float from_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static float from_f16(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = (h >> 10) & 31, mantissa = h & 1023;
    if (exponent == 0) /* subnormal: mantissa / 2^24, exact in a float */
        return (sign ? -0x1p-24f : 0x1p-24f) * (float)mantissa;
    if (exponent == 31)
        return from_bits(sign | 0x7f800000u | mantissa << 13);
    return from_bits(sign | (exponent + 112) << 23 | mantissa << 13);
}

eid_status eid_st_widen(const eid_st *s, const eid_st_tensor *t, float *out)
{
    const uint8_t *at = s->data + t->offset;
    char shown[84];
    bool f32 = !strcmp(t->dtype, "F32"), f16 = !strcmp(t->dtype, "F16");

    if (!f32 && !f16 && strcmp(t->dtype, "BF16") != 0)
        return eid_fail(EID_EUNSUPPORTED,
                        "%s: tensor \"%s\" is %s; weights are read as F32, F16 or BF16", s->path,
                        eid_st_shown(t->name, shown), t->dtype);
    if (f32)
        memcpy(out, at, t->bytes);
    else
        for (int64_t i = 0; i < t->count; i++) {
            uint16_t h;
            memcpy(&h, at + 2 * i, sizeof h);
            out[i] = f16 ? from_f16(h) : from_bits((uint32_t)h << 16);
        }
    for (int64_t i = 0; i < t->count; i++)
        if (!__builtin_isfinite(out[i]))
            return eid_fail(EID_EFORMAT, "%s: tensor \"%s\": element %" PRId64 " is %s", s->path,
                            eid_st_shown(t->name, shown), i, out[i] != out[i] ? "NaN" : "infinite");
    return EID_OK;
}
