#include "data.h"

typedef struct files {
    cli *c;
    bool failed;
} files;

static void add_input(void *user, const char *path)
{
    files *f = user;
    char hex[65];
    int64_t bytes;

    if (f->failed || eid_file_sha256(f->c->ctx, path, hex, &bytes) != EID_OK)
        f->failed = true;
    else
        cli_input(f->c, path, bytes, hex, 0, 0);
}

int cli_data_open(cli *c, cli_data *d, const char *data, const eid_dataset_opts *opts)
{
    files f = {.c = c};

    if (eid_dataset_read(&d->train, &d->test, c->ctx, data, opts) != EID_OK ||
        (c->json && eid_dataset_files(data, opts, add_input, &f) != EID_OK) || f.failed)
        return cli_failed(c);
    return CLI_OK;
}

void cli_data_close(cli_data *d)
{
    eid_dataset_free(d->train);
    eid_dataset_free(d->test);
}
