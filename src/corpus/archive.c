/* archive.c - see archive.h. */
#include "corpus/archive.h"
#include "corpus/echo.h"
#include "corpus/lines.h"
#include "corpus/source.h"
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 1 << 16 };

typedef struct reading {
    eid_gather *g;
    const char *name; /* of the file */
    eid_form form;
    eid_source source;
    struct archive *a;
    eid_buf entry; /* name of the current entry as a document */
    int64_t entries;
} reading;

/* libarchive's reason, and where: "truncated input (in entry 12, a/b.txt)". */
static eid_status damaged(reading *r)
{
    const char *why = archive_error_string(r->a);
    bool inside = r->form == EID_FORM_TAR || r->form == EID_FORM_ZIP;
    eid_status st = archive_errno(r->a) == ENOMEM ? EID_ENOMEM : EID_EFORMAT;

    if (r->source.st != EID_OK)
        return r->source.st;
    if (!why || !*why)
        why = "damaged or truncated";
    else if (strstr(why, "No progress is possible")) /* liblzma's way to say it */
        why = "truncated xz data";
    else if (strstr(why, "Unrecognized archive format"))
        why = r->form == EID_FORM_TAR ? "not a .tar archive"
                                      : "not a .zip archive, or not a whole one";
    if (!inside)
        return eid_fail(st, "%s", why);
    if (!r->entries)
        return eid_fail(st, "%s (before the first entry)", why);
    return eid_fail(st, "%s (in or after entry %" PRId64 ", %s)", why, r->entries,
                    r->entry.n ? (const char *)r->entry.at : "unnamed");
}

/* Whether the first bytes are those of the packing: libarchive's bzip2 and zstd take no bytes, or
 * wrong ones, for an empty stream. */
static bool right_magic(int fd, eid_pack pack)
{
    uint8_t m[14] = {0};
    ssize_t got = pread(fd, m, sizeof m, 0);

    if (pack == EID_PACK_BZIP2) /* an empty stream has 14 bytes */
        return got >= 14 && !memcmp(m, "BZh", 3);
    if (pack == EID_PACK_XZ)
        return got >= 6 && !memcmp(m, "\xFD\x37zXZ", 6);
    if (pack == EID_PACK_ZSTD) /* a frame, or one to skip */
        return got >= 8 && (!memcmp(m, "\x28\xB5\x2F\xFD", 4) ||
                            ((m[0] & 0xF0) == 0x50 && !memcmp(m + 1, "\x2A\x4D\x18", 3)));
    return true;
}

/* The form and the packing that the name promises, and no others: a .txt that happens to be an
 * archive is a document, and what claims to be a .gz must be one. */
static eid_status open_archive(reading *r, int fd, eid_pack pack)
{
    int ok = ARCHIVE_OK;
    eid_status st = EID_OK;

    if (!right_magic(fd, pack))
        return eid_fail(EID_EFORMAT, "not %s data",
                        pack == EID_PACK_XZ     ? "xz"
                        : pack == EID_PACK_ZSTD ? "zstd"
                                                : "bzip2");
    EID_TRY(eid_source_open(&r->source, r->g, fd, pack));
    r->a = archive_read_new();
    if (!r->a) {
        st = eid_fail(EID_ENOMEM, "no memory for libarchive");
        goto done;
    }
    if (r->form == EID_FORM_TAR)
        ok = archive_read_support_format_tar(r->a);
    else if (r->form == EID_FORM_ZIP)
        ok = pack ? archive_read_support_format_zip_streamable(r->a)
                  : archive_read_support_format_zip_seekable(r->a);
    else
        ok = archive_read_support_format_raw(r->a) | archive_read_support_format_empty(r->a);
    if (ok >= ARCHIVE_WARN && pack == EID_PACK_XZ)
        ok = archive_read_append_filter(r->a, ARCHIVE_FILTER_XZ);
    if (ok >= ARCHIVE_WARN && pack == EID_PACK_ZSTD)
        ok = archive_read_append_filter(r->a, ARCHIVE_FILTER_ZSTD);
    if (ok >= ARCHIVE_WARN && pack == EID_PACK_BZIP2)
        ok = archive_read_append_filter(r->a, ARCHIVE_FILTER_BZIP2);
    /* A damaged first block does not fail the opening: it passes for an empty file, with an error
     * behind it. */
    if (ok < ARCHIVE_WARN || eid_source_attach(&r->source, r->a) < ARCHIVE_WARN ||
        archive_errno(r->a))
        st = damaged(r);
done:
    return st;
}

/* As a document of its own. */
static eid_status take_document(reading *r)
{
    eid_status st = EID_OK;

    while (!eid_gather_full(r->g)) {
        uint8_t *at;
        size_t room;
        la_ssize_t got;
        EID_TRY(eid_gather_room(r->g, CHUNK, &at, &room));
        got = archive_read_data(r->a, at, room);
        if (got < 0) {
            st = damaged(r);
            goto done;
        }
        if (got == 0)
            break;
        eid_gather_wrote(r->g, (size_t)got);
    }
    EID_TRY(eid_gather_end(r->g, (const char *)r->entry.at));
done:
    if (st != EID_OK)
        eid_gather_drop(r->g);
    return st;
}

static eid_status take_lines(reading *r)
{
    eid_lines lines = {.g = r->g, .name = (const char *)r->entry.at};
    uint8_t chunk[CHUNK / 4];
    la_ssize_t got;
    eid_status st = EID_OK;

    while ((got = archive_read_data(r->a, chunk, sizeof chunk)) > 0)
        EID_TRY(eid_lines_add(&lines, chunk, (size_t)got));
    if (got < 0)
        st = damaged(r);
    else
        st = eid_lines_end(&lines);
done:
    eid_lines_free(&lines);
    return st;
}

/* The name that eid_corpus_write left with the entry becomes its own; *found: whether there is one.
 */
static eid_status take_written_name(reading *r, struct archive_entry *e, bool *found)
{
    const char *key;
    const void *value;
    size_t n;

    *found = false;
    archive_entry_xattr_reset(e);
    while (archive_entry_xattr_next(e, &key, &value, &n) == ARCHIVE_OK) {
        if (!key || strcmp(key, EID_NAME_ATTRIBUTE) || (n && memchr(value, 0, n)))
            continue;
        *found = true;
        r->entry.n = 0;
        return n ? eid_buf_add(&r->entry, value, n) : eid_buf_str(&r->entry, "");
    }
    return EID_OK;
}

static const char *not_a_file(struct archive_entry *e)
{
    mode_t type = archive_entry_filetype(e);
    return archive_entry_hardlink(e) ? "a hard link inside an archive"
           : type == AE_IFLNK        ? "a symbolic link inside an archive"
           : type != AE_IFREG        ? "neither a file nor a folder"
                                     : NULL;
}

static eid_status take_entry(reading *r, struct archive_entry *e)
{
    const char *path = archive_entry_pathname(e), *why;
    const eid_echo *echo = r->g->rehearsing ? NULL : r->g->echo;
    bool written, folder, lines;
    eid_form form;
    eid_pack pack;
    eid_status st = EID_OK;

    r->entries++;
    r->entry.n = 0;
    if (path)
        EID_TRY(eid_buf_printf(&r->entry, "%s!%s", r->name, path));
    else
        EID_TRY(eid_buf_printf(&r->entry, "%s!#%" PRId64, r->name, r->entries));
    why = not_a_file(e);
    folder = archive_entry_filetype(e) == AE_IFDIR && !archive_entry_hardlink(e);
    EID_TRY(take_written_name(r, e, &written));
    eid_form_of((const char *)r->entry.at, &form, &pack);
    lines = !written && form == EID_FORM_JSONL && pack == EID_PACK_NONE;
    if (echo)
        EID_TRY(echo->entry_begin(echo->user, e, !why && !folder, lines));
    if (why && !folder)
        EID_TRY(eid_gather_skip(r->g, (const char *)r->entry.at, why));
    else if (lines && !folder)
        EID_TRY(take_lines(r));
    else if (!folder)
        EID_TRY(take_document(r));
    if (echo)
        EID_TRY(echo->entry_end(echo->user));
done:
    return st;
}

/* A compressed file that is no archive: one document, or lines. */
static eid_status take_whole(reading *r)
{
    r->entry.n = 0;
    eid_status st = eid_buf_str(&r->entry, r->name);
    if (st != EID_OK)
        return st;
    return r->form == EID_FORM_JSONL ? take_lines(r) : take_document(r);
}

static eid_status take_all(reading *r)
{
    bool inside = r->form == EID_FORM_TAR || r->form == EID_FORM_ZIP;
    struct archive_entry *e;
    int ok;
    eid_status st = EID_OK;

    while ((ok = archive_read_next_header(r->a, &e)) == ARCHIVE_OK || ok == ARCHIVE_WARN) {
        if (inside)
            EID_TRY(take_entry(r, e));
        else
            EID_TRY(take_whole(r));
        EID_TRY(eid_gather_tick(r->g, 0));
    }
    if (ok != ARCHIVE_EOF) {
        st = damaged(r);
        goto done;
    }
    if (!inside && !archive_file_count(r->a))
        EID_TRY(eid_gather_skip(r->g, r->name, "empty"));
    if (!r->g->opts->max_document)
        EID_TRY(eid_source_drain(&r->source));
done:
    return st;
}

eid_status eid_read_archive(eid_gather *g, int fd, const char *name, eid_form form, eid_pack pack)
{
    reading r = {.g = g, .name = name, .form = form};
    /* Names inside archives are UTF-8, which libarchive converts to the thread's locale: without
     * this, in the C locale, those that are not ASCII would be lost. */
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = utf8 ? uselocale(utf8) : (locale_t)0;
    eid_status st = open_archive(&r, fd, pack);

    if (st == EID_OK)
        st = take_all(&r);
    archive_read_free(r.a);
    eid_source_close(&r.source);
    eid_buf_free(&r.entry);
    if (utf8) {
        uselocale(before);
        freelocale(utf8);
    }
    return st;
}
