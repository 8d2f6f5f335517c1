/* near_kernel.c - compiled once per instruction set; see near_minhash.h.
 *
 * A block of 64 functions stays in registers while the whole set passes by. */
#include "control/near_minhash.h"
#include "tensor/vec.h"

typedef uint32_t vu __attribute__((vector_size(4 * VL)));
typedef uint32_t vu_any __attribute__((vector_size(4 * VL), aligned(4), may_alias));
enum { PARTS = NEAR_BLOCK / VL < 4 ? NEAR_BLOCK / VL : 4, STEP = PARTS * VL };

INLINE vu least(vu a, vu b)
{
#if VL == 16
    return (vu)_mm512_min_epu32((__m512i)a, (__m512i)b);
#elif VL == 8
    return (vu)_mm256_min_epu32((__m256i)a, (__m256i)b);
#else
    vu mask = (vu)(a < b);
    return (a & mask) | (b & ~mask);
#endif
}

void NAME(near_minhash)(const uint32_t *x, size_t n, const uint32_t *a, const uint32_t *b,
                        uint32_t *out, size_t k);
void NAME(near_minhash)(const uint32_t *x, size_t n, const uint32_t *a, const uint32_t *b,
                        uint32_t *out, size_t k)
{
    for (size_t at = 0; at < k; at += STEP) {
        vu mul[PARTS], add[PARTS], low[PARTS];
        for (int p = 0; p < PARTS; p++) {
            mul[p] = *(const vu_any *)(a + at + p * VL);
            add[p] = *(const vu_any *)(b + at + p * VL);
            low[p] = ~(vu){0};
        }
        for (size_t i = 0; i < n; i++)
            for (int p = 0; p < PARTS; p++)
                low[p] = least(low[p], mul[p] * x[i] + add[p]);
        for (int p = 0; p < PARTS; p++)
            *(vu_any *)(out + at + p * VL) = low[p];
    }
}
