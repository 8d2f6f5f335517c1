/* fuzz_cuts.c - a hostile ledger of cuts: refused, or its cuts are in order and not empty. */
#include "fuzz.h"
#include "control/cuts.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    eid_dedup_cuts *cuts = NULL;
    int64_t sum = 0;

    if (control_ledger_parse(&cuts, "fuzz", bytes, n) != EID_OK)
        return 0;
    for (size_t i = 0; i < eid_dedup_cuts_size(cuts); i++) {
        const eid_dedup_cut *c = eid_dedup_cuts_at(cuts, i), *last = i ? c - 1 : NULL;
        if (c->document < 0 || c->start < 0 || c->end <= c->start || c->kept_start < -1)
            abort();
        if (last && (c->document < last->document ||
                     (c->document == last->document && c->start < last->end)))
            abort();
        sum = (int64_t)((uint64_t)sum + (uint64_t)(c->end - c->start));
    }
    if (sum != eid_dedup_cuts_bytes(cuts))
        abort();
    eid_dedup_cuts_free(cuts);
    return 0;
}
