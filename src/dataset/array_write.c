/* array_write.c - .npy files, and the .npz that holds several, written whole or not at all. */
#include "base/ctx.h"
#include "base/file.h"
#include "dataset/npy.h"
#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <string.h>

enum { CHUNK = 1 << 20 };

eid_status eid_array_write(eid_ctx *ctx, const char *path, const eid_array_view *a)
{
    char header[EID_NPY_WRITTEN];
    eid_out *f = NULL;
    int64_t count;
    size_t bytes;
    eid_status st = EID_OK;

    EID_TRY(eid_npy_sizes(a, &count, &bytes));
    EID_TRY(eid_out_open(&f, path));
    EID_TRY(eid_out_write(f, header, eid_npy_header(a, header)));
    for (size_t at = 0; at < bytes; at += CHUNK) {
        EID_TRY(eid_out_write(f, (const uint8_t *)a->data + at,
                              bytes - at < CHUNK ? bytes - at : CHUNK));
        EID_TRY(eid_tick(ctx, "writing", "bytes", (int64_t)at, (int64_t)bytes));
    }
    EID_TRY(eid_out_commit(&f));
done:
    eid_out_abort(&f);
    return st;
}

/* ---- .npz ------------------------------------------------------------------------------------ */

typedef struct sink {
    eid_out *f;
    eid_status st; /* of our own writing */
    struct archive *a;
} sink;

static la_ssize_t on_write(struct archive *a, void *data, const void *block, size_t n)
{
    sink *s = data;

    s->st = eid_out_write(s->f, block, n);
    if (s->st != EID_OK)
        archive_set_error(a, -1, "%s", eid_last_error());
    return s->st == EID_OK ? (la_ssize_t)n : -1;
}

/* Our own reason if the file refused, else libarchive's. */
static eid_status zip_failed(const sink *s, const char *path)
{
    const char *why = s->a ? archive_error_string(s->a) : "no memory for libarchive";

    if (s->st != EID_OK)
        return s->st;
    return eid_fail(s->a ? EID_EIO : EID_ENOMEM, "%s: %s", path, why ? why : "cannot be written");
}

static eid_status write_data(eid_ctx *ctx, const sink *s, const char *path, const void *bytes,
                             size_t n)
{
    for (size_t at = 0; at < n;) {
        size_t chunk = n - at < CHUNK ? n - at : CHUNK;
        la_ssize_t put = archive_write_data(s->a, (const uint8_t *)bytes + at, chunk);
        eid_status st;
        if (put <= 0)
            return zip_failed(s, path);
        at += (size_t)put;
        st = eid_tick(ctx, "writing", "bytes", (int64_t)at, (int64_t)n);
        if (st != EID_OK)
            return st;
    }
    return EID_OK;
}

/* No time and no owner: the same arrays give the same bytes. */
static eid_status write_entry(eid_ctx *ctx, const sink *s, const char *path,
                              const eid_array_view *v)
{
    struct archive_entry *e = archive_entry_new();
    char header[EID_NPY_WRITTEN], name[256];
    int64_t count;
    size_t bytes, length;
    eid_status st = EID_OK;

    EID_TRY(eid_npy_sizes(v, &count, &bytes));
    if (!e)
        EID_TRY(eid_fail(EID_ENOMEM, "no memory for libarchive"));
    snprintf(name, sizeof name, "%s.npy", v->key);
    length = eid_npy_header(v, header);
    archive_entry_set_pathname(e, name);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, 0644);
    archive_entry_set_mtime(e, 315532800, 0); /* 1980-01-01, where a zip's time begins */
    archive_entry_set_size(e, (la_int64_t)(length + bytes));
    if (archive_write_header(s->a, e) < ARCHIVE_WARN)
        EID_TRY(zip_failed(s, path));
    EID_TRY(write_data(ctx, s, path, header, length));
    EID_TRY(write_data(ctx, s, path, v->data, bytes));
    if (archive_write_finish_entry(s->a) < ARCHIVE_WARN)
        EID_TRY(zip_failed(s, path));
done:
    archive_entry_free(e);
    return st;
}

eid_status eid_npz_write(eid_ctx *ctx, const char *path, const eid_array_view *a, size_t n)
{
    sink s = {.a = archive_write_new()};
    eid_status st = EID_OK;

    if (!s.a)
        return zip_failed(&s, path);
    EID_TRY(eid_out_open(&s.f, path));
    if (archive_write_set_format_zip(s.a) < ARCHIVE_WARN ||
        archive_write_zip_set_compression_store(s.a) < ARCHIVE_WARN ||
        archive_write_set_bytes_in_last_block(s.a, 1) < ARCHIVE_WARN ||
        archive_write_open(s.a, &s, NULL, on_write, NULL) < ARCHIVE_WARN)
        EID_TRY(zip_failed(&s, path));
    for (size_t i = 0; i < n; i++)
        EID_TRY(write_entry(ctx, &s, path, &a[i]));
    if (archive_write_close(s.a) < ARCHIVE_WARN)
        EID_TRY(zip_failed(&s, path));
    EID_TRY(eid_out_commit(&s.f));
done:
    archive_write_fail(s.a); /* nothing more is written, also while it is freed */
    archive_write_free(s.a);
    eid_out_abort(&s.f);
    return st;
}
