/* bpe_encode.c - text to ids: added tokens, pre-tokens, merges by rank, and a cache in front. */
#include "corpus/bpe.h"
#include "corpus/utf8.h"
#include <string.h>

/* Most pre-tokens are short and come again.  One cache line holds one with its ids; a pre-token has
 * two places, the more recent first.  Too long ones are merged each time. */
enum { KEY_MAX = 22, IDS_MAX = 10, SLOTS_MAX = 1 << 14 };

typedef struct slot {
    uint8_t key[KEY_MAX + 1]; /* padded with zeros, then the length; length 0: empty */
    uint8_t n_ids;
    int32_t id[IDS_MAX];
} slot;

struct eid_encoder {
    const eid_bpe *bpe;
    eid_split split;
    bool special;
    int32_t *id; /* the output */
    size_t n, cap;
    slot *slot;
    size_t slots; /* a power of two, at least 2 */
    /* merging one pre-token: a linked list of symbols, and a heap of rank << 32 | place */
    int32_t *symbol;
    uint32_t *before, *after;
    uint64_t *heap;
    size_t symbol_cap, before_cap, after_cap, heap_cap, heap_n;
    uint8_t *spaced; /* a piece with a blank in front */
    size_t spaced_cap;
};

static const uint32_t NONE = UINT32_MAX;

eid_status eid_encoder_new(eid_encoder **out, const eid_bpe *bpe, size_t text_size)
{
    eid_status st = EID_OK;
    eid_encoder *e = NULL;

    EID_TRY(EID_NEW(e, 1));
    e->bpe = bpe;
    e->slots = 16;
    while (e->slots < SLOTS_MAX && e->slots < text_size / 4)
        e->slots *= 2;
    EID_TRY(EID_NEW(e->slot, e->slots));
    EID_TRY(eid_split_open(&e->split, bpe->splitter));
    *out = e;
    e = NULL;
done:
    eid_encoder_free(e);
    return st;
}

void eid_encoder_free(eid_encoder *e)
{
    if (!e)
        return;
    eid_split_close(&e->split);
    eid_free(e->id);
    eid_free(e->slot);
    eid_free(e->symbol);
    eid_free(e->before);
    eid_free(e->after);
    eid_free(e->heap);
    eid_free(e->spaced);
    eid_free(e);
}

const int32_t *eid_encoder_ids(const eid_encoder *e, size_t *n)
{
    *n = e->n;
    return e->id;
}

void eid_encoder_clear(eid_encoder *e)
{
    e->n = 0;
}

/* ---- merging --------------------------------------------------------------------------------- */

static void heap_push(eid_encoder *e, uint64_t x)
{
    size_t i = e->heap_n++;

    for (; i && e->heap[(i - 1) / 2] > x; i = (i - 1) / 2)
        e->heap[i] = e->heap[(i - 1) / 2];
    e->heap[i] = x;
}

static uint64_t heap_pop(eid_encoder *e)
{
    uint64_t top = e->heap[0], x = e->heap[--e->heap_n];
    size_t i = 0, child;

    while ((child = 2 * i + 1) < e->heap_n) {
        child += child + 1 < e->heap_n && e->heap[child + 1] < e->heap[child];
        if (e->heap[child] >= x)
            break;
        e->heap[i] = e->heap[child];
        i = child;
    }
    e->heap[i] = x;
    return top;
}

/* The rank of the merge of the symbol at p with the one behind it; -1: they do not merge. */
static int32_t rank_at(const eid_encoder *e, uint32_t p)
{
    uint32_t q = e->after[p];

    return q == NONE ? -1 : eid_pairs_find(&e->bpe->rank, e->symbol[p], e->symbol[q]);
}

static void offer(eid_encoder *e, uint32_t p)
{
    int32_t rank = rank_at(e, p);

    if (rank >= 0)
        heap_push(e, (uint64_t)rank << 32 | p);
}

/* Lowest rank first, leftmost first; entries of the heap whose pair has changed are skipped.  Each
 * merge takes one symbol away and offers two pairs: n log n. */
static eid_status merge_symbols(eid_encoder *e, const uint8_t *bytes, size_t n)
{
    eid_status st = EID_OK;

    if (n >= UINT32_MAX / 2)
        return eid_fail(EID_EUNSUPPORTED, "a pre-token of %zu bytes is too long", n);
    EID_TRY(EID_GROW(e->symbol, &e->symbol_cap, n));
    EID_TRY(EID_GROW(e->before, &e->before_cap, n));
    EID_TRY(EID_GROW(e->after, &e->after_cap, n));
    EID_TRY(EID_GROW(e->heap, &e->heap_cap, 3 * n));
    for (uint32_t p = 0; p < n; p++) {
        e->symbol[p] = e->bpe->byte_id[bytes[p]];
        e->before[p] = p ? p - 1 : NONE;
        e->after[p] = p + 1 < n ? p + 1 : NONE;
    }
    e->heap_n = 0;
    for (uint32_t p = 0; p < n; p++)
        offer(e, p);
    while (e->heap_n) {
        uint64_t top = heap_pop(e);
        uint32_t p = (uint32_t)top, rank = (uint32_t)(top >> 32), q, r;
        if (e->symbol[p] < 0 || rank_at(e, p) != (int32_t)rank)
            continue;
        q = e->after[p];
        r = e->after[q];
        e->symbol[p] = e->bpe->merge[rank].id;
        e->symbol[q] = -1;
        e->after[p] = r;
        if (r != NONE)
            e->before[r] = p;
        if (e->before[p] != NONE)
            offer(e, e->before[p]);
        offer(e, p);
    }
done:
    return st;
}

/* ---- one pre-token --------------------------------------------------------------------------- */

static eid_status put(eid_encoder *e, const int32_t *id, size_t n)
{
    if (e->n + n > e->cap) {
        eid_status st = EID_GROW(e->id, &e->cap, e->n + n);
        if (st != EID_OK)
            return st;
    }
    for (size_t i = 0; i < n; i++)
        e->id[e->n + i] = id[i];
    e->n += n;
    return EID_OK;
}

static eid_status pretoken_uncached(eid_encoder *e, const uint8_t *bytes, size_t n)
{
    eid_status st = EID_OK;

    if (n == 1)
        return put(e, &e->bpe->byte_id[bytes[0]], 1);
    if (e->bpe->ignore_merges) {
        size_t k = eid_words_find(&e->bpe->whole, bytes, n);
        if (k != SIZE_MAX)
            return put(e, &(int32_t){(int32_t)e->bpe->whole.word[k].count}, 1);
    }
    EID_TRY(merge_symbols(e, bytes, n));
    for (uint32_t p = 0; p != NONE; p = e->after[p])
        EID_TRY(put(e, &e->symbol[p], 1));
done:
    return st;
}

static slot *slot_of(const eid_encoder *e, const uint8_t key[24])
{
    uint64_t w[3], h;

    memcpy(w, key, sizeof w);
    h = (w[0] ^ w[2] << 29 ^ w[2] >> 35) * 0x9E3779B97F4A7C15u;
    h = (h ^ h >> 32 ^ w[1]) * 0xD6E8FEB86659FD93u;
    return e->slot + ((h ^ h >> 32) & (e->slots - 1) & ~(uint64_t)1);
}

static eid_status pretoken(eid_encoder *e, const uint8_t *bytes, size_t n)
{
    eid_status st = EID_OK;
    uint8_t key[24] = {0};
    size_t before = e->n;
    slot *s;

    if (n > KEY_MAX)
        return pretoken_uncached(e, bytes, n);
    memcpy(key, bytes, n);
    key[KEY_MAX] = (uint8_t)n;
    s = slot_of(e, key);
    for (int k = 0; k < 2; k++)
        if (memcmp(s[k].key, key, sizeof s[k].key) == 0)
            return put(e, s[k].id, s[k].n_ids);
    EID_TRY(pretoken_uncached(e, bytes, n));
    n = e->n - before;
    if (n <= IDS_MAX) {
        s[1] = s[0];
        memcpy(s[0].key, key, sizeof s[0].key);
        memcpy(s[0].id, e->id + before, n * sizeof *e->id);
        s[0].n_ids = (uint8_t)n;
    }
done:
    return st;
}

/* ---- pieces between added tokens ------------------------------------------------------------- */

static eid_status piece(eid_encoder *e, const uint8_t *text, size_t n)
{
    eid_status st = EID_OK;
    const uint8_t *token;

    if (n && e->bpe->prefix_space && text[0] != ' ') {
        EID_TRY(EID_GROW(e->spaced, &e->spaced_cap, n + 1));
        e->spaced[0] = ' ';
        memcpy(e->spaced + 1, text, n);
        text = e->spaced;
        n++;
    }
    eid_split_text(&e->split, text, n);
    for (;;) {
        EID_TRY(eid_split_next(&e->split, &token, &n));
        if (!n)
            break;
        EID_TRY(pretoken(e, token, n));
    }
done:
    return st;
}

/* Length of the White_Space character at p, 0 when there is none. */
static size_t white(const uint8_t *p, size_t n)
{
    size_t k = eid_utf8_char(p, n);
    uint32_t c = k == 1   ? p[0]
                 : k == 2 ? (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu)
                 : k == 3 ? (p[0] & 0xFu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu)
                          : 0;
    bool is = (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
              (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
              c == 0x205F || c == 0x3000;

    return is ? k : 0;
}

static size_t white_before(const uint8_t *text, size_t at)
{
    size_t from = at;

    for (size_t k = 1; k <= 3 && k <= from;)
        if (white(text + from - k, k) == k) {
            from -= k;
            k = 1;
        } else {
            k++;
        }
    return at - from;
}

static size_t white_after(const uint8_t *text, size_t n)
{
    size_t at = 0, k;

    while (at < n && (k = white(text + at, n - at)))
        at += k;
    return at;
}

/* Two passes, as the package: first the tokens that are not `normalized`, then the others in what
 * lies between; from left to right, the longest at each place. */
static eid_status pass(eid_encoder *e, const uint8_t *text, size_t n, int normalized)
{
    const eid_bpe *b = e->bpe;
    eid_status st = EID_OK;
    size_t done_to = 0, i = 0;

    if (!n)
        return EID_OK;
    if (normalized > 1)
        return piece(e, text, n);
    if (b->added_from[normalized][0] == b->added_from[normalized][256])
        return pass(e, text, n, normalized + 1);
    while (i < n) {
        const eid_bpe_added *a = eid_bpe_added_at(b, normalized, text + i, n - i);
        size_t from = i, to;
        i += a ? a->n : 1;
        if (!a || (a->special && !e->special))
            continue;
        to = i;
        if (a->lstrip)
            from -= white_before(text, from);
        if (a->rstrip)
            to += white_after(text + to, n - to);
        if (from > done_to)
            EID_TRY(pass(e, text + done_to, from - done_to, normalized + 1));
        EID_TRY(put(e, &a->id, 1));
        done_to = to;
    }
    if (done_to < n)
        EID_TRY(pass(e, text + done_to, n - done_to, normalized + 1));
done:
    return st;
}

eid_status eid_encoder_text(eid_encoder *e, const uint8_t *text, size_t n, bool special)
{
    e->special = special;
    return pass(e, text, n, 0);
}

eid_status eid_bpe_encode(const eid_bpe *bpe, const uint8_t *text, size_t n, bool special,
                          int32_t **ids, size_t *n_ids)
{
    eid_status st = EID_OK;
    eid_encoder *e = NULL;

    EID_TRY(eid_encoder_new(&e, bpe, n));
    EID_TRY(eid_encoder_text(e, text, n, special));
    EID_TRY(EID_GROW(e->id, &e->cap, 1)); /* never NULL */
    *ids = e->id;
    *n_ids = e->n;
    e->id = NULL;
done:
    eid_encoder_free(e);
    return st;
}
