/* survivors.h - a corpus without its cuts, written in the form that each input has.
 *
 * Reads the inputs again, and writes below FOLDER
 *   corpus/        a single folder's files; else each input under its own name (a second folder
 *                  of one name: NAME.2; a second file: 2/NAME).  Files keep form, packing and mode;
 *                  lines of a .jsonl their other fields to the byte; archives their other entries.
 *                  Documents of which nothing is left are left out, with their file, line or entry;
 *                  what was no document (empty files, lines that are not read, folders and links in
 *                  archives) stays.
 *   ledger.jsonl   a line for each cut.
 * Nothing is synced: the caller does that before it gives the folder its name. */
#ifndef EID_SRC_SURVIVORS_H
#define EID_SRC_SURVIVORS_H
#include "control/cuts.h"

typedef struct control_rewrite {
    const char *const *paths; /* none of them "-" */
    size_t n_paths;
    const eid_corpus_opts *read;
    int64_t memory; /* bound for the document that is being read; 0: the context's */
    const eid_dedup_cuts *cuts;
    const char *folder; /* exists */
} control_rewrite;

/* Fills documents_* and bytes_* and ranges of *r; checks that bytes_in = bytes_kept + bytes_cut,
 * that every cut was made, and that what is written reads back as so many documents and bytes. */
eid_status control_write_survivors(eid_dedup_result *r, eid_corpus **summary, eid_ctx *ctx,
                                   const control_rewrite *what);
#endif
