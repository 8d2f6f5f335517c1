#include "eidetic/rng.h"
#include "base/wide.h"
#include <math.h>

/* Philox4x32-10: ten rounds of two 32 x 32 -> 64 bit products on a 128-bit counter (Salmon, Moraes,
 * Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011). Counter: block, stream. */
static void philox(uint64_t seed, uint64_t stream, uint64_t block, uint32_t out[4])
{
    uint32_t c0 = (uint32_t)block, c1 = (uint32_t)(block >> 32);
    uint32_t c2 = (uint32_t)stream, c3 = (uint32_t)(stream >> 32);
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);

    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)0xD2511F53u * c0, b = (uint64_t)0xCD9E8D57u * c2;
        uint32_t n0 = (uint32_t)(b >> 32) ^ c1 ^ k0, n2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)b;
        c3 = (uint32_t)a;
        c0 = n0;
        c2 = n2;
        k0 += 0x9E3779B9u; /* golden ratio */
        k1 += 0xBB67AE85u; /* sqrt 3 - 1 */
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

eid_rng eid_rng_seed(uint64_t seed)
{
    return eid_rng_stream(seed, 0);
}

eid_rng eid_rng_stream(uint64_t seed, uint64_t stream)
{
    return (eid_rng){.seed = seed, .stream = stream, .used = 4};
}

uint32_t eid_rng_u32(eid_rng *r)
{
    if (r->used >= 4) {
        philox(r->seed, r->stream, r->block++, r->out);
        r->used = 0;
    }
    return r->out[r->used++];
}

uint64_t eid_rng_u64(eid_rng *r)
{
    uint64_t low = eid_rng_u32(r);

    return low | (uint64_t)eid_rng_u32(r) << 32;
}

/* Lemire 2019: the high half of a 128-bit product, rejecting the few that would bias it. */
uint64_t eid_rng_below(eid_rng *r, uint64_t n)
{
    eid_u128 m = (eid_u128)eid_rng_u64(r) * n;

    if ((uint64_t)m < n) {
        uint64_t floor = -n % n;
        while ((uint64_t)m < floor)
            m = (eid_u128)eid_rng_u64(r) * n;
    }
    return (uint64_t)(m >> 64);
}

double eid_rng_unit(eid_rng *r)
{
    return (double)(eid_rng_u64(r) >> 11) * 0x1p-53;
}

double eid_rng_normal(eid_rng *r)
{
    double u = 1.0 - eid_rng_unit(r), v = eid_rng_unit(r); /* u in (0, 1] */

    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

void eid_rng_shuffle(eid_rng *r, int64_t *x, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)eid_rng_below(r, i);
        int64_t t = x[i - 1];
        x[i - 1] = x[j];
        x[j] = t;
    }
}
