/* hash.h - SHA-256 (OpenSSL) for identities, and a fast 64-bit hash for tables. */
#ifndef EID_SRC_HASH_H
#define EID_SRC_HASH_H
#include "base/status.h"

typedef struct eid_sha256 eid_sha256;
eid_status eid_sha256_new(eid_sha256 **out);
void eid_sha256_add(eid_sha256 *h, const void *bytes, size_t n);
void eid_sha256_hex(eid_sha256 *h, char hex[65]); /* finishes */
void eid_sha256_free(eid_sha256 *h);
eid_status eid_sha256_of(const void *bytes, size_t n, char hex[65]);

/* Not cryptographic; 64 bits, well mixed; the same on every machine.  Do not use it where a hostile
 * input could gain from collisions: verify bytes after a hit. */
uint64_t eid_hash64(const void *bytes, size_t n, uint64_t seed);
#endif
