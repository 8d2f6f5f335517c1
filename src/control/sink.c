/* sink.c - see sink.h. */
#include "control/sink.h"
#include "base/file.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER = 1 << 16 };

struct control_sink {
    int fd;
    char *path;
    uint8_t *buffer;
    size_t n;
    struct archive *a; /* NULL: bytes as they are */
    bool whole;        /* an archive of one nameless entry: a compressed file */
    eid_status st;     /* of the file, when libarchive says that writing failed */
};

static eid_status flush(control_sink *s)
{
    const uint8_t *p = s->buffer;
    while (s->n) {
        ssize_t got = write(s->fd, p, s->n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return eid_fail(EID_EIO, "%s: %s", s->path, strerror(errno));
        p += got;
        s->n -= (size_t)got;
    }
    return EID_OK;
}

static eid_status put(control_sink *s, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    while (n) {
        size_t k = BUFFER - s->n < n ? BUFFER - s->n : n;
        memcpy(s->buffer + s->n, p, k);
        s->n += k;
        p += k;
        n -= k;
        if (s->n == BUFFER) {
            eid_status st = flush(s);
            if (st != EID_OK)
                return st;
        }
    }
    return EID_OK;
}

/* ---- libarchive ------------------------------------------------------------------------------ */

static la_ssize_t on_write(struct archive *a, void *data, const void *block, size_t n)
{
    control_sink *s = data;
    s->st = put(s, block, n);
    if (s->st != EID_OK)
        archive_set_error(a, EIO, "%s", eid_last_error());
    return s->st == EID_OK ? (la_ssize_t)n : -1;
}

static eid_status refused(const control_sink *s)
{
    const char *why = s->a ? archive_error_string(s->a) : NULL;
    if (s->st != EID_OK)
        return s->st;
    return eid_fail(s->a ? EID_EIO : EID_ENOMEM, "%s: %s", s->path, why ? why : "no memory");
}

/* No time in the gzip header: the same corpus gives the same bytes. */
static bool add_filter(struct archive *a, eid_pack pack)
{
    switch (pack) {
    case EID_PACK_NONE:
        return true;
    case EID_PACK_GZIP:
        return archive_write_add_filter_gzip(a) == ARCHIVE_OK &&
               archive_write_set_filter_option(a, "gzip", "timestamp", NULL) == ARCHIVE_OK;
    case EID_PACK_XZ:
        return archive_write_add_filter_xz(a) == ARCHIVE_OK;
    case EID_PACK_ZSTD:
        return archive_write_add_filter_zstd(a) == ARCHIVE_OK;
    case EID_PACK_BZIP2:
        return archive_write_add_filter_bzip2(a) == ARCHIVE_OK;
    }
    return false;
}

static eid_status open_archive(control_sink *s, eid_form form, eid_pack pack)
{
    struct archive_entry *e = NULL;
    eid_status st = EID_OK;

    s->a = archive_write_new();
    s->whole = form == EID_FORM_PLAIN || form == EID_FORM_JSONL;
    if (!s->a ||
        (s->whole               ? archive_write_set_format_raw(s->a)
         : form == EID_FORM_TAR ? archive_write_set_format_pax_restricted(s->a)
                                : archive_write_set_format_zip(s->a)) != ARCHIVE_OK ||
        !add_filter(s->a, pack) || archive_write_set_bytes_per_block(s->a, BUFFER) != ARCHIVE_OK ||
        archive_write_set_bytes_in_last_block(s->a, pack || form != EID_FORM_TAR ? 1 : 512) !=
            ARCHIVE_OK ||
        archive_write_open(s->a, s, NULL, on_write, NULL) != ARCHIVE_OK)
        return refused(s);
    if (!s->whole)
        return EID_OK;
    e = archive_entry_new();
    if (e)
        archive_entry_set_filetype(e, AE_IFREG);
    if (!e || archive_write_header(s->a, e) < ARCHIVE_WARN)
        st = refused(s);
    archive_entry_free(e);
    return st;
}

eid_status control_sink_entry(control_sink *s, struct archive_entry *e, int64_t size)
{
    if (archive_entry_filetype(e) == AE_IFREG)
        archive_entry_set_size(e, size);
    archive_entry_sparse_clear(e);
    return archive_write_header(s->a, e) < ARCHIVE_WARN ? refused(s) : EID_OK;
}

eid_status control_sink_data(control_sink *s, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    while (n) {
        la_ssize_t got = archive_write_data(s->a, p, n);
        if (got <= 0)
            return refused(s);
        p += got;
        n -= (size_t)got;
    }
    return EID_OK;
}

/* ---- the file -------------------------------------------------------------------------------- */

static eid_status make_folders(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *above = NULL;
    eid_status st = EID_OK;

    if (!slash || slash == path)
        return EID_OK;
    EID_TRY(eid_format(&above, "%.*s", (int)(slash - path), path));
    EID_TRY(eid_mkdirs(above));
done:
    eid_free(above);
    return st;
}

eid_status control_sink_open(control_sink **out, const char *path, eid_form form, eid_pack pack,
                             unsigned mode)
{
    control_sink *s = NULL;
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(s, 1));
    s->fd = -1;
    EID_TRY(EID_NEW(s->buffer, BUFFER));
    EID_TRY(eid_strdup(&s->path, path));
    EID_TRY(make_folders(path));
    s->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, (mode & 0777) | 0600);
    if (s->fd < 0) {
        st = eid_fail(EID_EIO, "%s: %s", path, strerror(errno));
        goto done;
    }
    if (pack != EID_PACK_NONE || form == EID_FORM_TAR || form == EID_FORM_ZIP)
        EID_TRY(open_archive(s, form, pack));
    *out = s;
    s = NULL;
done:
    control_sink_abort(&s);
    return st;
}

eid_status control_sink_write(control_sink *s, const void *bytes, size_t n)
{
    return s->a ? control_sink_data(s, bytes, n) : put(s, bytes, n);
}

static void give_back(control_sink *s)
{
    if (s->fd >= 0)
        close(s->fd);
    eid_free(s->path);
    eid_free(s->buffer);
    eid_free(s);
}

eid_status control_sink_close(control_sink **sink)
{
    control_sink *s = *sink;
    eid_status st = EID_OK;

    if (!s)
        return EID_OK;
    if (s->a && archive_write_close(s->a) != ARCHIVE_OK)
        st = refused(s);
    if (st == EID_OK)
        st = flush(s);
    if (st != EID_OK)
        return st;
    archive_write_free(s->a);
    s->a = NULL;
    int bad = close(s->fd);
    s->fd = -1;
    if (bad)
        st = eid_fail(EID_EIO, "%s: %s", s->path, strerror(errno));
    give_back(s);
    *sink = NULL;
    return st;
}

void control_sink_abort(control_sink **sink)
{
    control_sink *s = *sink;

    if (!s)
        return;
    if (s->a) {
        archive_write_fail(s->a);
        archive_write_free(s->a);
    }
    if (s->fd >= 0)
        unlink(s->path);
    give_back(s);
    *sink = NULL;
}
