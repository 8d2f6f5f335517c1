/* die_at.c - dies at a chosen write: preloaded into a process, so that it can be killed between any
 * two steps of what it does to its files, and in the middle of one.
 *
 *     LD_PRELOAD=libdie_at.so EID_DIE_AT=N EID_DIE_UNDER=FOLDER EID_DIE_LOG=FILE eidetic ...
 *
 * Counts, from 1, the calls that change what is on disk (write, pwrite64, ftruncate64, fsync,
 * fdatasync, rename, unlink), for files below FOLDER.  The N-th is a SIGKILL instead; a write first
 * writes half of its bytes.  At the end the count goes to FILE (N = 0: only that). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_long calls;

static int below(const char *path)
{
    const char *under = getenv("EID_DIE_UNDER");
    size_t n = under ? strlen(under) : 0;
    return n && strncmp(path, under, n) == 0;
}

static int fd_below(int fd)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    return below(path);
}

/* Whether this call is the last one; a count of all goes to the log's file as it grows. */
static int now(void)
{
    const char *at = getenv("EID_DIE_AT");
    return at && atomic_fetch_add(&calls, 1) + 1 == atol(at);
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    pause();
}

__attribute__((destructor)) static void tell(void)
{
    const char *log = getenv("EID_DIE_LOG");
    FILE *f = log ? fopen(log, "w") : NULL;
    if (f) {
        fprintf(f, "%ld\n", atomic_load(&calls));
        fclose(f);
    }
}

#define EXPORT __attribute__((visibility("default")))
/* The function that ours stands before. */
#define REAL(type, name, ...)  \
    type (*real)(__VA_ARGS__); \
    *(void **)&real = dlsym(RTLD_NEXT, #name)

EXPORT ssize_t write(int fd, const void *bytes, size_t n)
{
    REAL(ssize_t, write, int, const void *, size_t);
    if (fd_below(fd) && now()) {
        (void)!real(fd, bytes, n / 2);
        die();
    }
    return real(fd, bytes, n);
}

EXPORT ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
    REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t);
    if (fd_below(fd) && now()) {
        (void)!real(fd, bytes, n / 2, at);
        die();
    }
    return real(fd, bytes, n, at);
}

EXPORT int ftruncate64(int fd, off64_t n)
{
    REAL(int, ftruncate64, int, off64_t);
    if (fd_below(fd) && now())
        die();
    return real(fd, n);
}

EXPORT int fsync(int fd)
{
    REAL(int, fsync, int);
    if (fd_below(fd) && now())
        die();
    return real(fd);
}

EXPORT int fdatasync(int fd)
{
    REAL(int, fdatasync, int);
    if (fd_below(fd) && now())
        die();
    return real(fd);
}

EXPORT int rename(const char *from, const char *to)
{
    REAL(int, rename, const char *, const char *);
    if (below(to) && now())
        die();
    return real(from, to);
}

EXPORT int unlink(const char *path)
{
    REAL(int, unlink, const char *);
    if (below(path) && now())
        die();
    return real(path);
}
