/* A .npy file: what parses holds as many elements as its shape says, and they can be read, also as
 * a bank's answers and masks. */
#include "dataset/array.h"
#include "eidetic/bank.h"
#include "fuzz.h"
#include <string.h>

/* The same array as answers and masks of models: a bank, or a sentence. */
static double as_bank(eid_ctx *ctx, const eid_array *a)
{
    double sum = 0;

    for (int probs = 0; probs < 2; probs++) {
        eid_bank *b = NULL;
        const eid_bank_arrays from = {.values = a, .masks = a, .labels = a, .probs = probs};
        if (eid_bank_from(&b, ctx, &from) == EID_OK)
            sum += (double)b->train.phi[b->models * b->train.n - 1];
        eid_bank_free(b);
    }
    return sum;
}

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
    if (a)
        sum += as_bank(ctx, a);
    eid_array_free(a);
    eid_ctx_free(ctx);
    return sum == 0.125; /* the sum is used */
}
