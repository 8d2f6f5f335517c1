/* audit.h - the main job: what did a language model memorize of this text, and how sure are we?
 *
 * An audit splits a corpus, plants strings with known numbers of copies, trains a model, indexes
 * what it was trained on, takes every measure, judges, and writes a run folder with a report.  Or
 * it questions a finished model about the corpus that it was trained on. */
#ifndef EID_AUDIT_H
#define EID_AUDIT_H
#include "eidetic/bpe.h"
#include "eidetic/corpus.h"
#include "eidetic/measure.h"
#include "eidetic/plant.h"
#include "eidetic/train.h"

typedef enum eid_audit_size {
    EID_SIZE_AUTO = 0, /* the largest that passes twice over the corpus in the time given */
    EID_SIZE_TINY,     /* width 64, 2 layers, vocabulary 1,024 */
    EID_SIZE_SMALL,    /* width 128, 4 layers, vocabulary 2,048 */
    EID_SIZE_MEDIUM,   /* width 256, 6 layers, vocabulary 4,096 */
    EID_SIZE_LARGE     /* width 512, 8 layers, vocabulary 8,192 */
} eid_audit_size;

typedef struct eid_audit_opts {
    eid_strings corpus;  /* files and folders to learn, or that the model learned */
    eid_strings heldout; /* text that a given model did not learn */
    const char *model;   /* a finished model's folder; NULL: train one */
    const char *ledger;  /* of canaries that stand in the corpus of a given model */
    const char *secrets; /* a file with a string a line that must not come out */
    const char *title;   /* for the report's heading */
    double minutes;      /* for the whole audit, resolved once to size and steps */
    int64_t size;        /* eid_audit_size */
    int64_t steps;       /* 0: from minutes */
    double heldout_share,
        donor_share; /* of the documents: for judging; as sources of planted passages */
    bool twin;       /* question the planted strings, but train without them */
    int64_t seed;
    eid_corpus_opts read;
    eid_plant_opts plant;
    eid_train_opts train;
    eid_extract_opts extract;
    eid_exposure_opts exposure;
    eid_membership_opts membership;
    eid_personal_opts personal;
} eid_audit_opts;
EID_API eid_audit_opts eid_audit_opts_default(void);
EID_API extern const eid_opt
    eid_audit_opt_table[]; /* of the audit's own fields, without the nested ones */

/* What a run depends on besides options and input: told by the caller, stored for reproducing. */
typedef struct eid_audit_call {
    const char *command_line;
    const char *out; /* the run's folder: new, empty, or an interrupted run of the same audit */
} eid_audit_call;

/* Runs or resumes the audit; a finished one returns at once.  Results are in the run's database,
 * the model in OUT/model, the planted strings in OUT/ledger.jsonl, the report in OUT/report.html.
 */
EID_API EID_CHECKED eid_status eid_audit(eid_ctx *ctx, const eid_audit_opts *opts,
                                         const eid_audit_call *call);
/* What `eid_audit` would do, as a text of a few lines: reads the corpus, trains nothing. */
EID_API EID_CHECKED eid_status eid_audit_plan(eid_ctx *ctx, const eid_audit_opts *opts,
                                              char **text);
/* The `result` object of docs/json.md, read from a run; strings masked unless `reveal`. */
EID_API EID_CHECKED eid_status eid_audit_json(const char *run, bool reveal, char **json);
/* Whether an audit with these options will be able to judge a gate, told before it runs: EID_EINVAL
 * for one that cannot be read, that asks for what no audit measures (the sentence lists what can be
 * asked) or for what this one will not. */
EID_API EID_CHECKED eid_status eid_audit_gate_check(const eid_audit_opts *opts, const char *gate);
/* A gate such as "extraction.uniform.high>0.001" asked of a run: *holds is false when the
 * comparison is true, i.e. the gate names what must not be.  EID_EINVAL for one that cannot be
 * read; a number that was not measured is an error too: a gate must not pass for want of data. */
EID_API EID_CHECKED eid_status eid_audit_gate(const char *run, const char *gate, bool *holds);
#endif
