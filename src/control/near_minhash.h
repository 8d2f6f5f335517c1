/* near_minhash.h - the signature kernel: minima of many hash functions over one set.
 *
 *     out[k] = min over i of (a[k] x[i] + b[k]  mod 2^32),     a[k] odd
 *
 * x are well-mixed hashes, so each function orders the set as a random permutation does.  An empty
 * set gives UINT32_MAX.  k is a multiple of NEAR_BLOCK; every set of instructions gives the same
 * integers. */
#ifndef EID_CONTROL_NEAR_MINHASH_H
#define EID_CONTROL_NEAR_MINHASH_H
#include <stddef.h>
#include <stdint.h>

enum { NEAR_BLOCK = 64 };

typedef void (*near_minhash_fn)(const uint32_t *x, size_t n, const uint32_t *a, const uint32_t *b,
                                uint32_t *out, size_t k);
void near_minhash_ref(const uint32_t *x, size_t n, const uint32_t *a, const uint32_t *b,
                      uint32_t *out, size_t k);
/* By the name of a set of kernels (eid_kernels()); the twin for "ref" and unknown ones. */
near_minhash_fn near_minhash_named(const char *kernels);
#endif
