/* store.h - the store from inside: one connection, its prepared statements, one open unit at most.
 */
#ifndef EID_SRC_STORE_H
#define EID_SRC_STORE_H
#include "base/memory.h"
#include "eidetic/store.h"
#include <sqlite3.h>

#define STORE_FILE "eidetic.db"
enum {
    STORE_APPLICATION = 0x65696474 /* "eidt" */,
    STORE_VERSION = 2,
    STORE_OLDEST =
        1, /* still read; a run of it that is gone on with becomes one of STORE_VERSION */
    STORE_TABLES_1 = 9 /* tables that version 1 had: the first ones of store_schema */
};

/* Statements are prepared on first use and kept; the texts stand in statements.c. */
typedef enum store_stmt {
    STORE_BEGIN,
    STORE_COMMIT,
    STORE_ROLLBACK,
    STORE_RUN_PUT,
    STORE_RUN_GET,
    STORE_RUN_STATE,
    STORE_WORK_GET,
    STORE_WORK_PUT,
    STORE_INPUT_PUT,
    STORE_INPUT_ALL,
    STORE_METRIC_PUT,
    STORE_METRIC_ALL,
    STORE_METRIC_GET,
    STORE_TEXT_PUT,
    STORE_TEXT_ALL,
    STORE_POINT_PUT,
    STORE_POINT_ALL,
    STORE_SCORE_PUT,
    STORE_EXAMPLE_PUT,
    STORE_FINDING_PUT,
    STORE_FINDING_ALL,
    STORE_FILE_PUT,
    STORE_FILE_ALL,
    STORE_QUESTION_PUT,
    STORE_QUESTION_ALL,
    STORE_STATEMENTS
} store_stmt;

struct eid_store {
    sqlite3 *db;
    char *dir, *path;
    int lock; /* the folder's descriptor while we write, else -1 */
    bool writing;
    int64_t version; /* of the schema */
    int64_t finding; /* row of the finding that was written last, 0: none in this unit */
    char *unit;      /* open unit of work, NULL: none */
    sqlite3_stmt *stmt[STORE_STATEMENTS];
    eid_run_info run;
    char *run_text; /* one block that holds every string of `run` */
    char **method;  /* methods met while reading: eid_estimate wants them to outlive the row */
    size_t methods, methods_cap;
};

/* The last SQLite failure as a sentence that names the file. */
eid_status store_fail(eid_store *s);
/* The prepared statement, reset and ready to bind. */
eid_status store_ready(eid_store *s, store_stmt which, sqlite3_stmt **out);
/* Binds by letters and runs to the end: s text (NULL: NULL), i int64_t, d double (NaN: NULL),
 * b bytes (pointer, size_t; NULL: NULL). */
eid_status store_do(eid_store *s, store_stmt which, const char *types, ...);
eid_status store_exec(eid_store *s, const char *sql);

/* Writes the schema and the run's row in one transaction. */
eid_status store_schema_write(eid_store *s, const eid_run_info *info);
/* EID_EFORMAT unless the file is of our application and of a version that is read; `empty`: it
 * holds nothing at all.  Sets s->version. */
eid_status store_schema_look(eid_store *s, bool *empty);
/* Adds what an older version lacks, in one transaction. */
eid_status store_schema_migrate(eid_store *s);
/* The time as "2026-11-24T08:30:00Z". */
void store_utc_now(char text[24]);
extern const char *const store_schema[]; /* one CREATE TABLE each, ends with NULL */
eid_status store_run_load(eid_store *s);

/* For reading: a column's text, "" for NULL; a number, NaN for NULL; bytes, NULL for NULL. */
const char *store_text(sqlite3_stmt *q, int column);
double store_number(sqlite3_stmt *q, int column);
const uint8_t *store_bytes(sqlite3_stmt *q, int column, size_t *n);
/* Calls `row` for each row of a statement with one text parameter (NULL allowed). */
typedef eid_status (*store_row_fn)(eid_store *s, sqlite3_stmt *q, void *arg);
eid_status store_each(eid_store *s, store_stmt which, const char *param, store_row_fn row,
                      void *arg);
/* The ten columns of STORE_FINDING_ALL, from `at` on. */
eid_finding store_finding_at(sqlite3_stmt *q, int at);
/* EID_EINVAL unless a unit of work is open for writing. */
eid_status store_may_add(const eid_store *s, const char *what);

/* A connection to DIR/eidetic.db with the settings that hostile files call for. */
eid_status store_connect(eid_store **out, const char *dir);
#endif
