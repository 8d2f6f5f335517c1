/* file.c - one regular file: as it stands, or handed to the reader of its form. */
#include "corpus/file.h"
#include "corpus/archive.h"
#include "corpus/echo.h"
#include "corpus/lines.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 1 << 18 };

static ssize_t read_some(int fd, void *at, size_t n)
{
    ssize_t got;
    do
        got = read(fd, at, n);
    while (got < 0 && errno == EINTR);
    return got;
}

/* The rest of a file whose document is already complete: only its hash is still wanted. */
static eid_status hash_rest(eid_gather *g, int fd, eid_sha256 *sum, ssize_t *got)
{
    uint8_t chunk[1 << 14];
    eid_status st = EID_OK;

    while (st == EID_OK && (*got = read_some(fd, chunk, sizeof chunk)) > 0) {
        eid_sha256_add(sum, chunk, (size_t)*got);
        st = eid_gather_tick(g, (size_t)*got);
    }
    return st;
}

/* A file is one document. */
static eid_status read_plain(eid_gather *g, int fd, const char *name, const struct stat *info,
                             char hex[65])
{
    eid_sha256 *sum = NULL;
    /* One byte more than it claims to have: then its end is seen without moving it. */
    size_t want = info->st_size > 0 ? (size_t)info->st_size + 1 : CHUNK;
    ssize_t got = 1;
    eid_status st = EID_OK;

    EID_TRY(eid_sha256_new(&sum));
    while (got > 0 && !eid_gather_full(g)) {
        uint8_t *at;
        size_t room;
        EID_TRY(eid_gather_room(g, want, &at, &room));
        got = read_some(fd, at, room < CHUNK ? room : CHUNK);
        if (got > 0) {
            eid_gather_wrote(g, (size_t)got);
            eid_sha256_add(sum, at, (size_t)got);
            want = want > (size_t)got ? want - (size_t)got : CHUNK;
            EID_TRY(eid_gather_tick(g, (size_t)got));
        }
    }
    if (got > 0)
        EID_TRY(hash_rest(g, fd, sum, &got));
    if (got < 0) {
        st = eid_fail(EID_EIO, "%s", strerror(errno));
        goto done;
    }
    eid_sha256_hex(sum, hex);
    EID_TRY(eid_gather_end(g, name));
done:
    eid_gather_drop(g);
    eid_sha256_free(sum);
    return st;
}

/* A .jsonl that is not compressed. */
static eid_status read_lines(eid_gather *g, int fd, const char *name, char hex[65])
{
    eid_lines lines = {.g = g, .name = name};
    eid_sha256 *sum = NULL;
    uint8_t *chunk = NULL;
    ssize_t got;
    eid_status st = EID_OK;

    EID_TRY(eid_sha256_new(&sum));
    EID_TRY(EID_NEW(chunk, CHUNK));
    while ((got = read_some(fd, chunk, CHUNK)) > 0) {
        eid_sha256_add(sum, chunk, (size_t)got);
        EID_TRY(eid_lines_add(&lines, chunk, (size_t)got));
        EID_TRY(eid_gather_tick(g, (size_t)got));
    }
    if (got < 0) {
        st = eid_fail(EID_EIO, "%s", strerror(errno));
        goto done;
    }
    EID_TRY(eid_lines_end(&lines));
    eid_sha256_hex(sum, hex);
done:
    eid_lines_free(&lines);
    eid_sha256_free(sum);
    eid_free(chunk);
    return st;
}

/* Documents that are handed on cannot be taken back: an archive that may turn out to be damaged,
 * and is then to be skipped, is read for nothing first. */
static eid_status rehearse(eid_gather *g, int fd, const char *name, eid_form form, eid_pack pack)
{
    g->rehearsing = true;
    eid_status st = eid_read_archive(g, fd, name, form, pack);
    g->rehearsing = false;
    if (st == EID_OK && lseek(fd, 0, SEEK_SET) < 0)
        st = eid_fail(EID_EIO, "%s", strerror(errno));
    return st;
}

/* What libarchive reads, it may read out of order: hashed beforehand. */
static eid_status read_packed(eid_gather *g, int fd, const char *name, eid_form form, eid_pack pack,
                              char hex[65])
{
    eid_sha256 *sum = NULL;
    ssize_t got = 0;
    eid_status st = EID_OK;

    EID_TRY(eid_sha256_new(&sum));
    EID_TRY(hash_rest(g, fd, sum, &got));
    if (got < 0 || lseek(fd, 0, SEEK_SET) < 0) {
        st = eid_fail(EID_EIO, "%s", strerror(errno));
        goto done;
    }
    eid_sha256_hex(sum, hex);
    if (g->take && !g->named)
        EID_TRY(rehearse(g, fd, name, form, pack));
    EID_TRY(eid_read_archive(g, fd, name, form, pack));
done:
    eid_sha256_free(sum);
    return st;
}

eid_status eid_read_regular(eid_gather *g, int fd, const char *name, const struct stat *info,
                            char hex[65])
{
    eid_gather_mark before = eid_gather_mark_now(g);
    int64_t passed = g->c->passed;
    eid_form form;
    eid_pack pack;
    eid_status st;

    eid_form_of(name, &form, &pack);
    if (g->echo) {
        st = g->echo->file_begin(g->echo->user, name, form, pack, info->st_mode);
        if (st != EID_OK)
            return st;
    }
    if (form == EID_FORM_PLAIN && pack == EID_PACK_NONE)
        st = read_plain(g, fd, name, info, hex);
    else if (form == EID_FORM_JSONL && pack == EID_PACK_NONE)
        st = read_lines(g, fd, name, hex);
    else
        st = read_packed(g, fd, name, form, pack, hex);
    if (st == EID_OK && g->echo)
        return g->echo->file_end(g->echo->user, false);
    if (st != EID_EIO && st != EID_EFORMAT)
        return st;
    hex[0] = 0;
    if (g->named)
        return eid_fail(st, "%s: %s", g->path, eid_last_error());
    if (g->c->passed > passed) /* a disk that fails between two readings */
        return eid_fail(st, "%s: %s: %s", g->path, name, eid_last_error());
    eid_gather_back(g, &before);
    st = eid_gather_skip(g, name, eid_last_error());
    return st == EID_OK && g->echo ? g->echo->file_end(g->echo->user, true) : st;
}

eid_status eid_read_standard_input(eid_gather *g, char hex[65])
{
    eid_status st = EID_OK;
    if (g->echo)
        st = g->echo->file_begin(g->echo->user, "-", EID_FORM_JSONL, EID_PACK_NONE, 0644);
    if (st == EID_OK)
        st = read_lines(g, STDIN_FILENO, "-", hex);
    if (st == EID_OK && g->echo)
        st = g->echo->file_end(g->echo->user, false);
    if (st == EID_EIO)
        return eid_fail(st, "standard input: %s", eid_last_error());
    return st;
}
