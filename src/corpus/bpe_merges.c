/* bpe_merges.c - choosing merges: always the most frequent pair, counts kept exact.
 *
 * All words stand behind each other in one array of cells, a wall between them:
 *
 *     wall  t  h  e  wall  t  h  e  n  wall ...
 *
 * A token of n bytes covers n cells: the first holds its id, the last (n > 1) holds -2 - id, so
 * that both neighbours of a token are found by its length.  The cells between are never read. Where
 * a pair of tokens begins, its cell is a node of that pair's doubly linked list.  So a merge visits
 * exactly the places where its pair stands, whatever the length of the words. */
#include "base/ctx.h"
#include "corpus/bpe_train.h"
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX
enum { WALL = -1 };

typedef struct pair {
    int32_t left, right;
    int64_t count;        /* times it stands in the corpus */
    uint32_t first, last; /* where; cells */
    bool grew;            /* is in `grown` */
    bool merged;          /* is a merge already */
} pair;

typedef struct claim { /* of a pair to be merged next; out of date when the count is not the pair's
                        */
    int64_t count;
    int32_t pair;
} claim;

typedef struct group { /* words of equal count stand together: cells from `start` on */
    uint32_t start;
    int64_t count;
} group;

typedef struct trainer {
    int32_t *cell;
    uint32_t *before, *after; /* in the list of the pair that begins here */
    group *group;
    size_t groups, group_cap;
    eid_pairs number; /* of a pair */
    pair *pair;
    size_t pairs, pair_cap;
    claim *heap;
    size_t heap_n, heap_cap;
    int32_t *grown; /* pairs that were found anew since the last merge */
    size_t grown_n, grown_cap;
    eid_words entry; /* the vocabulary; numbers are ids */
} trainer;

/* ---- the order of merges --------------------------------------------------------------------- */

/* More frequent first; among equals the pair of lower ids, left before right.  This is the order of
 * the `tokenizers` package. */
static bool goes_first(const trainer *t, claim x, claim y)
{
    const pair *a = &t->pair[x.pair], *b = &t->pair[y.pair];

    if (x.count != y.count)
        return x.count > y.count;
    return a->left != b->left ? a->left < b->left : a->right < b->right;
}

static eid_status heap_push(trainer *t, int32_t number)
{
    claim x = {.count = t->pair[number].count, .pair = number};
    size_t i = t->heap_n;
    eid_status st = EID_GROW(t->heap, &t->heap_cap, t->heap_n + 1);

    if (st != EID_OK)
        return st;
    t->heap_n++;
    for (; i && goes_first(t, x, t->heap[(i - 1) / 2]); i = (i - 1) / 2)
        t->heap[i] = t->heap[(i - 1) / 2];
    t->heap[i] = x;
    return EID_OK;
}

static claim heap_pop(trainer *t)
{
    claim top = t->heap[0], x = t->heap[--t->heap_n];
    size_t i = 0, child;

    while ((child = 2 * i + 1) < t->heap_n) {
        child += child + 1 < t->heap_n && goes_first(t, t->heap[child + 1], t->heap[child]);
        if (!goes_first(t, t->heap[child], x))
            break;
        t->heap[i] = t->heap[child];
        i = child;
    }
    t->heap[i] = x;
    return top;
}

/* Number of the next pair, -1 when none is left.  A pair whose count fell since its claim claims
 * anew; one whose count rose has a later claim in the heap. */
static eid_status next_pair(trainer *t, int32_t *number)
{
    while (t->heap_n) {
        claim c = heap_pop(t);
        int64_t count = t->pair[c.pair].count;
        if (c.count == count) {
            *number = c.pair;
            return EID_OK;
        }
        if (count > 0 && c.count > count) {
            eid_status st = heap_push(t, c.pair);
            if (st != EID_OK)
                return st;
        }
    }
    *number = -1;
    return EID_OK;
}

static eid_status claim_grown(trainer *t)
{
    eid_status st = EID_OK;

    for (size_t i = 0; i < t->grown_n; i++) {
        pair *p = &t->pair[t->grown[i]];
        p->grew = false;
        if (p->count > 0)
            EID_TRY(heap_push(t, t->grown[i]));
    }
    t->grown_n = 0;
done:
    return st;
}

/* ---- cells ----------------------------------------------------------------------------------- */

static uint32_t length(const trainer *t, int32_t id)
{
    return (uint32_t)t->entry.word[id].n;
}

static uint32_t token_after(const trainer *t, uint32_t p)
{
    uint32_t q = p + length(t, t->cell[p]);

    return t->cell[q] == WALL ? NONE : q;
}

static uint32_t token_before(const trainer *t, uint32_t p)
{
    int32_t c = t->cell[p - 1];

    if (c == WALL)
        return NONE;
    return c >= 0 ? p - 1 : p - length(t, -2 - c);
}

static int64_t count_at(const trainer *t, uint32_t p)
{
    size_t low = 0, high = t->groups;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (t->group[middle].start <= p)
            low = middle;
        else
            high = middle;
    }
    return t->group[low].count;
}

static eid_status pair_number(trainer *t, int32_t left, int32_t right, int32_t *number)
{
    eid_status st = EID_OK;

    *number = eid_pairs_find(&t->number, left, right);
    if (*number >= 0)
        return EID_OK;
    if (t->pairs >= INT32_MAX)
        return eid_fail(EID_ENOMEM, "training a tokenizer met more than %d pairs", INT32_MAX);
    EID_TRY(EID_GROW(t->pair, &t->pair_cap, t->pairs + 1));
    *number = (int32_t)t->pairs;
    EID_TRY(eid_pairs_add(&t->number, left, right, *number));
    t->pair[t->pairs++] = (pair){.left = left, .right = right, .first = NONE, .last = NONE};
done:
    return st;
}

/* The pair that begins at p, which has a token behind it, enters its list. */
static eid_status link_at(trainer *t, uint32_t p, int64_t count)
{
    eid_status st = EID_OK;
    int32_t number;
    pair *x;

    EID_TRY(pair_number(t, t->cell[p], t->cell[p + length(t, t->cell[p])], &number));
    x = &t->pair[number];
    x->count += count;
    t->before[p] = x->last;
    t->after[p] = NONE;
    if (x->last == NONE)
        x->first = p;
    else
        t->after[x->last] = p;
    x->last = p;
    if (!x->grew) {
        EID_TRY(EID_GROW(t->grown, &t->grown_cap, t->grown_n + 1));
        t->grown[t->grown_n++] = number;
        x->grew = true;
    }
done:
    return st;
}

static void unlink_at(trainer *t, uint32_t p, int64_t count)
{
    int32_t right = t->cell[p + length(t, t->cell[p])];
    pair *x = &t->pair[eid_pairs_find(&t->number, t->cell[p], right)];

    x->count -= count;
    if (t->before[p] == NONE)
        x->first = t->after[p];
    else
        t->after[t->before[p]] = t->after[p];
    if (t->after[p] == NONE)
        x->last = t->before[p];
    else
        t->before[t->after[p]] = t->before[p];
}

static eid_status merge_at(trainer *t, uint32_t p, int32_t id)
{
    eid_status st = EID_OK;
    uint32_t q = token_after(t, p), r = token_after(t, q), l = token_before(t, p);
    int64_t count = count_at(t, p);

    if (l != NONE)
        unlink_at(t, l, count);
    unlink_at(t, p, count);
    if (r != NONE)
        unlink_at(t, q, count);
    t->cell[p] = id;
    t->cell[p + length(t, id) - 1] = -2 - id;
    if (l != NONE)
        EID_TRY(link_at(t, l, count));
    if (r != NONE)
        EID_TRY(link_at(t, p, count));
done:
    return st;
}

/* Merges a pair wherever it stands.  In a run of equal tokens the leftmost two go first, as they do
 * when a text is encoded. */
static eid_status merge_all(trainer *t, int32_t number, int32_t id)
{
    eid_status st = EID_OK;
    int32_t left = t->pair[number].left;
    bool twins = left == t->pair[number].right;
    uint32_t p, l;

    while ((p = t->pair[number].first) != NONE) {
        while (twins && (l = token_before(t, p)) != NONE && t->cell[l] == left)
            p = l;
        EID_TRY(merge_at(t, p, id));
    }
done:
    return st;
}

/* ---- setting up, and the loop ---------------------------------------------------------------- */

/* Words of equal count together.  Their order among themselves has no influence on the merges. */
static int by_count(const void *x, const void *y)
{
    const eid_word *a = x, *b = y;

    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return (a->hash > b->hash) - (a->hash < b->hash);
}

static eid_status lay_out(trainer *t, eid_words *words)
{
    eid_status st = EID_OK;
    size_t cells = words->text.n + words->n + 1;
    uint32_t p = 1;
    int32_t id_of[256];

    if (cells >= NONE)
        return eid_fail(EID_ENOMEM, "%zu bytes of distinct words are too many", words->text.n);
    for (int i = 0; i < 256; i++) {
        uint8_t byte = eid_bpe_nth_byte(i);
        id_of[byte] = i;
        EID_TRY(eid_words_add(&t->entry, &byte, 1, 1, NULL));
    }
    EID_TRY(EID_NEW(t->cell, cells));
    EID_TRY(EID_NEW(t->before, cells));
    EID_TRY(EID_NEW(t->after, cells));
    if (words->n)
        qsort(words->word, words->n, sizeof *words->word, by_count);
    t->cell[0] = WALL;
    for (size_t w = 0; w < words->n; w++) {
        const uint8_t *bytes = eid_words_bytes(words, w);
        if (!w || words->word[w].count != words->word[w - 1].count) {
            EID_TRY(EID_GROW(t->group, &t->group_cap, t->groups + 1));
            t->group[t->groups++] = (group){.start = p, .count = words->word[w].count};
        }
        for (size_t i = 0; i < words->word[w].n; i++)
            t->cell[p++] = id_of[bytes[i]];
        t->cell[p++] = WALL;
    }
    for (size_t g = 0; g < t->groups; g++) {
        uint32_t end = g + 1 < t->groups ? t->group[g + 1].start : p;
        for (uint32_t i = t->group[g].start; i < end; i++)
            if (t->cell[i] != WALL && t->cell[i + 1] != WALL)
                EID_TRY(link_at(t, i, t->group[g].count));
    }
done:
    return st;
}

/* The id of the string that a pair makes: a new one, unless another pair made it before. */
static eid_status joined(trainer *t, const pair *x, int32_t *id)
{
    eid_status st = EID_OK;
    eid_buf b = {0};
    size_t number;

    EID_TRY(eid_buf_add(&b, eid_words_bytes(&t->entry, (size_t)x->left), length(t, x->left)));
    EID_TRY(eid_buf_add(&b, eid_words_bytes(&t->entry, (size_t)x->right), length(t, x->right)));
    EID_TRY(eid_words_add(&t->entry, b.at, b.n, 1, &number));
    *id = (int32_t)number;
done:
    eid_buf_free(&b);
    return st;
}

/* A pair that comes back after its merge (two pairs can make one string) is merged again, under the
 * rank that it has. */
static eid_status merge_pair(trainer *t, eid_bpe *b, int32_t number)
{
    eid_status st = EID_OK;
    pair *x = &t->pair[number];
    int32_t id;

    EID_TRY(joined(t, x, &id));
    if (!x->merged) {
        EID_TRY(EID_GROW(b->merge, &b->merge_cap, b->merges + 1));
        b->merge[b->merges++] = (eid_bpe_merge){x->left, x->right, id};
        x->merged = true;
    }
    EID_TRY(merge_all(t, number, id));
    EID_TRY(claim_grown(t));
done:
    return st;
}

static void trainer_free(trainer *t)
{
    eid_free(t->cell);
    eid_free(t->before);
    eid_free(t->after);
    eid_free(t->group);
    eid_free(t->pair);
    eid_free(t->heap);
    eid_free(t->grown);
    eid_pairs_free(&t->number);
    eid_words_free(&t->entry);
}

eid_status eid_bpe_choose_merges(eid_ctx *ctx, eid_bpe *b, eid_words *words, int64_t entries,
                                 int64_t min_frequency)
{
    eid_status st = EID_OK;
    trainer t = {0};
    int32_t number;

    EID_TRY(lay_out(&t, words));
    EID_TRY(claim_grown(&t));
    while ((int64_t)t.entry.n < entries) {
        if (t.entry.n % 64 == 0)
            EID_TRY(eid_tick(ctx, "merging pairs", "entries", (int64_t)t.entry.n, entries));
        EID_TRY(next_pair(&t, &number));
        if (number < 0 || t.pair[number].count < min_frequency)
            break;
        EID_TRY(merge_pair(&t, b, number));
    }
    EID_TRY(eid_tick(ctx, "merging pairs", "entries", entries, entries));
    for (size_t i = 0; i < t.entry.n; i++)
        EID_TRY(eid_bpe_entry(b, eid_words_bytes(&t.entry, i), t.entry.word[i].n, false));
done:
    trainer_free(&t);
    return st;
}
