/* idx.c - IDX, as MNIST and its kin are kept. */
#include "dataset/readers.h"
#include "dataset/stream.h"
#include <inttypes.h>
#include <string.h>

/* Types of the third byte. */
enum { UBYTE = 0x08, SBYTE = 0x09, SHORT = 0x0B, INT = 0x0C, FLOAT = 0x0D, DOUBLE = 0x0E };

typedef struct header {
    int type, ndim, size; /* size: bytes of an element */
    int64_t shape[4];
} header;

static eid_status read_header(eid_stream *s, header *h, int least, int most)
{
    uint8_t b[4];
    size_t bytes;
    eid_status st = eid_stream_read(s, b, 4);

    if (st != EID_OK)
        return st;
    h->type = b[2];
    h->size = h->type == UBYTE || h->type == SBYTE ? 1
              : h->type == SHORT                   ? 2
              : h->type == INT || h->type == FLOAT ? 4
              : h->type == DOUBLE                  ? 8
                                                   : 0;
    if (b[0] || b[1] || !h->size)
        return eid_fail(EID_EFORMAT, "%s: does not begin as an IDX file does", s->name);
    h->ndim = b[3];
    if (h->ndim < least || h->ndim > most)
        return eid_fail(EID_EFORMAT, "%s: has %d dimensions; %s have %d%s", s->name, h->ndim,
                        most > 1 ? "images" : "labels", least, most > 1 ? " to 4" : "");
    bytes = (size_t)h->size;
    for (int d = 0; d < h->ndim; d++) {
        st = eid_stream_read(s, b, 4);
        if (st != EID_OK)
            return st;
        h->shape[d] = (int64_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
        if (__builtin_mul_overflow(bytes, (size_t)h->shape[d], &bytes))
            return eid_fail(EID_EFORMAT, "%s: claims sizes too large for any file", s->name);
    }
    return eid_stream_claim(s, bytes);
}

/* An element of any type but ubyte, which is never widened here. */
static float element(const uint8_t *b, int type)
{
    uint32_t u = (uint32_t)b[0] << 24;
    float f;
    double d;

    if (type == SBYTE)
        return (int8_t)b[0];
    u |= (uint32_t)b[1] << 16;
    if (type == SHORT)
        return (int16_t)(u >> 16);
    u |= (uint32_t)b[2] << 8 | b[3];
    if (type == INT)
        return (float)(int32_t)u;
    if (type == FLOAT) {
        memcpy(&f, &u, sizeof f);
        return f;
    }
    uint64_t w = (uint64_t)u << 32 | (uint64_t)b[4] << 24 | b[5] << 16 | b[6] << 8 | b[7];
    memcpy(&d, &w, sizeof d);
    return (float)d;
}

static eid_status read_images(eid_making *m, eid_ctx *ctx, const char *name, eid_stream *s)
{
    header h;
    eid_dataset shape = {.channels = 1, .height = 1, .width = 1};
    uint8_t block[4096];
    eid_status st = EID_OK;

    EID_TRY(read_header(s, &h, 2, 4));
    shape.n = h.shape[0];
    if (h.ndim == 4)
        shape.channels = h.shape[1];
    if (h.ndim >= 3)
        shape.height = h.shape[h.ndim - 2];
    shape.width = h.shape[h.ndim - 1];
    EID_TRY(eid_making_start(m, ctx, name, &shape, h.type != UBYTE));
    size_t numbers = (size_t)m->d.n * (size_t)m->d.features;
    if (h.type == UBYTE)
        EID_TRY(eid_stream_read(s, m->u8, numbers));
    for (size_t at = 0; m->f32 && at < numbers;) {
        size_t k = sizeof block / (size_t)h.size;
        k = numbers - at < k ? numbers - at : k;
        EID_TRY(eid_stream_read(s, block, k * (size_t)h.size));
        for (size_t i = 0; i < k; i++)
            m->f32[at++] = element(block + i * (size_t)h.size, h.type);
    }
    EID_TRY(eid_stream_end(s));
done:
    return st;
}

static eid_status read_labels(eid_making *m, eid_stream *s, const char *images)
{
    header h;
    uint8_t b[8];
    eid_status st = EID_OK;

    EID_TRY(read_header(s, &h, 1, 1));
    if (h.type == FLOAT || h.type == DOUBLE)
        EID_TRY(eid_fail(EID_EFORMAT, "%s: labels are whole numbers, these are not", s->name));
    if (h.shape[0] != m->d.n)
        EID_TRY(eid_fail(EID_EFORMAT, "%s: %" PRId64 " labels for the %" PRId64 " images of %s",
                         s->name, h.shape[0], m->d.n, images));
    for (int64_t i = 0; i < m->d.n; i++) {
        EID_TRY(eid_stream_read(s, b, (size_t)h.size));
        m->label[i] = h.type == UBYTE ? b[0]
                      : h.type == INT ? (int32_t)((uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
                                                  (uint32_t)b[2] << 8 | b[3])
                                      : (int32_t)element(b, h.type);
    }
    EID_TRY(eid_stream_end(s));
done:
    return st;
}

eid_status eid_idx_read(eid_making *m, eid_ctx *ctx, const char *name, eid_bytes images,
                        eid_bytes labels, int64_t classes)
{
    eid_stream s = {0};
    eid_status st = EID_OK;

    EID_TRY(eid_stream_open(&s, images.name, images.at, images.n));
    EID_TRY(read_images(m, ctx, name, &s));
    eid_stream_close(&s);
    EID_TRY(eid_stream_open(&s, labels.name, labels.at, labels.n));
    EID_TRY(read_labels(m, &s, images.name));
    EID_TRY(eid_classes_seen(m, classes));
done:
    eid_stream_close(&s);
    return st;
}

eid_status eid_classes_seen(eid_making *m, int64_t given)
{
    int64_t top = 0;

    for (int64_t i = 0; i < m->d.n; i++) {
        if (m->label[i] < 0)
            return eid_fail(EID_EFORMAT, "%s: the label of example %" PRId64 " is %" PRId32,
                            m->name, i, m->label[i]);
        top = m->label[i] > top ? m->label[i] : top;
        if (m->clean && m->clean[i] > top)
            top = m->clean[i];
    }
    if (!given && top >= EID_MOST_CLASSES)
        return eid_fail(EID_EFORMAT, "%s: a label of %" PRId64 "; the largest believed is %d",
                        m->name, top, EID_MOST_CLASSES - 1);
    m->d.classes = (int32_t)(given ? given : top + 1);
    return EID_OK;
}
