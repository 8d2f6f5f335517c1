#include "base/json.h"
#include "base/utf8.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

json_t *eid_json_real(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

json_t *eid_json_estimate(const eid_estimate *e)
{
    return json_pack("{s:o, s:o, s:o, s:I, s:s, s:s}", "value", eid_json_real(e->value), "low",
                     eid_json_real(e->low), "high", eid_json_real(e->high), "n", (json_int_t)e->n,
                     "method", e->method ? e->method : "", "why", e->why);
}

json_t *eid_json_bytes(const uint8_t *bytes, size_t n)
{
    eid_buf b = {0};
    json_t *j = NULL;
    eid_status st = eid_buf_str(&b, "");

    for (size_t i = 0; i < n && st == EID_OK;) {
        size_t len = eid_utf8_length(bytes + i, n - i);
        st = len ? eid_buf_add(&b, bytes + i, len) : eid_buf_str(&b, EID_UTF8_BAD);
        i += len ? len : 1;
    }
    if (st == EID_OK)
        j = json_stringn((const char *)b.at, b.n);
    eid_buf_free(&b);
    return j;
}

eid_status eid_json_text(json_t *j, char **out)
{
    char *s = j ? json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    eid_status st;

    json_decref(j);
    if (!s)
        return eid_fail(EID_ENOMEM, "no memory for JSON");
    st = eid_strdup(out, s);
    free(s);
    return st;
}

eid_status eid_json_parse(json_t **out, const char *name, const char *text, size_t n)
{
    json_error_t e;
    json_t *j = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &e);

    if (!j)
        return eid_fail(EID_EFORMAT, "%s: line %d, column %d: %s", name, e.line, e.column, e.text);
    *out = j;
    return EID_OK;
}
