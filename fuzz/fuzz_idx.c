/* Two IDX files, images and labels, behind two bytes that say where the second begins. */
#include "dataset/readers.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    eid_ctx *ctx = NULL;
    eid_dataset *d = NULL;
    eid_making m = {0};
    size_t at;

    if (n < 2 || eid_ctx_new(&ctx, &(eid_ctx_opts){.threads = 1, .memory = 1 << 26}) != EID_OK)
        return 0;
    at = bytes[0] | (size_t)bytes[1] << 8;
    at = at > n - 2 ? n - 2 : at;
    if (eid_idx_read(&m, ctx, "fuzz", (eid_bytes){"images", bytes + 2, at},
                     (eid_bytes){"labels", bytes + 2 + at, n - 2 - at}, 0) == EID_OK)
        (void)!eid_making_finish(&d, ctx, &m);
    eid_making_drop(&m);
    eid_dataset_free(d);
    eid_ctx_free(ctx);
    return 0;
}
