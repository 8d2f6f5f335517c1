/* bank_phi.h - phi of one model and query about every example, from whatever the bank kept. */
#ifndef EID_SRC_MEASURE_BANK_PHI_H
#define EID_SRC_MEASURE_BANK_PHI_H
#include "eidetic/bank.h"

/* EID_EINVAL where the bank kept logits and `labels` (of the set) is NULL, or it kept neither. */
eid_status bank_phi_check(const eid_bank *b, const eid_bank_set *s, const eid_dataset *labels);
/* phi[0..n) of examples from .. from + n - 1. */
void bank_phi(const eid_bank *b, const eid_bank_set *s, const eid_dataset *labels, int64_t model,
              int64_t query, int64_t from, int64_t n, float *phi);
#endif
