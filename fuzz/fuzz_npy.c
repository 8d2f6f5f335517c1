/* A .npy file: what parses holds as many elements as its shape says, and they can be read. */
#include "dataset/array.h"
#include "fuzz.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    eid_ctx *ctx = NULL;
    eid_array *a = NULL;
    eid_array_owner own = {0};
    double sum = 0;

    if (eid_ctx_new(&ctx, &(eid_ctx_opts){.threads = 1, .memory = 1 << 26}) != EID_OK)
        return 0;
    if (EID_NEW(own.bytes, n) == EID_OK) {
        if (n)
            memcpy(own.bytes, bytes, n);
        if (eid_array_take(&a, ctx, "fuzz", &own, n) == EID_OK)
            for (int64_t i = 0; i < a->count; i++)
                sum += eid_array_at(a, i);
    }
    eid_array_free(a);
    eid_ctx_free(ctx);
    return sum == 0.125; /* the sum is used */
}
