/* listed.c - the user's own list of secrets, found in one pass over a text. */
#include "text/scan.h"
#include <stdlib.h>
#include <string.h>

typedef struct line {
    const uint8_t *at;
    size_t size;
} line;

struct eid_listed {
    line *lines; /* sorted by bytes, shorter first; none empty */
    size_t n;
    uint64_t pairs[65536 / 64]; /* first two bytes that some line begins with */
    bool single[256];           /* lines of one byte */
};

static int by_bytes(const void *a, const void *b)
{
    const line *x = a, *y = b;
    int c = memcmp(x->at, y->at, x->size < y->size ? x->size : y->size);
    return c ? c : (x->size > y->size) - (x->size < y->size);
}

eid_status eid_listed_new(eid_listed **out, const eid_strings *lines)
{
    eid_status st = EID_OK;
    eid_listed *l = NULL;

    EID_TRY(EID_NEW(l, 1));
    EID_TRY(EID_NEW(l->lines, lines ? lines->n : 0));
    for (size_t i = 0; lines && i < lines->n; i++) {
        line x = {(const uint8_t *)lines->at[i], strlen(lines->at[i])};
        while (x.size && (x.at[x.size - 1] == '\n' || x.at[x.size - 1] == '\r'))
            x.size--;
        if (x.size == 0)
            continue;
        l->lines[l->n++] = x;
        if (x.size == 1)
            l->single[x.at[0]] = true;
        else
            l->pairs[(x.at[0] << 8 | x.at[1]) / 64] |= 1ull << (x.at[1] % 64);
    }
    qsort(l->lines, l->n, sizeof *l->lines, by_bytes);
    *out = l;
    l = NULL;
done:
    eid_listed_free(l);
    return st;
}

void eid_listed_free(eid_listed *l)
{
    if (l)
        eid_free(l->lines);
    eid_free(l);
}

/* First line in [lo, hi) whose byte k is at least c (`above`: greater than c); lines shorter than
 * k + 1 come first. */
static size_t first_at_least(const eid_listed *l, size_t lo, size_t hi, size_t k, int c)
{
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const line *x = &l->lines[mid];
        if (x->size <= k || x->at[k] < c)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* Narrows the sorted lines byte by byte to those that the text agrees with; the longest that ends
 * on the way wins.  A listed word must not be part of a longer one ("Li" in "License"). */
size_t eid_listed_at(const eid_listed *l, const uint8_t *t, size_t n, size_t i)
{
    size_t lo = 0, hi, best = 0;

    if (!l || l->n == 0)
        return 0;
    bool pair = i + 1 < n && (l->pairs[(t[i] << 8 | t[i + 1]) / 64] >> (t[i + 1] % 64) & 1);
    if (!pair && !l->single[t[i]])
        return 0;
    if (eid_is_alnum(t[i]) && !eid_word_starts(t, i))
        return 0;
    hi = l->n;
    for (size_t k = 0; i + k < n && lo < hi; k++) {
        lo = first_at_least(l, lo, hi, k, t[i + k]);
        hi = first_at_least(l, lo, hi, k, t[i + k] + 1);
        if (lo < hi && l->lines[lo].size == k + 1 &&
            (!eid_is_alnum(t[i + k]) || eid_word_ends(t, n, i + k + 1)))
            best = k + 1;
    }
    return best;
}
