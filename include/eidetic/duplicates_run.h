/* duplicates_run.h - what `duplicates` found, kept as a run with a report. */
#ifndef EID_DUPLICATES_RUN_H
#define EID_DUPLICATES_RUN_H
#include "eidetic/duplicates.h"
#include "eidetic/near.h"

/* What was found, and how it was asked for.  `other`, `shared` and `near` may be NULL. */
typedef struct eid_duplicates_found {
    const eid_index *index, *other;
    const char *path, *other_path; /* what the user named */
    const eid_duplicates *own;
    const eid_shared *shared;
    const eid_near_result *near; /* NULL: not looked for */
    double threshold;            /* of `near` */
    const eid_duplicates_opts *opts;
    const char *command_line;
} eid_duplicates_found;
/* Writes a run's folder: numbers, curves and strings in its database, and a report.  OUT is new,
 * empty, or a run of the same command on the same text, which only gets its report again. */
EID_API EID_CHECKED eid_status eid_duplicates_write(eid_ctx *ctx, const eid_duplicates_found *f,
                                                    const char *out);
#endif
