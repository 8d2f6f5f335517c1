/* dedup.h - the steps of exact-substring removal. */
#ifndef EID_SRC_DEDUP_H
#define EID_SRC_DEDUP_H
#include "base/ctx.h"
#include "control/exact_cuts.h"

/* Takes documents (an eid_document_fn) as units. */
typedef struct control_reader {
    control_units *u;
    const eid_bpe *bpe; /* NULL: bytes */
} control_reader;
eid_status control_add_document(void *user, const eid_document *d);

eid_status control_cuts_of(eid_dedup_cuts **out, eid_ctx *ctx, const control_units *u,
                           const eid_bpe *bpe, size_t length, const eid_dedup_opts *opts,
                           int64_t *passes);

/* Looks for repeats in u without its cuts; writes again.jsonl and fills again_* of *r. */
eid_status control_recheck(eid_dedup_result *r, eid_ctx *ctx, const control_units *u,
                           const eid_bpe *bpe, size_t length, const eid_dedup_opts *opts,
                           const eid_dedup_cuts *cuts, const char *folder);
#endif
