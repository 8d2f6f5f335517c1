/* bank_ranks.c - what processes that fill one bank tell each other, by files in its folder. */
#include "base/file.h"
#include "train/bank.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char MAGIC[] = "eidetic bank ranks 1";
static const double PATIENCE = 600; /* seconds that rank 0 has to begin */

static eid_status io_failed(const char *path)
{
    return eid_fail(EID_EIO, "%s: %s", path, strerror(errno));
}

static bool names_a_file(const char *job)
{
    size_t n = job ? strlen(job) : 0;
    static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    return n >= 1 && n <= 100 && strspn(job, fine) == n;
}

eid_status bank_ranks_make(bank_ranks *r, const eid_bank_ranks *of, const char *dir)
{
    eid_status st = EID_OK;

    *r = (bank_ranks){.size = 1, .log = -1};
    EID_TRY(eid_format(&r->folder, "%s/ranks", dir));
    if (!of)
        return EID_OK;
    if (of->size < 1 || of->size > 1 << 20 || of->rank < 0 || of->rank >= of->size ||
        !names_a_file(of->job))
        EID_TRY(eid_fail(EID_EINVAL,
                         "bank: rank %" PRId64 " of %" PRId64 " in job \"%.40s\" makes no sense",
                         of->rank, of->size, of->job ? of->job : ""));
    r->rank = of->rank;
    r->size = of->size;
    EID_TRY(eid_format(&r->begin, "%s/%s.begin", r->folder, of->job));
    EID_TRY(eid_format(&r->mine, "%s/%s.%" PRId64 ".done", r->folder, of->job, of->rank));
done:
    return st;
}

void bank_ranks_free(bank_ranks *r)
{
    if (r->folder && r->log >= 0)
        close(r->log);
    eid_free(r->folder);
    eid_free(r->begin);
    eid_free(r->mine);
    *r = (bank_ranks){.log = -1};
}

/* ---- rank 0 ---------------------------------------------------------------------------------- */

static bool ends_in(const char *name, const char *end)
{
    size_t n = strlen(name), k = strlen(end);
    return n >= k && strcmp(name + n - k, end) == 0;
}

/* Calls fn for every file in the folder whose name ends so; no folder, no files. */
static eid_status each_file(const char *folder, const char *end,
                            eid_status (*fn)(void *user, const char *path), void *user)
{
    eid_status st = EID_OK;
    DIR *d = opendir(folder);
    char *path = NULL;

    if (!d)
        return errno == ENOENT ? EID_OK : io_failed(folder);
    for (const struct dirent *e; st == EID_OK && (e = readdir(d));) {
        if (!ends_in(e->d_name, end))
            continue;
        st = eid_format(&path, "%s/%s", folder, e->d_name);
        if (st == EID_OK)
            st = fn(user, path);
        eid_free(path);
        path = NULL;
    }
    closedir(d);
    return st;
}

typedef struct collecting {
    int64_t models;
    eid_status (*fn)(void *user, int64_t model);
    void *user;
} collecting;

/* A number cut short is being written, or was when its writer was killed. */
static eid_status collect_file(void *user, const char *path)
{
    eid_status st = EID_OK;
    const collecting *c = user;
    uint8_t *bytes = NULL;
    size_t n;

    EID_TRY(eid_read_file(path, (size_t)1 << 30, &bytes, &n));
    for (size_t at = 0; at + 8 <= n; at += 8) {
        int64_t k;
        memcpy(&k, bytes + at, sizeof k);
        if (k < 0 || k >= c->models)
            EID_TRY(
                eid_fail(EID_EFORMAT, "%s: tells of a model %" PRId64 " that is none", path, k));
        EID_TRY(c->fn(c->user, k));
    }
done:
    eid_free(bytes);
    return st;
}

eid_status bank_ranks_collect(const bank_ranks *r, int64_t models,
                              eid_status (*fn)(void *user, int64_t model), void *user)
{
    collecting c = {models, fn, user};
    return each_file(r->folder, ".done", collect_file, &c);
}

static eid_status remove_file(void *user, const char *path)
{
    (void)user;
    return unlink(path) == 0 || errno == ENOENT ? EID_OK : io_failed(path);
}

eid_status bank_ranks_forget(const bank_ranks *r)
{
    return each_file(r->folder, ".done", remove_file, NULL);
}

eid_status bank_ranks_begin(const bank_ranks *r, const char *identity, const char *bits,
                            const int64_t *todo, int64_t n)
{
    eid_status st = EID_OK;
    eid_out *f = NULL;

    EID_TRY(each_file(r->folder, ".begin", remove_file, NULL));
    EID_TRY(each_file(r->folder, ".done", remove_file, NULL));
    if (r->size < 2) {
        (void)rmdir(r->folder); /* there may be none, or something of somebody's in it */
        return EID_OK;
    }
    EID_TRY(eid_mkdirs(r->folder));
    EID_TRY(eid_out_open(&f, r->begin));
    EID_TRY(eid_out_printf(f, "%s\n%s\n%s\n%" PRId64 "\n", MAGIC, identity, bits, n));
    for (int64_t i = 0; i < n; i++)
        EID_TRY(eid_out_printf(f, "%" PRId64 "\n", todo[i]));
    EID_TRY(eid_out_commit(&f));
done:
    eid_out_abort(&f);
    return st;
}

/* ---- the others ------------------------------------------------------------------------------ */

/* The line at *at, which begins the next. */
static const char *line(char **at)
{
    char *from = *at, *end = from ? strchr(from, '\n') : NULL;
    *at = end ? end + 1 : NULL;
    if (end)
        *end = 0;
    return end ? from : "";
}

static bool whole(const char *text, int64_t most, int64_t *out)
{
    char *end;
    errno = 0;
    long long x = strtoll(text, &end, 10);
    *out = x;
    return end != text && !*end && !errno && x >= 0 && x <= most;
}

static eid_status read_begin(const bank_ranks *r, const char *identity, const char *bits,
                             int64_t models, char *text, int64_t *todo, int64_t *n)
{
    const char *magic = line(&text), *theirs = line(&text), *their_bits = line(&text);

    if (strcmp(magic, MAGIC) != 0)
        return eid_fail(EID_EFORMAT, "%s: is not what rank 0 of this program writes", r->begin);
    if (strcmp(theirs, identity) != 0)
        return eid_fail(EID_EINVAL,
                        "bank: rank %" PRId64 " was given other options or data than rank 0",
                        r->rank);
    if (strcmp(their_bits, bits) != 0)
        return eid_fail(EID_EUNSUPPORTED,
                        "bank: rank %" PRId64 " runs on a processor or library that rounds other "
                        "than rank 0's",
                        r->rank);
    if (!whole(line(&text), models, n))
        return eid_fail(EID_EFORMAT, "%s: line 4: no number of models", r->begin);
    for (int64_t i = 0; i < *n; i++)
        if (!whole(line(&text), models - 1, &todo[i]))
            return eid_fail(EID_EFORMAT, "%s: line %" PRId64 ": no number of a model", r->begin,
                            i + 5);
    return EID_OK;
}

eid_status bank_ranks_wait(const bank_ranks *r, eid_ctx *ctx, const char *identity,
                           const char *bits, int64_t models, int64_t *todo, int64_t *n)
{
    eid_status st = EID_OK;
    uint8_t *bytes = NULL;
    size_t size;
    double until = eid_now() + PATIENCE;

    while (!eid_exists(r->begin)) {
        EID_TRY(eid_tick(ctx, "waiting for rank 0", "models", 0, 0));
        if (eid_now() > until)
            EID_TRY(eid_fail(EID_EIO,
                             "%s: rank 0 has not begun within %.0f seconds: do all machines see "
                             "this folder?",
                             r->folder, PATIENCE));
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    EID_TRY(eid_read_file(r->begin, (size_t)models * 24 + 4096, &bytes, &size));
    EID_TRY(read_begin(r, identity, bits, models, (char *)bytes, todo, n));
done:
    eid_free(bytes);
    return st;
}

eid_status bank_ranks_tell(bank_ranks *r, const int64_t *model, int64_t n)
{
    if (n == 0)
        return EID_OK;
    if (r->log < 0)
        r->log = open(r->mine, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (r->log < 0)
        return io_failed(r->mine);
    size_t bytes = (size_t)n * sizeof *model;
    ssize_t got = write(r->log, model, bytes);
    return got == (ssize_t)bytes ? EID_OK : io_failed(r->mine);
}
