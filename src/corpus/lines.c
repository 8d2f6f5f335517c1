/* lines.c - see lines.h. */
#include "corpus/lines.h"
#include "base/json.h"
#include <inttypes.h>
#include <string.h>

/* A line of n bytes takes about n for itself, 3 n while it grows and is parsed (the parser's buffer
 * doubles), and n as a document. */
enum { LINE_COST = 6 };

static bool blank(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != ' ' && p[i] != '\t' && p[i] != '\r')
            return false;
    return true;
}

/* The text of a parsed line, or NULL and the reason. */
static json_t *text_of(const json_t *j, const char *field, eid_buf *why)
{
    json_t *text = json_is_object(j) ? json_object_get(j, field) : NULL;
    eid_status st;

    if (json_is_string(text))
        return text;
    why->n = 0;
    if (!json_is_object(j))
        st = eid_buf_str(why, "not a JSON object");
    else
        st = eid_buf_printf(why, text ? "field \"%s\" is not a string" : "no field \"%s\"", field);
    if (st != EID_OK)
        why->n = 0;
    return NULL;
}

static eid_status take_object(eid_lines *l, json_t *j)
{
    json_t *text = NULL, *name = NULL;
    eid_buf why = {0};
    eid_status st = EID_OK;

    text = text_of(j, l->g->opts->field, &why);
    if (!text) {
        EID_TRY(eid_gather_skip(l->g, (const char *)l->label.at,
                                why.n ? (const char *)why.at : "no text"));
        goto done;
    }
    name = json_object_get(j, EID_NAME_FIELD);
    if (json_is_string(name) && strlen(json_string_value(name)) != json_string_length(name))
        name = NULL;
    EID_TRY(eid_gather_add(l->g, json_string_value(text), json_string_length(text)));
    EID_TRY(eid_gather_end(l->g, json_is_string(name) ? json_string_value(name)
                                                      : (const char *)l->label.at));
done:
    eid_buf_free(&why);
    return st;
}

static eid_status take_line(eid_lines *l, const uint8_t *p, size_t n)
{
    json_t *j = NULL;
    eid_status st = EID_OK;

    l->number++;
    if (l->number == 1 && n >= 3 && !memcmp(p, "\xEF\xBB\xBF", 3))
        p += 3, n -= 3;
    if (blank(p, n))
        return EID_OK;
    l->label.n = 0;
    EID_TRY(eid_buf_printf(&l->label, "%s#%" PRId64, l->name, l->number));
    st = eid_json_parse(&j, "not JSON", (const char *)p, n);
    if (st == EID_EFORMAT)
        st = eid_gather_skip(l->g, (const char *)l->label.at, eid_last_error());
    else if (st == EID_OK)
        st = take_object(l, j);
done:
    json_decref(j);
    return st;
}

eid_status eid_lines_add(eid_lines *l, const uint8_t *bytes, size_t n)
{
    eid_status st = EID_OK;

    while (n) {
        const uint8_t *end = memchr(bytes, '\n', n);
        size_t k = end ? (size_t)(end - bytes) : n, most = eid_gather_left(l->g) / LINE_COST;
        if (l->line.n + k > most) {
            st = eid_fail(EID_ENOMEM,
                          "%s: line %" PRId64 " is longer than %zu bytes, the most that the memory "
                          "left of %" PRId64 " bytes has room for",
                          l->g->path, l->number + 1, most, l->g->ctx->memory);
            goto done;
        }
        if (end && !l->line.n) {
            EID_TRY(take_line(l, bytes, k));
        } else {
            EID_TRY(eid_buf_add(&l->line, bytes, k));
            if (end) {
                EID_TRY(take_line(l, l->line.at, l->line.n));
                l->line.n = 0;
            }
        }
        bytes += k + (end != NULL);
        n -= k + (end != NULL);
    }
done:
    return st;
}

eid_status eid_lines_end(eid_lines *l)
{
    eid_status st = l->line.n ? take_line(l, l->line.at, l->line.n) : EID_OK;
    l->line.n = 0;
    return st;
}

void eid_lines_free(eid_lines *l)
{
    eid_buf_free(&l->line);
    eid_buf_free(&l->label);
}
