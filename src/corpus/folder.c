/* folder.c - a folder, recursively, in an order that no file system decides.
 *
 * Paths are ordered bytewise, as `LC_ALL=C sort` orders them: within a folder, a sub-folder counts
 * as its name with a slash behind ("a-b/x" comes before "a/x"). */
#include "corpus/file.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Folders hold a descriptor each while they are being read. */
enum { DEEPEST = 200 };

typedef struct level {
    const struct level *up;
    dev_t dev;
    ino_t ino;
    int depth;
} level;

typedef struct entry {
    const char *name;
    struct stat info;
    const char *skip; /* why it is not read; NULL: read it */
} entry;

typedef struct listing {
    entry *at;
    size_t n, cap;
    eid_arena names;
} listing;

static int by_path(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    const uint8_t *p = (const uint8_t *)x->name, *q = (const uint8_t *)y->name;
    int x_end = S_ISDIR(x->info.st_mode) ? '/' : 0, y_end = S_ISDIR(y->info.st_mode) ? '/' : 0;

    while (*p && *p == *q)
        p++, q++;
    return (*p ? *p : x_end) - (*q ? *q : y_end);
}

static const char *special(mode_t mode)
{
    return S_ISFIFO(mode)   ? "a pipe"
           : S_ISSOCK(mode) ? "a socket"
           : S_ISBLK(mode)  ? "a block device"
           : S_ISCHR(mode)  ? "a character device"
                            : "neither a file nor a folder";
}

/* What stands behind a name: links are followed or named. */
static void look(const eid_gather *g, int fd, const char *name, entry *e)
{
    struct stat *info = &e->info;

    if (fstatat(fd, name, info, AT_SYMLINK_NOFOLLOW)) {
        e->skip = strerror(errno);
    } else if (S_ISLNK(info->st_mode)) {
        if (!g->opts->follow_links)
            e->skip = "a symbolic link, not followed";
        else if (fstatat(fd, name, info, 0))
            e->skip = errno == ENOENT  ? "a symbolic link to nothing"
                      : errno == ELOOP ? "a symbolic link in a circle"
                                       : strerror(errno);
    }
    if (!e->skip && !S_ISREG(info->st_mode) && !S_ISDIR(info->st_mode))
        e->skip = special(info->st_mode);
    if (e->skip)
        info->st_mode = 0; /* sorted as a file, whatever is known of it */
}

static eid_status list(eid_gather *g, int fd, DIR *dir, listing *l)
{
    eid_status st = EID_OK;

    for (;;) {
        struct dirent *d;
        uint8_t *name;
        errno = 0;
        d = readdir(dir);
        if (!d && errno)
            return eid_fail(EID_EIO, "%s", strerror(errno));
        if (!d)
            break;
        if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
            continue;
        EID_TRY(EID_GROW(l->at, &l->cap, l->n + 1));
        EID_TRY(eid_arena_copy(&l->names, d->d_name, strlen(d->d_name) + 1, &name));
        l->at[l->n] = (entry){.name = (const char *)name};
        look(g, fd, l->at[l->n].name, &l->at[l->n]);
        l->n++;
    }
    if (l->n)
        qsort(l->at, l->n, sizeof *l->at, by_path);
done:
    return st;
}

static eid_status walk(eid_gather *g, int fd, eid_buf *path, const level *up, eid_sha256 *sum);

static eid_status file_below(eid_gather *g, int fd, const char *path, eid_sha256 *sum)
{
    struct stat info;
    char hex[65];
    eid_status st = EID_OK;

    if (fstat(fd, &info) || !S_ISREG(info.st_mode))
        return eid_gather_skip(g, path, "changed while being read");
    EID_TRY(eid_read_regular(g, fd, path, &info, hex));
    if (!*hex)
        return EID_OK;
    eid_sha256_add(sum, hex, 64);
    eid_sha256_add(sum, "  ", 2);
    eid_sha256_add(sum, path, strlen(path));
    eid_sha256_add(sum, "\n", 1);
    g->c->input[g->c->inputs - 1].bytes += info.st_size;
done:
    return st;
}

static eid_status folder_below(eid_gather *g, int fd, eid_buf *path, const level *up,
                               eid_sha256 *sum)
{
    const char *name = (const char *)path->at;
    struct stat info;
    level here = {.up = up, .depth = up->depth + 1};

    if (fstat(fd, &info) || !S_ISDIR(info.st_mode))
        return eid_gather_skip(g, name, "changed while being read");
    for (const level *l = up; l; l = l->up)
        if (l->dev == info.st_dev && l->ino == info.st_ino)
            return eid_gather_skip(g, name, "leads back to a folder that it stands in");
    if (here.depth > DEEPEST)
        return eid_gather_skip(g, name, "folders are nested too deep");
    here.dev = info.st_dev;
    here.ino = info.st_ino;
    return walk(g, fd, path, &here, sum);
}

/* One entry of a folder; `path` holds the folder's path and gets it back. */
static eid_status visit(eid_gather *g, int fd, eid_buf *path, const entry *e, const level *here,
                        eid_sha256 *sum)
{
    size_t above = path->n;
    bool folder = S_ISDIR(e->info.st_mode);
    int child = -1;
    eid_status st = EID_OK;

    if (!folder && g->opts->include && fnmatch(g->opts->include, e->name, 0) != 0)
        return eid_gather_filter(g, e->name); /* not asked for, so not skipped either */
    EID_TRY(eid_buf_printf(path, "%s%s", above ? "/" : "", e->name));
    if (e->skip) {
        EID_TRY(eid_gather_skip(g, (const char *)path->at, e->skip));
        goto done;
    }
    /* O_NONBLOCK: should a pipe have taken the file's place, opening it must not wait. */
    child = openat(fd, e->name,
                   O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (folder ? O_DIRECTORY : 0));
    if (child < 0)
        EID_TRY(eid_gather_skip(g, (const char *)path->at, strerror(errno)));
    else if (folder)
        EID_TRY(folder_below(g, child, path, here, sum));
    else
        EID_TRY(file_below(g, child, (const char *)path->at, sum));
done:
    if (child >= 0)
        close(child);
    if (path->at) {
        path->n = above;
        path->at[above] = 0;
    }
    return st;
}

static eid_status walk(eid_gather *g, int fd, eid_buf *path, const level *here, eid_sha256 *sum)
{
    listing l = {0};
    int copy = dup(fd);
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    eid_status st = EID_OK;

    if (!dir) {
        if (copy >= 0)
            close(copy);
        return eid_gather_skip(g, path->n ? (const char *)path->at : ".", strerror(errno));
    }
    st = list(g, fd, dir, &l);
    closedir(dir);
    if (st == EID_EIO) {
        st = eid_gather_skip(g, path->n ? (const char *)path->at : ".", eid_last_error());
        l.n = 0;
    }
    for (size_t i = 0; i < l.n && st == EID_OK; i++) {
        st = eid_gather_tick(g, 0);
        if (st == EID_OK)
            st = visit(g, fd, path, &l.at[i], here, sum);
    }
    eid_free(l.at);
    eid_arena_free(&l.names);
    return st;
}

eid_status eid_read_folder(eid_gather *g, int fd, eid_sha256 *sum)
{
    level top = {0};
    struct stat info;
    eid_buf path = {0};
    eid_status st;

    if (fstat(fd, &info))
        return eid_fail(EID_EIO, "%s: %s", g->path, strerror(errno));
    top.dev = info.st_dev;
    top.ino = info.st_ino;
    st = walk(g, fd, &path, &top, sum);
    eid_buf_free(&path);
    return st;
}
