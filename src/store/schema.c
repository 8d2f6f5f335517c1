/* schema.c - the tables of eidetic.db, and the run's one row. docs/store.md explains each column.
 */
#include "store/store.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *const store_schema[] = {
    "CREATE TABLE run (id INTEGER PRIMARY KEY CHECK (id = 1), parent TEXT, command TEXT NOT NULL,"
    " command_line TEXT NOT NULL, options TEXT NOT NULL, identity TEXT NOT NULL,"
    " version TEXT NOT NULL, kernels TEXT NOT NULL, bits TEXT NOT NULL, cpu TEXT NOT NULL,"
    " seed INTEGER NOT NULL, threads INTEGER NOT NULL, state TEXT NOT NULL,"
    " started TEXT NOT NULL, finished TEXT NOT NULL, seconds REAL NOT NULL)",
    "CREATE TABLE input (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, bytes INTEGER NOT NULL,"
    " sha256 TEXT NOT NULL, documents INTEGER NOT NULL, skipped INTEGER NOT NULL)",
    "CREATE TABLE example (id INTEGER PRIMARY KEY, label TEXT NOT NULL, offset INTEGER NOT NULL)",
    "CREATE TABLE score (measure TEXT NOT NULL, example INTEGER NOT NULL, value REAL,"
    " PRIMARY KEY (measure, example)) WITHOUT ROWID",
    "CREATE TABLE metric (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, value REAL, low REAL,"
    " high REAL, n INTEGER NOT NULL, method TEXT NOT NULL, why TEXT NOT NULL)",
    "CREATE TABLE text (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, value TEXT NOT NULL)",
    "CREATE TABLE curve (id INTEGER PRIMARY KEY, name TEXT NOT NULL, series TEXT NOT NULL, x REAL,"
    " y REAL, low REAL, high REAL, n INTEGER NOT NULL, method TEXT NOT NULL, why TEXT NOT NULL)",
    "CREATE TABLE finding (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, document TEXT,"
    " offset INTEGER NOT NULL, copies INTEGER NOT NULL, documents INTEGER NOT NULL, prompt BLOB,"
    " expected BLOB, output BLOB, value REAL, why TEXT)",
    "CREATE TABLE work (unit TEXT PRIMARY KEY, state TEXT NOT NULL, finished TEXT NOT NULL)"
    " WITHOUT ROWID",
    /* since version 2 */
    "CREATE TABLE file (path TEXT PRIMARY KEY, role TEXT NOT NULL, bytes INTEGER NOT NULL,"
    " sha256 TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE question (id INTEGER PRIMARY KEY, measure TEXT NOT NULL, example INTEGER NOT "
    "NULL,"
    " finding INTEGER, first INTEGER NOT NULL, given BLOB NOT NULL, expected BLOB, answer BLOB,"
    " value REAL)",
    NULL,
};

void store_utc_now(char text[24])
{
    time_t now = time(NULL);
    struct tm utc;
    text[0] = '\0';
    if (gmtime_r(&now, &utc))
        strftime(text, 24, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

static const char *or_empty(const char *s)
{
    return s ? s : "";
}

static eid_status create_tables(eid_store *s, int from)
{
    eid_status st = EID_OK;
    char pragma[96];

    snprintf(pragma, sizeof pragma, "PRAGMA application_id = %d; PRAGMA user_version = %d",
             STORE_APPLICATION, STORE_VERSION);
    for (int i = from; store_schema[i]; i++)
        EID_TRY(store_exec(s, store_schema[i]));
    EID_TRY(store_exec(s, pragma));
    s->version = STORE_VERSION;
done:
    return st;
}

eid_status store_schema_migrate(eid_store *s)
{
    eid_status st = EID_OK;

    if (s->version == STORE_VERSION)
        return EID_OK;
    EID_TRY(store_do(s, STORE_BEGIN, ""));
    EID_TRY(create_tables(s, STORE_TABLES_1));
    EID_TRY(store_do(s, STORE_COMMIT, ""));
done:
    return st; /* a failure closes the connection, which rolls back */
}

eid_status store_schema_write(eid_store *s, const eid_run_info *info)
{
    eid_status st;
    char now[24];

    store_utc_now(now);
    EID_TRY(store_do(s, STORE_BEGIN, ""));
    EID_TRY(create_tables(s, 0));
    EID_TRY(store_do(s, STORE_RUN_PUT, "ssssssssiis", or_empty(info->command),
                     or_empty(info->command_line), or_empty(info->options),
                     or_empty(info->identity), or_empty(info->version), or_empty(info->kernels),
                     or_empty(info->bits), or_empty(info->cpu), info->seed, info->threads, now));
    EID_TRY(store_do(s, STORE_COMMIT, ""));
done:
    return st; /* a failure closes the connection, which rolls back */
}

static eid_status pragma_int(eid_store *s, const char *pragma, int64_t *value)
{
    sqlite3_stmt *q = NULL;
    eid_status st = EID_OK;
    if (sqlite3_prepare_v2(s->db, pragma, -1, &q, NULL) != SQLITE_OK ||
        sqlite3_step(q) != SQLITE_ROW)
        st = store_fail(s);
    else
        *value = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return st;
}

eid_status store_schema_look(eid_store *s, bool *empty)
{
    eid_status st;
    int64_t application = 0, version = 0, objects = 0;

    EID_TRY(pragma_int(s, "SELECT count(*) FROM sqlite_master", &objects));
    EID_TRY(pragma_int(s, "PRAGMA application_id", &application));
    EID_TRY(pragma_int(s, "PRAGMA user_version", &version));
    *empty = objects == 0 && application == 0;
    if (*empty)
        goto done;
    if (application != STORE_APPLICATION)
        st = eid_fail(EID_EFORMAT, "%s: is a database, but not an eidetic run", s->path);
    else if (version < STORE_OLDEST || version > STORE_VERSION)
        st = eid_fail(EID_EFORMAT, "%s: has schema version %lld, this eidetic reads %d to %d",
                      s->path, (long long)version, STORE_OLDEST, STORE_VERSION);
    s->version = version;
done:
    return st;
}

/* The run's strings are copied into one block, so that they outlive the statement. */
eid_status store_run_load(eid_store *s)
{
    enum { STRINGS = 11 };
    eid_status st;
    sqlite3_stmt *q = NULL;
    const char **field[STRINGS] = {&s->run.command,  &s->run.command_line, &s->run.options,
                                   &s->run.identity, &s->run.version,      &s->run.kernels,
                                   &s->run.bits,     &s->run.cpu,          &s->run.state,
                                   &s->run.started,  &s->run.finished};
    size_t size = 0, at = 0, length[STRINGS];
    const char *text[STRINGS];
    char *block = NULL;

    EID_TRY(store_ready(s, STORE_RUN_GET, &q));
    int rc = sqlite3_step(q);
    if (rc != SQLITE_ROW) {
        st = rc == SQLITE_DONE ? eid_fail(EID_EFORMAT, "%s: its table run is empty", s->path)
                               : store_fail(s);
        goto done;
    }
    for (int i = 0; i < STRINGS; i++) {
        text[i] = or_empty((const char *)sqlite3_column_text(q, i));
        length[i] = strlen(text[i]) + 1;
        size += length[i];
    }
    EID_TRY(EID_NEW(block, size));
    for (int i = 0; i < STRINGS; at += length[i++]) {
        memcpy(block + at, text[i], length[i]);
        *field[i] = block + at;
    }
    s->run.seed = sqlite3_column_int64(q, STRINGS);
    s->run.threads = sqlite3_column_int64(q, STRINGS + 1);
    s->run.seconds = sqlite3_column_double(q, STRINGS + 2);
    eid_free(s->run_text);
    s->run_text = block;
done:
    if (q)
        sqlite3_reset(q);
    return st;
}
