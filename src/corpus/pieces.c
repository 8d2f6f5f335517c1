/* pieces.c - see pieces.h. */
#include "corpus/pieces.h"
#include <string.h>

enum { FILTER_BITS = 22 };

/* The hash of bytes b[0..w) is the sum of (b[i] + 1) BASE^(w-1-i), modulo 2^64. */
static const uint64_t BASE = 0x9E3779B97F4A7C15u | 5;

static uint64_t mixed(uint64_t h)
{
    h ^= h >> 29;
    h *= 0xBF58476D1CE4E5B9u;
    return h ^ h >> 32;
}

eid_status eid_pieces_init(eid_pieces *p, size_t window)
{
    eid_status st = EID_OK;

    *p = (eid_pieces){.window = window, .top = 1, .heads = 1024};
    for (size_t i = 1; i < window; i++)
        p->top *= BASE;
    EID_TRY(EID_NEW(p->head, p->heads));
    EID_TRY(EID_NEW(p->filter, (size_t)1 << (FILTER_BITS - 3)));
done:
    return st;
}

static void link_entry(eid_pieces *p, size_t e)
{
    uint64_t m = mixed(p->entry[e].hash);
    size_t *head = &p->head[m & (p->heads - 1)], bit = m >> (64 - FILTER_BITS);

    p->entry[e].next = *head;
    *head = e + 1;
    p->filter[bit / 8] |= (uint8_t)(1u << bit % 8);
}

static eid_status widen(eid_pieces *p)
{
    size_t *head, heads = 2 * p->heads;
    eid_status st = EID_NEW(head, heads);
    if (st != EID_OK)
        return st;
    eid_free(p->head);
    p->head = head;
    p->heads = heads;
    for (size_t e = 0; e < p->n; e++)
        link_entry(p, e);
    return EID_OK;
}

static uint64_t first_hash(const uint8_t *text, size_t window)
{
    uint64_t h = 0;
    for (size_t i = 0; i < window; i++)
        h = h * BASE + text[i] + 1;
    return h;
}

static uint64_t roll(const eid_pieces *p, uint64_t h, uint8_t leaves, uint8_t enters)
{
    return (h - p->top * (leaves + 1u)) * BASE + enters + 1;
}

eid_status eid_pieces_add(eid_pieces *p, const uint8_t *string, size_t size, size_t id, bool all)
{
    size_t last = all ? size - p->window : 0;
    uint64_t h = first_hash(string, p->window);
    eid_status st = EID_OK;

    for (size_t i = 0; i <= last; i++) {
        EID_TRY(EID_GROW(p->entry, &p->cap, p->n + 1));
        p->entry[p->n] =
            (struct eid_piece){.hash = h, .string = string, .size = size, .offset = i, .id = id};
        if (p->n >= p->heads)
            EID_TRY(widen(p));
        link_entry(p, p->n++);
        if (i < last)
            h = roll(p, h, string[i], string[i + p->window]);
    }
done:
    return st;
}

/* Compares the chain of one hash with text[at..n); entries that can tell nothing new are taken out,
 * so that a text full of one repeated window is not compared over and over. */
static bool compare(eid_pieces *p, uint64_t h, const uint8_t *text, size_t at, size_t n,
                    uint8_t *flags)
{
    size_t *link = &p->head[mixed(h) & (p->heads - 1)];
    bool any = false;

    while (*link) {
        struct eid_piece *e = &p->entry[*link - 1];
        bool equal = e->hash == h && !memcmp(e->string + e->offset, text + at, p->window);
        uint8_t *flag = flags ? &flags[e->id] : NULL;
        if (equal && !flag)
            return true;
        if (equal) {
            any = true;
            *flag |= EID_PIECE_STANDS;
            if (!e->offset && n - at >= e->size && !memcmp(e->string, text + at, e->size))
                *flag |= EID_WHOLE_STANDS;
        }
        if (flag && ((*flag & EID_WHOLE_STANDS) || (e->offset && *flag)))
            *link = e->next;
        else
            link = &e->next;
    }
    return any;
}

bool eid_pieces_scan(eid_pieces *p, const uint8_t *text, size_t n, uint8_t *flags)
{
    bool any = false;
    uint64_t h;

    if (n < p->window || !p->n)
        return false;
    h = first_hash(text, p->window);
    for (size_t i = 0;; i++) {
        size_t bit = mixed(h) >> (64 - FILTER_BITS);
        if (p->filter[bit / 8] >> bit % 8 & 1)
            any |= compare(p, h, text, i, n, flags);
        if (i + p->window >= n)
            return any;
        h = roll(p, h, text[i], text[i + p->window]);
    }
}

void eid_pieces_free(eid_pieces *p)
{
    eid_free(p->entry);
    eid_free(p->head);
    eid_free(p->filter);
    *p = (eid_pieces){0};
}
