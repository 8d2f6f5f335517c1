/* Detection and masking: the first byte says where to cut, the rest is the text. */
#include "fuzz.h"
#include "base/utf8.h"
#include "eidetic/text.h"
#include <stdlib.h>
#include <string.h>

static void must(int yes)
{
    if (!yes)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n == 0)
        return 0;
    const char *lines[] = {"hunter2", "Li", "Li Wei"};
    const eid_strings listed = {lines, 3};
    const size_t cut[1] = {(size_t)bytes[0] * (n - 1) / 255};
    char *part[2];
    eid_secret *s;
    size_t n_s, end = 0;

    must(eid_detect(bytes + 1, n - 1, &listed, &s, &n_s) == EID_OK);
    for (size_t i = 0; i < n_s; i++) {
        must(s[i].offset >= end && s[i].size > 0 && s[i].size <= n - 1 - s[i].offset);
        end = s[i].offset + s[i].size;
    }
    eid_secrets_free(s);
    must(eid_mask_parts(bytes + 1, n - 1, cut, 1, part) == EID_OK);
    for (int k = 0; k < 2; k++) {
        size_t digits = 0, size = strlen(part[k]);
        for (size_t i = 0; i < size;) {
            size_t len = eid_utf8_length((const uint8_t *)part[k] + i, size - i);
            digits = part[k][i] >= '0' && part[k][i] <= '9' ? digits + 1 : 0;
            must(len > 0 && digits < 6);
            i += len;
        }
        eid_string_free(part[k]);
    }
    return 0;
}
