/* bpe_added.c - added tokens, and which of them begins here. */
#include "corpus/bpe.h"
#include <stdlib.h>
#include <string.h>

/* By pass, first byte, then the longest first, then by bytes: a search takes the first that fits.
 */
static int by_search(const void *x, const void *y)
{
    const eid_bpe_added *a = x, *b = y;

    if (a->normalized != b->normalized)
        return a->normalized ? 1 : -1;
    if (a->content[0] != b->content[0])
        return (uint8_t)a->content[0] < (uint8_t)b->content[0] ? -1 : 1;
    if (a->n != b->n)
        return a->n > b->n ? -1 : 1;
    return memcmp(a->content, b->content, a->n);
}

eid_status eid_bpe_added_sort(eid_bpe *b, const char *name)
{
    size_t at = 0;

    if (b->n_added)
        qsort(b->added, b->n_added, sizeof *b->added, by_search);
    for (size_t i = 1; i < b->n_added; i++)
        if (by_search(&b->added[i - 1], &b->added[i]) == 0)
            return eid_fail(EID_EFORMAT, "%s: the added token of id %d is there twice", name,
                            (int)b->added[i].id);
    for (int pass = 0; pass < 2; pass++) {
        for (int byte = 0; byte < 256; byte++) {
            b->added_from[pass][byte] = at;
            while (at < b->n_added && b->added[at].normalized == pass &&
                   (uint8_t)b->added[at].content[0] == byte)
                at++;
        }
        b->added_from[pass][256] = at;
    }
    return EID_OK;
}

const eid_bpe_added *eid_bpe_added_at(const eid_bpe *b, bool normalized, const uint8_t *text,
                                      size_t n)
{
    const size_t *from = b->added_from[normalized] + text[0];

    for (size_t i = from[0]; i < from[1]; i++)
        if (b->added[i].n <= n && memcmp(b->added[i].content, text, b->added[i].n) == 0)
            return &b->added[i];
    return NULL;
}
