/* bank_scores.h - scores of a bank's examples, kept as a run. */
#ifndef EID_BANK_SCORES_H
#define EID_BANK_SCORES_H
#include "eidetic/dataset.h"
#include "eidetic/memorization.h"

typedef struct eid_bank_column {
    const char *name; /* "mem" */
    const double *value;
} eid_bank_column;
typedef struct eid_bank_figure {
    const char *name; /* "memorization.mem.median" */
    eid_estimate value;
} eid_bank_figure;

/* `data` gives ids, labels and clean labels; NULL: ids are 0, 1, ...  pairs may be NULL. */
typedef struct eid_bank_scores {
    int64_t examples;
    const eid_dataset *data, *test;
    const eid_bank_column *column;
    size_t columns;
    const eid_bank_figure *figure;
    size_t figures;
    const eid_high_influence *pairs;
} eid_bank_scores;
/* Into OUT: scores/NAME.npy and scores.csv (id, label, clean, every score), pairs.csv (ids of a
 * training and a test example, influence, se, z), and eidetic.db with scores and figures.  `info`
 * names the command (command, command_line, options, seed, threads are read).  EID_EEXIST: OUT
 * holds another run. */
EID_API EID_CHECKED eid_status eid_bank_scores_keep(eid_ctx *ctx, const eid_bank_scores *s,
                                                    const eid_run_info *info, const char *out);
#endif
