#include "model.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int cli_file_input(cli *c, const char *path)
{
    char hex[65];
    int64_t bytes = 0;
    if (eid_file_sha256(c->ctx, path, hex, &bytes) != EID_OK)
        return cli_failed(c);
    cli_input(c, path, bytes, hex, 0, 0);
    return CLI_OK;
}

/* The file of a folder, where it has one: a tokenizer may stand in older files. */
static int part_input(cli *c, const char *dir, const char *name)
{
    size_t size = strlen(dir) + strlen(name) + 2;
    char *path = malloc(size);
    int rc = CLI_OK;
    if (!path)
        return cli_refuse(c, "memory", "no memory for a path");
    snprintf(path, size, "%s/%s", dir, name);
    if (access(path, F_OK) == 0)
        rc = cli_file_input(c, path);
    free(path);
    return rc;
}

int cli_model_open(cli *c, cli_model *m, const char *dir)
{
    static const char *const parts[] = {"config.json", "model.safetensors", "tokenizer.json"};
    *m = (cli_model){NULL, NULL};
    if (eid_lm_open(&m->lm, c->ctx, dir) != EID_OK || eid_bpe_load(&m->bpe, dir) != EID_OK)
        return cli_failed(c);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        int rc = part_input(c, dir, parts[i]);
        if (rc != CLI_OK)
            return rc;
    }
    return CLI_OK;
}

void cli_model_close(cli_model *m)
{
    eid_lm_free(m->lm);
    eid_bpe_free(m->bpe);
}
