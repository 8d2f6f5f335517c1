/* test_code.c - coded suffixes sort as the documents' suffixes do. */
#include "index/brute.h"
#include "index/code.h"
#include "index/sort.h"

static int compare_suffixes(const eid_document *a, size_t i, const eid_document *b, size_t j)
{
    size_t n = a->size - i, m = b->size - j;
    int c = memcmp(a->bytes + i, b->bytes + j, n < m ? n : m);
    return c ? c : (n > m) - (n < m);
}

/* Sorts by the code made for freq, and walks the result. */
static void check_order(const brute *b, const int64_t freq[256])
{
    eid_corpus *c = NULL;
    int64_t n = 0;
    CHECK_OK(eid_corpus_from(&c, b->docs, b->n));
    for (size_t d = 0; d < b->n; d++)
        n += (int64_t)b->docs[d].size;
    index_code code = index_code_for(freq, (int64_t)b->n);
    uint8_t *coded = calloc((size_t)(2 * n) + b->n, 1);
    index_rank rank = {0};
    CHECK_OK(index_rank_new(&rank, 2 * n + (int64_t)b->n));
    int64_t size = (int64_t)b->n, kept = 0, last = -1;
    index_encode(&code, c, coded, &rank);
    for (size_t d = 0; d < b->n; d++)
        for (size_t i = 0; i < b->docs[d].size; i++)
            size += code.second[b->docs[d].bytes[i]] ? 2 : 1;
    int64_t *sa = calloc((size_t)size, sizeof *sa);
    CHECK_OK(index_sort(coded, sa, size, true));
    for (int64_t i = 0; i < size; i++) {
        int64_t at = index_decode(&rank, sa[i]), doc[2], offset[2];
        if (at < 0)
            continue;
        for (int k = 0; k < 2; k++) {
            int64_t left = k ? last : at;
            for (doc[k] = 0; left >= (int64_t)b->docs[doc[k]].size && last >= 0; doc[k]++)
                left -= (int64_t)b->docs[doc[k]].size;
            offset[k] = left;
        }
        if (last >= 0)
            CHECK(compare_suffixes(&b->docs[doc[1]], (size_t)offset[1], &b->docs[doc[0]],
                                   (size_t)offset[0]) <= 0);
        last = at;
        kept++;
    }
    CHECK_INT(kept, n);
    free(sa);
    index_rank_free(&rank);
    free(coded);
    eid_corpus_free(c);
}

static void every_pair_can_share(void)
{
    uint8_t letters[4];
    for (int shared = 0; shared < 255; shared++) {
        int64_t freq[256];
        for (int b = 0; b < 256; b++)
            freq[b] = b == shared || b == shared + 1 ? 1 : 100;
        for (int i = 0; i < 4; i++) /* the pair and its neighbours */
            letters[i] = (uint8_t)(shared - 1 + i);
        brute b = brute_random((uint64_t)shared, 20, 12, letters, 4);
        check_order(&b, freq);
        brute_free(&b);
    }
}

/* Documents of several rank blocks, ends at and beside block borders, some blocks without one. */
static void places_far_into_long_documents_decode(void)
{
    enum { BYTES = 9000 };
    static const size_t sizes[] = {511, 512, 513, 0, 0, 3000, 1, 1023, 62, 2000};
    static uint8_t text[BYTES];
    eid_document docs[10] = {0};
    int64_t freq[256] = {0}, at = 0, n = 0;
    for (int i = 0; i < BYTES; i++)
        text[i] = (uint8_t)('a' + i % 7);
    for (int d = 0; d < 10; d++) {
        docs[d] = (eid_document){.name = "x", .bytes = text, .size = sizes[d]};
        for (size_t i = 0; i < sizes[d]; i++)
            freq[text[i]]++;
    }
    eid_corpus *c = NULL;
    index_rank rank = {0};
    CHECK_OK(eid_corpus_from(&c, docs, 10));
    index_code code = index_code_for(freq, 10);
    uint8_t *coded = calloc((size_t)code.size, 1);
    CHECK_OK(index_rank_new(&rank, code.size));
    index_encode(&code, c, coded, &rank);
    for (int d = 0; d < 10; d++) {
        for (size_t i = 0; i < sizes[d]; i++)
            CHECK_INT(index_decode(&rank, at++), n++);
        CHECK_INT(index_decode(&rank, at++), -1);
    }
    CHECK_INT(at, code.size);
    index_rank_free(&rank);
    free(coded);
    eid_corpus_free(c);
}

static void codes_ascend_and_end_marks_come_first(void)
{
    int64_t freq[256] = {0};
    freq[0] = freq[7] = freq[255] = 3;
    index_code few = index_code_for(freq, 5);
    CHECK_INT(few.size, 14);
    CHECK_INT(few.first[0], 1);
    CHECK_INT(few.first[7], 2);
    CHECK_INT(few.first[255], 3);
    for (int b = 0; b < 256; b++)
        freq[b] = 10;
    freq[30] = freq[31] = 1;
    index_code full = index_code_for(freq, 5);
    CHECK_INT(full.size, 254 * 10 + 2 + 2 + 5);
    for (int b = 0; b < 255; b++)
        CHECK(full.first[b] > 0 && (full.first[b] < full.first[b + 1] ||
                                    (b == 30 && full.second[30] < full.second[31])));
}

int main(void)
{
    RUN(every_pair_can_share);
    RUN(places_far_into_long_documents_decode);
    RUN(codes_ascend_and_end_marks_come_first);
    return DONE();
}
