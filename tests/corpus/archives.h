/* archives.h - archives made on the spot with libarchive, for the tests of their reader. */
#ifndef ARCHIVES_H
#define ARCHIVES_H
#include "corpus_files.h"
#include <archive.h>
#include <archive_entry.h>

typedef struct member {
    const char *name, *bytes;
    size_t n;
    mode_t type; /* 0: a file */
} member;

static const struct packing {
    const char *end;
    int filter;
} packing[] = {
    {"", ARCHIVE_FILTER_NONE},     {".gz", ARCHIVE_FILTER_GZIP},   {".xz", ARCHIVE_FILTER_XZ},
    {".zst", ARCHIVE_FILTER_ZSTD}, {".bz2", ARCHIVE_FILTER_BZIP2}, {0},
};

static inline void pack_add(struct archive *a, const member *m)
{
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, m->name);
    archive_entry_set_filetype(e, m->type ? m->type : AE_IFREG);
    archive_entry_set_perm(e, 0644);
    archive_entry_set_mtime(e, 0, 0);
    if (m->type == AE_IFLNK)
        archive_entry_set_symlink(e, m->bytes);
    else
        archive_entry_set_size(e, (la_int64_t)m->n);
    /* a warning: names that are not ASCII are stored as they are */
    CHECK(archive_write_header(a, e) >= ARCHIVE_WARN);
    if (m->type != AE_IFLNK && m->n)
        CHECK(archive_write_data(a, m->bytes, m->n) == (la_ssize_t)m->n);
    archive_entry_free(e);
}

/* Writes dir/name: "raw" one member alone, "tar" or "zip" all of them. */
static inline const char *pack(const char *dir, const char *name, const char *format, int filter,
                               const member *m, size_t n)
{
    static char path[4][1200];
    static int turn;
    char *p = path[turn++ % 4];
    struct archive *a = archive_write_new();

    snprintf(p, sizeof path[0], "%s/%s", dir, name);
    if (!strcmp(format, "raw"))
        archive_write_set_format_raw(a);
    else if (!strcmp(format, "zip"))
        archive_write_set_format_zip(a);
    else
        archive_write_set_format_pax_restricted(a);
    CHECK(archive_write_add_filter(a, filter) == ARCHIVE_OK);
    CHECK(archive_write_open_filename(a, p) == ARCHIVE_OK);
    for (size_t i = 0; i < n; i++)
        pack_add(a, &m[i]);
    CHECK(archive_write_close(a) == ARCHIVE_OK);
    archive_write_free(a);
    return p;
}

static inline size_t file_size(const char *path)
{
    struct stat info;
    return stat(path, &info) ? 0 : (size_t)info.st_size;
}

/* A copy of a file under another folder, with its first n bytes, and byte `wrong` flipped. */
static inline const char *spoil(const char *dir, const char *path, size_t n, size_t wrong)
{
    uint8_t *bytes = malloc(n + 1);
    FILE *f = fopen(path, "rb");
    const char *copy;
    CHECK(bytes && f && fread(bytes, 1, n, f) == n);
    if (f)
        fclose(f);
    if (bytes && wrong < n)
        bytes[wrong] ^= 0x55;
    copy = put(dir, strrchr(path, '/') + 1, bytes, n);
    free(bytes);
    return copy;
}
#endif
