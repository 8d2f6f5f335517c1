/* A CIFAR file behind a byte that says which: bit 0: of 100 classes, bit 1: the coarse ones. */
#include "dataset/readers.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    eid_ctx *ctx = NULL;
    eid_dataset *d = NULL;
    eid_making m = {0};

    if (!n || eid_ctx_new(&ctx, &(eid_ctx_opts){.threads = 1, .memory = 1 << 26}) != EID_OK)
        return 0;
    if (eid_cifar_read(&m, ctx, "fuzz", &(eid_bytes){"file", bytes + 1, n - 1}, 1, bytes[0] & 1,
                       bytes[0] & 2) == EID_OK)
        (void)!eid_making_finish(&d, ctx, &m);
    eid_making_drop(&m);
    eid_dataset_free(d);
    eid_ctx_free(ctx);
    return 0;
}
