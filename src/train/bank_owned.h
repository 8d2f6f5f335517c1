/* bank_owned.h - what stands behind an eid_bank: maps of files, or blocks of memory. */
#ifndef EID_SRC_BANK_OWNED_H
#define EID_SRC_BANK_OWNED_H
#include "eidetic/bank.h"

enum { BANK_OWNED = 16 };
typedef struct bank_owned {
    eid_bank b; /* its owner points here */
    char *then;
    eid_array *array[BANK_OWNED];
    void *block[BANK_OWNED];
    int64_t arrays, blocks;
} bank_owned;
/* Empty; eid_bank_free(&o->b) frees it with all that was put there. */
eid_status bank_owned_new(bank_owned **out);

/* Log odds are kept within this, also of a probability of 0 or 1 in single precision. */
#define EID_PHI_MOST 745.0
#endif
