/* folder.c - see folder.h. */
#define _GNU_SOURCE /* renameat2 */
#include "index/folder.h"
#include "base/file.h"
#include "index/format.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static eid_status io_failed(const char *path)
{
    return eid_fail(EID_EIO, "%s: %s", path, strerror(errno));
}

eid_status index_folder_lock(const char *folder, int *fd)
{
    eid_status st = eid_mkdirs(folder);
    if (st != EID_OK)
        return st;
    int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return io_failed(folder);
    if (flock(dir, LOCK_EX | LOCK_NB) != 0) {
        st = errno == EWOULDBLOCK
                 ? eid_fail(EID_EEXIST, "%s: another process is building this index", folder)
                 : io_failed(folder);
        close(dir);
        return st;
    }
    *fd = dir;
    return EID_OK;
}

/* The number in "shard-000012.idx" or "shard-000012.idx.part"; -1 for any other name. */
static long shard_number(const char *name)
{
    char *end;
    if (strncmp(name, "shard-", 6) != 0 || name[6] < '0' || name[6] > '9')
        return -1;
    long number = strtol(name + 6, &end, 10);
    return strcmp(end, ".idx") == 0 || strcmp(end, ".idx.part") == 0 ? number : -1;
}

static bool is_part(const char *name)
{
    size_t n = strlen(name);
    return n > 5 && strcmp(name + n - 5, ".part") == 0;
}

/* Removes shards from number `shards` on, parts, and with `all` the manifest. */
static eid_status clear_out(const char *folder, size_t shards, bool all)
{
    DIR *dir = opendir(folder);
    eid_status st = EID_OK;

    if (!dir)
        return io_failed(folder);
    for (struct dirent *e; st == EID_OK && (e = readdir(dir));) {
        long number = shard_number(e->d_name);
        bool own = (number >= 0 && ((size_t)number >= shards || is_part(e->d_name))) ||
                   strcmp(e->d_name, "manifest.part") == 0 ||
                   (all && strcmp(e->d_name, "manifest") == 0);
        if (own && unlinkat(dirfd(dir), e->d_name, 0) != 0 && errno != ENOENT)
            st = io_failed(folder);
    }
    closedir(dir);
    return st;
}

eid_status index_folder_sweep(const char *folder, size_t shards)
{
    return clear_out(folder, shards, false);
}

void index_folder_undo(const char *folder, size_t shards)
{
    char why[1024]; /* of the failure that is being undone: it is the one to tell */
    eid_status st = eid_last_status();
    snprintf(why, sizeof why, "%s", eid_last_error());
    if (clear_out(folder, shards, false) != EID_OK)
        (void)eid_fail(st, "%s", why);
}

void index_folder_remove(const char *folder)
{
    if (clear_out(folder, 0, true) == EID_OK)
        rmdir(folder);
}

static bool begins_like_an_index(const char *path)
{
    char magic[8] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool yes = fd >= 0 && read(fd, magic, 8) == 8 && memcmp(magic, INDEX_MAGIC, 8) == 0;
    if (fd >= 0)
        close(fd);
    return yes;
}

eid_status index_folder_may_take(const char *path, bool replace)
{
    eid_status st = EID_OK;
    struct stat info;
    char *manifest = NULL;

    if (lstat(path, &info) != 0)
        return errno == ENOENT ? EID_OK : io_failed(path);
    if (!replace)
        return eid_fail(EID_EEXIST, "%s exists; --replace writes over an index", path);
    EID_TRY(eid_format(&manifest, "%s/manifest", path));
    if (!(S_ISDIR(info.st_mode) ? eid_exists(manifest) : begins_like_an_index(path)))
        st = eid_fail(EID_EEXIST, "%s exists and is not an index: it is not written over", path);
done:
    eid_free(manifest);
    return st;
}

eid_status index_folder_may_grow(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return io_failed(path);
    if (!S_ISDIR(info.st_mode) && begins_like_an_index(path))
        return eid_fail(EID_EUNSUPPORTED,
                        "%s: an index of one file, which cannot grow; build one of shards", path);
    return S_ISDIR(info.st_mode) ? EID_OK : eid_fail(EID_EFORMAT, "%s: not an index", path);
}

static eid_status sync_parent(const char *path)
{
    eid_status st = EID_OK;
    char *parent = NULL;

    EID_TRY(eid_strdup(&parent, path));
    char *slash = strrchr(parent, '/');
    if (slash)
        slash[slash == parent] = '\0';
    int fd = open(slash ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd); /* some file systems refuse; the rename itself has succeeded */
        close(fd);
    }
done:
    eid_free(parent);
    return st;
}

/* What stood at PATH now stands at PART. */
static void discard(const char *part)
{
    struct stat info;
    if (lstat(part, &info) == 0 && S_ISDIR(info.st_mode))
        index_folder_remove(part);
    else
        unlink(part);
}

eid_status index_folder_put(const char *part, const char *path)
{
    if (renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        return sync_parent(path);
    if (errno == EEXIST && renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_EXCHANGE) == 0) {
        eid_status st = sync_parent(path);
        discard(part);
        return st;
    }
    if (errno != EINVAL && errno != ENOSYS)
        return io_failed(path);
    discard(path); /* a file system without exchange: for a moment there is none */
    return rename(part, path) == 0 ? sync_parent(path) : io_failed(path);
}
