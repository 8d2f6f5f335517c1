/* lines.c - see lines.h. */
#include "corpus/lines.h"
#include "corpus/echo.h"
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

static eid_status skip_object(eid_lines *l, const json_t *j)
{
    const char *name = (const char *)l->label.at, *field = l->g->opts->field;
    eid_buf why = {0};
    eid_status st = EID_OK;

    if (!json_is_object(j))
        EID_TRY(eid_buf_str(&why, "not a JSON object"));
    else if (json_object_get(j, field))
        EID_TRY(eid_buf_printf(&why, "field \"%s\" is not a string", field));
    else
        EID_TRY(eid_buf_printf(&why, "no field \"%s\"", field));
    EID_TRY(eid_gather_skip(l->g, name, (const char *)why.at));
done:
    eid_buf_free(&why);
    return st;
}

static eid_status take_object(eid_lines *l, const json_t *j)
{
    const json_t *text = json_object_get(j, l->g->opts->field); /* NULL for what is no object */
    const json_t *name = json_object_get(j, EID_NAME_FIELD);
    const char *label = (const char *)l->label.at;
    eid_status st = EID_OK;

    if (!json_is_string(text))
        return skip_object(l, j);
    if (json_is_string(name) && strlen(json_string_value(name)) == json_string_length(name))
        label = json_string_value(name);
    EID_TRY(eid_gather_add(l->g, json_string_value(text), json_string_length(text)));
    EID_TRY(eid_gather_end(l->g, label));
done:
    return st;
}

static eid_status take_text(eid_lines *l, const uint8_t *p, size_t n)
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

static eid_status take_line(eid_lines *l, const uint8_t *p, size_t n)
{
    const eid_echo *e = l->g->rehearsing ? NULL : l->g->echo;
    eid_status st = e ? e->line_begin(e->user, p, n) : EID_OK;

    if (st == EID_OK)
        st = take_text(l, p, n);
    return st == EID_OK && e ? e->line_end(e->user) : st;
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
                          "left of %" PRId64 " bytes has room for; raise --memory",
                          l->g->path, l->number + 1, most, eid_gather_bound(l->g));
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
