/* folder.c - see folder.h. */
#define _GNU_SOURCE /* renameat2, syncfs */
#include "control/folder.h"
#include "base/file.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK ".eidetic-dedup"

static eid_status io_failed(const char *path)
{
    return eid_fail(EID_EIO, "%s: %s", path, strerror(errno));
}

/* Everything below the folder `fd`; the mark last, so that a removal that is killed is known for
 * what it is. */
static eid_status empty(int fd, const char *path, bool top)
{
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    eid_status st = EID_OK;

    if (!dir) {
        if (copy >= 0)
            close(copy);
        return io_failed(path);
    }
    for (struct dirent *e; st == EID_OK && (e = readdir(dir));) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") ||
            (top && !strcmp(e->d_name, MARK)))
            continue;
        if (unlinkat(fd, e->d_name, 0) == 0 || errno == ENOENT)
            continue;
        int below = openat(fd, e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (below < 0) {
            st = io_failed(path);
            break;
        }
        st = empty(below, path, false);
        close(below);
        if (st == EID_OK && unlinkat(fd, e->d_name, AT_REMOVEDIR) != 0)
            st = io_failed(path);
    }
    closedir(dir);
    if (st == EID_OK && top && unlinkat(fd, MARK, 0) != 0 && errno != ENOENT)
        st = io_failed(path);
    return st;
}

static bool is_empty(int fd)
{
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    int n = 0;

    if (!dir)
        return false;
    for (struct dirent *e; (e = readdir(dir)) && n <= 2;)
        n++;
    closedir(dir);
    return n <= 2;
}

static eid_status take(control_folder *f)
{
    if (flock(f->lock, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK
                   ? eid_fail(EID_EEXIST, "%s: another process is working there", f->part)
                   : io_failed(f->part);
    if (faccessat(f->lock, MARK, F_OK, 0) != 0 && !is_empty(f->lock))
        return eid_fail(EID_EEXIST, "%s exists, and is not ours to remove", f->part);
    eid_status st = empty(f->lock, f->part, true);
    if (st != EID_OK)
        return st;
    int mark = openat(f->lock, MARK, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (mark < 0)
        return io_failed(f->part);
    close(mark);
    return EID_OK;
}

eid_status control_folder_open(control_folder *f, const char *path)
{
    size_t n = strlen(path);
    struct stat info;
    eid_status st = EID_OK;

    *f = (control_folder){.lock = -1};
    while (n > 1 && path[n - 1] == '/')
        n--;
    if (!n)
        return eid_fail(EID_EINVAL, "the folder for what is written has no name");
    EID_TRY(eid_format(&f->path, "%.*s", (int)n, path));
    EID_TRY(eid_format(&f->part, "%s.part", f->path));
    if (lstat(f->path, &info) == 0) {
        st = eid_fail(EID_EEXIST, "%s exists; name a folder that does not", f->path);
        goto done;
    }
    EID_TRY(eid_mkdirs(f->part));
    f->lock = open(f->part, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (f->lock < 0)
        st = io_failed(f->part);
    else
        st = take(f);
    if (st != EID_OK && f->lock >= 0) { /* whoever's it is keeps it */
        close(f->lock);
        f->lock = -1;
    }
done:
    if (st != EID_OK)
        control_folder_close(f);
    return st;
}

eid_status control_folder_commit(control_folder *f)
{
    if (syncfs(f->lock) != 0)
        return io_failed(f->part);
    if (renameat2(AT_FDCWD, f->part, AT_FDCWD, f->path, RENAME_NOREPLACE) != 0) {
        bool unknown = errno == EINVAL || errno == ENOSYS; /* a file system that cannot */
        if (!unknown || rename(f->part, f->path) != 0)
            return io_failed(f->path);
    }
    unlinkat(f->lock, MARK, 0); /* killed before this, it stays, and does no harm */
    close(f->lock);
    f->lock = -1;
    return EID_OK;
}

void control_folder_close(control_folder *f)
{
    char why[1024]; /* of what brought us here: it is the one to tell */
    eid_status st = eid_last_status();

    if (!f->path)
        return;
    snprintf(why, sizeof why, "%s", eid_last_error());
    if (f->lock >= 0) {
        if (empty(f->lock, f->part, true) == EID_OK)
            rmdir(f->part);
        close(f->lock);
        (void)eid_fail(st, "%s", why);
    }
    eid_free(f->path);
    eid_free(f->part);
    *f = (control_folder){.lock = -1};
}
