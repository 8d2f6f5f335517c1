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

/* Whole blocks, one more than full ones. */
static int64_t words(int64_t size)
{
    return ((size >> INDEX_BLOCK_SHIFT) + 1) << (INDEX_BLOCK_SHIFT - 6);
}

int64_t index_rank_bytes(int64_t size)
{
    return words(size) * (int64_t)sizeof(index_word) +
           ((size >> INDEX_BLOCK_SHIFT) + 1) * (int64_t)sizeof(uint64_t);
}

eid_status index_rank_new(index_rank *rank, int64_t size)
{
    eid_status st = EID_NEW(rank->word, words(size));
    return st == EID_OK ? EID_NEW(rank->block, (size >> INDEX_BLOCK_SHIFT) + 1) : st;
}

void index_rank_free(index_rank *rank)
{
    eid_free(rank->word);
    eid_free(rank->block);
    *rank = (index_rank){0};
}

static void add_up(index_rank *rank, int64_t size)
{
    enum { WORDS = INDEX_BLOCK / 64 };
    uint64_t before = 0;
    for (int64_t b = 0; b <= size >> INDEX_BLOCK_SHIFT; b++) {
        uint64_t first = INDEX_BLOCK, start = before;
        for (int64_t i = 0; i < WORDS; i++) {
            index_word *w = &rank->word[b * WORDS + i];
            w->before = before;
            if (!w->dropped)
                continue;
            if (first == INDEX_BLOCK)
                first = (uint64_t)(64 * i + __builtin_ctzll(w->dropped));
            before += (uint64_t)__builtin_popcountll(w->dropped);
        }
        rank->block[b] = start << 11 | (before - start > 1 ? INDEX_BLOCK_MORE : 0) | first;
    }
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
                rank->word[at >> 6].dropped |= 1ull << (at & 63);
                coded[at++] = code->second[b];
            }
        }
        rank->word[at >> 6].dropped |= 1ull << (at & 63);
        coded[at++] = 0;
    }
    add_up(rank, at);
}
