/* bank.h - a bank while it is filled: files, workers, who commits what. */
#ifndef EID_SRC_BANK_H
#define EID_SRC_BANK_H
#include "base/ctx.h"
#include "eidetic/bank.h"
#include "train/fitting.h"
#include <pthread.h>

enum {
    BANK_MASKS,
    BANK_WEIGHTS,
    BANK_TRAIN,
    BANK_TEST = BANK_TRAIN + 4,
    BANK_FILES = BANK_TEST + 4
};
enum { BANK_CORRECT, BANK_PHI, BANK_MARGIN, BANK_LOGITS }; /* of BANK_TRAIN and BANK_TEST */

/* One array on disk; a model's row lies at data + model * row. */
typedef struct bank_file {
    char *path;
    int fd; /* -1: not kept */
    eid_array_view shape;
    size_t data, row, size; /* bytes */
} bank_file;

/* One step of the pipeline, as it was asked for. */
typedef struct bank_step {
    const eid_bank_step_kind *kind;
    void *opts;
} bank_step;

enum { BANK_STEPS = 16 };
typedef struct bank_steps {
    bank_step step[BANK_STEPS];
    int n;
    char *text; /* cut up; options may point into it */
} bank_steps;
/* EID_EINVAL with a sentence for what is no list of steps. */
eid_status bank_steps_read(bank_steps *s, const eid_bank_opts *o);
/* Every step with the values of all its options, defaults too: what the identity reads. */
eid_status bank_steps_json(const bank_steps *s, char **json);
void bank_steps_free(bank_steps *s);

typedef struct bank_plan {
    bank_steps steps;
    const eid_bank_opts *opts;
    const eid_classifier_opts *training;
    const eid_dataset *set[2]; /* train, test */
    int64_t parameters;
} bank_plan;

/* Paths and shapes of all files that these options keep. */
eid_status bank_files_plan(bank_file f[BANK_FILES], const bank_plan *p, const char *dir);
/* Makes them, masks filled, synced. */
eid_status bank_files_make(bank_file f[BANK_FILES], const char *dir, const uint8_t *masks);
/* Opens what was made before; EID_EFORMAT when a file is not what it was. */
eid_status bank_files_open(bank_file f[BANK_FILES], const uint8_t *masks);
eid_status bank_file_put(const bank_file *f, int64_t model, const void *row);
eid_status bank_files_sync(const bank_file f[BANK_FILES]);
void bank_files_close(bank_file f[BANK_FILES]);

/* SHA-256 over everything that the arrays depend on, but for library and processor. */
eid_status bank_identity(const bank_plan *p, char hex[65]);

/* Mean accuracies, into the result and the database. */
eid_status bank_sum_up(eid_bank_result *r, const bank_plan *p, const bank_file f[BANK_FILES],
                       const uint8_t *masks, eid_store *store);

eid_status bank_run_open(eid_store **store, eid_ctx *ctx, const bank_plan *p, const char *dir,
                         const eid_run_info *given, bool *resumed);
eid_status bank_run_tell(eid_store *store, const bank_plan *p);

/* ---- several processes -------------------------------------------------------------------------
 * Rank 0 says in DIR/ranks/JOB.begin what is to be done; rank r trains every size-th model of that,
 * from the r-th on, and appends those whose rows are on disk to DIR/ranks/JOB.R.done, eight bytes a
 * number; rank 0 reads these and commits.  Nothing of it need arrive: a model's rows are the same
 * whoever writes them, and what nobody tells of rank 0 trains itself. */
typedef struct bank_ranks {
    int64_t rank, size;
    char *folder, *begin, *mine; /* paths; folder: DIR/ranks */
    int log;                     /* `mine`, opened to append; -1: not yet */
} bank_ranks;
eid_status bank_ranks_make(bank_ranks *r, const eid_bank_ranks *of, const char *dir);
void bank_ranks_free(bank_ranks *r);
/* Rank 0: what the others told, in this job or an earlier one that was killed. */
eid_status bank_ranks_collect(const bank_ranks *r, int64_t models,
                              eid_status (*fn)(void *user, int64_t model), void *user);
/* Rank 0: forgets what stands there, then lets the others begin (alone: no more than the first). */
eid_status bank_ranks_begin(const bank_ranks *r, const char *identity, const char *bits,
                            const int64_t *todo, int64_t n);
/* The others: waits until rank 0 began; room for `models`. */
eid_status bank_ranks_wait(const bank_ranks *r, eid_ctx *ctx, const char *identity,
                           const char *bits, int64_t models, int64_t *todo, int64_t *n);
/* Rank 0, before it makes arrays anew: whatever was told was of others. */
eid_status bank_ranks_forget(const bank_ranks *r);
eid_status bank_ranks_tell(bank_ranks *r, const int64_t *model, int64_t n);

/* One thread's network and room for one model's rows. */
typedef struct bank_worker {
    eid_ctx *ctx; /* of one thread */
    eid_net *m;
    eid_optim *optim;
    eid_draw *draw;
    int64_t *part; /* places of the examples trained on */
    int64_t *index, *epoch;
    float *x, *z;
    int32_t *y;
    uint8_t *mask; /* of the parameters */
    eid_ctx *stop; /* looked at every step of the model under way */
    uint8_t *correct[2];
    float *phi[2], *margin[2], *logits[2];
} bank_worker;
eid_status bank_worker_make(bank_worker *w, const bank_plan *p, eid_ctx *ctx);
void bank_worker_free(bank_worker *w);
/* Trains model k on the examples of `mask` and asks it about all; `stop` is looked at every step.
 */
eid_status bank_model(bank_worker *w, const bank_plan *p, int64_t k, const uint8_t *mask,
                      eid_ctx *stop);
eid_status bank_worker_put(const bank_worker *w, const bank_file f[BANK_FILES], int64_t k);
#endif
