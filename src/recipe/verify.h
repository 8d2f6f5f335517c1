/* verify.h - the parts of verifying a run: hashes, and questions put again. */
#ifndef EID_SRC_RECIPE_VERIFY_H
#define EID_SRC_RECIPE_VERIFY_H
#include "base/memory.h"
#include "eidetic/corpus.h"
#include "eidetic/store.h"
#include "eidetic/verify.h"

typedef struct verify {
    eid_ctx *ctx;
    const eid_verify_opts *opts;
    eid_store *store;
    eid_verify_result *r;
    size_t problems_cap, checked_cap;
    eid_corpus_opts read;              /* as the run read its corpora */
    char *folder, *run_then, *run_now; /* absolute; the first two NULL where they are not known */
    char *model;                       /* the model's folder, found; NULL: none */
    char *index;                       /* the same for the index */
    bool trained;
} verify;

eid_status verify_problem(verify *v, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* For the texts of problems: words of a database as they may be shown, in `text`, cut to its size.
 */
const char *verify_tame(const char *hostile, char *text, size_t size);
eid_status verify_replay(verify *v); /* replay.c */
#endif
