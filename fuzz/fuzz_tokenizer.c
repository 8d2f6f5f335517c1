/* fuzz_tokenizer.c - a hostile tokenizer.json: refused, or it encodes and gives any bytes back. */
#include "fuzz.h"
#include "corpus/bpe.h"
#include <stdlib.h>
#include <string.h>

/* Letters, contractions, white space of all kinds, marks, bytes that are no UTF-8, added tokens. */
static const char text[] =
    "the cat's  mat\n\t12 \xC2\xA0\xE2\x80\x83 e\xCC\x81 \xE6\x97\xA5\xE6\x9C\xAC "
    "\xF0\x9F\x98\x80\xFF\xE2\x82 <|endoftext|> <s>ab [L] aaaaaaaaaaaaaaaaaaaa";

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    eid_bpe *b = NULL;
    int32_t *ids = NULL;
    uint8_t *back = NULL;
    size_t m, size;

    if (eid_bpe_read(&b, "fuzz", (const char *)bytes, n) != EID_OK)
        return 0;
    for (int special = 0; special < 2; special++) {
        if (eid_bpe_encode(b, (const uint8_t *)text, sizeof text - 1, special, &ids, &m) != EID_OK)
            continue;
        if (eid_bpe_decode(b, ids, m, &back, &size) != EID_OK)
            abort(); /* an id of its own that it does not know */
        if (!b->n_added && !b->prefix_space &&
            (size != sizeof text - 1 || memcmp(back, text, size) != 0))
            abort();
        eid_ids_free(ids);
        eid_bytes_free(back);
    }
    eid_bpe_free(b);
    return 0;
}
