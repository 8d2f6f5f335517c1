/* bank_of.h - where measures over a bank take it from: a folder of `eidetic bank`, or arrays of
 * models that were trained elsewhere. */
#ifndef CLI_BANK_OF_H
#define CLI_BANK_OF_H
#include "data.h"

typedef struct cli_bank_args {
    const char *data, *logits, *probs, *labels, *masks, *test_logits, *test_probs, *test_labels;
} cli_bank_args;
/* Offsets are those of a cli_bank_args. */
extern const eid_opt cli_bank_table[];

typedef struct cli_bank {
    eid_bank *bank;
    cli_data data; /* NULLs where --data was not given */
} cli_bank;
/* `dir` NULL: arrays.  CLI_OK, or what was said.  Close it in either case. */
int cli_bank_open(cli *c, cli_bank *b, const char *dir, const cli_bank_args *a,
                  const eid_dataset_opts *read);
/* What --dry-run says. */
int cli_bank_plan(cli *c, const cli_bank *b);
void cli_bank_close(cli_bank *b);
#endif
