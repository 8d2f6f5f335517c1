/* code.c - an order-preserving code that leaves 0 free for document ends. */
#include "index/code.h"

index_code index_code_for(const int64_t freq[256], int64_t docs)
{
    index_code code = {.size = docs};
    int used = 0, shared = 0;
    for (int b = 0; b < 256; b++) {
        used += freq[b] > 0;
        code.size += freq[b];
        if (b < 255 && freq[b] + freq[b + 1] < freq[shared] + freq[shared + 1])
            shared = b;
    }
    if (used < 256) {
        for (int b = 0, next = 1; b < 256; b++)
            code.first[b] = (uint8_t)(freq[b] > 0 ? next++ : 0);
        return code;
    }
    for (int b = 0; b < 256; b++)
        code.first[b] = (uint8_t)(b <= shared ? b + 1 : b);
    code.second[shared] = 1;
    code.second[shared + 1] = 2;
    code.size += freq[shared] + freq[shared + 1];
    return code;
}

void index_encode(const index_code *code, const eid_corpus *c, uint8_t *coded, index_rank *rank)
{
    int64_t at = 0;
    for (size_t d = 0; d < eid_corpus_size(c); d++) {
        eid_document doc = eid_corpus_doc(c, d);
        for (size_t i = 0; i < doc.size; i++) {
            uint8_t b = doc.bytes[i];
            coded[at++] = code->first[b];
            if (code->second[b]) {
                rank[at >> 6].dropped |= 1ull << (at & 63);
                coded[at++] = code->second[b];
            }
        }
        rank[at >> 6].dropped |= 1ull << (at & 63);
        coded[at++] = 0;
    }
    uint64_t before = 0;
    for (int64_t w = 0; w <= at >> 6; w++) {
        rank[w].before = before;
        before += (uint64_t)__builtin_popcountll(rank[w].dropped);
    }
}
