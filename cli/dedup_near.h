/* dedup_near.h - `eidetic dedup --near`. */
#ifndef CLI_DEDUP_NEAR_H
#define CLI_DEDUP_NEAR_H
#include "cli.h"

/* Takes near-duplicates out of the corpus that the operands name, into --out. */
int cli_dedup_near(cli *c, const eid_corpus_opts *read, const eid_near_opts *opts);
#endif
