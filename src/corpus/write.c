/* write.c - a corpus as a .tar or a .jsonl that is read back as the same documents and names. */
#include "base/ctx.h"
#include "base/file.h"
#include "base/json.h"
#include "corpus/archive.h"
#include "corpus/lines.h"
#include "corpus/utf8.h"
#include "corpus/writing.h"
#include <archive.h>
#include <archive_entry.h>
#include <inttypes.h>
#include <locale.h>
#include <string.h>
#include <strings.h>

typedef struct documents {
    size_t n;
    int64_t bytes;
    eid_document_get_fn get;
    void *user;
} documents;

/* ---- .jsonl ---------------------------------------------------------------------------------- */

static eid_status write_line(eid_out *f, const eid_document *d, size_t i)
{
    json_t *j = NULL;
    char *text = NULL;
    eid_status st = EID_OK;

    if (!eid_utf8_valid((const uint8_t *)d->name, strlen(d->name)) ||
        !eid_utf8_valid(d->bytes, d->size))
        return eid_fail(EID_EINVAL,
                        "document %zu (%.200s) is not UTF-8: .jsonl cannot hold it, .tar can", i,
                        d->name);
    j = json_pack("{s:s, s:o}", EID_NAME_FIELD, d->name, "text",
                  json_stringn((const char *)d->bytes, d->size));
    EID_TRY(eid_json_text(j, &text));
    EID_TRY(eid_out_write(f, text, strlen(text)));
    EID_TRY(eid_out_write(f, "\n", 1));
done:
    eid_string_free(text);
    return st;
}

static eid_status write_jsonl(eid_ctx *ctx, const documents *all, eid_out *f)
{
    int64_t done = 0;
    eid_status st = EID_OK;

    for (size_t i = 0; i < all->n; i++) {
        eid_document d;
        EID_TRY(all->get(all->user, i, &d));
        EID_TRY(write_line(f, &d, i));
        done += (int64_t)d.size;
        EID_TRY(eid_tick(ctx, "writing", "bytes", done, all->bytes));
    }
done:
    return st;
}

/* ---- .tar ------------------------------------------------------------------------------------ */

typedef struct sink {
    eid_out *f;
    eid_status st;
    bool dropped; /* what libarchive still writes on closing goes nowhere */
} sink;

static la_ssize_t on_write(struct archive *a, void *data, const void *block, size_t n)
{
    sink *s = data;
    if (s->dropped)
        return (la_ssize_t)n;
    s->st = eid_out_write(s->f, block, n);
    if (s->st != EID_OK)
        archive_set_error(a, -1, "%s", eid_last_error());
    return s->st == EID_OK ? (la_ssize_t)n : -1;
}

/* libarchive's word for it, or our own if the file refused. */
static eid_status tar_failed(struct archive *a, const sink *s)
{
    const char *why = a ? archive_error_string(a) : NULL;
    if (s->st != EID_OK)
        return s->st;
    return eid_fail(a ? EID_EIO : EID_ENOMEM, "libarchive: %s", why ? why : "no memory");
}

/* Whether unpacking an entry of this name stays below the folder where it is unpacked. */
static bool harmless(const char *name)
{
    if (!*name || *name == '/' || name[strlen(name) - 1] == '/')
        return false;
    for (const char *p = name; p; p = strchr(p, '/')) {
        p += *p == '/';
        if (!strncmp(p, "..", 2) && (p[2] == '/' || !p[2]))
            return false;
    }
    return eid_utf8_valid((const uint8_t *)name, strlen(name));
}

/* No time, no owner: the same corpus gives the same bytes. */
static eid_status write_entry(struct archive *a, struct archive_entry *e, const sink *s,
                              const eid_document *d, size_t i)
{
    char number[40];
    const char *path = d->name;

    if (!harmless(path)) {
        snprintf(number, sizeof number, "document-%zu", i);
        path = number;
    }
    archive_entry_clear(e);
    archive_entry_set_pathname(e, path);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, 0644);
    archive_entry_set_mtime(e, 0, 0);
    archive_entry_set_size(e, (la_int64_t)d->size);
    archive_entry_xattr_add_entry(e, EID_NAME_ATTRIBUTE, d->name, strlen(d->name));
    if (archive_write_header(a, e) < ARCHIVE_WARN)
        return tar_failed(a, s);
    for (size_t at = 0; at < d->size;) {
        la_ssize_t n = archive_write_data(a, d->bytes + at, d->size - at);
        if (n <= 0)
            return tar_failed(a, s);
        at += (size_t)n;
    }
    return EID_OK;
}

static eid_status write_tar(eid_ctx *ctx, const documents *all, eid_out *f)
{
    sink s = {.f = f};
    struct archive *a = archive_write_new();
    struct archive_entry *e = archive_entry_new();
    /* Names are UTF-8, as the reader takes them to be: see eid_read_archive. */
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = utf8 ? uselocale(utf8) : (locale_t)0;
    int64_t done = 0;
    eid_status st = EID_OK;

    if (!a || !e || archive_write_set_format_pax(a) != ARCHIVE_OK ||
        archive_write_set_bytes_per_block(a, 1 << 16) != ARCHIVE_OK ||
        archive_write_set_bytes_in_last_block(a, 512) != ARCHIVE_OK ||
        archive_write_open(a, &s, NULL, on_write, NULL) != ARCHIVE_OK) {
        st = tar_failed(a, &s);
        goto done;
    }
    for (size_t i = 0; i < all->n; i++) {
        eid_document d;
        EID_TRY(all->get(all->user, i, &d));
        EID_TRY(write_entry(a, e, &s, &d, i));
        done += (int64_t)d.size;
        EID_TRY(eid_tick(ctx, "writing", "bytes", done, all->bytes));
    }
    if (archive_write_close(a) != ARCHIVE_OK)
        st = tar_failed(a, &s);
done:
    archive_entry_free(e);
    s.dropped = st != EID_OK; /* not even an end; archive_write_fail would leak its buffers */
    archive_write_free(a);
    if (utf8) {
        uselocale(before);
        freelocale(utf8);
    }
    return st;
}

eid_status eid_corpus_write_each(eid_ctx *ctx, size_t docs, int64_t bytes, eid_document_get_fn get,
                                 void *user, const char *path)
{
    documents all = {docs, bytes, get, user};
    eid_out *f = NULL;
    eid_form form;
    eid_pack pack;
    eid_status st = EID_OK;

    eid_form_of(path, &form, &pack);
    if (pack != EID_PACK_NONE || (form != EID_FORM_TAR && form != EID_FORM_JSONL))
        return eid_fail(EID_EINVAL, "%s: a corpus is written to a .tar or a .jsonl", path);
    EID_TRY(eid_out_open(&f, path));
    EID_TRY(form == EID_FORM_TAR ? write_tar(ctx, &all, f) : write_jsonl(ctx, &all, f));
    EID_TRY(eid_out_commit(&f));
done:
    eid_out_abort(&f);
    return st;
}

static eid_status get_kept(void *user, size_t i, eid_document *d)
{
    const eid_corpus *c = user;
    *d = c->doc[i];
    return EID_OK;
}

eid_status eid_corpus_write(eid_ctx *ctx, const eid_corpus *c, const char *path)
{
    return eid_corpus_write_each(ctx, c->docs, c->bytes, get_kept, (void *)c, path);
}
