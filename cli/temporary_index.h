/* temporary_index.h - an index of what the user names: opened, or made for this command alone. */
#ifndef CLI_TEMPORARY_INDEX_H
#define CLI_TEMPORARY_INDEX_H
#include "asking.h"

typedef struct cli_index {
    eid_index *ix;
    char folder[4096]; /* "": the user's own */
} cli_index;

/* One path that is an index is opened; else all are read as a corpus and indexed in a folder of
 * $TMPDIR, which takes about 5 bytes a byte of text.  CLI_OK, or what cli_failed said; close it in
 * either case. */
int cli_index_of(cli *c, cli_index *x, const char *const *paths, size_t n,
                 const eid_corpus_opts *read);
void cli_index_close(cli_index *x);
#endif
