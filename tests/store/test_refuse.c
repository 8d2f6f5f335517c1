/* test_refuse.c - folders that are not ours, runs of others, files that lie, writers that die. */
#include "base/file.h"
#include "check.h"
#include "eidetic/store.h"
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const eid_run_info info = {
    .command = "audit", .identity = "abc", .version = "0.1.0", .kernels = "avx2", .bits = "0011"};

static void put_file(const char *dir, const char *name, const char *bytes)
{
    char path[700];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    CHECK(f && fputs(bytes, f) >= 0 && fclose(f) == 0);
}

static void sql(const char *dir, const char *text)
{
    char path[700];
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/eidetic.db", dir);
    CHECK(sqlite3_open(path, &db) == SQLITE_OK);
    CHECK(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
}

static void finished_run(const char *dir)
{
    eid_store *s = NULL;
    bool resumed;
    CHECK_OK(eid_store_create(&s, dir, &info, &resumed));
    CHECK_OK(eid_store_number(s, "a.number", 1));
    CHECK_OK(eid_store_finish(s, "done", 1));
    eid_store_free(s);
}

static void other_folders_are_left_alone(void)
{
    const char *full = check_tmp("full"), *file = check_tmp("file"), *empty = check_tmp("empty");
    eid_store *s = NULL;
    bool resumed;

    CHECK(mkdir(full, 0755) == 0);
    put_file(full, "thesis.txt", "years of work");
    CHECK_FAILS(eid_store_create(&s, full, &info, &resumed), EID_EEXIST, "holds other things");
    char path[700];
    snprintf(path, sizeof path, "%s/eidetic.db", full);
    CHECK(!eid_exists(path)); /* and nothing was put beside it */
    put_file("/tmp", strrchr(file, '/') + 1, "a file");
    CHECK_FAILS(eid_store_create(&s, file, &info, &resumed), EID_EEXIST, "not a folder");
    CHECK_FAILS(eid_store_create(&s, "", &info, &resumed), EID_EINVAL, "empty name");
    CHECK(mkdir(empty, 0755) == 0);
    CHECK_OK(eid_store_create(&s, empty, &info, &resumed));
    CHECK(!resumed);
    eid_store_free(s);
}

static void another_command_is_refused(void)
{
    const char *dir = check_tmp("other");
    eid_run_info other = info;
    eid_store *s = NULL, *second = NULL;
    bool resumed;

    CHECK_OK(eid_store_create(&s, dir, &info, &resumed));
    CHECK_FAILS(eid_store_create(&second, dir, &info, &resumed), EID_EEXIST, "another process");
    eid_store_free(s);
    other.identity = "abd";
    CHECK_FAILS(eid_store_create(&s, dir, &other, &resumed), EID_EEXIST, "other options");
    other = info;
    other.bits = "0012"; /* the same command on a machine whose numbers differ */
    CHECK_FAILS(eid_store_create(&s, dir, &other, &resumed), EID_EEXIST, "cannot continue");
    CHECK_OK(eid_store_create(&s, dir, &info, &resumed));
    CHECK(resumed);
    CHECK_OK(eid_store_finish(s, "done", 1));
    eid_store_free(s);
    CHECK_OK(eid_store_create(&s, dir, &other, &resumed)); /* nothing is left to compute */
    eid_store_free(s);
}

static void what_is_not_a_run_gets_one_sentence(void)
{
    eid_store *s = NULL;
    bool resumed;
    const char *none = check_tmp("none"), *dir = check_tmp("foreign"), *text = check_tmp("text");

    CHECK_FAILS(eid_store_open(&s, none), EID_EIO, "No such file");
    CHECK(mkdir(dir, 0755) == 0);
    CHECK_FAILS(eid_store_open(&s, dir), EID_EFORMAT, "holds no eidetic.db");
    sql(dir, "CREATE TABLE cat (name TEXT)");
    CHECK_FAILS(eid_store_open(&s, dir), EID_EFORMAT, "not an eidetic run");
    CHECK_FAILS(eid_store_create(&s, dir, &info, &resumed), EID_EFORMAT, "not an eidetic run");
    CHECK(mkdir(text, 0755) == 0);
    put_file(text, "eidetic.db",
             "Dear diary, this is a text and long enough to look like a file, "
             "but it is no database, and that must be said in one sentence.");
    CHECK_FAILS(eid_store_open(&s, text), EID_EFORMAT, "not a database");
    CHECK_FAILS(eid_store_create(&s, text, &info, &resumed), EID_EFORMAT, "not a database");
    put_file(text, "eidetic.db", ""); /* killed right after the file was made */
    CHECK_FAILS(eid_store_open(&s, text), EID_EFORMAT, "before it began");
    CHECK_OK(eid_store_create(&s, text, &info, &resumed));
    CHECK(!resumed);
    eid_store_free(s);
}

static void a_link_is_not_followed(void)
{
    const char *dir = check_tmp("link"), *victim = check_tmp("victim");
    char path[700], target[700];
    eid_store *s = NULL;
    bool resumed;
    finished_run(victim);
    CHECK(mkdir(dir, 0755) == 0);
    snprintf(path, sizeof path, "%s/eidetic.db", dir);
    snprintf(target, sizeof target, "%s/eidetic.db", victim);
    CHECK(symlink(target, path) == 0);
    CHECK_FAILS(eid_store_create(&s, dir, &info, &resumed), EID_EFORMAT, "regular file");
    CHECK_FAILS(eid_store_open(&s, dir), EID_EFORMAT, "regular file");
}

static void other_versions_are_named(void)
{
    const char *dir = check_tmp("version");
    eid_store *s = NULL;
    finished_run(dir);
    sql(dir, "PRAGMA user_version = 9");
    CHECK_FAILS(eid_store_open(&s, dir), EID_EFORMAT, "schema version 9");
}

static eid_status count_problem(void *user, const char *what, const char *text)
{
    (void)text;
    snprintf(user, 64, "%s", what);
    return EID_OK;
}

static eid_status any_problem(void *user, const char *what, const char *text)
{
    (void)what, (void)text;
    ++*(int *)user;
    return EID_OK;
}

static eid_status any_file(void *user, const char *role, const char *path, int64_t bytes,
                           const char *sha256)
{
    (void)role, (void)bytes, (void)sha256;
    return any_problem(user, path, path);
}

/* Version 1 had neither files nor questions: it is read, and becomes version 2 when gone on with.
 */
static void an_older_run_is_read_and_gone_on_with(void)
{
    const char *dir = check_tmp("older");
    eid_store *s = NULL;
    bool resumed = false;
    int problems = 0, files = 0;

    CHECK_OK(eid_store_create(&s, dir, &info, &resumed));
    eid_store_free(s);
    sql(dir, "DROP TABLE file; DROP TABLE question; PRAGMA user_version = 1");
    s = NULL;
    CHECK_OK(eid_store_check(dir, any_problem, &problems));
    CHECK_INT(problems, 1); /* it did not finish */
    CHECK_OK(eid_store_open(&s, dir));
    CHECK_OK(eid_store_files(s, any_file, &files));
    CHECK_INT(files, 0);
    eid_store_free(s);
    s = NULL;
    CHECK_OK(eid_store_create(&s, dir, &info, &resumed));
    CHECK(resumed);
    CHECK_OK(eid_store_file(s, "index", "index.eid", 1, "ab"));
    eid_store_free(s);
    s = NULL;
    CHECK_OK(eid_store_open(&s, dir));
    CHECK_OK(eid_store_files(s, any_file, &files));
    CHECK_INT(files, 1);
    eid_store_free(s);
    problems = 0;
    CHECK_OK(eid_store_check(dir, any_problem, &problems));
    CHECK_INT(problems, 1);
}

static void damage_is_found(void)
{
    const char *dir = check_tmp("damage");
    char path[700], what[64] = "";
    finished_run(dir);
    CHECK_OK(eid_store_check(dir, count_problem, what));
    CHECK_STR(what, "");
    snprintf(path, sizeof path, "%s/eidetic.db", dir);
    CHECK(chmod(path, 0644) == 0);
    CHECK_OK(eid_store_check(dir, count_problem, what));
    CHECK_STR(what, "mode");
    CHECK(chmod(path, 0600) == 0);
    sql(dir, "CREATE VIEW metric2 AS SELECT * FROM metric");
    CHECK_OK(eid_store_check(dir, count_problem, what));
    CHECK_STR(what, "schema");
    sql(dir, "DROP VIEW metric2; UPDATE run SET state = 'running'");
    CHECK_OK(eid_store_check(dir, count_problem, what));
    CHECK_STR(what, "state");
    sql(dir, "UPDATE run SET state = 'done'");
    int fd = open(path, O_RDWR); /* zeroes in the middle of the file: a lost sector */
    char zero[4096] = {0};
    CHECK(fd >= 0 && pwrite(fd, zero, sizeof zero, 4096 * 4) == (ssize_t)sizeof zero);
    close(fd);
    CHECK_OK(eid_store_check(dir, count_problem, what));
    CHECK_STR(what, "integrity");
}

static void a_table_that_lies_is_a_sentence(void)
{
    const char *dir = check_tmp("lie");
    eid_store *s = NULL;
    eid_estimate e;
    finished_run(dir);
    sql(dir, "DROP TABLE metric; CREATE TABLE metric (id, name, value BLOB)");
    CHECK_OK(eid_store_open(&s, dir));
    CHECK_FAILS(eid_store_get(s, "a.number", &e), EID_EFORMAT, "no such column");
    eid_store_free(s);
    sql(dir, "DELETE FROM run");
    CHECK_FAILS(eid_store_open(&s, dir), EID_EFORMAT, "run is empty");
}

/* ---- death ------------------------------------------------------------------------------- */

/* Units 1..200, each a text, a point per ten and a point more; the file `dir`.ready appears after
 * the first few.  Never returns. */
static void write_until_killed(const char *dir, int ready)
{
    eid_store *s = NULL;
    bool resumed, done;
    eid_estimate y = {.value = 1, .method = "exact"};
    if (eid_store_create(&s, dir, &info, &resumed) != EID_OK)
        _exit(1);
    for (int unit = 1; unit <= 200; unit++) {
        char name[32];
        snprintf(name, sizeof name, "unit %03d", unit);
        if (eid_store_begin(s, name, &done) != EID_OK)
            _exit(2);
        for (int i = 0; !done && i < 10; i++)
            if (eid_store_point(s, "c", name, i, &y) != EID_OK)
                _exit(3);
        if (!done && eid_store_end(s) != EID_OK)
            _exit(4);
        if (unit == 2 && write(ready, "x", 1) != 1)
            _exit(5);
    }
    pause();
}

static eid_status count_point(void *user, const char *curve, const char *series, double x,
                              const eid_estimate *y)
{
    (void)curve, (void)y;
    int *per_unit = user, unit = atoi(series + 5);
    CHECK(unit >= 1 && unit <= 200);
    CHECK_INT(x, per_unit[unit]++); /* in order, none twice */
    return EID_OK;
}

static void a_killed_writer_loses_its_open_unit_at_most(void)
{
    const char *dir = check_tmp("killed");
    eid_store *s = NULL;
    bool resumed;

    for (int round = 0; round < 12; round++) {
        int pipe_fd[2], status = 0;
        char c;
        CHECK(pipe(pipe_fd) == 0);
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0)
            write_until_killed(dir, pipe_fd[1]);
        close(pipe_fd[1]);
        CHECK(read(pipe_fd[0], &c, 1) == 1);
        close(pipe_fd[0]);
        usleep((useconds_t)(round * 700 + 100)); /* wherever it is by then */
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        CHECK(WIFSIGNALED(status));

        int per_unit[201] = {0}, whole = 0;
        CHECK_OK(eid_store_open(&s, dir));
        CHECK_OK(eid_store_points(s, "c", count_point, per_unit));
        eid_store_free(s);
        for (int u = 1; u <= 200; u++) {
            CHECK(per_unit[u] == 0 || per_unit[u] == 10);
            CHECK(u == 1 || per_unit[u] <= per_unit[u - 1]); /* whole units, without a gap */
            whole += per_unit[u] == 10;
        }
        CHECK(whole >= 2);
        printf("# killed after %d units\n", whole);
    }
    CHECK_OK(eid_store_create(&s, dir, &info, &resumed)); /* the lock died with its holder */
    CHECK(resumed);
    CHECK_OK(eid_store_finish(s, "done", 1));
    eid_store_free(s);
    char what[64] = "";
    CHECK_OK(eid_store_check(dir, count_problem, what));
    CHECK_STR(what, "");
}

int main(void)
{
    RUN(other_folders_are_left_alone);
    RUN(another_command_is_refused);
    RUN(what_is_not_a_run_gets_one_sentence);
    RUN(a_link_is_not_followed);
    RUN(other_versions_are_named);
    RUN(an_older_run_is_read_and_gone_on_with);
    RUN(damage_is_found);
    RUN(a_table_that_lies_is_a_sentence);
    RUN(a_killed_writer_loses_its_open_unit_at_most);
    return DONE();
}
