/* membership_bank.h - `membership --bank`: classifiers, not language models. */
#ifndef CLI_MEMBERSHIP_BANK_H
#define CLI_MEMBERSHIP_BANK_H
#include <stdbool.h>

/* The command line asks about classifiers: it names a bank or arrays. */
bool cli_asks_bank(int argc, char **argv);
int cli_membership_bank(int argc, char **argv);
#endif
