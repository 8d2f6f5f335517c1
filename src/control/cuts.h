/* cuts.h - a list of cuts, and the ledger it is written to. */
#ifndef EID_SRC_CUTS_H
#define EID_SRC_CUTS_H
#include "base/file.h"
#include "eidetic/dedup.h"

struct eid_dedup_cuts {
    eid_dedup_cut *at;
    size_t n, cap;
    int64_t bytes;
};

/* A line of the ledger. */
eid_status control_ledger_line(eid_out *f, const eid_dedup_cut *cut, const char *name);
/* The ledger in bytes[0..n); `name` goes into messages. */
eid_status control_ledger_parse(eid_dedup_cuts **out, const char *name, const uint8_t *bytes,
                                size_t n);
/* d without cuts[0..n), which are all of it: writes what is left to `to`, d->size bytes of room. */
size_t control_cut_out(const eid_document *d, const eid_dedup_cut *cuts, size_t n, uint8_t *to);
/* Whether the cuts of a document lie inside it: EID_EINVAL. */
eid_status control_cuts_fit(const eid_document *d, const eid_dedup_cut *cuts, size_t n);
#endif
