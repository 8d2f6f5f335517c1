/* config.json: what parses is either a possible shape or refused with a sentence. */
#include "fuzz.h"
#include "lm/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    eid_gpt_config c;
    if (eid_config_parse(&c, "fuzz", (const char *)bytes, n) == EID_OK &&
        eid_gpt_config_check(&c, (int64_t)1 << 30) == EID_OK)
        (void)eid_gpt_config_parameters(&c);
    return 0;
}
