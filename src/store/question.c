/* question.c - what `verify` needs: the files of a run, and questions that can be put again.
 *
 * Token ids are stored as little-endian 32-bit integers, one after the other. */
#include "store/store.h"
#include <math.h>
#include <stdio.h>

/* ---- files ----------------------------------------------------------------------------------- */

eid_status eid_store_file(eid_store *s, const char *role, const char *path, int64_t bytes,
                          const char *sha256)
{
    if (!s->writing)
        return eid_fail(EID_EINVAL, "%s: was opened for reading", s->path);
    return store_do(s, STORE_FILE_PUT, "ssis", path, role, bytes, sha256);
}

typedef struct call {
    void *user;
    eid_file_fn file;
    eid_question_fn question;
} call;

static eid_status file_row(eid_store *s, sqlite3_stmt *q, void *arg)
{
    const call *c = arg;
    (void)s;
    return c->file(c->user, store_text(q, 1), store_text(q, 0), sqlite3_column_int64(q, 2),
                   store_text(q, 3));
}

eid_status eid_store_files(eid_store *s, eid_file_fn fn, void *user)
{
    call c = {.user = user, .file = fn};
    return s->version < 2 ? EID_OK : store_each(s, STORE_FILE_ALL, NULL, file_row, &c);
}

/* ---- questions ------------------------------------------------------------------------------- */

static eid_status pack(const int32_t *tok, size_t n, uint8_t **bytes)
{
    eid_status st = EID_OK;

    if (!tok)
        return EID_OK;
    EID_TRY(EID_NEW(*bytes, 4 * n + 1));
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < 4; k++)
            (*bytes)[4 * i + (size_t)k] = (uint8_t)((uint32_t)tok[i] >> (8 * k));
done:
    return st;
}

static eid_status unpack(const eid_store *s, sqlite3_stmt *q, int column, int32_t **tok, size_t *n)
{
    eid_status st = EID_OK;
    const uint8_t *bytes = store_bytes(q, column, n);

    if (!bytes)
        return EID_OK;
    if (*n % 4 != 0)
        return eid_fail(EID_EFORMAT,
                        "%s: token ids of a question take %zu bytes, not a multiple "
                        "of 4",
                        s->path, *n);
    *n /= 4;
    EID_TRY(EID_NEW(*tok, *n + 1));
    for (size_t i = 0; i < *n; i++)
        (*tok)[i] = (int32_t)((uint32_t)bytes[4 * i] | (uint32_t)bytes[4 * i + 1] << 8 |
                              (uint32_t)bytes[4 * i + 2] << 16 | (uint32_t)bytes[4 * i + 3] << 24);
done:
    return st;
}

eid_status eid_store_question(eid_store *s, const eid_question *q, bool of_finding)
{
    eid_status st = EID_OK;
    uint8_t *given = NULL, *expected = NULL, *answer = NULL;
    char finding[24];

    EID_TRY(store_may_add(s, "question"));
    snprintf(finding, sizeof finding, "%lld", (long long)s->finding);
    EID_TRY(pack(q->given, q->given_n, &given));
    EID_TRY(pack(q->expected, q->expected_n, &expected));
    EID_TRY(pack(q->answer, q->answer_n, &answer));
    /* The column has integer affinity: the row's number as text becomes an integer. */
    EID_TRY(store_do(s, STORE_QUESTION_PUT, "sisibbbd", q->measure, q->example,
                     of_finding && s->finding ? finding : NULL, q->first, given, 4 * q->given_n,
                     expected, 4 * q->expected_n, answer, 4 * q->answer_n,
                     answer ? (double)NAN : q->value));
done:
    eid_free(given);
    eid_free(expected);
    eid_free(answer);
    return st;
}

static eid_status question_row(eid_store *s, sqlite3_stmt *row, void *arg)
{
    const call *c = arg;
    eid_status st = EID_OK;
    int32_t *given = NULL, *expected = NULL, *answer = NULL;
    eid_question q = {.measure = store_text(row, 0),
                      .example = sqlite3_column_int64(row, 1),
                      .first = sqlite3_column_int64(row, 2),
                      .value = store_number(row, 6)};
    eid_finding f = store_finding_at(row, 7);

    EID_TRY(unpack(s, row, 3, &given, &q.given_n));
    EID_TRY(unpack(s, row, 4, &expected, &q.expected_n));
    EID_TRY(unpack(s, row, 5, &answer, &q.answer_n));
    q.given = given;
    q.expected = expected;
    q.answer = answer;
    if (sqlite3_column_type(row, 17) != SQLITE_NULL) {
        if (sqlite3_column_type(row, 7) == SQLITE_NULL) {
            st = eid_fail(EID_EFORMAT, "%s: a question belongs to a finding that is not there",
                          s->path);
            goto done;
        }
        q.finding = &f;
    }
    st = c->question(c->user, &q);
done:
    eid_free(given);
    eid_free(expected);
    eid_free(answer);
    return st;
}

eid_status eid_store_questions(eid_store *s, const char *measure, eid_question_fn fn, void *user)
{
    call c = {.user = user, .question = fn};
    return s->version < 2 ? EID_OK : store_each(s, STORE_QUESTION_ALL, measure, question_row, &c);
}
