/* open.c - making, resuming, refusing and opening a run's folder. */
#include "base/file.h"
#include "store/store.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A database may come from anywhere: no functions or tables with side effects may hide in its
 * schema, and every cell is checked before it is believed. */
static eid_status harden(eid_store *s)
{
    sqlite3_busy_timeout(s->db, 10000);
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    return store_exec(s, "PRAGMA cell_size_check = ON");
}

eid_status store_connect(eid_store **out, const char *dir)
{
    eid_status st;
    eid_store *s = NULL;
    struct stat info;

    EID_TRY(EID_NEW(s, 1));
    s->lock = -1;
    EID_TRY(eid_strdup(&s->dir, dir));
    /* The "./" keeps a folder named "file:..." from being read as a URI. */
    EID_TRY(eid_format(&s->path, "%s%s/%s", dir[0] == '/' || dir[0] == '.' ? "" : "./", dir,
                       STORE_FILE));
    if (lstat(s->path, &info) != 0) {
        if (errno == ENOENT && eid_exists(dir))
            st = eid_fail(EID_EFORMAT, "%s: is not a run, it holds no " STORE_FILE, dir);
        else
            st = eid_fail(errno == ENOTDIR ? EID_EFORMAT : EID_EIO, "%s: %s", dir, strerror(errno));
        goto done;
    }
    if (!S_ISREG(info.st_mode)) {
        st = eid_fail(EID_EFORMAT, "%s: is not a regular file", s->path);
        goto done;
    }
    if (sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
        st = s->db ? store_fail(s) : eid_fail(EID_ENOMEM, "%s: no memory to open it", s->path);
        goto done;
    }
    EID_TRY(harden(s));
    *out = s;
    s = NULL;
done:
    eid_store_free(s);
    return st;
}

void eid_store_free(eid_store *s)
{
    if (!s)
        return;
    eid_store_abandon(s);
    for (int i = 0; i < STORE_STATEMENTS; i++)
        sqlite3_finalize(s->stmt[i]);
    sqlite3_close(s->db);
    if (s->lock >= 0)
        close(s->lock);
    for (size_t i = 0; i < s->methods; i++)
        eid_free(s->method[i]);
    eid_free(s->method);
    eid_free(s->run_text);
    eid_free(s->dir);
    eid_free(s->path);
    eid_free(s);
}

/* DIR with its parents; DIR itself is for its owner only, because a model that memorized its corpus
 * is as private as the corpus. */
static eid_status make_folder(const char *dir)
{
    eid_status st = EID_OK;
    char *parent = NULL;
    size_t n;

    EID_TRY(eid_strdup(&parent, dir));
    for (n = strlen(parent); n > 1 && parent[n - 1] == '/'; n--)
        parent[n - 1] = '\0';
    char *slash = strrchr(parent, '/');
    if (slash && slash != parent) {
        *slash = '\0';
        EID_TRY(eid_mkdirs(parent));
    }
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        st = eid_fail(EID_EIO, "%s: %s", dir, strerror(errno));
done:
    eid_free(parent);
    return st;
}

/* Holds the folder against a second writer for as long as `*fd` is open. */
static eid_status lock_folder(const char *dir, int *fd)
{
    *fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd < 0)
        return errno == ENOTDIR ? eid_fail(EID_EEXIST, "%s: exists and is not a folder", dir)
                                : eid_fail(EID_EIO, "%s: %s", dir, strerror(errno));
    if (flock(*fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        close(*fd);
        *fd = -1;
        return eid_fail(EID_EEXIST, "%s: another process is writing this run", dir);
    }
    return EID_OK; /* a file system without locks still has SQLite's own */
}

static eid_status is_empty(const char *dir, bool *empty)
{
    DIR *d = opendir(dir);
    const struct dirent *e;
    if (!d)
        return eid_fail(EID_EIO, "%s: %s", dir, strerror(errno));
    *empty = true;
    while ((e = readdir(d)) != NULL)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            *empty = false;
    closedir(d);
    return EID_OK;
}

/* The database's file with mode 0600 before SQLite sees it; its log inherits the mode. */
static eid_status make_file(const char *dir, int folder)
{
    struct stat info;
    bool empty = false;

    if (fstatat(folder, STORE_FILE, &info, AT_SYMLINK_NOFOLLOW) == 0)
        return EID_OK;
    eid_status st = is_empty(dir, &empty);
    if (st != EID_OK)
        return st;
    if (!empty)
        return eid_fail(EID_EEXIST, "%s: exists and holds other things; name a new folder", dir);
    int fd = openat(folder, STORE_FILE, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return eid_fail(EID_EIO, "%s/" STORE_FILE ": %s", dir, strerror(errno));
    close(fd);
    return EID_OK;
}

/* May the run in `s` be gone on with?  Units that other code would add to it must be what this code
 * would have made of the whole, so a run that is not done is bound to its version and bits. */
static eid_status may_resume(const eid_store *s, const eid_run_info *info)
{
    const eid_run_info *old = &s->run;
    if (!info->identity || strcmp(old->identity, info->identity) != 0)
        return eid_fail(EID_EEXIST,
                        "%s: holds a run of other options or other input; name a new "
                        "folder, or give that run's command to resume it",
                        s->dir);
    if (strcmp(old->state, "done") == 0)
        return EID_OK;
    if ((info->version && strcmp(old->version, info->version) != 0) ||
        (info->bits && strcmp(old->bits, info->bits) != 0))
        return eid_fail(EID_EEXIST,
                        "%s: was begun by eidetic %.20s with kernels %.20s (bits %.16s), "
                        "which this program cannot continue to the same numbers; name a new folder",
                        s->dir, old->version, old->kernels, old->bits);
    return EID_OK;
}

eid_status eid_store_create(eid_store **out, const char *dir, const eid_run_info *info,
                            bool *resumed)
{
    eid_status st;
    eid_store *s = NULL;
    int lock = -1;
    bool fresh = false;

    if (!dir || !*dir)
        return eid_fail(EID_EINVAL, "store: want a folder for the run, got an empty name");
    EID_TRY(make_folder(dir));
    EID_TRY(lock_folder(dir, &lock));
    EID_TRY(make_file(dir, lock));
    EID_TRY(store_connect(&s, dir));
    s->lock = lock;
    lock = -1;
    EID_TRY(store_schema_look(s, &fresh));
    if (!fresh) {
        EID_TRY(store_run_load(s));
        EID_TRY(may_resume(s, info));
    }
    if (fresh || strcmp(s->run.state, "done") != 0)
        EID_TRY(store_exec(s, "PRAGMA journal_mode = WAL"));
    EID_TRY(store_exec(s, "PRAGMA synchronous = FULL"));
    if (fresh)
        EID_TRY(store_schema_write(s, info));
    else if (strcmp(s->run.state, "done") != 0) {
        EID_TRY(store_schema_migrate(s));
        EID_TRY(store_do(s, STORE_RUN_STATE, "ssd", "running", "", 0.0));
    }
    EID_TRY(store_run_load(s));
    s->writing = true;
    *resumed = !fresh;
    *out = s;
    s = NULL;
done:
    if (lock >= 0)
        close(lock);
    eid_store_free(s);
    return st;
}

eid_status eid_store_open(eid_store **out, const char *dir)
{
    eid_status st;
    eid_store *s = NULL;
    bool empty = false;

    EID_TRY(store_connect(&s, dir));
    EID_TRY(store_exec(s, "PRAGMA query_only = ON"));
    EID_TRY(store_schema_look(s, &empty));
    if (empty) {
        st = eid_fail(EID_EFORMAT, "%s: is empty: its run was stopped before it began", s->path);
        goto done;
    }
    EID_TRY(store_run_load(s));
    *out = s;
    s = NULL;
done:
    eid_store_free(s);
    return st;
}

const char *eid_store_dir(const eid_store *s)
{
    return s->dir;
}

const eid_run_info *eid_store_run(const eid_store *s)
{
    return &s->run;
}
