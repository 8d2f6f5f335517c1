/* verify.h - does a run still hold what it says?
 *
 * Checks a run's database, the hashes of its inputs and of the files it was made with and wrote,
 * and puts a sample of its questions to its model again. */
#ifndef EID_VERIFY_H
#define EID_VERIFY_H
#include "eidetic/base.h"

typedef struct eid_verify_opts {
    int64_t replay; /* questions of each measure that are put again, at most */
    int64_t seed;   /* which ones */
} eid_verify_opts;
EID_API eid_verify_opts eid_verify_opts_default(void);
EID_API extern const eid_opt eid_verify_opt_table[];

/* `what`: "mode", "integrity", "schema", "state", "file", "input", "replay".  `text` may be shown
 * as it is: what came out of the database is masked in it.  Paths and roles of eid_checked are not.
 */
typedef struct eid_problem {
    char *what, *text;
} eid_problem;

/* An input (role "corpus" or "heldout") or a file; `path` as the run names it. */
typedef struct eid_checked {
    char *role, *path;
    bool input, same;
} eid_checked;

/* The questions of one measure: continuations for extraction and personal data, scores for exposure
 * and membership.  `close`: other bits than then, but within EID_VERIFY_TOLERANCE; only where the
 * run's bits are not this machine's, else whatever is not the same differs. */
typedef struct eid_replayed {
    const char *measure; /* static */
    int64_t stored, asked, same, close, differ;
} eid_replayed;
enum { EID_REPLAYED = 4 };

/* Nats a token.  Kernels add the same products in another order: about 2^-24 of a logit for each
 * addition, 1e-5 in all; two orders of magnitude are left to deep models. */
#define EID_VERIFY_TOLERANCE 1e-3

typedef struct eid_verify_result {
    eid_problem *problems;
    size_t n_problems;
    eid_checked *checked;
    size_t n_checked;
    eid_replayed replayed[EID_REPLAYED];
    bool same_bits;                 /* the run's hash of bits is this machine's */
    char *version, *kernels, *bits; /* the run's */
    char why[300];                  /* why nothing was put again; "" when something was */
} eid_verify_result;

/* A folder that cannot be opened as a run at all is a failure; whatever else is wrong is a problem
 * in the result.  Paths are looked for where they were, from the folder that the run was started
 * in, then beside the run as they stood beside it, then from the current folder. */
EID_API EID_CHECKED eid_status eid_verify(eid_verify_result **out, eid_ctx *ctx, const char *run,
                                          const eid_verify_opts *opts);
EID_API void eid_verify_result_free(eid_verify_result *r);
#endif
