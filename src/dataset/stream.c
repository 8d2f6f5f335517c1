/* stream.c - see stream.h. */
#include "dataset/stream.h"
#include <string.h>

enum { INFLATION = 1032, PIECE = 1 << 30 }; /* deflate's largest ratio; zlib counts in 32 bits */

eid_status eid_stream_open(eid_stream *s, const char *name, const uint8_t *bytes, size_t n)
{
    *s = (eid_stream){.name = name, .at = bytes, .left = n};
    if (n < 2 || bytes[0] != 0x1f || bytes[1] != 0x8b)
        return EID_OK;
    if (inflateInit2(&s->z, 15 + 16) != Z_OK)
        return eid_fail(EID_ENOMEM, "%s: no memory for zlib", name);
    s->gz = true;
    return EID_OK;
}

void eid_stream_close(eid_stream *s)
{
    if (s->gz)
        inflateEnd(&s->z);
    *s = (eid_stream){0};
}

static eid_status ended(const eid_stream *s, size_t want)
{
    return eid_fail(EID_EFORMAT, "%s: ends after %zu bytes%s, %zu are missing", s->name, s->got,
                    s->gz ? " (unpacked)" : "", want);
}

/* One call of inflate; a .gz may be several, one behind the other. */
static eid_status inflate_some(eid_stream *s, uint8_t *out, size_t n, size_t *made)
{
    size_t in = s->left < PIECE ? s->left : PIECE, room = n < PIECE ? n : PIECE;
    int rc;

    s->z.next_in = (uint8_t *)(uintptr_t)s->at; /* zlib does not write there */
    s->z.avail_in = (uInt)in;
    s->z.next_out = out;
    s->z.avail_out = (uInt)room;
    rc = inflate(&s->z, Z_NO_FLUSH);
    s->at += in - s->z.avail_in;
    s->left -= in - s->z.avail_in;
    *made = room - s->z.avail_out;
    s->got += *made;
    if (rc == Z_STREAM_END) {
        s->ended = s->left == 0;
        if (!s->ended && inflateReset(&s->z) != Z_OK)
            rc = Z_STREAM_ERROR;
    }
    if (rc == Z_MEM_ERROR)
        return eid_fail(EID_ENOMEM, "%s: no memory for zlib", s->name);
    if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
        return eid_fail(EID_EFORMAT, "%s: damaged gzip data after %zu unpacked bytes", s->name,
                        s->got);
    return EID_OK;
}

eid_status eid_stream_read(eid_stream *s, void *out, size_t n)
{
    uint8_t *to = out;

    if (!s->gz) {
        if (n > s->left) {
            s->got += s->left;
            return ended(s, n - s->left);
        }
        if (n)
            memcpy(out, s->at, n);
        s->at += n;
        s->left -= n;
        s->got += n;
        return EID_OK;
    }
    while (n) {
        size_t made = 0, before = s->left;
        eid_status st;
        if (s->ended)
            return ended(s, n);
        st = inflate_some(s, to, n, &made);
        if (st != EID_OK)
            return st;
        if (!made && s->left == before && !s->ended)
            return ended(s, n);
        to += made;
        n -= made;
    }
    return EID_OK;
}

eid_status eid_stream_end(eid_stream *s)
{
    uint8_t more;
    size_t made = 0;

    if (!s->gz)
        return s->left ? eid_fail(EID_EFORMAT, "%s: %zu bytes too many after byte %zu", s->name,
                                  s->left, s->got)
                       : EID_OK;
    while (!s->ended) { /* also has the checksum compared */
        size_t before = s->left;
        eid_status st = inflate_some(s, &more, 1, &made);
        if (st != EID_OK)
            return st;
        if (made)
            return eid_fail(EID_EFORMAT, "%s: goes on after %zu unpacked bytes", s->name,
                            s->got - 1);
        if (s->left == before && !s->ended)
            return eid_fail(EID_EFORMAT, "%s: gzip data without their end", s->name);
    }
    return EID_OK;
}

size_t eid_stream_most(const eid_stream *s)
{
    if (!s->gz)
        return s->left;
    /* What zlib has taken in but not yet given out is bounded, too. */
    return s->left > SIZE_MAX / INFLATION - 65536 ? SIZE_MAX : (s->left + 65536) * INFLATION;
}

eid_status eid_stream_claim(const eid_stream *s, size_t bytes)
{
    if (bytes <= eid_stream_most(s))
        return EID_OK;
    if (!s->gz)
        return eid_fail(EID_EFORMAT, "%s: claims %zu bytes of data, but has %zu", s->name, bytes,
                        s->left);
    return eid_fail(EID_EFORMAT, "%s: claims %zu bytes, which its gzip data cannot hold", s->name,
                    bytes);
}
