/* store.h - a run: one folder with one SQLite file, eidetic.db, readable by its owner only.
 *
 * Tables: run, input, example, score, metric, text, curve, finding, work, file, question;
 * docs/store.md has their columns and the names that the report knows.  A unit of work and its
 * results are one transaction, so a killed run holds whole units only.  A store is for one thread
 * at a time. */
#ifndef EID_STORE_H
#define EID_STORE_H
#include "eidetic/base.h"
#include "eidetic/stats.h"

typedef struct eid_store eid_store;

typedef struct eid_run_info {
    const char *command;      /* verb: "audit" */
    const char *command_line; /* as typed, for reproducing */
    const char *options;      /* JSON object of every option's value */
    const char *identity;     /* hash of what must agree for "the same command" */
    const char *version, *kernels, *bits, *cpu;
    int64_t seed, threads;
    const char *state;              /* "running", "done", "failed" */
    const char *started, *finished; /* ISO 8601, UTC; "" while unknown */
    double seconds;
} eid_run_info;

/* Opens DIR for the command `info` describes: a new or empty folder becomes its run; a folder of
 * the same command (equal identity) is resumed; anything else that exists is EID_EEXIST with a
 * sentence, as is a run that another process is writing, and an unfinished one that was begun by a
 * program of other version or bits.  `state`, `started`, `finished` and `seconds` of info are not
 * read. */
EID_API EID_CHECKED eid_status eid_store_create(eid_store **out, const char *dir,
                                                const eid_run_info *info, bool *resumed);
/* Opens a run for reading, also while it is being written.  EID_EFORMAT for what is not one, or of
 * another schema version. */
EID_API EID_CHECKED eid_status eid_store_open(eid_store **out, const char *dir);
EID_API void eid_store_free(eid_store *s);
EID_API const char *eid_store_dir(const eid_store *s);
EID_API const eid_run_info *eid_store_run(const eid_store *s); /* borrowed */
/* Ends a run as "done" or "failed"; a run that is done already stays as it is. */
EID_API EID_CHECKED eid_status eid_store_finish(eid_store *s, const char *state, double seconds);

/* Units of work: begin opens a transaction and says whether the unit is done already (then there is
 * nothing to write and no transaction); end commits, abandon rolls back (after a failed end too).
 * Units do not nest.  Names that are written again replace their value; points and findings add up,
 * so they are written inside a unit only (EID_EINVAL otherwise). */
EID_API EID_CHECKED eid_status eid_store_begin(eid_store *s, const char *unit, bool *done);
EID_API EID_CHECKED eid_status eid_store_end(eid_store *s);
EID_API void eid_store_abandon(eid_store *s);

EID_API EID_CHECKED eid_status eid_store_input(eid_store *s, const char *path, int64_t bytes,
                                               const char *sha256, int64_t documents,
                                               int64_t skipped);
EID_API EID_CHECKED eid_status eid_store_metric(eid_store *s, const char *name,
                                                const eid_estimate *e);
/* A plain number that is no estimate ("corpus.documents"). */
EID_API EID_CHECKED eid_status eid_store_number(eid_store *s, const char *name, double value);
EID_API EID_CHECKED eid_status eid_store_text(eid_store *s, const char *name, const char *value);
/* One point of a curve: x with an estimate of y. Points of a series keep their order. */
EID_API EID_CHECKED eid_status eid_store_point(eid_store *s, const char *curve, const char *series,
                                               double x, const eid_estimate *y);
EID_API EID_CHECKED eid_status eid_store_score(eid_store *s, const char *measure, int64_t example,
                                               double value);
EID_API EID_CHECKED eid_status eid_store_example(eid_store *s, int64_t example, const char *label,
                                                 int64_t offset);

/* A string or example that was found, with where it comes from and what led to it. */
typedef struct eid_finding {
    const char *kind;     /* "extracted", "planted", "email", "phone", ... */
    const char *document; /* name, NULL: none */
    int64_t offset, copies, documents;
    const uint8_t *prompt, *expected, *output; /* bytes, NULL: none */
    size_t prompt_n, expected_n, output_n;
    double value;    /* what it is sorted by: p_z, exposure bits */
    const char *why; /* JSON object of further facts, NULL: none */
} eid_finding;
EID_API EID_CHECKED eid_status eid_store_finding(eid_store *s, const eid_finding *f);

/* A file that the run was made with or that it wrote, with what it was then.  `path` is below the
 * run's folder, so that the folder may move, or absolute.  `role`: "model", "tokenizer", "index",
 * "ledger", "secrets". */
EID_API EID_CHECKED eid_status eid_store_file(eid_store *s, const char *role, const char *path,
                                              int64_t bytes, const char *sha256);

/* A question that was put to the model and its answer, kept so that it can be put again. */
typedef struct eid_question {
    const char *measure;     /* "extraction", "personal", "exposure", "membership" */
    int64_t example;         /* canary's id, or number of the sample; -1: neither */
    int64_t first;           /* 0: continue `given`; else its tokens from here on are scored */
    const int32_t *given;    /* token ids */
    const int32_t *expected; /* as the training text goes on; NULL: not looked at */
    const int32_t *answer;   /* ids that came out; NULL: `given` was scored */
    size_t given_n, expected_n, answer_n;
    double value;               /* of a score: membership's mean log p; exposure's -sum of log p */
    const eid_finding *finding; /* when read: what it led to, NULL: none */
} eid_question;
/* `of_finding`: it led to the finding that was written last in this unit. */
EID_API EID_CHECKED eid_status eid_store_question(eid_store *s, const eid_question *q,
                                                  bool of_finding);

/* Reading back.  Each calls `fn` row by row in insertion order; a row's pointers live until fn
 * returns (an estimate's method: as long as the store), and fn must not read the same kind of row
 * itself.  A prefix, curve or kind of NULL means all.  A status other than EID_OK from fn ends the
 * reading and is handed back. */
typedef eid_status (*eid_metric_fn)(void *user, const char *name, const eid_estimate *e);
typedef eid_status (*eid_text_fn)(void *user, const char *name, const char *value);
typedef eid_status (*eid_point_fn)(void *user, const char *curve, const char *series, double x,
                                   const eid_estimate *y);
typedef eid_status (*eid_finding_fn)(void *user, const eid_finding *f);
typedef eid_status (*eid_input_fn)(void *user, const char *path, int64_t bytes, const char *sha256,
                                   int64_t documents, int64_t skipped);
EID_API EID_CHECKED eid_status
eid_store_metrics(eid_store *s, const char *prefix, eid_metric_fn fn,
                  void *user); /* numbers come with n = 0, method "exact" */
EID_API EID_CHECKED eid_status eid_store_texts(eid_store *s, const char *prefix, eid_text_fn fn,
                                               void *user);
EID_API EID_CHECKED eid_status eid_store_points(eid_store *s, const char *curve, eid_point_fn fn,
                                                void *user);
EID_API EID_CHECKED eid_status eid_store_findings(eid_store *s, const char *kind, eid_finding_fn fn,
                                                  void *user);
EID_API EID_CHECKED eid_status eid_store_inputs(eid_store *s, eid_input_fn fn, void *user);
typedef eid_status (*eid_file_fn)(void *user, const char *role, const char *path, int64_t bytes,
                                  const char *sha256);
typedef eid_status (*eid_question_fn)(void *user, const eid_question *q);
/* Files in order of their paths.  A run of schema version 1 has neither files nor questions. */
EID_API EID_CHECKED eid_status eid_store_files(eid_store *s, eid_file_fn fn, void *user);
EID_API EID_CHECKED eid_status eid_store_questions(eid_store *s, const char *measure,
                                                   eid_question_fn fn, void *user);
/* One metric by name; value NaN and why "not measured" when it is not there. */
EID_API EID_CHECKED eid_status eid_store_get(eid_store *s, const char *name, eid_estimate *e);

/* Checks a run's database: file mode, SQLite's integrity check, the schema, whether the run is
 * done. Calls `problem(user, what, text)` for each thing that is wrong; a file that cannot be
 * opened as a run at all is a failure with a sentence. */
EID_API EID_CHECKED eid_status eid_store_check(const char *dir, eid_text_fn problem, void *user);
#endif
