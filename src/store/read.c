/* read.c - reading a run back, row by row in the order of writing. */
#include "store/store.h"
#include <math.h>
#include <string.h>

const char *store_text(sqlite3_stmt *q, int column)
{
    const char *text = (const char *)sqlite3_column_text(q, column);
    return text ? text : "";
}

double store_number(sqlite3_stmt *q, int column)
{
    return sqlite3_column_type(q, column) == SQLITE_NULL ? NAN : sqlite3_column_double(q, column);
}

/* The store's own copy of a method's name; a run has a handful of them. */
static eid_status intern(eid_store *s, const char *name, const char **kept)
{
    eid_status st = EID_OK;
    for (size_t i = 0; i < s->methods; i++)
        if (strcmp(s->method[i], name) == 0) {
            *kept = s->method[i];
            return EID_OK;
        }
    EID_TRY(EID_GROW(s->method, &s->methods_cap, s->methods + 1));
    EID_TRY(eid_strdup(&s->method[s->methods], name));
    *kept = s->method[s->methods++];
done:
    return st;
}

/* Columns value, low, high, n, method, why, beginning at `at`. */
static eid_status estimate(eid_store *s, sqlite3_stmt *q, int at, eid_estimate *e)
{
    const char *why = store_text(q, at + 5);
    *e = (eid_estimate){.value = store_number(q, at),
                        .low = store_number(q, at + 1),
                        .high = store_number(q, at + 2),
                        .n = sqlite3_column_int64(q, at + 3)};
    size_t n = strnlen(why, sizeof e->why - 1);
    memcpy(e->why, why, n);
    return intern(s, store_text(q, at + 4), &e->method);
}

eid_status store_each(eid_store *s, store_stmt which, const char *param, store_row_fn row,
                      void *arg)
{
    eid_status st;
    sqlite3_stmt *q = NULL;
    int rc = SQLITE_DONE;

    EID_TRY(store_ready(s, which, &q));
    if (sqlite3_bind_parameter_count(q) > 0)
        sqlite3_bind_text(q, 1, param, -1, SQLITE_TRANSIENT);
    while ((rc = sqlite3_step(q)) == SQLITE_ROW)
        EID_TRY(row(s, q, arg));
    if (rc != SQLITE_DONE)
        st = store_fail(s);
done:
    if (q)
        sqlite3_reset(q);
    return st;
}

typedef struct call {
    void *user;
    eid_metric_fn metric;
    eid_text_fn text;
    eid_point_fn point;
    eid_finding_fn finding;
    eid_input_fn input;
} call;

static eid_status metric_row(eid_store *s, sqlite3_stmt *q, void *arg)
{
    const call *c = arg;
    eid_estimate e;
    eid_status st = estimate(s, q, 1, &e);
    return st != EID_OK ? st : c->metric(c->user, store_text(q, 0), &e);
}

eid_status eid_store_metrics(eid_store *s, const char *prefix, eid_metric_fn fn, void *user)
{
    call c = {.user = user, .metric = fn};
    return store_each(s, STORE_METRIC_ALL, prefix ? prefix : "", metric_row, &c);
}

static eid_status text_row(eid_store *s, sqlite3_stmt *q, void *arg)
{
    const call *c = arg;
    (void)s;
    return c->text(c->user, store_text(q, 0), store_text(q, 1));
}

eid_status eid_store_texts(eid_store *s, const char *prefix, eid_text_fn fn, void *user)
{
    call c = {.user = user, .text = fn};
    return store_each(s, STORE_TEXT_ALL, prefix ? prefix : "", text_row, &c);
}

static eid_status point_row(eid_store *s, sqlite3_stmt *q, void *arg)
{
    const call *c = arg;
    eid_estimate e;
    eid_status st = estimate(s, q, 1, &e);
    if (st != EID_OK)
        return st;
    return c->point(c->user, store_text(q, 8), store_text(q, 0), store_number(q, 7), &e);
}

eid_status eid_store_points(eid_store *s, const char *curve, eid_point_fn fn, void *user)
{
    call c = {.user = user, .point = fn};
    return store_each(s, STORE_POINT_ALL, curve, point_row, &c);
}

const uint8_t *store_bytes(sqlite3_stmt *q, int column, size_t *n)
{
    if (sqlite3_column_type(q, column) == SQLITE_NULL) {
        *n = 0;
        return NULL;
    }
    const uint8_t *at = sqlite3_column_blob(q, column);
    *n = (size_t)sqlite3_column_bytes(q, column);
    return *n ? at : (const uint8_t *)""; /* SQLite gives NULL for no bytes at all */
}

eid_finding store_finding_at(sqlite3_stmt *q, int at)
{
    eid_finding f = {.kind = store_text(q, at),
                     .document = (const char *)sqlite3_column_text(q, at + 1),
                     .offset = sqlite3_column_int64(q, at + 2),
                     .copies = sqlite3_column_int64(q, at + 3),
                     .documents = sqlite3_column_int64(q, at + 4),
                     .value = store_number(q, at + 8),
                     .why = (const char *)sqlite3_column_text(q, at + 9)};

    f.prompt = store_bytes(q, at + 5, &f.prompt_n);
    f.expected = store_bytes(q, at + 6, &f.expected_n);
    f.output = store_bytes(q, at + 7, &f.output_n);
    return f;
}

static eid_status finding_row(eid_store *s, sqlite3_stmt *q, void *arg)
{
    const call *c = arg;
    eid_finding f = store_finding_at(q, 0);

    (void)s;
    return c->finding(c->user, &f);
}

eid_status eid_store_findings(eid_store *s, const char *kind, eid_finding_fn fn, void *user)
{
    call c = {.user = user, .finding = fn};
    return store_each(s, STORE_FINDING_ALL, kind, finding_row, &c);
}

static eid_status input_row(eid_store *s, sqlite3_stmt *q, void *arg)
{
    const call *c = arg;
    (void)s;
    return c->input(c->user, store_text(q, 0), sqlite3_column_int64(q, 1), store_text(q, 2),
                    sqlite3_column_int64(q, 3), sqlite3_column_int64(q, 4));
}

eid_status eid_store_inputs(eid_store *s, eid_input_fn fn, void *user)
{
    call c = {.user = user, .input = fn};
    return store_each(s, STORE_INPUT_ALL, NULL, input_row, &c);
}

static eid_status keep_one(void *user, const char *name, const eid_estimate *e)
{
    (void)name;
    *(eid_estimate *)user = *e;
    return EID_OK;
}

eid_status eid_store_get(eid_store *s, const char *name, eid_estimate *e)
{
    eid_estimate found = {
        .value = NAN, .low = NAN, .high = NAN, .method = "", .why = "not measured"};
    call c = {.user = &found, .metric = keep_one};
    eid_status st = store_each(s, STORE_METRIC_GET, name, metric_row, &c);
    if (st == EID_OK)
        *e = found;
    return st;
}
