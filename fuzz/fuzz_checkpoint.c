/* checkpoint.eid: as it came, and once more with a checksum that fits, to get past it. */
#include "base/hash.h"
#include "fuzz.h"
#include "train/checkpoint.h"
#include <stdlib.h>
#include <string.h>

static double sum; /* keeps the reads below from being optimised away */

static void parse(const uint8_t *bytes, size_t n)
{
    eid_checkpoint c;
    if (eid_checkpoint_parse(&c, "fuzz", bytes, n) != EID_OK)
        return;
    for (const uint8_t *p = c.loss; p < c.values + 12 * c.floats; p++)
        sum += *p;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char hex[65];
    parse(bytes, n);
    uint8_t *copy = n >= 64 ? malloc(n) : NULL;
    if (!copy)
        return 0;
    memcpy(copy, bytes, n);
    if (eid_sha256_of(copy, n - 64, hex) == EID_OK) {
        memcpy(copy + n - 64, hex, 64);
        parse(copy, n);
    }
    free(copy);
    return 0;
}
