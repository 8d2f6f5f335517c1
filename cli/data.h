/* data.h - what commands that work on labelled examples share: reading them, and telling of it. */
#ifndef CLI_DATA_H
#define CLI_DATA_H
#include "cli.h"

typedef struct cli_data {
    eid_dataset *train, *test; /* test NULL: there is none */
} cli_data;
/* Reads `data` and, for --json, puts its files among the inputs; CLI_OK, or what cli_failed said.
 * Close it in either case. */
int cli_data_open(cli *c, cli_data *d, const char *data, const eid_dataset_opts *opts);
void cli_data_close(cli_data *d);
#endif
