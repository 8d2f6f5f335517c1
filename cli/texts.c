#include "texts.h"
#include "model.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int read_stream(cli *c, FILE *f, cli_text *t)
{
    size_t cap = 0;
    do {
        uint8_t *more = cap < SIZE_MAX / 4 ? realloc(t->bytes, cap = 2 * cap + 4096) : NULL;
        if (!more)
            return cli_refuse(c, "memory", "%s: no memory for its bytes", t->name);
        t->bytes = more;
        t->n += fread(t->bytes + t->n, 1, cap - t->n, f);
    } while (t->n == cap);
    return ferror(f) ? cli_refuse(c, "io", "%s: %s", t->name, strerror(errno)) : CLI_OK;
}

static int read_file(cli *c, const char *path, cli_text *t)
{
    t->name = path;
    if (strcmp(path, "-") == 0)
        return read_stream(c, stdin, t);
    FILE *f = fopen(path, "rb");
    if (!f)
        return cli_refuse(c, "io", "%s: %s", path, strerror(errno));
    int rc = read_stream(c, f, t);
    fclose(f);
    return rc == CLI_OK ? cli_file_input(c, path) : rc;
}

int cli_texts_read(cli *c, const eid_strings *files, cli_texts *t)
{
    int rc = CLI_OK;

    t->at = calloc(c->operands.n + files->n + 1, sizeof *t->at);
    if (!t->at)
        return cli_refuse(c, "memory", "no memory for the texts");
    for (size_t i = 0; i < c->operands.n; i++) {
        cli_text *x = &t->at[t->n++];
        x->n = strlen(c->operands.at[i]);
        x->bytes = (uint8_t *)strdup(c->operands.at[i]);
        if (!x->bytes)
            return cli_refuse(c, "memory", "no memory for the texts");
    }
    for (size_t i = 0; i < files->n && rc == CLI_OK; i++)
        rc = read_file(c, files->at[i], &t->at[t->n++]);
    if (t->n == 0)
        rc = read_file(c, "-", &t->at[t->n++]);
    return rc;
}

void cli_texts_free(cli_texts *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->at[i].bytes);
    free(t->at);
    *t = (cli_texts){0};
}

json_t *cli_shown(const uint8_t *bytes, size_t n, bool reveal)
{
    char *masked = NULL;
    json_t *j = NULL;

    if (reveal)
        j = json_stringn((const char *)bytes, n);
    else if (eid_mask(bytes, n, &masked) == EID_OK)
        j = json_string(masked);
    eid_string_free(masked);
    return j ? j : json_null();
}
