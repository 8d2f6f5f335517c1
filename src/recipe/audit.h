/* audit.h - an audit from inside: its state while it runs, and its steps. */
#ifndef EID_SRC_RECIPE_AUDIT_H
#define EID_SRC_RECIPE_AUDIT_H
#include "base/memory.h"
#include "eidetic/audit.h"
#include "eidetic/store.h"

/* Everything that a step may need; filled from left to right, freed by audit_close. */
typedef struct audit {
    eid_ctx *ctx;
    const eid_audit_opts *opts;
    const eid_audit_call *call;
    eid_store *store;
    char *model_dir, *index_path, *ledger_path;
    /* corpus: `whole` owns the bytes that the others borrow */
    eid_corpus *whole, *learned, *heldout, *donors, *train_text;
    eid_bpe *bpe;
    eid_ledger *ledger;
    eid_tokens *train, *heldout_tokens;
    eid_index *index;
    /* model */
    eid_train_opts shape; /* options with size and steps resolved */
    int64_t vocab;
    eid_gpt *gpt;
    eid_lm *lm;
} audit;

/* ---- options.c */
/* Hash of everything that must agree for "the same audit": options that are not neutral, the
 * inputs' hashes, version and bits. */
eid_status audit_identity(audit *a, char hex[65]);
eid_status audit_options_json(const eid_audit_opts *o, bool neutral_too, char **json);

/* ---- prepare.c: from paths to tokens, ledger and index */
const eid_corpus *audit_text(const audit *a); /* what is or was learned, planted strings included */
eid_status audit_read(audit *a);              /* whole; learned, heldout and donors */
eid_status audit_tokenizer(audit *a);         /* bpe, ledger, train_text */
eid_status audit_index(audit *a);
eid_status audit_encode(audit *a); /* train, heldout_tokens */
void audit_drop_planted(audit *a); /* from `train`, for good: what stays is `learned` in tokens */
eid_status audit_record_corpus(audit *a);

/* ---- budget.c: from minutes to size and steps */
typedef struct audit_budget {
    int64_t size, steps;
    double rate, seconds, epochs; /* tokens a second; seconds of training */
} audit_budget;
eid_status audit_budget_resolve(audit *a, audit_budget *b);
void audit_budget_apply(audit *a, const audit_budget *b);

/* ---- record.c: from results to the store, by docs/store.md */
eid_status record_training(audit *a, const eid_train_result *r);
eid_status record_model(audit *a);
eid_status record_extraction(audit *a, const eid_extract_result *r, const eid_extract_in *in);
eid_status record_exposure(audit *a, const eid_exposure_result *r);
/* `member`: the tokens that members were cut from. */
eid_status record_membership(audit *a, const eid_membership_result *r, const eid_tokens *member);
eid_status record_personal(audit *a, const eid_personal_result *r);
eid_status record_missing(audit *a, const char *section, const char *why);

eid_status record_places(audit *a);

/* ---- files.c: the files behind a run, besides its corpora */
typedef eid_status (*audit_file_fn)(void *user, const char *role, const char *path);
/* What it was given: model and tokenizer, ledger, secrets; absolute paths. */
eid_status audit_given_files(const audit *a, audit_file_fn fn, void *user);
eid_status audit_absolute(const char *path, char **out); /* of what is there, links resolved */
eid_status record_files(audit *a); /* those and what the run wrote, with their hashes */

/* ---- verdict.c: from the store's numbers to words */
eid_status audit_judge(eid_store *store);
#endif
