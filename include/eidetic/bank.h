/* bank.h - many classifiers, each trained on a known part of the examples, and what every one of
 * them says about every example: the evidence for memorization, influence and membership.
 *
 * A run's folder holds, besides eidetic.db, arrays of NumPy's format that can be mapped:
 *
 *     masks.npy          u1 (models, ceil(n / 8))   bit i % 8 of byte i / 8: example i was trained
 * on SET_correct.npy    u1 (models, ceil(n / 8))   bits likewise, of the examples as they are
 *     SET_phi.npy        f4 (models, queries, n)    log(p / (1 - p)), p of the true class
 *     SET_margin.npy     f4 (models, queries, n)    z_y - max of the other logits
 *     SET_logits.npy     f4 (models, queries, n, classes)   with --outputs logits, in place of the
 * two weights.npy        f4 (models, parameters)    with --keep-weights
 *
 * where SET is train or test and n counts its examples.  Query 0 asks about the example as it is,
 * the others about it moved and mirrored.  p = 1 / (1 + exp(-phi)). */
#ifndef EID_BANK_H
#define EID_BANK_H
#include "eidetic/array.h"
#include "eidetic/store.h"
#include "eidetic/train.h"

typedef enum eid_bank_design {
    EID_BANK_FRACTION, /* each model on round(fraction n) examples, drawn for it alone (Feldman and
                          Zhang 2020) */
    EID_BANK_HALF,     /* each example in exactly floor(fraction models) models, drawn for it alone;
                          fraction 0.5: Carlini et al. 2022 */
    EID_BANK_PAIRS, /* of examples 2i and 2i + 1 exactly one, by a coin: super-samples (Steinke and
                       Zakynthinou 2020) */
    EID_BANK_GROUPS /* all but group k % groups of a random partition into equal groups */
} eid_bank_design;

typedef enum eid_bank_outputs { EID_BANK_SCORES, EID_BANK_LOGITS } eid_bank_outputs;

/* ---- what is done to a model between its training and the questions ----------------------------
 */

/* A model on its way, in one thread. */
typedef struct eid_bank_model {
    eid_ctx *ctx;
    eid_net *net;
    uint8_t *mask; /* one byte a parameter, in order, all 1 at first: a step that holds weights at
                      zero points param->mask into it */
    const eid_dataset *train;
    const int64_t *part; /* places of the examples that it is trained on */
    int64_t n;
    const eid_classifier_opts *training;
    uint64_t seed; /* of this step of this model */
    void *worker;  /* not yours */
} eid_bank_model;

/* A kind of step.  `run` changes m->net (and then calls eid_net_changed); what it does depends on
 * the model, the data, `opts` and m->seed alone. */
typedef struct eid_bank_step_kind {
    const char *name; /* "prune" */
    const eid_opt *table;
    size_t size;          /* of its options */
    const void *defaults; /* size bytes */
    eid_status (*run)(const eid_bank_model *m, const void *opts);
} eid_bank_step_kind;

/* This house's, ended by a NULL.  "prune:magnitude=0.5": the smallest half of all weights (by size;
 * biases and gains are none) become 0, and stay 0 in steps that follow.
 * "finetune:epochs=1:lr=0.01": trained on, on the same examples, with a new optimizer. */
EID_API const eid_bank_step_kind *const *eid_bank_step_kinds(void);
/* For steps: trains m->net on, as it was trained, but for so many epochs at such a peak rate. */
EID_API EID_CHECKED eid_status eid_bank_train(const eid_bank_model *m, double epochs, double lr);

/* One of several processes that fill a bank together, in a folder that all of them see.  Rank 0
 * writes the database; the others return when their share of the models is on disk. */
typedef struct eid_bank_ranks {
    int64_t rank, size;
    const char *job; /* the same for all, another for the next time: "218628097" */
} eid_bank_ranks;

typedef struct eid_bank_opts {
    const eid_bank_ranks *ranks; /* NULL: alone */
    const char *then; /* steps after the training: "prune:magnitude=0.5,finetune:epochs=2"; NULL:
                         none */
    const eid_bank_step_kind *const *more; /* kinds besides this house's, ended by NULL; or NULL */
    int64_t models;
    int64_t design; /* eid_bank_design */
    double fraction;
    int64_t groups;
    int64_t outputs; /* eid_bank_outputs */
    int64_t queries;
    bool keep_weights;
    int64_t seed; /* of the parts; the classifier's seed is of the trainings */
} eid_bank_opts;
EID_API eid_bank_opts eid_bank_opts_default(void);
EID_API extern const eid_opt eid_bank_opt_table[];

/* The parts alone: masks (models x ceil(n / 8) bytes). */
EID_API EID_CHECKED eid_status eid_bank_masks(eid_ctx *ctx, const eid_bank_opts *o, int64_t n,
                                              uint8_t *masks);

/* The seed of model k's training: the model is what eid_train_classifier makes of its examples, in
 * their order, with this seed. */
EID_API int64_t eid_bank_seed(const eid_classifier_opts *training, int64_t k);

typedef struct eid_bank_result {
    int64_t models, examples, test_examples, parameters;
    int64_t trained;      /* by this call; the others were found */
    double seconds, rate; /* of this call; models a second */
    double accuracy_in, accuracy_out,
        accuracy_test; /* means over models; NaN where there is none */
    bool resumed;
} eid_bank_result;

/* Fills DIR, one model per thread at a time; what is said of a model depends on the options, the
 * data and the model's number alone.  Killed or stopped, the same call goes on with the models that
 * the database does not have.  `info` names the command (command, command_line, seed, threads are
 * read); NULL: none.  EID_EEXIST: DIR holds another run.  A rank that is not 0 fills in only
 * models, examples, parameters, seconds and what it trained itself. */
EID_API EID_CHECKED eid_status eid_bank_make(eid_bank_result *out, eid_ctx *ctx,
                                             const eid_dataset *train, const eid_dataset *test,
                                             const eid_classifier_opts *training,
                                             const eid_bank_opts *opts, const eid_run_info *info,
                                             const char *dir);

/* A finished bank, mapped.  Borrowed pointers, read-only; NULL where a file is not kept. */
typedef struct eid_bank_set {
    int64_t n;
    int64_t row;            /* bytes of a row of bits: ceil(n / 8) */
    const uint8_t *correct; /* models x row */
    const float *phi, *margin, *logits;
} eid_bank_set;
typedef struct eid_bank {
    int64_t models, queries, classes, parameters;
    eid_bank_opts opts;
    const uint8_t *masks;     /* models x train.row */
    eid_bank_set train, test; /* test.n 0: there is none */
    const float *weights;
    void *owner; /* not yours */
} eid_bank;
/* EID_EINVAL: a bank of other data (by hash), or an unfinished one.  train and test may be NULL:
 * not compared. */
EID_API EID_CHECKED eid_status eid_bank_open(eid_bank **out, eid_ctx *ctx, const char *dir,
                                             const eid_dataset *train, const eid_dataset *test);
EID_API void eid_bank_free(eid_bank *b);

/* A bank in memory, of models that were trained elsewhere.
 *
 *     values       logits or probabilities (model x example x class), or of the true class alone
 *                  (model x example): p, or log(p / (1 - p)); a model is then taken to be right
 *                  where p is above 1/2
 *     labels       (example), whole numbers; may be NULL where there are no classes
 *     masks        (model x example), 0 or 1: the model was trained on it; or bits as in masks.npy
 *     test_values, test_labels      the same of examples that no model was trained on; or NULL
 *
 * EID_EINVAL: shapes that do not fit each other; EID_EFORMAT names the element that is no
 * probability, label or flag, or the row of probabilities that does not sum to one. */
typedef struct eid_bank_arrays {
    const eid_array *values, *labels, *masks, *test_values, *test_labels;
    bool probs;
} eid_bank_arrays;
EID_API EID_CHECKED eid_status eid_bank_from(eid_bank **out, eid_ctx *ctx,
                                             const eid_bank_arrays *a);

static inline bool eid_bank_bit(const uint8_t *bits, int64_t row, int64_t model, int64_t example)
{
    return bits[model * row + example / 8] >> example % 8 & 1;
}
#endif
