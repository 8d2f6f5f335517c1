/* model.safetensors: whatever parses must also widen, byte for byte within the input. */
#include "fuzz.h"
#include "lm/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    eid_st s = {0};
    if (eid_st_parse(&s, "fuzz", bytes, n) != EID_OK)
        return 0;
    for (size_t i = 0; i < s.n; i++) {
        float *out = NULL;
        if (EID_NEW(out, s.tensor[i].count) == EID_OK && eid_st_find(&s, s.tensor[i].name))
            (void)eid_st_widen(&s, &s.tensor[i], out);
        eid_free(out);
    }
    eid_st_free(&s);
    return 0;
}
