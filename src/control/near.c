/* near.c - near-duplicates from corpus to folder. */
#define _GNU_SOURCE /* renameat2 */
#include "control/near.h"
#include "base/file.h"
#include "control/near_words.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const working[] = {"text", "names", "keys", "joined"};
static const char *const made[] = {"clusters.jsonl", "corpus.tar", "corpus.jsonl"};

static eid_status check_opts(eid_near_opts *o)
{
    if (!(o->near > 0 && o->near <= 1) || !(o->edit <= 1))
        return eid_fail(EID_EINVAL, "near: thresholds are shares up to 1, not %g and %g", o->near,
                        o->edit);
    if (o->words < 1 || o->words > NEAR_WORDS_MOST)
        return eid_fail(EID_EINVAL, "words: %" PRId64 " is not in [1, %d]", o->words,
                        NEAR_WORDS_MOST);
    if (o->edit < 0)
        o->edit = o->near;
    if (o->permutations) {
        eid_status st = eid_near_bands(o->near, o->permutations, &o->band, &o->bands);
        if (st != EID_OK)
            return st;
    }
    if (o->band < 1 || o->band > 1000 || o->bands < 1 || o->bands > 100000)
        return eid_fail(EID_EINVAL, "near: %" PRId64 " bands of %" PRId64 " hashes make no sense",
                        o->bands, o->band);
    return EID_OK;
}

/* Whether something of that name stands in the folder. */
static bool holds(const char *folder, const char *name, bool remove)
{
    char *path = NULL;
    bool there = false;
    if (eid_format(&path, "%s/%s", folder, name) == EID_OK)
        there = remove ? unlink(path) == 0 : eid_exists(path);
    eid_free(path);
    return there;
}

static eid_status may_take(const char *folder, bool replace)
{
    struct stat info;
    if (lstat(folder, &info) != 0)
        return errno == ENOENT ? EID_OK : near_io_failed(folder);
    if (!replace)
        return eid_fail(EID_EEXIST, "%s exists; --replace writes over what the same command made",
                        folder);
    if (!S_ISDIR(info.st_mode) || !holds(folder, made[0], false))
        return eid_fail(EID_EEXIST,
                        "%s exists and is not a corpus without near-duplicates: it is "
                        "not written over",
                        folder);
    return EID_OK;
}

/* Its own files only; the folder goes when nothing else is in it. */
static void remove_folder(const char *folder)
{
    char why[1024];
    eid_status st = eid_last_status();
    snprintf(why, sizeof why, "%s", eid_last_error());
    for (size_t i = 0; i < sizeof working / sizeof *working; i++)
        holds(folder, working[i], true);
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        holds(folder, made[i], true);
    rmdir(folder);
    if (st != EID_OK)
        (void)eid_fail(st, "%s", why);
}

static eid_status lock(const char *part, int *fd)
{
    eid_status st = eid_mkdirs(part);
    if (st != EID_OK)
        return st;
    int dir = open(part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return near_io_failed(part);
    if (flock(dir, LOCK_EX | LOCK_NB) != 0) {
        st = errno == EWOULDBLOCK ? eid_fail(EID_EEXIST, "%s: another process works there", part)
                                  : near_io_failed(part);
        close(dir);
        return st;
    }
    *fd = dir;
    return EID_OK;
}

static eid_status open_files(near_job *j)
{
    eid_status st = EID_OK;

    for (int i = 0; i < 4; i++)
        EID_TRY(eid_format(&j->path[i], "%s/%s", j->part, working[i]));
    for (int i = 0; i < 3; i++) {
        int fresh = i == NEAR_KEYS ? 0 : O_TRUNC;
        j->fd[i] =
            open(j->path[i], O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | fresh, 0644);
        if (j->fd[i] < 0)
            return near_io_failed(j->path[i]);
    }
done:
    return st;
}

static void job_free(near_job *j)
{
    for (int i = 0; i < 3; i++)
        if (j->fd[i] >= 0)
            close(j->fd[i]);
    for (int i = 0; i < 4; i++)
        eid_free(j->path[i]);
    eid_free(j->distinct);
    eid_free(j->name_at);
    eid_free(j->text_at);
    eid_free(j->first);
    eid_free(j->parent);
    eid_free(j->digest);
    eid_free(j->batch);
    eid_free(j->known);
}

/* The finished folder takes its name. */
static eid_status put(const char *part, const char *folder, bool replace)
{
    char *parent = NULL;

    for (size_t i = 0; i < sizeof working / sizeof *working; i++)
        holds(part, working[i], true);
    if (renameat2(AT_FDCWD, part, AT_FDCWD, folder, RENAME_NOREPLACE) != 0) {
        if (errno != EEXIST && errno != EINVAL && errno != ENOSYS)
            return near_io_failed(folder);
        if (replace)
            remove_folder(folder);
        if (rename(part, folder) != 0)
            return near_io_failed(folder);
    }
    if (eid_format(&parent, "%s/..", folder) == EID_OK) {
        int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0) {
            fsync(fd); /* some file systems refuse; the rename itself has succeeded */
            close(fd);
        }
    }
    eid_free(parent);
    return EID_OK;
}

eid_status eid_near(eid_ctx *ctx, const char *const *paths, size_t n_paths,
                    const eid_corpus_opts *read, const eid_near_opts *opts, const char *folder,
                    eid_near_result *out, eid_corpus **summary)
{
    eid_status st = EID_OK;
    eid_corpus_opts read_defaults = eid_corpus_opts_default();
    near_job j = {.ctx = ctx, .o = opts ? *opts : eid_near_opts_default(), .fd = {-1, -1, -1}};
    eid_near_result result = {0};
    eid_corpus *sum = NULL;
    char *part = NULL, *bare = NULL;
    int held = -1;

    EID_TRY(check_opts(&j.o));
    EID_TRY(eid_strdup(&bare, folder));
    for (size_t n = strlen(bare); n > 1 && bare[n - 1] == '/';)
        bare[--n] = '\0';
    EID_TRY(may_take(bare, j.o.replace));
    EID_TRY(eid_format(&part, "%s.part", bare));
    EID_TRY(lock(part, &held));
    j.part = part;
    EID_TRY(open_files(&j));
    EID_TRY(near_read(&j, paths, n_paths, read ? read : &read_defaults, &sum));
    EID_TRY(near_join(&j));
    EID_TRY(near_write(&j, &result));
    EID_TRY(put(part, bare, j.o.replace));
    *out = result;
    result = (eid_near_result){0};
    if (summary) {
        *summary = sum;
        sum = NULL;
    }
done:
    job_free(&j);
    if (held >= 0 && st != EID_OK && st != EID_ECANCELLED)
        remove_folder(part); /* stopped on request, it goes on another time */
    if (held >= 0)
        close(held);
    eid_near_result_free(&result);
    eid_corpus_free(sum);
    eid_free(part);
    eid_free(bare);
    return st;
}

void eid_near_result_free(eid_near_result *r)
{
    if (!r)
        return;
    eid_free(r->size);
    r->size = NULL;
}
