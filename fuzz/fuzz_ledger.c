/* fuzz_ledger.c - a hostile ledger: refused, or every canary keeps its promises. */
#include "fuzz.h"
#include "corpus/ledger.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    eid_ledger *l = NULL;

    if (eid_ledger_parse(&l, "fuzz", bytes, n) != EID_OK)
        return 0;
    for (size_t i = 0; i < eid_ledger_size(l); i++) {
        const eid_canary *c = eid_ledger_at(l, i);
        if (c->id < 0 || c->copies < 0 || c->source < -1 || !c->size)
            abort();
        if (c->kind == EID_CANARY_SECRET && c->size != strlen(c->tmpl) - 2 + strlen(c->secret))
            abort();
    }
    eid_ledger_free(l);
    return 0;
}
