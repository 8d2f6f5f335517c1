/* audit_data.h - the audit of a training set: which examples do classifiers memorize, which look
 * mislabelled, which are redundant, and can members be told?
 *
 * Trains a few networks with records of every example, a fold-by-fold set that is asked about
 * examples it has not seen, a bank of networks on random halves, and networks without the examples
 * that each score would drop; writes a run folder with a report. */
#ifndef EID_AUDIT_DATA_H
#define EID_AUDIT_DATA_H
#include "eidetic/audit.h"
#include "eidetic/dataset.h"
#include "eidetic/train.h"

typedef struct eid_audit_data_opts {
    const char *data;        /* as eid_dataset_read's */
    const char *class_names; /* "cat,dog", NULL: numbers, or what is known of a set by name */
    const char *title;       /* for the report's heading */
    double minutes;          /* for the whole audit, resolved once to the bank's size */
    int64_t models;          /* of the bank; 0: from minutes */
    int64_t runs;            /* trainings with records, whose scores are averaged */
    int64_t folds, repeats;  /* of the networks that are asked about what they have not seen */
    int64_t replicas;        /* trainings on each part of the examples */
    double fold_epochs;      /* of those: few, since what is learned by heart misleads */
    double score_epoch;      /* checkpoint of EL2N and GraNd */
    bool centre;             /* train on examples less their mean: fits the last ones faster */
    int64_t seed;
    eid_dataset_opts read;
    eid_classifier_opts training;
} eid_audit_data_opts;
EID_API eid_audit_data_opts eid_audit_data_opts_default(void);
EID_API extern const eid_opt eid_audit_data_opt_table[]; /* its own fields */

/* Runs or resumes the audit; a finished one returns at once.  Besides report and database, the
 * folder holds suspects.csv and suspects.npy, scores.csv and scores/NAME.npy, and the evidence in
 * runs/, folds/ and bank/.  EID_EEXIST: the folder holds something else. */
EID_API EID_CHECKED eid_status eid_audit_data(eid_ctx *ctx, const eid_audit_data_opts *opts,
                                              const eid_audit_call *call);
/* What it would do, as a text of a few lines: reads the data, measures the machine. */
EID_API EID_CHECKED eid_status eid_audit_data_plan(eid_ctx *ctx, const eid_audit_data_opts *opts,
                                                   char **text);
/* The `result` object of docs/json.md, read from a run. */
EID_API EID_CHECKED eid_status eid_audit_data_json(const char *run, char **json);
/* As eid_audit_gate_check, for what this audit measures; eid_audit_gate asks it of a run. */
EID_API EID_CHECKED eid_status eid_audit_data_gate_check(const char *gate);
#endif
