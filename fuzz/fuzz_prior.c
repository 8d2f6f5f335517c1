/* fuzz_prior.c - a hostile prior: refused, or it normalizes. */
#include "fuzz.h"
#include "theory/prior.h"
#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    eid_table t = {0};
    eid_prior_list *p = NULL;

    if (eid_table_parse(&t, "fuzz", bytes, n) != EID_OK)
        return 0;
    if (!t.rows)
        abort();
    if (eid_prior_list_of(&p, &t, "fuzz") == EID_OK) {
        if (!(fabs(p->upto[p->n - 1] - 1) <= 1e-9) || !(p->signal > 0 && p->signal <= 1 + 1e-9))
            abort();
        for (size_t i = 0; i < p->n; i++)
            if (!(fabs(p->mean[i]) <= 1) || (i && p->upto[i] < p->upto[i - 1]))
                abort();
    }
    eid_prior_list_free(p);
    eid_table_free(&t);
    return 0;
}
