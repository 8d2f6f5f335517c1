/* ledger.c - canaries in memory and as JSONL. */
#include "corpus/ledger.h"
#include "base/file.h"
#include "base/json.h"
#include "corpus/base64.h"
#include "corpus/utf8.h"
#include <inttypes.h>
#include <string.h>

enum { LARGEST = 1 << 30 }; /* bytes of a ledger that are read */

static const char *const kind_name[] = {"secret", "random", "passage"};
enum { KINDS = sizeof kind_name / sizeof *kind_name };

void eid_ledger_free(eid_ledger *l)
{
    if (!l)
        return;
    eid_free(l->at);
    eid_arena_free(&l->arena);
    eid_free(l);
}

size_t eid_ledger_size(const eid_ledger *l)
{
    return l->n;
}

const eid_canary *eid_ledger_at(const eid_ledger *l, size_t i)
{
    return i < l->n ? &l->at[i] : NULL;
}

eid_status eid_secret_text(eid_buf *b, const char *tmpl, const char *secret)
{
    const char *place = strstr(tmpl, "{}");
    eid_status st = EID_OK;

    b->n = 0;
    if (!place)
        return eid_fail(EID_EFORMAT, "a template without {}");
    EID_TRY(eid_buf_add(b, tmpl, (size_t)(place - tmpl)));
    EID_TRY(eid_buf_str(b, secret));
    EID_TRY(eid_buf_str(b, place + 2));
done:
    return st;
}

eid_status eid_ledger_add(eid_ledger *l, const eid_canary *c)
{
    eid_canary own = *c;
    uint8_t *tmpl, *secret, *text;
    eid_status st = EID_OK;

    EID_TRY(EID_GROW(l->at, &l->cap, l->n + 1));
    EID_TRY(eid_arena_copy(&l->arena, c->tmpl, strlen(c->tmpl) + 1, &tmpl));
    EID_TRY(eid_arena_copy(&l->arena, c->secret, strlen(c->secret) + 1, &secret));
    EID_TRY(eid_arena_copy(&l->arena, c->text, c->size, &text));
    own.tmpl = (const char *)tmpl;
    own.secret = (const char *)secret;
    own.text = text;
    l->at[l->n++] = own;
done:
    return st;
}

/* ---- writing --------------------------------------------------------------------------------- */

static eid_status write_canary(eid_out *f, const eid_canary *c)
{
    bool readable = eid_utf8_valid(c->text, c->size);
    eid_buf base64 = {0};
    json_t *j = NULL;
    char *line = NULL;
    eid_status st = EID_OK;

    if (!readable)
        EID_TRY(eid_base64_add(&base64, c->text, c->size));
    j = json_pack("{s:I, s:s, s:s, s:s, s:o, s:I, s:I, s:I}", "id", (json_int_t)c->id, "kind",
                  kind_name[c->kind], "template", c->tmpl, "secret", c->secret,
                  readable ? "text" : "base64",
                  readable ? json_stringn((const char *)c->text, c->size)
                           : json_stringn((const char *)base64.at, base64.n),
                  "copies", (json_int_t)c->copies, "documents", (json_int_t)c->copies, "source",
                  (json_int_t)c->source);
    EID_TRY(eid_json_text(j, &line));
    EID_TRY(eid_out_write(f, line, strlen(line)));
    EID_TRY(eid_out_write(f, "\n", 1));
done:
    eid_buf_free(&base64);
    eid_string_free(line);
    return st;
}

eid_status eid_ledger_write(const eid_ledger *l, const char *path)
{
    eid_out *f = NULL;
    eid_status st = EID_OK;

    EID_TRY(eid_out_open(&f, path));
    for (size_t i = 0; i < l->n; i++)
        EID_TRY(write_canary(f, &l->at[i]));
    EID_TRY(eid_out_commit(&f));
done:
    eid_out_abort(&f);
    return st;
}

/* ---- reading --------------------------------------------------------------------------------- */

static eid_status wrong(const char *where, const char *what)
{
    return eid_fail(EID_EFORMAT, "%s: %s", where, what);
}

/* A string of the object that can be a C string; `fallback` where it is absent. */
static const char *string_of(const json_t *j, const char *key, const char *fallback)
{
    const json_t *s = json_object_get(j, key);
    if (!s)
        return fallback;
    if (!json_is_string(s) || strlen(json_string_value(s)) != json_string_length(s))
        return NULL;
    return json_string_value(s);
}

static bool integer_of(const json_t *j, const char *key, int64_t low, int64_t *out)
{
    const json_t *v = json_object_get(j, key);
    if (!json_is_integer(v) || json_integer_value(v) < low)
        return false;
    *out = json_integer_value(v);
    return true;
}

static eid_status check_secret(const char *where, const eid_canary *c, eid_buf *scratch)
{
    eid_status st;

    if (c->kind != EID_CANARY_SECRET)
        return *c->tmpl || *c->secret ? wrong(where, "a template, but not a secret") : EID_OK;
    if (!*c->secret || strspn(c->secret, "0123456789") != strlen(c->secret))
        return wrong(where, "a secret that is not digits");
    if (!strstr(c->tmpl, "{}") || strstr(strstr(c->tmpl, "{}") + 2, "{}"))
        return wrong(where, "a template must hold {} once");
    st = eid_secret_text(scratch, c->tmpl, c->secret);
    if (st != EID_OK)
        return st;
    if (scratch->n != c->size || memcmp(scratch->at, c->text, c->size))
        return wrong(where, "the text is not the template with the secret in it");
    return EID_OK;
}

static eid_status read_canary(eid_ledger *l, const char *where, const json_t *j)
{
    eid_buf bytes = {0}, scratch = {0};
    eid_canary c = {.source = -1};
    const char *kind = string_of(j, "kind", NULL);
    const json_t *text = json_object_get(j, "text"), *base64 = json_object_get(j, "base64");
    size_t k = 0;
    eid_status st = EID_OK;

    if (!json_is_object(j))
        return wrong(where, "not an object");
    while (k < KINDS && (!kind || strcmp(kind, kind_name[k])))
        k++;
    if (k == KINDS)
        return wrong(where, "kind is not secret, random or passage");
    c.kind = (eid_canary_kind)k;
    c.tmpl = string_of(j, "template", "");
    c.secret = string_of(j, "secret", "");
    if (!c.tmpl || !c.secret)
        return wrong(where, "template or secret is not a string");
    if (!integer_of(j, "id", 0, &c.id) || !integer_of(j, "copies", 0, &c.copies))
        return wrong(where, "id and copies must be integers, not negative");
    if (l->n && c.id <= l->at[l->n - 1].id)
        return wrong(where, "ids must ascend");
    if (json_object_get(j, "source") && !integer_of(j, "source", -1, &c.source))
        return wrong(where, "source must be an integer");
    if (!text == !base64 || !json_is_string(text ? text : base64))
        return wrong(where, "one string, text or base64, is wanted");
    if (text)
        EID_TRY(eid_buf_add(&bytes, json_string_value(text), json_string_length(text)));
    else
        st = eid_base64_decode(&bytes, json_string_value(base64), json_string_length(base64));
    if (st == EID_EFORMAT)
        st = wrong(where, eid_last_error());
    if (st != EID_OK)
        goto done;
    if (!bytes.n)
        EID_TRY(wrong(where, "an empty text"));
    c.text = bytes.at;
    c.size = bytes.n;
    EID_TRY(check_secret(where, &c, &scratch));
    EID_TRY(eid_ledger_add(l, &c));
done:
    eid_buf_free(&bytes);
    eid_buf_free(&scratch);
    return st;
}

static eid_status read_lines(eid_ledger *l, const char *path, const uint8_t *at, size_t n)
{
    char *where = NULL;
    json_t *j = NULL;
    eid_status st = EID_OK;

    for (int64_t line = 1; n; line++) {
        const uint8_t *end = memchr(at, '\n', n);
        size_t size = end ? (size_t)(end - at) : n;
        eid_free(where);
        where = NULL;
        EID_TRY(eid_format(&where, "%s, line %" PRId64, path, line));
        EID_TRY(eid_json_parse(&j, where, (const char *)at, size));
        EID_TRY(read_canary(l, where, j));
        json_decref(j);
        j = NULL;
        size += end != NULL;
        at += size;
        n -= size;
    }
done:
    json_decref(j);
    eid_free(where);
    return st;
}

eid_status eid_ledger_parse(eid_ledger **out, const char *name, const uint8_t *bytes, size_t n)
{
    eid_ledger *l = NULL;
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(l, 1));
    EID_TRY(read_lines(l, name, bytes, n));
    if (!l->n) {
        st = eid_fail(EID_EFORMAT, "%s: a ledger without a canary", name);
        goto done;
    }
    *out = l;
    l = NULL;
done:
    eid_ledger_free(l);
    return st;
}

eid_status eid_ledger_read(eid_ledger **out, const char *path)
{
    uint8_t *bytes = NULL;
    size_t n = 0;
    eid_status st = eid_read_file(path, LARGEST, &bytes, &n);

    if (st == EID_OK)
        st = eid_ledger_parse(out, path, bytes, n);
    eid_free(bytes);
    return st;
}
