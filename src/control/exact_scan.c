/* exact_scan.c - see exact_scan.h.
 *
 * A run of n units has the hash sum_i v(x_i) B^(n-1-i) mod 2^64, v random values, which moves by
 * one unit at the cost of two products; mixed afterwards, since its low bits are weak. */
#include "control/exact_scan.h"
#include <string.h>

#define BASE 0x9E3779B97F4A7C15ull /* odd; any would do */

static uint64_t mix(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xD6E8FEB86659FD93ull;
    x ^= x >> 32;
    x *= 0xD6E8FEB86659FD93ull;
    return x ^ x >> 32;
}

static uint64_t power(size_t n)
{
    uint64_t p = 1;
    for (size_t i = 0; i < n; i++)
        p *= BASE;
    return p;
}

void exact_scan_init(exact_scan *s, size_t length, int width, uint64_t mask)
{
    *s = (exact_scan){.length = length, .gram = length / 2, .width = width, .mask = mask};
    for (int i = 0; i < 256; i++)
        s->value[i] = mix((uint64_t)i + 1);
    s->out_window = power(s->length);
    s->out_gram = power(s->gram);
}

eid_status exact_scratch_new(exact_scratch *s, const exact_scan *scan, size_t piece)
{
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(s->text, (piece + scan->length) * (size_t)scan->width));
    EID_TRY(EID_NEW(s->grams, piece + scan->length));
    EID_TRY(EID_NEW(s->window, piece));
    EID_TRY(EID_NEW(s->anchor, piece));
    EID_TRY(EID_NEW(s->place, piece));
done:
    return st;
}

void exact_scratch_free(exact_scratch *s)
{
    eid_free(s->text);
    eid_free(s->grams);
    eid_free(s->window);
    eid_free(s->anchor);
    eid_free(s->place);
}

static inline uint64_t value_at(const exact_scan *s, const uint8_t *text, size_t i, int width)
{
    uint32_t id;
    if (width == 1)
        return s->value[text[i]];
    memcpy(&id, text + 4 * i, 4);
    return mix((uint64_t)id + 1);
}

/* Mixed hashes of the n runs of `length` units that begin at 0 .. n - 1. */
static inline void roll(const exact_scan *s, const uint8_t *text, size_t n, size_t length,
                        uint64_t out, int width, uint64_t *to)
{
    uint64_t h = 0;

    for (size_t i = 0; i < length; i++)
        h = h * BASE + value_at(s, text, i, width);
    to[0] = mix(h);
    for (size_t i = 1; i < n; i++) {
        h = h * BASE + value_at(s, text, i + length - 1, width) -
            out * value_at(s, text, i - 1, width);
        to[i] = mix(h);
    }
}

/* The least of `wide` hashes in a row, the last of equals, for n such rows. */
static void least(const uint64_t *grams, size_t n, size_t wide, uint64_t *hash, uint32_t *place)
{
    size_t at = 0;
    bool any = false;

    for (size_t i = 0; i < n; i++) {
        size_t last = i + wide - 1;
        if (any && grams[last] <= grams[at]) {
            at = last;
        } else if (!any || at < i) {
            at = i;
            for (size_t j = i + 1; j <= last; j++)
                at = grams[j] <= grams[at] ? j : at;
            any = true;
        }
        hash[i] = grams[at];
        place[i] = (uint32_t)at;
    }
}

void exact_anchors(const exact_scan *s, const uint8_t *text, size_t n, exact_scratch *to)
{
    size_t wide = s->length - s->gram + 1;

    if (s->width == 1)
        roll(s, text, n + wide - 1, s->gram, s->out_gram, 1, to->grams);
    else
        roll(s, text, n + wide - 1, s->gram, s->out_gram, 4, to->grams);
    least(to->grams, n, wide, to->anchor, to->place);
}

void exact_windows(const exact_scan *s, const uint8_t *text, size_t n, exact_scratch *to)
{
    if (s->width == 1)
        roll(s, text, n, s->length, s->out_window, 1, to->window);
    else
        roll(s, text, n, s->length, s->out_window, 4, to->window);
    for (size_t i = 0; i < n; i++)
        to->window[i] &= s->mask;
}
