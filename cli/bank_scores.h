/* bank_scores.h - what commands that score a bank's examples share. */
#ifndef CLI_BANK_SCORES_H
#define CLI_BANK_SCORES_H
#include "bank_of.h"

json_t *cli_scores_estimate(const eid_estimate *e);
void cli_scores_print(const char *name, const eid_estimate *e); /* a line */
/* The ids in a .npy are those of the training examples, one by one; else says which is not.  NULL:
 * nothing to compare. */
int cli_scores_ids(cli *c, const cli_bank *b, const char *path);
/* Into --out, under the command's name. */
int cli_scores_keep(cli *c, eid_bank_scores *s);
#endif
