/* check.c - is a run's database what it should be?  For `verify`. */
#include "store/store.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct report {
    eid_text_fn fn;
    void *user;
} report;

static eid_status mode(eid_store *s, const report *r)
{
    struct stat info;
    char text[64];
    if (stat(s->path, &info) != 0 || (info.st_mode & 077) == 0)
        return EID_OK;
    snprintf(text, sizeof text, "others may read it (mode %04o)", (unsigned)(info.st_mode & 07777));
    return r->fn(r->user, "mode", text);
}

/* SQLite's own check: a row "ok", or a row per problem. */
static eid_status integrity(eid_store *s, const report *r)
{
    eid_status st = EID_OK;
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(s->db, "PRAGMA integrity_check(20)", -1, &q, NULL);
    while (rc == SQLITE_OK || rc == SQLITE_ROW) {
        rc = sqlite3_step(q);
        const char *text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(q, 0) : NULL;
        if (text && strcmp(text, "ok") != 0)
            EID_TRY(r->fn(r->user, "integrity", text));
    }
    if (rc != SQLITE_DONE)
        st = r->fn(r->user, "integrity", sqlite3_errmsg(s->db));
done:
    sqlite3_finalize(q);
    return st;
}

/* Every table stands there as we would make it, and nothing else does. */
static eid_status schema(eid_store *s, const report *r)
{
    eid_status st = EID_OK;
    sqlite3_stmt *q = NULL;
    int tables = 0, ours = 0;

    if (sqlite3_prepare_v2(s->db, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL", -1, &q,
                           NULL) != SQLITE_OK)
        return store_fail(s);
    while (store_schema[tables] && (s->version > 1 || tables < STORE_TABLES_1))
        tables++;
    while (sqlite3_step(q) == SQLITE_ROW) {
        const char *sql = (const char *)sqlite3_column_text(q, 0);
        bool known = false;
        for (int i = 0; i < tables; i++)
            known = known || (sql && strcmp(sql, store_schema[i]) == 0);
        ours += known;
        if (!known)
            EID_TRY(r->fn(r->user, "schema", "holds a table, view or trigger that is not ours"));
    }
    if (ours != tables)
        EID_TRY(r->fn(r->user, "schema", "a table is missing or has other columns"));
done:
    sqlite3_finalize(q);
    return st;
}

eid_status eid_store_check(const char *dir, eid_text_fn fn, void *user)
{
    eid_status st;
    eid_store *s = NULL;
    const report r = {fn, user};

    EID_TRY(eid_store_open(&s, dir));
    EID_TRY(mode(s, &r));
    EID_TRY(integrity(s, &r));
    EID_TRY(schema(s, &r));
    if (strcmp(s->run.state, "done") != 0)
        EID_TRY(fn(user, "state", "the run did not finish"));
done:
    eid_store_free(s);
    return st;
}
