/* choose.c - which repeats to tell of: each the one that covers most of what those before it leave.
 *
 * What a repeat covers anew becomes less as others are chosen, never more, and places times length
 * is a bound from the start.  So the greatest is found without counting all of them each time: the
 * one with the greatest bound is counted again, and when it then still has the greatest, it is the
 * one (lazy greedy, Minoux 1978).  Counting is done for several at once. */
#include "base/ctx.h"
#include "index/duplicates.h"
#include "index/search.h"
#include "par/par.h"
#include <stdlib.h>
#include <string.h>

enum { BATCH = 32 };

/* ---- what a repeat covers -------------------------------------------------------------------- */

/* Places of one string: a sorted list, or, where they are many, a bit for each byte of text. */
typedef struct places {
    int64_t *at;
    size_t n, cap;
    uint64_t *bits;
} places;

typedef struct chooser {
    const merge_source *source;
    size_t sources;
    int64_t bytes;
    uint64_t *covered; /* by what was chosen */
    places *scratch;   /* per worker */
    duplicate_choice **batch;
} chooser;

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t mask(int64_t from, int64_t to) /* bits from .. to - 1 of a word, 0 < to - from */
{
    return (to - from == 64 ? ~0ull : (1ull << (to - from)) - 1) << from;
}

/* Bits of [from, to) that are not set. */
static int64_t unset(const uint64_t *bits, int64_t from, int64_t to)
{
    int64_t n = 0;
    while (from < to) {
        int64_t end = (from | 63) + 1 < to ? (from | 63) + 1 : to;
        uint64_t m = mask(from & 63, (from & 63) + end - from);
        n += __builtin_popcountll(~bits[from / 64] & m);
        from = end;
    }
    return n;
}

static void set(uint64_t *bits, int64_t from, int64_t to)
{
    while (from < to) {
        int64_t end = (from | 63) + 1 < to ? (from | 63) + 1 : to;
        bits[from / 64] |= mask(from & 63, (from & 63) + end - from);
        from = end;
    }
}

/* Calls for each place in ascending order: how far the text is covered by those before, the place.
 */
typedef struct covering {
    const chooser *c;
    duplicate_choice *x;
    int64_t until;
    uint64_t *mark; /* set the bits there, instead of counting */
    size_t source;  /* that holds the last place */
} covering;

static void cover_place(covering *k, int64_t at)
{
    const chooser *c = k->c;
    int64_t end = at + (int64_t)k->x->f.length, from = at > k->until ? at : k->until;
    if (end > c->bytes) /* only in a file that lies */
        end = c->bytes;
    if (from > end)
        from = end;
    k->until = end;
    if (k->mark) {
        set(k->mark, from, end);
        return;
    }
    while (k->source + 1 < c->sources && c->source[k->source + 1].base <= at)
        k->source++;
    int side = c->source[k->source].side;
    if (k->x->first[side] < 0)
        k->x->first[side] = at;
    k->x->bytes[side] += end - from;
    k->x->fresh += side == 0 ? unset(c->covered, from, end) : 0;
}

static eid_status gather_places(const chooser *c, const repeat_found *f, places *p)
{
    eid_status st = EID_OK;
    int64_t all = f->count[0] + f->count[1];
    bool many = all > c->bytes / 64;

    p->n = 0;
    if (many && !p->bits)
        EID_TRY(EID_NEW(p->bits, c->bytes / 64 + 1));
    if (!many)
        EID_TRY(EID_GROW(p->at, &p->cap, all));
    for (size_t s = 0; s < c->sources; s++) {
        const merge_source *in = &c->source[s];
        index_range r = {0, 0};
        if (in->shard->n > 0)
            r = index_find(in->shard, f->text, f->length);
        for (int64_t i = r.lo; i < r.hi; i++) {
            int64_t at = in->base + index_suffix(in->shard, i);
            if (many)
                p->bits[at / 64] |= 1ull << at % 64;
            else if (p->n < (size_t)all) /* more only in a file that lies */
                p->at[p->n++] = at;
        }
    }
    if (!many && p->n > 0)
        qsort(p->at, p->n, sizeof *p->at, ascending);
done:
    return st;
}

static eid_status cover(const chooser *c, duplicate_choice *x, places *p, uint64_t *mark)
{
    eid_status st = EID_OK;
    covering k = {.c = c, .x = x, .mark = mark};

    if (!mark) {
        x->fresh = x->bytes[0] = x->bytes[1] = 0;
        x->first[0] = x->first[1] = -1;
    }
    EID_TRY(gather_places(c, &x->f, p));
    for (size_t i = 0; i < p->n; i++)
        cover_place(&k, p->at[i]);
    if (x->f.count[0] + x->f.count[1] > c->bytes / 64)
        for (int64_t w = 0; w <= c->bytes / 64; w++)
            for (; p->bits[w]; p->bits[w] &= p->bits[w] - 1)
                cover_place(&k, 64 * w + __builtin_ctzll(p->bits[w]));
done:
    return st;
}

static eid_status cover_task(void *arg, int64_t task, int worker)
{
    const chooser *c = arg;
    return cover(c, c->batch[task], &c->scratch[worker], NULL);
}

/* ---- the greatest bound on top --------------------------------------------------------------- */

typedef struct entry {
    int64_t bound;
    size_t round; /* when it was counted: its bound is exact if nothing was chosen since */
    duplicate_choice *x;
} entry;

static bool greater(const entry *a, const entry *b)
{
    return a->bound != b->bound ? a->bound > b->bound : a->x < b->x; /* x: sorted by text, too */
}

static void raise_up(entry *h, size_t i, entry e)
{
    for (; i > 0 && greater(&e, &h[(i - 1) / 2]); i = (i - 1) / 2)
        h[i] = h[(i - 1) / 2];
    h[i] = e;
}

static entry take_top(entry *h, size_t *n)
{
    entry top = h[0], e = h[--*n];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < *n; i = child) {
        if (child + 1 < *n && greater(&h[child + 1], &h[child]))
            child++;
        if (!greater(&h[child], &e))
            break;
        h[i] = h[child];
    }
    if (*n > 0)
        h[i] = e;
    return top;
}

/* ---- the two lists --------------------------------------------------------------------------- */

static eid_status choose_one(chooser *c, duplicate_list *list, const duplicate_choice *x)
{
    eid_status st = EID_OK;
    duplicate_choice *to = &list->at[list->n];
    *to = *x;
    EID_TRY(cover(c, to, &c->scratch[0], c->covered));
    list->n++;
done:
    return st;
}

static eid_status by_cover(chooser *c, eid_ctx *ctx, duplicate_list *list, duplicate_choice *x,
                           size_t n, int64_t cut, size_t top, bool parallel)
{
    eid_status st = EID_OK;
    entry *heap = NULL, again[BATCH];
    duplicate_choice *batch[BATCH];
    size_t left = 0;

    EID_TRY(EID_NEW(heap, n));
    for (size_t i = 0; i < n; i++)
        raise_up(heap, left++, (entry){x[i].f.key, SIZE_MAX, &x[i]});
    c->batch = batch;
    list->whole = true;
    while (list->n < top && left > 0) {
        if (heap[0].round == list->n) {
            entry e = take_top(heap, &left);
            list->whole = e.bound > cut;
            if (e.bound == 0 || !list->whole)
                break;
            EID_TRY(choose_one(c, list, e.x));
            EID_TRY(eid_tick(ctx, "choosing strings", "strings", (int64_t)list->n, (int64_t)top));
            continue;
        }
        size_t k = 0;
        while (k < BATCH && left > 0 && heap[0].round != list->n) {
            again[k] = take_top(heap, &left);
            batch[k] = again[k].x;
            k++;
        }
        if (parallel)
            EID_TRY(eid_par_for(ctx, (int64_t)k, cover_task, c));
        for (size_t i = 0; i < k; i++) {
            if (!parallel)
                EID_TRY(cover_task(c, (int64_t)i, 0));
            raise_up(heap, left++, (entry){batch[i]->fresh, list->n, batch[i]});
        }
        EID_TRY(eid_tick(ctx, "choosing strings", "strings", (int64_t)list->n, (int64_t)top));
    }
    if (left == 0 && list->n < top && list->whole)
        list->whole = cut < 0;
done:
    eid_free(heap);
    return st;
}

static eid_status by_length(chooser *c, eid_ctx *ctx, duplicate_list *list, duplicate_choice *x,
                            size_t n, int64_t cut, size_t top)
{
    eid_status st = EID_OK;
    for (size_t i = 0; i < n && list->n < top; i++) {
        EID_TRY(cover(c, &x[i], &c->scratch[0], NULL));
        if (2 * x[i].fresh >= x[i].bytes[0])
            EID_TRY(choose_one(c, list, &x[i]));
        EID_TRY(eid_tick(ctx, "choosing strings", "strings", (int64_t)list->n, (int64_t)top));
    }
    list->whole = list->n == top || cut < 0;
done:
    return st;
}

eid_status duplicate_choose(eid_ctx *ctx, duplicate_list *list, const merge_source *source,
                            size_t sources, int64_t bytes, const repeat_heap *all, int64_t cut,
                            size_t top, repeat_goal goal)
{
    eid_status st = EID_OK;
    chooser c = {.source = source, .sources = sources, .bytes = bytes};
    duplicate_choice *x = NULL;
    int threads = eid_ctx_threads(ctx);
    bool parallel = eid_ctx_memory(ctx) / (threads + 2) > bytes / 8;

    *list = (duplicate_list){0};
    EID_TRY(EID_NEW(list->at, top));
    EID_TRY(EID_NEW(x, all->n));
    for (size_t i = 0; i < all->n; i++)
        x[i].f = all->at[i];
    EID_TRY(EID_NEW(c.covered, bytes / 64 + 1));
    EID_TRY(EID_NEW(c.scratch, threads));
    if (goal == REPEAT_COVER)
        EID_TRY(by_cover(&c, ctx, list, x, all->n, cut, top, parallel));
    else
        EID_TRY(by_length(&c, ctx, list, x, all->n, cut, top));
done:
    for (int t = 0; c.scratch && t < threads; t++) {
        eid_free(c.scratch[t].at);
        eid_free(c.scratch[t].bits);
    }
    eid_free(c.scratch);
    eid_free(c.covered);
    eid_free(x);
    return st;
}

eid_status duplicate_gather(repeat_walk *walk, int walks, repeat_heap *all, int64_t *cut)
{
    eid_status st = EID_OK;
    size_t n = 0;

    *cut = -1;
    *all = (repeat_heap){0};
    for (int w = 0; w < walks; w++)
        n += walk[w].heap.n;
    EID_TRY(EID_GROW(all->at, &all->cap, n + 1));
    for (int w = 0; w < walks; w++) {
        if (walk[w].heap.n > 0)
            memcpy(all->at + all->n, walk[w].heap.at, walk[w].heap.n * sizeof *all->at);
        all->n += walk[w].heap.n;
    }
    if (all->n > 1)
        qsort(all->at, all->n, sizeof *all->at, repeat_compare);
    if (all->n > DUPLICATE_POOL) { /* every heap holds one more than that */
        *cut = all->at[DUPLICATE_POOL].key;
        all->n = DUPLICATE_POOL;
    }
done:
    return st;
}
