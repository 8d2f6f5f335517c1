#include "base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER = 1 << 18 };

struct eid_out {
    int fd;
    char *path, *part;
    uint8_t *buffer;
    size_t n;
};

static eid_status io_failed(const char *path)
{
    return eid_fail(EID_EIO, "%s: %s", path, strerror(errno));
}

eid_status eid_out_open(eid_out **out, const char *path)
{
    eid_status st = EID_OK;
    eid_out *f = NULL;

    EID_TRY(EID_NEW(f, 1));
    f->fd = -1;
    EID_TRY(eid_strdup(&f->path, path));
    EID_TRY(eid_format(&f->part, "%s.part", path));
    EID_TRY(EID_NEW(f->buffer, BUFFER));
    f->fd = open(f->part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (f->fd < 0) {
        st = io_failed(f->part);
        goto done;
    }
    *out = f;
    f = NULL;
done:
    eid_out_abort(&f);
    return st;
}

static eid_status write_all(const eid_out *f, const uint8_t *p, size_t n)
{
    while (n) {
        ssize_t got = write(f->fd, p, n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return io_failed(f->part);
        p += got;
        n -= (size_t)got;
    }
    return EID_OK;
}

eid_status eid_out_flush(eid_out *f)
{
    eid_status st = write_all(f, f->buffer, f->n);

    f->n = 0;
    return st;
}

eid_status eid_out_write(eid_out *f, const void *bytes, size_t n)
{
    eid_status st = EID_OK;

    if (f->n + n > BUFFER || n > BUFFER / 2) /* what came before is written before */
        st = eid_out_flush(f);
    if (st == EID_OK && n > BUFFER / 2)
        return write_all(f, bytes, n);
    if (st == EID_OK && n) {
        memcpy(f->buffer + f->n, bytes, n);
        f->n += n;
    }
    return st;
}

eid_status eid_out_printf(eid_out *f, const char *fmt, ...)
{
    char text[4096];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof text)
        return eid_fail(EID_EINTERNAL, "%s: a line of output is too long", f->path);
    return eid_out_write(f, text, (size_t)n);
}

int eid_out_fd(eid_out *f)
{
    return f->fd;
}

/* The rename is only durable once the folder is, too.  Changes `path`. */
static void sync_folder(char *path)
{
    int fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        fsync(fd); /* some file systems refuse; the rename itself has succeeded */
        close(fd);
    }
}

eid_status eid_out_commit(eid_out **file)
{
    eid_out *f = *file;
    eid_status st = eid_out_flush(f);

    if (st == EID_OK && fsync(f->fd) != 0)
        st = io_failed(f->part);
    if (st == EID_OK && close(f->fd) != 0)
        st = io_failed(f->part);
    else if (st != EID_OK)
        close(f->fd);
    f->fd = -1;
    if (st == EID_OK && rename(f->part, f->path) != 0)
        st = io_failed(f->path);
    if (st == EID_OK) { /* from here on nothing fails: the file is there */
        sync_folder(f->path);
        eid_free(f->part);
        f->part = NULL;
    }
    eid_out_abort(file);
    return st;
}

void eid_out_abort(eid_out **file)
{
    eid_out *f = *file;

    if (!f)
        return;
    if (f->fd >= 0)
        close(f->fd);
    if (f->part)
        unlink(f->part);
    eid_free(f->path);
    eid_free(f->part);
    eid_free(f->buffer);
    eid_free(f);
    *file = NULL;
}

eid_status eid_read_file(const char *path, size_t max, uint8_t **bytes, size_t *n)
{
    eid_status st = EID_OK;
    eid_buf b = {0};
    uint8_t *chunk = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return io_failed(path);
    EID_TRY(EID_NEW(chunk, BUFFER));
    EID_TRY(eid_buf_str(&b, ""));
    for (;;) {
        ssize_t got = read(fd, chunk, BUFFER);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            st = io_failed(path);
            goto done;
        }
        if (got == 0)
            break;
        if (b.n + (size_t)got > max) {
            st = eid_fail(EID_EFORMAT,
                          "%s: larger than %zu bytes, the most that is read of such a file", path,
                          max);
            goto done;
        }
        EID_TRY(eid_buf_add(&b, chunk, (size_t)got));
    }
    *bytes = b.at;
    *n = b.n;
    b = (eid_buf){0};
done:
    close(fd);
    eid_free(chunk);
    eid_buf_free(&b);
    return st;
}

eid_status eid_map_open(eid_map *m, const char *path)
{
    struct stat s;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *at = NULL;

    if (fd < 0)
        return io_failed(path);
    if (fstat(fd, &s) != 0 || !S_ISREG(s.st_mode)) {
        close(fd);
        return eid_fail(EID_EIO, "%s: not a regular file", path);
    }
    if (s.st_size > 0) {
        at = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_SHARED, fd, 0);
        if (at == MAP_FAILED) {
            eid_status st = io_failed(path);
            close(fd);
            return st;
        }
    }
    *m = (eid_map){.at = at ? at : (const uint8_t *)"", .n = (size_t)s.st_size, .fd = fd};
    return EID_OK;
}

void eid_map_close(eid_map *m)
{
    if (!m->at)
        return;
    if (m->n)
        munmap((void *)(uintptr_t)m->at, m->n);
    close(m->fd);
    *m = (eid_map){0};
}

eid_status eid_mkdirs(const char *path)
{
    eid_status st = EID_OK;
    char *copy = NULL;

    EID_TRY(eid_strdup(&copy, path));
    for (char *p = copy + 1; *copy; p++) {
        bool last = *p == 0;
        if (*p != '/' && !last)
            continue;
        *p = 0;
        if (mkdir(copy, 0777) != 0 && errno != EEXIST) {
            st = io_failed(copy);
            goto done;
        }
        if (last)
            break;
        *p = '/';
    }
done:
    eid_free(copy);
    return st;
}

bool eid_exists(const char *path)
{
    return access(path, F_OK) == 0;
}
