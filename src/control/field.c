/* field.c - see field.h. */
#include "control/field.h"
#include "base/json.h"
#include <stdlib.h>
#include <string.h>

/* All of these take a place in a line that is known to be JSON, and stop at its end whatever it
 * holds. */
typedef struct scan {
    const uint8_t *p, *end;
} scan;

static void blanks(scan *s)
{
    while (s->p < s->end && strchr(" \t\r\n", *s->p) && *s->p)
        s->p++;
}

static void string(scan *s)
{
    for (s->p++; s->p < s->end && *s->p != '"'; s->p++)
        if (*s->p == '\\' && s->p + 1 < s->end)
            s->p++;
    s->p += s->p < s->end;
}

static void value(scan *s)
{
    int depth = 0;
    do {
        if (s->p == s->end)
            return;
        if (*s->p == '"') {
            string(s);
            continue;
        }
        depth += *s->p == '{' || *s->p == '[';
        depth -= *s->p == '}' || *s->p == ']';
        if (depth < 0) /* the object's own end, behind a number or a word */
            return;
        s->p++;
    } while (depth > 0 || (s->p < s->end && *s->p != ',' && *s->p != '}'));
}

/* Whether a string as written is `name`. */
static bool is_name(const uint8_t *p, size_t n, const char *name)
{
    size_t k = strlen(name);
    json_t *j;
    bool same;

    if (n < 2)
        return false;
    if (!memchr(p, '\\', n))
        return n == k + 2 && memcmp(p + 1, name, k) == 0;
    j = json_loadb((const char *)p, n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    same = json_is_string(j) && json_string_length(j) == k &&
           memcmp(json_string_value(j), name, k) == 0;
    json_decref(j);
    return same;
}

static bool find(const uint8_t *line, size_t n, const char *field, const uint8_t **from,
                 const uint8_t **to)
{
    scan s = {line, line + n};

    if (n >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0)
        s.p += 3;
    blanks(&s);
    if (s.p == s.end || *s.p != '{')
        return false;
    for (s.p++; blanks(&s), s.p < s.end && *s.p == '"'; s.p++) {
        const uint8_t *key = s.p;
        string(&s);
        bool found = is_name(key, (size_t)(s.p - key), field);
        blanks(&s);
        s.p += s.p < s.end; /* the colon */
        blanks(&s);
        *from = s.p;
        value(&s);
        *to = s.p;
        if (found)
            return *from < *to && **from == '"';
        blanks(&s);
        if (s.p == s.end || *s.p != ',')
            return false;
    }
    return false;
}

eid_status control_set_field(eid_buf *out, const uint8_t *line, size_t n, const char *field,
                             const uint8_t *text, size_t size)
{
    const uint8_t *from, *to;
    char *quoted = NULL;
    json_t *j = NULL;
    eid_status st = EID_OK;

    if (!find(line, n, field, &from, &to))
        return eid_fail(EID_EINTERNAL, "the field \"%s\" of a line is not found again", field);
    while (to > from && to[-1] != '"') /* a string ends there, not with blanks behind it */
        to--;
    j = json_stringn((const char *)text, size);
    quoted = j ? json_dumps(j, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    if (!quoted) {
        st = eid_fail(EID_ENOMEM, "no memory for a line of %zu bytes", n);
        goto done;
    }
    EID_TRY(eid_buf_add(out, line, (size_t)(from - line)));
    EID_TRY(eid_buf_str(out, quoted));
    EID_TRY(eid_buf_add(out, to, n - (size_t)(to - line)));
done:
    json_decref(j);
    free(quoted);
    return st;
}
