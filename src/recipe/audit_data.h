/* audit_data.h - the audit of a training set from inside: its state while it runs, and its steps.
 */
#ifndef EID_SRC_RECIPE_AUDIT_DATA_H
#define EID_SRC_RECIPE_AUDIT_DATA_H
#include "base/ctx.h"
#include "base/file.h"
#include "eidetic/audit_data.h"
#include "eidetic/bank.h"
#include "eidetic/memorization.h"
#include "eidetic/store.h"
#include "eidetic/trajectory.h"

/* One number for each example.  The first seven are eid_score_kind's. */
enum {
    DATA_SELF = EID_SCORE_CORRECTNESS + 1, /* p of the label by networks that had not seen it */
    DATA_MEM,                              /* right when trained on, less right when not */
    DATA_RISK,                             /* how far apart phi lies with and without it */
    DATA_SCORES
};
const char *data_score_name(int score);
int data_score_hard(int score); /* 1: high is hard, -1: low is */

/* Parts of the training set that are trained on, to see what dropping others costs. */
enum { DATA_CELLS = 40 };
typedef struct data_cell {
    const char *series; /* "el2n", "random" */
    int score;          /* -1: at random, -2: the known wrong labels, -3: nobody is dropped */
    bool easy;          /* the easy end is dropped */
    double share;
} data_cell;

enum { DATA_PAIRS = 12 };

typedef struct data_audit {
    eid_ctx *ctx;
    const eid_audit_data_opts *opts;
    const eid_audit_call *call;
    eid_store *store;
    eid_dataset *raw[2];   /* training and test set as read: for pictures; [1] NULL: none */
    eid_dataset *set[2];   /* as trained on */
    eid_dataset *judge[2]; /* the test set's halves: to choose by, to judge by */
    eid_classifier_opts training;
    int64_t models;
    eid_trajectory **run;
    eid_bank *folds, *bank;
    double *score[DATA_SCORES];
    eid_estimate accuracy_train;
    /* by networks that had not seen the example */
    double *p; /* n x classes */
    int32_t *guess;
    eid_confident *confident;
    int64_t *suspects, n_suspects; /* places, the surest first */
    int64_t *first_copy; /* place of the first equal example, itself where there is none */
    int64_t duplicates, conflicts, leaks, flips;
    /* of the bank */
    eid_memorization *memorized;
    eid_high_influence *pairs; /* NULL: no test set */
} data_audit;

/* ---- audit_data_train.c: evidence */
eid_status data_budget(data_audit *a, int64_t *models);
eid_status data_runs(data_audit *a);
eid_status data_folds(data_audit *a);
eid_status data_bank(data_audit *a);

/* ---- audit_data_drop.c */
int data_cells(const data_audit *a, data_cell *cell);
eid_status data_drop(data_audit *a);

/* ---- audit_data_scores.c */
eid_status data_scores(data_audit *a); /* of the runs */
eid_status data_out_of_fold(data_audit *a);
eid_status data_duplicates(data_audit *a);
eid_status data_memorization(data_audit *a); /* DATA_MEM and DATA_RISK */
/* Share of right answers about example i by models that had it (in = 1) or not. */
eid_estimate data_right(const data_audit *a, int64_t i, int in);

/* ---- audit_data_infl.c */
eid_status data_influence(data_audit *a);

/* ---- audit_data_keep.c: to the store and to files */
eid_status data_keep_inputs(data_audit *a);
eid_status data_keep_scores(data_audit *a);
eid_status data_keep_labels(data_audit *a);
eid_status data_keep_bank(data_audit *a);
eid_status data_write_files(data_audit *a);   /* audit_data_files.c */
eid_status data_keep_findings(data_audit *a); /* audit_data_find.c */
/* Name of a class; the text is hostile.  `room` is for numbers. */
const char *data_class(const data_audit *a, int32_t label, char room[32]);
eid_status data_classes_check(const data_audit *a);

/* ---- audit_data_png.c */
bool data_is_picture(const eid_dataset *d);
/* Example i as a PNG: grey or RGB, 8 bits. */
eid_status data_png(eid_buf *out, const eid_dataset *d, int64_t i);

/* ---- audit_data_verdict.c */
eid_status data_judge(eid_store *store);
#endif
