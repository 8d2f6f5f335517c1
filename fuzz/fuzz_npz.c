/* A .npz file: every array of it is read. */
#include "dataset/npz.h"
#include "fuzz.h"
#include <string.h>

static void read_all(eid_ctx *ctx, const eid_npz *z)
{
    const char *const *keys;
    size_t n = eid_npz_keys(z, &keys);

    for (size_t i = 0; i < n && i < 8; i++) {
        eid_array *a = NULL;
        if (eid_npz_get(&a, ctx, z, keys[i]) == EID_OK && a->count)
            (void)eid_array_at(a, a->count - 1);
        eid_array_free(a);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    eid_ctx *ctx = NULL;
    eid_npz *z = NULL;
    eid_array_owner own = {0};

    if (eid_ctx_new(&ctx, &(eid_ctx_opts){.threads = 1, .memory = 1 << 26}) != EID_OK)
        return 0;
    if (EID_NEW(own.bytes, n) == EID_OK) {
        if (n)
            memcpy(own.bytes, bytes, n);
        if (eid_npz_take(&z, "fuzz", &own, n) == EID_OK)
            read_all(ctx, z);
    }
    eid_npz_free(z);
    eid_ctx_free(ctx);
    return 0;
}
