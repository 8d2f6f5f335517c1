/* npy.c - see npy.h. */
#include "dataset/npy.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    size_t size;
} TYPES[] = {
    [EID_B1] = {"b1", 1}, [EID_I1] = {"i1", 1}, [EID_U1] = {"u1", 1}, [EID_I2] = {"i2", 2},
    [EID_U2] = {"u2", 2}, [EID_I4] = {"i4", 4}, [EID_U4] = {"u4", 4}, [EID_I8] = {"i8", 8},
    [EID_U8] = {"u8", 8}, [EID_F2] = {"f2", 2}, [EID_F4] = {"f4", 4}, [EID_F8] = {"f8", 8},
};
enum { N_TYPES = sizeof TYPES / sizeof *TYPES };

size_t eid_type_size(eid_type type)
{
    return TYPES[type].size;
}

const char *eid_type_name(eid_type type)
{
    return TYPES[type].name;
}

const char *eid_npy_shape(const int64_t *shape, int ndim, char text[192])
{
    int n = snprintf(text, 192, "[");

    for (int d = 0; d < ndim && n < 160; d++)
        n += snprintf(text + n, 192 - (size_t)n, "%s%" PRId64, d ? ", " : "", shape[d]);
    snprintf(text + n, 192 - (size_t)n, "]");
    return text;
}

/* ---- the dictionary -------------------------------------------------------------------------- */

typedef struct scan {
    const char *name; /* of the file */
    const char *begin, *at, *end;
} scan;

static eid_status wrong(const scan *s, const char *what)
{
    return eid_fail(EID_EFORMAT, "%s: header, character %td: %s", s->name, s->at - s->begin, what);
}

static void skip_space(scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\t' || *s->at == '\r'))
        s->at++;
}

/* Goes past `c` (and the space before it), where it stands next. */
static bool take(scan *s, char c)
{
    skip_space(s);
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

static bool take_word(scan *s, const char *word)
{
    size_t n = strlen(word);

    skip_space(s);
    if ((size_t)(s->end - s->at) < n || memcmp(s->at, word, n) != 0)
        return false;
    s->at += n;
    return true;
}

/* A quoted string of at most 30 plain characters. */
static eid_status take_string(scan *s, char text[32])
{
    size_t n = 0;
    char quote;

    skip_space(s);
    if (s->at == s->end || (*s->at != '\'' && *s->at != '"'))
        return wrong(s, "a string is wanted here");
    quote = *s->at++;
    for (; s->at < s->end && *s->at != quote; s->at++) {
        if (n == 30 || *s->at < ' ' || *s->at > '~' || *s->at == '\\')
            return wrong(s, "a string that no header of a plain array has");
        text[n++] = *s->at;
    }
    if (s->at == s->end)
        return wrong(s, "a string without an end");
    s->at++;
    text[n] = 0;
    return EID_OK;
}

/* '<f4': byte order, kind, bytes. */
static eid_status take_type(scan *s, eid_npy *h)
{
    char text[32];
    const char *kind = text;
    eid_status st;

    skip_space(s);
    if (s->at < s->end && *s->at == '[')
        return eid_fail(EID_EUNSUPPORTED, "%s: holds records; plain arrays are read", s->name);
    st = take_string(s, text);
    if (st != EID_OK)
        return st;
    if (*kind && strchr("<>|=", *kind))
        kind++;
    if (!strcmp(kind, "O"))
        return eid_fail(EID_EUNSUPPORTED,
                        "%s: holds pickled Python objects, which can run code and are never read",
                        s->name);
    for (int t = 0; t < N_TYPES; t++)
        if (!strcmp(kind, TYPES[t].name)) {
            h->type = (eid_type)t;
            h->big_endian = *text == '>';
            return EID_OK;
        }
    return eid_fail(EID_EUNSUPPORTED,
                    "%s: elements of type \"%s\" are not read; b1, i1 to i8, u1 to u8, f2, f4, f8 "
                    "are",
                    s->name, text);
}

static eid_status take_shape(scan *s, eid_npy *h)
{
    if (!take(s, '('))
        return wrong(s, "a shape is wanted here");
    h->ndim = 0;
    while (!take(s, ')')) {
        int64_t size = 0;
        const char *first = s->at;
        if (h->ndim == EID_ARRAY_DIMS)
            return wrong(s, "more than 8 dimensions");
        for (; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++)
            if (__builtin_mul_overflow(size, 10, &size) ||
                __builtin_add_overflow(size, *s->at - '0', &size))
                return wrong(s, "a dimension too large for any file");
        if (s->at == first)
            return wrong(s, "a dimension that is not a natural number");
        s->at += s->at < s->end && *s->at == 'L'; /* Python 2 wrote 60000L */
        h->shape[h->ndim++] = size;
        if (take(s, ','))
            continue;
        if (take(s, ')'))
            return h->ndim > 1 ? EID_OK : wrong(s, "a shape of one dimension without its comma");
        return wrong(s, "a shape that does not go on with a comma");
    }
    return EID_OK;
}

static eid_status take_order(scan *s, eid_npy *h)
{
    if (take_word(s, "True"))
        h->fortran = true;
    else if (take_word(s, "False"))
        h->fortran = false;
    else
        return wrong(s, "True or False is wanted here");
    return EID_OK;
}

static eid_status take_dictionary(scan *s, eid_npy *h)
{
    static const char *const KEYS[] = {"descr", "fortran_order", "shape"};
    eid_status (*const TAKE[])(scan *, eid_npy *) = {take_type, take_order, take_shape};
    bool seen[3] = {false};
    char key[32];
    eid_status st;

    if (!take(s, '{'))
        return wrong(s, "does not begin with {");
    while (!take(s, '}')) {
        int k = 0;
        st = take_string(s, key);
        if (st != EID_OK)
            return st;
        while (k < 3 && strcmp(key, KEYS[k]) != 0)
            k++;
        if (k == 3 || seen[k])
            return wrong(s, k == 3 ? "an unknown key" : "a key that stands twice");
        seen[k] = true;
        if (!take(s, ':'))
            return wrong(s, "a colon is wanted here");
        st = TAKE[k](s, h);
        if (st != EID_OK)
            return st;
        if (take(s, ','))
            continue;
        if (take(s, '}'))
            break;
        return wrong(s, "a comma or } is wanted here");
    }
    skip_space(s);
    if (s->at < s->end)
        return wrong(s, "something stands behind the }");
    for (int k = 0; k < 3; k++)
        if (!seen[k])
            return eid_fail(EID_EFORMAT, "%s: header without '%s'", s->name, KEYS[k]);
    return EID_OK;
}

/* ---- sizes ----------------------------------------------------------------------------------- */

static bool product(const int64_t *shape, int ndim, eid_type type, int64_t *count, size_t *bytes)
{
    *count = 1;
    for (int d = 0; d < ndim; d++)
        if (shape[d] < 0 || __builtin_mul_overflow(*count, shape[d], count))
            return false;
    return !__builtin_mul_overflow((size_t)*count, eid_type_size(type), bytes) &&
           *bytes <= PTRDIFF_MAX;
}

eid_status eid_npy_sizes(const eid_array_view *a, int64_t *count, size_t *bytes)
{
    char text[192];

    if (a->ndim < 0 || a->ndim > EID_ARRAY_DIMS || (int)a->type < 0 || (int)a->type >= N_TYPES)
        return eid_fail(EID_EINVAL, "an array of %d dimensions and type %d; 0 to 8 dimensions",
                        a->ndim, (int)a->type);
    if (!product(a->shape, a->ndim, a->type, count, bytes))
        return eid_fail(EID_EINVAL, "an array of shape %s is too large, or has a negative side",
                        eid_npy_shape(a->shape, a->ndim, text));
    return EID_OK;
}

eid_status eid_npy_parse(eid_npy *out, const char *name, const uint8_t *bytes, size_t n,
                         size_t total)
{
    eid_npy h = {0};
    size_t before, length;
    char shape[192];
    eid_status st;

    if (n < 10 || memcmp(bytes, "\x93NUMPY", 6) != 0)
        return eid_fail(EID_EFORMAT, "%s: does not begin as a .npy file does", name);
    if (bytes[6] < 1 || bytes[6] > 3 || bytes[7] != 0)
        return eid_fail(EID_EUNSUPPORTED, "%s: .npy version %d.%d; 1.0, 2.0 and 3.0 are read", name,
                        bytes[6], bytes[7]);
    before = bytes[6] == 1 ? 10 : 12;
    length = bytes[8] | (size_t)bytes[9] << 8;
    if (before == 12 && n >= 12)
        length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (length > EID_NPY_HEADER - 12)
        return eid_fail(EID_EFORMAT, "%s: a header of %zu bytes; that of an array needs a hundred",
                        name, length);
    if (n < before || length > n - before)
        return eid_fail(EID_EFORMAT, "%s: ends within its header", name);
    scan s = {.name = name,
              .begin = (const char *)bytes + before,
              .at = (const char *)bytes + before,
              .end = (const char *)bytes + before + length};
    st = take_dictionary(&s, &h);
    if (st != EID_OK)
        return st;
    h.data = before + length;
    if (!product(h.shape, h.ndim, h.type, &h.count, &h.bytes))
        return eid_fail(EID_EFORMAT, "%s: shape %s is too large for any file", name,
                        eid_npy_shape(h.shape, h.ndim, shape));
    if (h.bytes != total - h.data)
        return eid_fail(EID_EFORMAT, "%s: shape %s of %s takes %zu bytes, the file has %zu", name,
                        eid_npy_shape(h.shape, h.ndim, shape), eid_type_name(h.type), h.bytes,
                        total - h.data);
    *out = h;
    return EID_OK;
}

size_t eid_npy_header(const eid_array_view *a, char out[EID_NPY_WRITTEN])
{
    char text[EID_NPY_WRITTEN];
    int n = snprintf(text, sizeof text, "{'descr': '%c%s', 'fortran_order': False, 'shape': (",
                     eid_type_size(a->type) == 1 ? '|' : '<', eid_type_name(a->type));

    for (int d = 0; d < a->ndim; d++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%s%" PRId64 "%s", d ? ", " : "",
                      a->shape[d], a->ndim == 1 ? "," : "");
    n += snprintf(text + n, sizeof text - (size_t)n, "), }");
    size_t whole = (10 + (size_t)n + 1 + 63) / 64 * 64, length = whole - 10;
    memcpy(out, "\x93NUMPY\x01\x00", 8);
    out[8] = (char)(length & 255);
    out[9] = (char)(length >> 8);
    memcpy(out + 10, text, (size_t)n);
    memset(out + 10 + n, ' ', length - (size_t)n - 1);
    out[whole - 1] = '\n';
    return whole;
}
