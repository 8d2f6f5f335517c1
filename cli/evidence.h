/* evidence.h - what extract and personal question a model with: the text it was trained on, its
 * index, and text that it was not trained on. */
#ifndef CLI_EVIDENCE_H
#define CLI_EVIDENCE_H
#include "model.h"

/* The options behind it; one table for both commands. */
typedef struct cli_evidence_args {
    const char *model, *index;
    eid_strings corpus, heldout;
    bool reveal;
    eid_corpus_opts read;
} cli_evidence_args;
extern const eid_opt cli_evidence_table[];

typedef struct cli_evidence {
    cli_model model;
    eid_corpus *train, *heldout; /* heldout: NULL where none was named */
    eid_index *index;            /* NULL in a dry run */
} cli_evidence;

/* Opens and reads all of it and puts it among the inputs.  Without --index, the index is made in a
 * temporary file that is gone when the command ends.  CLI_OK, or what cli_failed said; close it in
 * either case. */
int cli_evidence_open(cli *c, cli_evidence *e, const cli_evidence_args *a);
void cli_evidence_close(cli_evidence *e);

/* "0.1234\t0.1100\t0.1400", or why there is no number. */
void cli_print_estimate(const eid_estimate *e);
#endif
