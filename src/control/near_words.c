/* near_words.c - see near_words.h.
 *
 * A shingle's hash is a polynomial in its words' hashes, rolled on by one word at a time, then
 * mixed.  Hashes choose candidates; whether two documents are alike is told by their bytes. */
#include "control/near_words.h"
#include <string.h>

static const uint64_t BASE = 0x9E3779B97F4A7C15u, BYTE = 0x100000001B3u;

static inline bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static uint64_t mix(uint64_t h) /* the finalizer of splitmix64 */
{
    h = (h ^ h >> 30) * 0xBF58476D1CE4E5B9u;
    h = (h ^ h >> 27) * 0x94D049BB133111EBu;
    return h ^ h >> 31;
}

/* The next word from *at on; false when there is none. */
static bool next_word(const uint8_t *text, size_t n, size_t *at, size_t *start, uint64_t *hash)
{
    size_t i = *at;
    uint64_t h = 0xCBF29CE484222325u;

    while (i < n && is_space(text[i]))
        i++;
    *start = i;
    while (i < n && !is_space(text[i]))
        h = (h ^ text[i++]) * BYTE;
    *at = i;
    *hash = mix(h);
    return i > *start;
}

eid_status near_shingles(const uint8_t *text, size_t n, int64_t words, near_hashes *out)
{
    uint64_t last[NEAR_WORDS_MOST] = {0}, drop = 1, sum = 0, h;
    size_t at = 0, start, seen = 0, w = (size_t)words;

    for (size_t i = 0; i < w; i++)
        drop *= BASE;
    out->n = 0;
    while (next_word(text, n, &at, &start, &h)) {
        sum = sum * BASE + h - last[seen % w] * drop;
        last[seen % w] = h;
        if (++seen < w)
            continue;
        eid_status st = EID_GROW(out->at, &out->cap, out->n + 1);
        if (st != EID_OK)
            return st;
        out->at[out->n++] = mix(sum);
    }
    if (seen == 0 || seen >= w)
        return EID_OK;
    eid_status st = EID_GROW(out->at, &out->cap, 1);
    if (st == EID_OK)
        out->at[out->n++] = mix(sum + seen); /* fewer words: one shingle, unlike any longer one */
    return st;
}

/* Bytewise from the lowest digit, between two buffers. */
static void radix(uint64_t *x, uint64_t *spare, size_t n)
{
    for (int shift = 0; shift < 64; shift += 8) {
        size_t from[257] = {0};
        for (size_t i = 0; i < n; i++)
            from[(x[i] >> shift & 255) + 1]++;
        for (int d = 0; d < 256; d++)
            from[d + 1] += from[d];
        for (size_t i = 0; i < n; i++)
            spare[from[x[i] >> shift & 255]++] = x[i];
        uint64_t *t = x;
        x = spare;
        spare = t;
    }
}

static void heap_sift(uint64_t *x, size_t at, size_t n)
{
    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        child += child + 1 < n && x[child + 1] > x[child];
        if (x[at] >= x[child])
            return;
        uint64_t t = x[at];
        x[at] = x[child];
        x[child] = t;
    }
}

/* In place, where no second buffer is to be had. */
static void heap_sort(uint64_t *x, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        heap_sift(x, i, n);
    for (size_t end = n; end-- > 1;) {
        uint64_t t = x[0];
        x[0] = x[end];
        x[end] = t;
        heap_sift(x, 0, end);
    }
}

void near_set_of(near_hashes *h)
{
    size_t n = 0;

    if (h->cap >= 2 * h->n && h->n > 64)
        radix(h->at, h->at + h->n, h->n);
    else
        heap_sort(h->at, h->n);
    for (size_t i = 0; i < h->n; i++)
        if (n == 0 || h->at[n - 1] != h->at[i])
            h->at[n++] = h->at[i];
    h->n = n;
}

size_t near_common(const uint64_t *a, size_t n, const uint64_t *b, size_t m)
{
    size_t i = 0, j = 0, common = 0;

    while (i < n && j < m) {
        uint64_t x = a[i], y = b[j];
        common += x == y;
        i += x <= y;
        j += y <= x;
    }
    return common;
}
