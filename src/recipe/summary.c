/* summary.c - an audit's `result` object, put together from what the run's database holds. */
#include "base/json.h"
#include "eidetic/audit.h"
#include "eidetic/store.h"
#include <math.h>
#include <string.h>

static json_t *number(eid_store *s, const char *name)
{
    eid_estimate e;

    if (eid_store_get(s, name, &e) != EID_OK || isnan(e.value))
        return json_null();
    return floor(e.value) == e.value && fabs(e.value) < 9e15 ? json_integer((json_int_t)e.value)
                                                             : json_real(e.value);
}

typedef struct texts {
    json_t *level, *reasons, *source, *path;
    json_t *extraction, *membership, *exposure, *personal;
    bool reveal;
} texts;

static eid_status set(json_t **at, json_t *value)
{
    json_decref(*at);
    *at = value;
    return value ? EID_OK : eid_fail(EID_ENOMEM, "no memory for JSON");
}

static eid_status set_parsed(json_t **at, const char *name, const char *value)
{
    json_t *j;
    eid_status st = eid_json_parse(&j, name, value, strlen(value));

    return st == EID_OK ? set(at, j) : st;
}

static eid_status take(void *user, const char *name, const char *value)
{
    texts *t = user;
    json_t *j;
    eid_status st;

    if (strcmp(name, "verdict.level") == 0)
        return set(&t->level, json_string(value));
    if (strcmp(name, "model.source") == 0)
        return set(&t->source, json_string(value));
    if (strcmp(name, "model.path") == 0)
        return set(&t->path, eid_json_bytes((const uint8_t *)value, strlen(value)));
    if (strncmp(name, "verdict.reason.", 15) == 0) {
        st = eid_json_parse(&j, name, value, strlen(value));
        if (st == EID_OK)
            json_array_append_new(t->reasons, j);
        return st;
    }
    if (strcmp(name, t->reveal ? "result.extraction.revealed" : "result.extraction") == 0)
        return set_parsed(&t->extraction, name, value);
    if (strcmp(name, t->reveal ? "result.personal.revealed" : "result.personal") == 0)
        return set_parsed(&t->personal, name, value);
    if (strcmp(name, "result.membership") == 0)
        return set_parsed(&t->membership, name, value);
    if (strcmp(name, "result.exposure") == 0)
        return set_parsed(&t->exposure, name, value);
    return EID_OK;
}

eid_status eid_audit_json(const char *run, bool reveal, char **json)
{
    eid_status st = EID_OK;
    eid_store *s = NULL;
    texts t = {.level = json_null(),
               .reasons = json_array(),
               .source = json_null(),
               .path = json_null(),
               .extraction = json_null(),
               .membership = json_null(),
               .exposure = json_null(),
               .personal = json_null(),
               .reveal = reveal};
    json_t *rows;

    EID_TRY(eid_store_open(&s, run));
    EID_TRY(eid_store_texts(s, NULL, take, &t));
    rows = json_object_get(t.personal, "rows"); /* the contract's `personal` is the list of kinds */
    json_t *whole = json_pack(
        "{s:{s:O, s:O}, s:{s:o, s:o, s:o, s:o, s:o}, s:{s:O, s:O, s:o, s:o, s:o, s:{s:o, s:o}}, "
        "s:O, "
        "s:O, s:O, s:O, s:{s:o, s:o, s:o}}",
        "verdict", "level", t.level, "reasons", t.reasons, "corpus", "documents",
        number(s, "corpus.documents"), "bytes", number(s, "corpus.bytes"), "tokens",
        number(s, "corpus.tokens"), "train", number(s, "corpus.train"), "heldout",
        number(s, "corpus.heldout"), "model", "path", t.path, "source", t.source, "parameters",
        number(s, "model.parameters"), "steps", number(s, "model.steps"), "epochs",
        number(s, "model.epochs"), "loss", "train", number(s, "training.loss.train"), "heldout",
        number(s, "training.loss.heldout"), "extraction", t.extraction, "membership", t.membership,
        "exposure", t.exposure, "personal", rows ? rows : t.personal, "files", "report",
        json_sprintf("%s/report.html", run), "database", json_sprintf("%s/eidetic.db", run),
        "model", json_sprintf("%s/model", run));
    EID_TRY(eid_json_text(whole, json));
done:
    json_decref(t.level);
    json_decref(t.reasons);
    json_decref(t.source);
    json_decref(t.path);
    json_decref(t.extraction);
    json_decref(t.membership);
    json_decref(t.exposure);
    json_decref(t.personal);
    eid_store_free(s);
    return st;
}
