/* source.c - see source.h. */
#include "corpus/source.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 1 << 16 };

eid_status eid_source_open(eid_source *s, eid_gather *g, int fd, eid_pack pack)
{
    eid_status st = EID_OK;

    *s = (eid_source){.g = g, .fd = fd};
    EID_TRY(EID_NEW(s->in, BLOCK));
    if (pack == EID_PACK_GZIP) {
        EID_TRY(EID_NEW(s->out, BLOCK));
        if (inflateInit2(&s->z, 15 + 16) != Z_OK) { /* 16: a gzip header, nothing else */
            st = eid_fail(EID_ENOMEM, "%s: no memory for zlib", g->path);
            goto done;
        }
        s->gzip = true;
    }
done:
    return st;
}

void eid_source_close(eid_source *s)
{
    if (s->gzip)
        inflateEnd(&s->z);
    eid_free(s->in);
    eid_free(s->out);
}

/* -1: cancelled or not readable, with the reason in `why`. */
static ssize_t read_block(eid_source *s, const char **why)
{
    ssize_t got;

    do
        got = read(s->fd, s->in, BLOCK);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        *why = strerror(errno);
    if (got > 0) {
        s->st = eid_gather_tick(s->g, (size_t)got);
        if (s->st != EID_OK) {
            *why = "stopped on request";
            return -1;
        }
    }
    return got;
}

/* After a member: another one, padding with zeros, or the end of the file. */
static int next_member(eid_source *s, const char **why)
{
    for (;;) {
        ssize_t got;
        while (s->z.avail_in && !*s->z.next_in)
            s->z.next_in++, s->z.avail_in--;
        if (s->z.avail_in)
            break;
        got = read_block(s, why);
        if (got <= 0) {
            s->ended = got == 0;
            return (int)got;
        }
        s->z.next_in = s->in;
        s->z.avail_in = (uInt)got;
    }
    s->between = false;
    if (inflateReset(&s->z) != Z_OK) {
        *why = "zlib cannot go on";
        return -1;
    }
    return 1;
}

/* More inflated bytes into `out`; 0 at the end, -1 with a reason. */
static ssize_t inflate_block(eid_source *s, const char **why)
{
    s->z.next_out = s->out;
    s->z.avail_out = BLOCK;
    while (s->z.avail_out == BLOCK && !s->ended) {
        int r;
        if (s->between) {
            r = next_member(s, why);
            if (r < 0)
                return -1;
            continue;
        }
        if (!s->z.avail_in) {
            ssize_t got = read_block(s, why);
            if (got < 0)
                return -1;
            if (got == 0) {
                *why = "truncated gzip data";
                return -1;
            }
            s->z.next_in = s->in;
            s->z.avail_in = (uInt)got;
        }
        r = inflate(&s->z, Z_NO_FLUSH);
        if (r == Z_STREAM_END) {
            s->between = true;
        } else if (r != Z_OK && r != Z_BUF_ERROR) {
            *why = s->z.msg ? s->z.msg : "damaged gzip data";
            return -1;
        }
    }
    return (ssize_t)(BLOCK - s->z.avail_out);
}

static la_ssize_t on_read(struct archive *a, void *data, const void **block)
{
    eid_source *s = data;
    const char *why = "";
    ssize_t got = s->gzip ? inflate_block(s, &why) : read_block(s, &why);

    if (got < 0)
        archive_set_error(a, EIO, "%s", why);
    *block = s->gzip ? s->out : s->in;
    return got;
}

static la_int64_t on_seek(struct archive *a, void *data, la_int64_t offset, int whence)
{
    eid_source *s = data;
    off_t at = lseek(s->fd, offset, whence);
    if (at < 0)
        archive_set_error(a, errno, "%s", strerror(errno));
    return at < 0 ? ARCHIVE_FATAL : at;
}

int eid_source_attach(eid_source *s, struct archive *a)
{
    archive_read_set_read_callback(a, on_read);
    if (!s->gzip)
        archive_read_set_seek_callback(a, on_seek);
    archive_read_set_callback_data(a, s);
    return archive_read_open1(a);
}

eid_status eid_source_drain(eid_source *s)
{
    const char *why = "";
    ssize_t got = s->gzip ? 1 : 0;

    while (got > 0)
        got = inflate_block(s, &why);
    if (s->st != EID_OK)
        return s->st;
    return got < 0 ? eid_fail(EID_EFORMAT, "%s", why) : EID_OK;
}
