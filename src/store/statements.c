/* statements.c - every statement the store runs, and the one way to run them. */
#include "store/store.h"
#include <stdarg.h>
#include <string.h>

static const char *const sql[STORE_STATEMENTS] = {
    [STORE_BEGIN] = "BEGIN IMMEDIATE",
    [STORE_COMMIT] = "COMMIT",
    [STORE_ROLLBACK] = "ROLLBACK",
    [STORE_RUN_PUT] =
        "INSERT INTO run (id, command, command_line, options, identity, version, kernels, bits,"
        " cpu, seed, threads, state, started, finished, seconds)"
        " VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'running', ?, '', 0)",
    [STORE_RUN_GET] =
        "SELECT command, command_line, options, identity, version, kernels, bits,"
        " cpu, state, started, finished, seed, threads, seconds FROM run WHERE id = 1",
    [STORE_RUN_STATE] = "UPDATE run SET state = ?, finished = ?, seconds = ? WHERE id = 1",
    [STORE_WORK_GET] = "SELECT 1 FROM work WHERE unit = ? AND state = 'done'",
    [STORE_WORK_PUT] = "INSERT INTO work (unit, state, finished) VALUES (?, 'done', ?)",
    [STORE_INPUT_PUT] =
        "INSERT INTO input (path, bytes, sha256, documents, skipped) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (path) DO UPDATE SET bytes = excluded.bytes, sha256 = excluded.sha256,"
        " documents = excluded.documents, skipped = excluded.skipped",
    [STORE_INPUT_ALL] = "SELECT path, bytes, sha256, documents, skipped FROM input ORDER BY id",
    [STORE_METRIC_PUT] =
        "INSERT INTO metric (name, value, low, high, n, method, why) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value, low = excluded.low,"
        " high = excluded.high, n = excluded.n, method = excluded.method, why = excluded.why",
    /* instr, not LIKE: a prefix may hold "_", and names that differ in case are two names. */
    [STORE_METRIC_ALL] = "SELECT name, value, low, high, n, method, why FROM metric"
                         " WHERE instr(name, ?) = 1 ORDER BY id",
    [STORE_METRIC_GET] = "SELECT name, value, low, high, n, method, why FROM metric WHERE name = ?",
    [STORE_TEXT_PUT] = "INSERT INTO text (name, value) VALUES (?, ?)"
                       " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    [STORE_TEXT_ALL] = "SELECT name, value FROM text WHERE instr(name, ?) = 1 ORDER BY id",
    [STORE_POINT_PUT] = "INSERT INTO curve (name, series, x, y, low, high, n, method, why)"
                        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [STORE_POINT_ALL] = "SELECT series, y, low, high, n, method, why, x, name FROM curve"
                        " WHERE ?1 IS NULL OR name = ?1 ORDER BY id",
    [STORE_SCORE_PUT] = "INSERT INTO score (measure, example, value) VALUES (?, ?, ?)"
                        " ON CONFLICT (measure, example) DO UPDATE SET value = excluded.value",
    [STORE_EXAMPLE_PUT] = "INSERT INTO example (id, label, offset) VALUES (?, ?, ?)"
                          " ON CONFLICT (id) DO UPDATE SET label = excluded.label,"
                          " offset = excluded.offset",
    [STORE_FINDING_PUT] =
        "INSERT INTO finding (kind, document, offset, copies, documents, prompt, expected, output,"
        " value, why) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [STORE_FINDING_ALL] = "SELECT kind, document, offset, copies, documents, prompt, expected,"
                          " output, value, why FROM finding WHERE ?1 IS NULL OR kind = ?1"
                          " ORDER BY id",
    [STORE_FILE_PUT] = "INSERT INTO file (path, role, bytes, sha256) VALUES (?, ?, ?, ?)"
                       " ON CONFLICT (path) DO UPDATE SET role = excluded.role,"
                       " bytes = excluded.bytes, sha256 = excluded.sha256",
    [STORE_FILE_ALL] = "SELECT path, role, bytes, sha256 FROM file ORDER BY path",
    [STORE_QUESTION_PUT] =
        "INSERT INTO question (measure, example, finding, first, given, expected,"
        " answer, value) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    [STORE_QUESTION_ALL] =
        "SELECT q.measure, q.example, q.first, q.given, q.expected, q.answer, q.value, f.kind,"
        " f.document, f.offset, f.copies, f.documents, f.prompt, f.expected, f.output, f.value,"
        " f.why, q.finding FROM question q LEFT JOIN finding f ON f.id = q.finding"
        " WHERE ?1 IS NULL OR q.measure = ?1 ORDER BY q.id",
};

eid_status store_fail(eid_store *s)
{
    eid_status code;
    switch (sqlite3_errcode(s->db) & 0xff) {
    case SQLITE_NOMEM:
        code = EID_ENOMEM;
        break;
    case SQLITE_NOTADB:
        return eid_fail(EID_EFORMAT, "%s: is not a database", s->path);
    case SQLITE_ERROR: /* a table or column that our statements name is not there */
    case SQLITE_CORRUPT:
    case SQLITE_FORMAT:
    case SQLITE_MISMATCH:
    case SQLITE_CONSTRAINT:
        code = EID_EFORMAT;
        break;
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
        code = EID_EINTERNAL;
        break;
    default: /* full disk, no permission, another process holds it */
        code = EID_EIO;
    }
    return eid_fail(code, "%s: %s", s->path, sqlite3_errmsg(s->db));
}

eid_status store_ready(eid_store *s, store_stmt which, sqlite3_stmt **out)
{
    if (!s->stmt[which] && sqlite3_prepare_v3(s->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT,
                                              &s->stmt[which], NULL) != SQLITE_OK)
        return store_fail(s);
    sqlite3_reset(s->stmt[which]);
    *out = s->stmt[which];
    return EID_OK;
}

static int bind(sqlite3_stmt *q, int at, char type, va_list *ap)
{
    switch (type) {
    case 's':
        return sqlite3_bind_text(q, at, va_arg(*ap, const char *), -1, SQLITE_STATIC);
    case 'i':
        return sqlite3_bind_int64(q, at, va_arg(*ap, int64_t));
    case 'd':
        return sqlite3_bind_double(q, at, va_arg(*ap, double)); /* NaN becomes NULL */
    case 'b': {
        const void *bytes = va_arg(*ap, const void *);
        size_t n = va_arg(*ap, size_t);
        return bytes ? sqlite3_bind_blob64(q, at, n ? bytes : "", n, SQLITE_STATIC)
                     : sqlite3_bind_null(q, at);
    }
    default:
        return SQLITE_MISUSE;
    }
}

eid_status store_do(eid_store *s, store_stmt which, const char *types, ...)
{
    eid_status st = EID_OK;
    sqlite3_stmt *q = NULL;
    int rc = SQLITE_OK;
    va_list ap;

    va_start(ap, types);
    EID_TRY(store_ready(s, which, &q));
    for (int i = 0; types[i] && rc == SQLITE_OK; i++)
        rc = bind(q, i + 1, types[i], &ap);
    while (rc == SQLITE_OK || rc == SQLITE_ROW)
        rc = sqlite3_step(q);
    if (rc != SQLITE_DONE)
        st = store_fail(s);
done:
    va_end(ap);
    if (q) {
        sqlite3_reset(q);
        sqlite3_clear_bindings(
            q); /* what was bound belongs to the caller and dies after this call */
    }
    return st;
}

eid_status store_exec(eid_store *s, const char *text)
{
    return sqlite3_exec(s->db, text, NULL, NULL, NULL) == SQLITE_OK ? EID_OK : store_fail(s);
}
