/* near_keys.h - signatures of a batch of documents, made or found again on disk.
 *
 * A record of the keys file; numbers little-endian:
 *        0   8  magic "EIDNEAR1"
 *        8   8  hash of the options that decide the keys
 *       16   8  documents, n
 *       24   8  eid_hash64 of what follows, with the hash at 8 as its seed
 *       32      n digests of 16 bytes, then for each band n keys of 8 bytes; key 0: no word */
#ifndef EID_CONTROL_NEAR_KEYS_H
#define EID_CONTROL_NEAR_KEYS_H
#include "control/near.h"

typedef struct near_signer near_signer;
eid_status near_signer_new(near_signer **out, near_job *j);
void near_signer_free(near_signer *s);
/* The distinct documents j->n - n .. j->n - 1 with these texts: finds their record at the end of
 * what was used of the keys file, or cuts the file there and appends it. */
eid_status near_sign(near_signer *s, const uint8_t *const *text, const size_t *size, size_t n);
#endif
