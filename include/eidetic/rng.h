/* rng.h - counter-based random numbers: Philox4x32-10 (Salmon et al. 2011).
 *
 * The same seed and stream give the same numbers on every machine, whoever asks and in whatever
 * order: give each unit of work (an example, a prompt, a resample) its own stream. */
#ifndef EID_RNG_H
#define EID_RNG_H
#include "eidetic/base.h"

/* Plain data: copy it to save it, store it in a checkpoint. */
typedef struct eid_rng {
    uint64_t seed, stream, block;
    uint32_t out[4];
    uint32_t used; /* how many of out[] are spent; 4: none left */
} eid_rng;

EID_API eid_rng eid_rng_seed(uint64_t seed); /* stream 0 */
EID_API eid_rng eid_rng_stream(uint64_t seed, uint64_t stream);
EID_API uint32_t eid_rng_u32(eid_rng *r);
EID_API uint64_t eid_rng_u64(eid_rng *r);
EID_API uint64_t eid_rng_below(eid_rng *r, uint64_t n); /* uniform in [0, n), unbiased; n >= 1 */
EID_API double eid_rng_unit(eid_rng *r);                /* [0, 1), 53 bits */
EID_API double eid_rng_normal(eid_rng *r);              /* N(0, 1), Box-Muller */
EID_API void eid_rng_shuffle(eid_rng *r, int64_t *x, size_t n);
#endif
