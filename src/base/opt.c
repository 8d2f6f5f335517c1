#include "base/json.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void *field(const eid_opt *row, void *opts)
{
    return (char *)opts + row->offset;
}

/* Place of `text` among the words of "a|b|c", -1: none. */
static int64_t word_place(const char *words, const char *text)
{
    size_t n = strlen(text);
    int64_t place = 0;

    for (const char *w = words; w && *w; place++) {
        size_t len = strcspn(w, "|");
        if (len == n && memcmp(w, text, n) == 0)
            return place;
        w += len + (w[len] == '|');
    }
    return -1;
}

static eid_status set_number(const eid_opt *row, void *opts, const char *text)
{
    char *end = NULL;
    double x;

    errno = 0;
    if (row->type == EID_OPT_F64) {
        x = strtod(text, &end);
    } else {
        int64_t i = strtoll(text, &end, 10);
        if (end != text && row->type == EID_OPT_SIZE && *end) {
            const char *unit = strchr("KMGT", toupper((unsigned char)*end));
            int shift = unit ? (int)(unit - "KMGT" + 1) * 10 : 0;
            if (unit)
                end += 1 + (end[1] == 'i') + (end[1] == 'B' || (end[1] == 'i' && end[2] == 'B'));
            if (i < 0 || (shift && i > INT64_MAX >> shift))
                errno = ERANGE;
            else
                i <<= shift;
        }
        x = (double)i;
        if (end != text && !*end && !errno && x >= row->min && x <= row->max) {
            *(int64_t *)field(row, opts) = i;
            return EID_OK;
        }
    }
    if (end == text || *end || isnan(x))
        return eid_fail(EID_EINVAL, "--%s: \"%s\" is not a number", row->name, text);
    if (errno == ERANGE || x < row->min || x > row->max)
        return eid_fail(EID_EINVAL, "--%s: %s is not between %.10g and %.10g", row->name, text,
                        row->min, row->max);
    *(double *)field(row, opts) = x;
    return EID_OK;
}

eid_status eid_opt_set(const eid_opt *row, void *opts, const char *text)
{
    switch (row->type) {
    case EID_OPT_BOOL:
        if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
            return eid_fail(EID_EINVAL, "--%s: say yes or no, not \"%s\"", row->name, text);
        *(bool *)field(row, opts) = text[0] == 'y';
        return EID_OK;
    case EID_OPT_I64:
    case EID_OPT_SIZE:
    case EID_OPT_F64:
        return set_number(row, opts, text);
    case EID_OPT_STR:
        *(const char **)field(row, opts) = text;
        return EID_OK;
    case EID_OPT_ENUM: {
        int64_t place = word_place(row->words, text);
        if (place < 0)
            return eid_fail(EID_EINVAL, "--%s: \"%s\" is none of %s", row->name, text, row->words);
        *(int64_t *)field(row, opts) = place;
        return EID_OK;
    }
    case EID_OPT_LIST: {
        eid_strings *list = field(row, opts);
        size_t cap = list->n;
        if (EID_GROW(list->at, &cap, list->n + 1) != EID_OK)
            return EID_ENOMEM;
        list->at[list->n++] = text;
        return EID_OK;
    }
    case EID_OPT_END:
        break;
    }
    return eid_fail(EID_EINTERNAL, "option table row without a type");
}

static json_t *value_json(const eid_opt *row, const void *opts)
{
    const void *at = (const char *)opts + row->offset;

    switch (row->type) {
    case EID_OPT_BOOL:
        return json_boolean(*(const bool *)at);
    case EID_OPT_I64:
    case EID_OPT_SIZE:
        return json_integer(*(const int64_t *)at);
    case EID_OPT_F64:
        return eid_json_real(*(const double *)at);
    case EID_OPT_STR: {
        const char *s = *(const char *const *)at;
        return s ? eid_json_bytes((const uint8_t *)s, strlen(s)) : json_null();
    }
    case EID_OPT_ENUM: {
        const char *w = row->words;
        for (int64_t i = *(const int64_t *)at; i > 0 && *w; i--)
            w += strcspn(w, "|") + 1;
        return json_stringn(w, strcspn(w, "|"));
    }
    case EID_OPT_LIST: {
        const eid_strings *list = at;
        json_t *j = json_array();
        for (size_t i = 0; i < list->n; i++)
            json_array_append_new(
                j, eid_json_bytes((const uint8_t *)list->at[i], strlen(list->at[i])));
        return j;
    }
    case EID_OPT_END:
        break;
    }
    return NULL;
}

eid_status eid_opts_json(const eid_opt *table, const void *opts, char **json)
{
    json_t *j = json_object();

    for (const eid_opt *row = table; j && row->type != EID_OPT_END; row++)
        if (json_object_set_new(j, row->name, value_json(row, opts)) != 0) {
            json_decref(j); /* an option that is missing would make another run of it */
            j = NULL;
        }
    return eid_json_text(j, json);
}

void eid_opts_free(const eid_opt *table, void *opts)
{
    for (const eid_opt *row = table; row->type != EID_OPT_END; row++)
        if (row->type == EID_OPT_LIST) {
            eid_strings *list = field(row, opts);
            eid_free(list->at);
            *list = (eid_strings){0};
        }
}
