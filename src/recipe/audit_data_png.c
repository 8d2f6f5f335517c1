/* audit_data_png.c - an example as a picture that a browser shows (PNG, ISO/IEC 15948:2004). */
#include "recipe/audit_data.h"
#include <math.h>
#include <string.h>
#include <zlib.h>

bool data_is_picture(const eid_dataset *d)
{
    return (d->channels == 1 || d->channels == 3) && d->height >= 4 && d->width >= 4 &&
           d->height <= 4096 && d->width <= 4096;
}

static void put_u32(uint8_t *to, uint32_t x)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(x >> (24 - 8 * i));
}

/* length, type, data, CRC of type and data */
static eid_status put_chunk(eid_buf *b, const char *type, const uint8_t *data, size_t n)
{
    eid_status st = EID_OK;
    uint8_t word[4];
    uLong crc = crc32(0, (const Bytef *)type, 4);

    if (n)
        crc = crc32(crc, data, (uInt)n);
    put_u32(word, (uint32_t)n);
    EID_TRY(eid_buf_add(b, word, 4));
    EID_TRY(eid_buf_add(b, type, 4));
    EID_TRY(eid_buf_add(b, data, n));
    put_u32(word, (uint32_t)crc);
    EID_TRY(eid_buf_add(b, word, 4));
done:
    return st;
}

/* Bytes mean byte / 255.  Floats in [0, 1] do, too; in [0, 255] they are bytes; else the example's
 * own least and largest number are black and white. */
static void grey_levels(const float *x, int64_t n, uint8_t *out)
{
    double low = INFINITY, high = -INFINITY;

    for (int64_t i = 0; i < n; i++) {
        low = fmin(low, (double)x[i]);
        high = fmax(high, (double)x[i]);
    }
    if (low >= 0 && high <= 1)
        low = 0, high = 1;
    else if (low >= 0 && high <= 255)
        low = 0, high = 255;
    for (int64_t i = 0; i < n; i++)
        out[i] = (uint8_t)lrint(high > low ? 255 * ((double)x[i] - low) / (high - low) : 0);
}

/* Channel planes to rows of pixels, each row behind a filter byte of 0. */
static void rows_of(const eid_dataset *d, const uint8_t *level, uint8_t *rows)
{
    int64_t plane = d->height * d->width;

    for (int64_t y = 0; y < d->height; y++) {
        *rows++ = 0;
        for (int64_t x = 0; x < d->width; x++)
            for (int64_t c = 0; c < d->channels; c++)
                *rows++ = level[c * plane + y * d->width + x];
    }
}

eid_status data_png(eid_buf *out, const eid_dataset *d, int64_t i)
{
    static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    eid_status st = EID_OK;
    uint8_t head[13] = {0}, *level = NULL, *rows = NULL, *packed = NULL;
    float *x = NULL;
    size_t n = (size_t)(d->height * (1 + d->width * d->channels));
    uLongf room = compressBound((uLong)n);

    EID_TRY(EID_NEW(level, d->features));
    EID_TRY(EID_NEW(x, d->features));
    EID_TRY(EID_NEW(rows, n));
    EID_TRY(EID_NEW(packed, room));
    eid_dataset_row(d, i, x);
    grey_levels(x, d->features, level);
    rows_of(d, level, rows);
    if (compress2(packed, &room, rows, (uLong)n, 9) != Z_OK)
        EID_TRY(eid_fail(EID_ENOMEM, "no memory to pack a picture"));
    put_u32(head, (uint32_t)d->width);
    put_u32(head + 4, (uint32_t)d->height);
    head[8] = 8;                        /* bits */
    head[9] = d->channels == 3 ? 2 : 0; /* RGB, grey */
    EID_TRY(eid_buf_add(out, signature, sizeof signature));
    EID_TRY(put_chunk(out, "IHDR", head, sizeof head));
    EID_TRY(put_chunk(out, "IDAT", packed, room));
    EID_TRY(put_chunk(out, "IEND", packed, 0));
done:
    eid_free(level);
    eid_free(x);
    eid_free(rows);
    eid_free(packed);
    return st;
}
