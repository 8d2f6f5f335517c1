/* near_minhash.c - the kernel's twin, and the choice. */
#include "control/near_minhash.h"
#include <string.h>

void near_minhash_ref(const uint32_t *x, size_t n, const uint32_t *a, const uint32_t *b,
                      uint32_t *out, size_t k)
{
    for (size_t j = 0; j < k; j++) {
        out[j] = UINT32_MAX;
        for (size_t i = 0; i < n; i++) {
            uint32_t h = a[j] * x[i] + b[j];
            if (h < out[j])
                out[j] = h;
        }
    }
}

#define DECLARE(isa)                                                              \
    void eid_##isa##_near_minhash(const uint32_t *x, size_t n, const uint32_t *a, \
                                  const uint32_t *b, uint32_t *out, size_t k);
DECLARE(base)
#if defined EID_X86
DECLARE(avx2)
DECLARE(avx512)
#endif

near_minhash_fn near_minhash_named(const char *kernels)
{
#if defined EID_X86
    if (strcmp(kernels, "avx512") == 0)
        return eid_avx512_near_minhash;
    if (strcmp(kernels, "avx2") == 0)
        return eid_avx2_near_minhash;
#endif
    return strcmp(kernels, "ref") == 0 ? near_minhash_ref : eid_base_near_minhash;
}
