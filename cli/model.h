/* model.h - what commands that question a model share: opening it, and telling what was read. */
#ifndef CLI_MODEL_H
#define CLI_MODEL_H
#include "cli.h"

/* A Hugging Face directory: the probe and its tokenizer. */
typedef struct cli_model {
    eid_lm *lm;
    eid_bpe *bpe;
} cli_model;
/* Opens both and puts their files among the inputs; CLI_OK, or what cli_failed said.  Close it in
 * either case. */
int cli_model_open(cli *c, cli_model *m, const char *dir);
void cli_model_close(cli_model *m);

/* Puts a file with its size and hash among the inputs. */
int cli_file_input(cli *c, const char *path);
#endif
