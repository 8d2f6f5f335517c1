#include "theory/table.h"
#include "base/file.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 1 << 28, MOST_ROWS = 10000000, LONGEST = 200 };

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == ',';
}

/* One number of at most 64 letters out of "+-.0-9eE": strtod's own "inf", "nan" and "0x" are not
 * numbers of a prior. */
static bool number(const char **at, double *x)
{
    size_t n = strspn(*at, "+-.0123456789eE");
    char *end;

    if (n == 0 || n > 64)
        return false;
    *x = strtod(*at, &end);
    if (end != *at + n || !isfinite(*x))
        return false;
    *at = end;
    return true;
}

/* `line` ends with a NUL; *n: how many numbers it holds, -1: something else. */
static void parse_line(const char *line, double x[2], int *n)
{
    const char *at = line;

    *n = 0;
    for (;;) {
        while (blank(*at))
            at++;
        if (!*at || *at == '#')
            return;
        if (*n == 2 || !number(&at, &x[*n]) || (*at && *at != '#' && !blank(*at))) {
            *n = -1;
            return;
        }
        ++*n;
    }
}

static eid_status add_row(eid_table *t, size_t cap[3], const double x[2], int n, int64_t line)
{
    eid_status st = EID_OK;

    EID_TRY(EID_GROW(t->first, &cap[0], t->rows + 1));
    EID_TRY(EID_GROW(t->second, &cap[1], t->rows + 1));
    EID_TRY(EID_GROW(t->line, &cap[2], t->rows + 1));
    t->first[t->rows] = x[0];
    t->second[t->rows] = n == 2 ? x[1] : NAN;
    t->line[t->rows++] = line;
done:
    return st;
}

eid_status eid_table_parse(eid_table *out, const char *name, const uint8_t *text, size_t n)
{
    eid_status st = EID_OK;
    eid_table t = {0};
    size_t cap[3] = {0}, at = 0;

    for (int64_t line = 1; at < n; line++) {
        const uint8_t *end = memchr(text + at, '\n', n - at);
        size_t length = end ? (size_t)(end - text) - at : n - at;
        char copy[LONGEST + 1];
        double x[2];
        int numbers = -1;
        if (length <= LONGEST && !memchr(text + at, '\0', length)) {
            memcpy(copy, text + at, length);
            copy[length] = '\0';
            parse_line(copy, x, &numbers);
        }
        if (numbers < 0)
            EID_TRY(eid_fail(EID_EFORMAT,
                             "%s: line %" PRId64 ": want one or two numbers, and no more than %d "
                             "letters",
                             name, line, LONGEST));
        if (numbers > 0 && t.rows == MOST_ROWS)
            EID_TRY(eid_fail(EID_EFORMAT, "%s: more than %d rows", name, MOST_ROWS));
        if (numbers > 0)
            EID_TRY(add_row(&t, cap, x, numbers, line));
        at += length + 1;
    }
    if (!t.rows)
        EID_TRY(eid_fail(EID_EFORMAT, "%s: holds no numbers", name));
    *out = t;
    t = (eid_table){0};
done:
    eid_table_free(&t);
    return st;
}

eid_status eid_table_read(eid_table *out, const char *path)
{
    eid_status st = EID_OK;
    uint8_t *bytes = NULL;
    size_t n = 0;

    EID_TRY(eid_read_file(path, MOST_BYTES, &bytes, &n));
    EID_TRY(eid_table_parse(out, path, bytes, n));
done:
    eid_free(bytes);
    return st;
}

void eid_table_free(eid_table *t)
{
    eid_free(t->first);
    eid_free(t->second);
    eid_free(t->line);
    *t = (eid_table){0};
}
