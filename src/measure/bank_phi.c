/* bank_phi.c - log(p / (1 - p)) of the true class, mapped or made from logits. */
#include "measure/bank_phi.h"
#include "base/status.h"
#include "train/outcome.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

eid_status bank_phi_check(const eid_bank *b, const eid_bank_set *s, const eid_dataset *labels)
{
    if (labels && labels->n != s->n)
        return eid_fail(EID_EINVAL, "bank: it has %" PRId64 " examples, %.80s has %" PRId64, s->n,
                        labels->name ? labels->name : "the data", labels->n);
    if (s->phi)
        return EID_OK;
    if (!s->logits)
        return eid_fail(EID_EINVAL, "bank: says who was right, but not how sure it was: "
                                    "probabilities or logits are needed");
    if (!labels)
        return eid_fail(EID_EINVAL, "bank: a bank of logits wants its examples' labels: --data");
    for (int64_t i = 0; i < s->n; i++)
        if (labels->label[i] < 0 || labels->label[i] >= b->classes)
            return eid_fail(EID_EINVAL,
                            "bank: example %" PRId64 " is of class %" PRId32
                            ", but it has %" PRId64,
                            i, labels->label[i], b->classes);
    return EID_OK;
}

void bank_phi(const eid_bank *b, const eid_bank_set *s, const eid_dataset *labels, int64_t model,
              int64_t query, int64_t from, int64_t n, float *phi)
{
    int64_t at = (model * b->queries + query) * s->n + from;

    if (s->phi) {
        memcpy(phi, s->phi + at, (size_t)n * sizeof *phi);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        phi[i] = (float)eid_phi_of(s->logits + (at + i) * b->classes, b->classes,
                                   labels->label[from + i], NULL);
}
