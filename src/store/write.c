/* write.c - units of work, and the rows that are written in them. */
#include "store/store.h"
#include <string.h>

eid_status eid_store_begin(eid_store *s, const char *unit, bool *done)
{
    eid_status st;
    sqlite3_stmt *q = NULL;

    if (!s->writing)
        return eid_fail(EID_EINVAL, "%s: was opened for reading", s->path);
    if (s->unit)
        return eid_fail(EID_EINVAL, "store: unit %s begins inside unit %s", unit, s->unit);
    EID_TRY(store_ready(s, STORE_WORK_GET, &q));
    sqlite3_bind_text(q, 1, unit, -1, SQLITE_TRANSIENT);
    int rc = sqlite3_step(q);
    sqlite3_reset(q);
    if (rc == SQLITE_ROW) {
        *done = true;
        goto done;
    }
    if (rc != SQLITE_DONE) {
        st = store_fail(s);
        goto done;
    }
    EID_TRY(eid_strdup(&s->unit, unit));
    st = store_do(s, STORE_BEGIN, "");
    if (st == EID_OK)
        *done = false;
    else
        eid_store_abandon(s);
done:
    return st;
}

/* The unit is over, one way or the other. */
static void forget_unit(eid_store *s)
{
    eid_free(s->unit);
    s->unit = NULL;
    s->finding = 0;
}

eid_status eid_store_end(eid_store *s)
{
    eid_status st;
    char now[24];

    if (!s->unit)
        return eid_fail(EID_EINVAL, "store: no unit of work is open");
    store_utc_now(now);
    EID_TRY(store_do(s, STORE_WORK_PUT, "ss", s->unit, now));
    EID_TRY(store_do(s, STORE_COMMIT, ""));
    forget_unit(s);
done:
    return st; /* after a failure the unit is still open: abandon it */
}

void eid_store_abandon(eid_store *s)
{
    if (!s->unit)
        return;
    /* A full disk makes SQLite roll back by itself; then there is nothing left to undo. */
    if (!sqlite3_get_autocommit(s->db) && store_do(s, STORE_ROLLBACK, "") != EID_OK)
        store_exec(s, "ROLLBACK");
    forget_unit(s);
}

eid_status eid_store_finish(eid_store *s, const char *state, double seconds)
{
    eid_status st = EID_OK;
    char now[24];

    if (!s->writing || s->unit)
        return eid_fail(EID_EINVAL, "%s: %s", s->path,
                        s->unit ? "a unit of work is still open" : "was opened for reading");
    if (strcmp(s->run.state, "done") == 0 && strcmp(state, "done") == 0)
        return EID_OK; /* a finished run that was given its command again */
    store_utc_now(now);
    EID_TRY(store_do(s, STORE_RUN_STATE, "ssd", state, now, seconds));
    /* One plain file from now on.  A reader that has it open may keep the log alive: no harm. */
    for (int i = 0; i < STORE_STATEMENTS; i++) {
        sqlite3_finalize(s->stmt[i]);
        s->stmt[i] = NULL;
    }
    sqlite3_exec(s->db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    EID_TRY(store_run_load(s));
done:
    return st;
}

/* Rows that add up may be written inside a unit only: else a resumed run would hold them twice. */
eid_status store_may_add(const eid_store *s, const char *what)
{
    if (!s->writing)
        return eid_fail(EID_EINVAL, "%s: was opened for reading", s->path);
    if (!s->unit)
        return eid_fail(EID_EINVAL, "store: a %s is written inside a unit of work only", what);
    return EID_OK;
}

static eid_status may_put(const eid_store *s)
{
    return s->writing ? EID_OK : eid_fail(EID_EINVAL, "%s: was opened for reading", s->path);
}

eid_status eid_store_input(eid_store *s, const char *path, int64_t bytes, const char *sha256,
                           int64_t documents, int64_t skipped)
{
    eid_status st;
    EID_TRY(may_put(s));
    EID_TRY(store_do(s, STORE_INPUT_PUT, "sisii", path, bytes, sha256, documents, skipped));
done:
    return st;
}

eid_status eid_store_metric(eid_store *s, const char *name, const eid_estimate *e)
{
    eid_status st;
    EID_TRY(may_put(s));
    EID_TRY(store_do(s, STORE_METRIC_PUT, "sdddiss", name, e->value, e->low, e->high, e->n,
                     e->method ? e->method : "", e->why));
done:
    return st;
}

eid_status eid_store_number(eid_store *s, const char *name, double value)
{
    eid_estimate e = {.value = value, .low = value, .high = value, .n = 0, .method = "exact"};
    return eid_store_metric(s, name, &e);
}

eid_status eid_store_text(eid_store *s, const char *name, const char *value)
{
    eid_status st;
    EID_TRY(may_put(s));
    EID_TRY(store_do(s, STORE_TEXT_PUT, "ss", name, value));
done:
    return st;
}

eid_status eid_store_point(eid_store *s, const char *curve, const char *series, double x,
                           const eid_estimate *y)
{
    eid_status st;
    EID_TRY(store_may_add(s, "point"));
    EID_TRY(store_do(s, STORE_POINT_PUT, "ssddddiss", curve, series, x, y->value, y->low, y->high,
                     y->n, y->method ? y->method : "", y->why));
done:
    return st;
}

eid_status eid_store_score(eid_store *s, const char *measure, int64_t example, double value)
{
    eid_status st;
    EID_TRY(may_put(s));
    EID_TRY(store_do(s, STORE_SCORE_PUT, "sid", measure, example, value));
done:
    return st;
}

eid_status eid_store_example(eid_store *s, int64_t example, const char *label, int64_t offset)
{
    eid_status st;
    EID_TRY(may_put(s));
    EID_TRY(store_do(s, STORE_EXAMPLE_PUT, "isi", example, label, offset));
done:
    return st;
}

eid_status eid_store_finding(eid_store *s, const eid_finding *f)
{
    eid_status st;
    EID_TRY(store_may_add(s, "finding"));
    EID_TRY(store_do(s, STORE_FINDING_PUT, "ssiiibbbds", f->kind, f->document, f->offset, f->copies,
                     f->documents, f->prompt, f->prompt_n, f->expected, f->expected_n, f->output,
                     f->output_n, f->value, f->why));
    s->finding = sqlite3_last_insert_rowid(s->db);
done:
    return st;
}
