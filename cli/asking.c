#include "asking.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int cli_index_open(cli *c, eid_index **ix, const char *path)
{
    if (eid_index_open(ix, path) != EID_OK)
        return cli_failed(c);
    cli_input(c, path, eid_index_bytes(*ix), eid_index_sha256(*ix), eid_index_docs(*ix), 0);
    return CLI_OK;
}

int cli_texts_behind(cli *c, size_t first, const eid_strings *files, cli_texts *t)
{
    eid_strings all = c->operands;
    c->operands = (eid_strings){all.at + first, all.n - first};
    int rc = cli_texts_read(c, files, t);
    c->operands = all;
    return rc;
}

int cli_ids(cli *c, const char *text, int32_t **ids, size_t *n)
{
    const char *p = text;
    int32_t *out = calloc(strlen(text) / 2 + 1, sizeof *out);
    size_t k = 0;

    if (!out)
        return cli_refuse(c, "memory", "no memory for the ids");
    while (*(p += strspn(p, " \t\n,"))) {
        char *end;
        errno = 0;
        long id = strtol(p, &end, 10);
        if (end == p || errno || id < 0 || id > INT32_MAX || (*end && !strchr(" \t\n,", *end))) {
            free(out);
            return cli_refuse(c, "invalid", "\"%s\": no token id at byte %td", text, p - text);
        }
        out[k++] = (int32_t)id;
        p = end;
    }
    *ids = out;
    *n = k;
    return CLI_OK;
}

static json_t *base64(const uint8_t *b, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = malloc(n / 3 * 4 + 5), *t = text;
    json_t *j;

    for (size_t i = 0; text && i < n; i += 3) {
        uint32_t x = (uint32_t)b[i] << 16;
        x |= i + 1 < n ? (uint32_t)b[i + 1] << 8 : 0;
        x |= i + 2 < n ? (uint32_t)b[i + 2] : 0;
        *t++ = digits[x >> 18];
        *t++ = digits[x >> 12 & 63];
        *t++ = i + 1 < n ? digits[x >> 6 & 63] : '=';
        *t++ = i + 2 < n ? digits[x & 63] : '=';
    }
    j = text ? json_stringn(text, (size_t)(t - text)) : NULL;
    free(text);
    return j;
}

static json_t *masked(const uint8_t *bytes, size_t n, bool reveal)
{
    char *text = NULL;
    json_t *j = NULL;

    if (reveal)
        return json_stringn((const char *)bytes, n); /* NULL when it is not UTF-8 */
    if (eid_mask(bytes, n, &text) == EID_OK)
        j = json_string(text);
    eid_string_free(text);
    return j;
}

/* Text that is not UTF-8 is told in base64, and only with --reveal: it cannot be masked. */
void cli_set_bytes(json_t *j, const uint8_t *bytes, size_t n, bool reveal)
{
    json_t *text = masked(bytes, n, reveal);
    if (text)
        json_object_set_new(j, "text", text);
    else
        json_object_set_new(j, "base64", base64(bytes, n));
}

json_t *cli_place(const eid_index *ix, eid_place p, bool reveal)
{
    const char *name = eid_index_doc_name(ix, p.doc);
    if (!name)
        return json_null();
    json_t *shown = masked((const uint8_t *)name, strlen(name), reveal);
    if (!shown) /* a name that is not UTF-8 */
        shown = masked((const uint8_t *)name, strlen(name), false);
    return json_pack("{s:I, s:o, s:I}", "document", (json_int_t)p.doc, "name", shown, "offset",
                     (json_int_t)p.offset);
}

static void print_escaped(const char *s)
{
    for (; *s; s++) {
        unsigned char b = (unsigned char)*s;
        if (b == '\n')
            printf("\\n");
        else if (b == '\t')
            printf("\\t");
        else if (b == '\\')
            printf("\\\\");
        else if (b < 32 || b == 127)
            printf("\\x%02X", b);
        else
            putchar(b);
    }
}

void cli_print_line(const uint8_t *bytes, size_t n, bool reveal)
{
    char *text = NULL;
    if (!reveal) {
        if (eid_mask(bytes, n, &text) == EID_OK)
            print_escaped(text);
        eid_string_free(text);
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (bytes[i] < 32 || bytes[i] == '\\' || bytes[i] >= 127)
            printf(bytes[i] == '\n' ? "\\n" : bytes[i] == '\t' ? "\\t" : "\\x%02X", bytes[i]);
        else
            putchar(bytes[i]);
}

void cli_print_name(const eid_index *ix, int64_t doc)
{
    const char *name = eid_index_doc_name(ix, doc);
    char *shown = NULL; /* a name may try to steer the terminal */
    if (name && eid_mask((const uint8_t *)name, strlen(name), &shown) == EID_OK)
        print_escaped(shown);
    eid_string_free(shown);
}

void cli_print_title(const cli_text *t, size_t number)
{
    if (t->name)
        print_escaped(t->name);
    else
        printf("text %zu", number);
}
