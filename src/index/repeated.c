#include "index/repeated.h"
#include "index/search.h"
#include <string.h>

enum {
    DIVERSE = 256,
    NOTHING = 257, /* seen yet */
    RUN = 512,     /* twice the longest pattern that is looked for */
};

/* Following strings of many places beyond the walk's cap looks at no more than so many bytes: a
 * string that is cut for it is told at the length reached, with the copies it has there. */
static const int64_t FOLLOWED = (int64_t)1 << 31;

/* ---- the best so far ------------------------------------------------------------------------- */

int repeat_compare(const void *a, const void *b)
{
    const repeat_found *x = a, *y = b;
    if (x->key != y->key)
        return x->key > y->key ? -1 : 1;
    int order = memcmp(x->text, y->text, x->length < y->length ? x->length : y->length);
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

static void sift_down(repeat_heap *h)
{
    repeat_found x = h->at[0];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < h->n; i = child) {
        if (child + 1 < h->n && repeat_compare(&h->at[child + 1], &h->at[child]) > 0)
            child++;
        if (repeat_compare(&h->at[child], &x) <= 0)
            break;
        h->at[i] = h->at[child];
    }
    h->at[i] = x;
}

eid_status repeat_keep(repeat_heap *h, const repeat_found *f)
{
    if (h->n < h->most) {
        eid_status st = EID_GROW(h->at, &h->cap, h->n + 1);
        if (st != EID_OK)
            return st;
        size_t i = h->n++;
        for (; i > 0 && repeat_compare(&h->at[(i - 1) / 2], f) < 0; i = (i - 1) / 2)
            h->at[i] = h->at[(i - 1) / 2];
        h->at[i] = *f;
        return EID_OK;
    }
    h->full = true;
    if (h->most > 0 && repeat_compare(f, &h->at[0]) < 0) {
        h->at[0] = *f;
        sift_down(h);
    }
    return EID_OK;
}

/* ---- intervals ------------------------------------------------------------------------------- */

static void join(repeat_node *to, const repeat_node *from)
{
    to->count[0] += from->count[0];
    to->count[1] += from->count[1];
    if (to->left != from->left)
        to->left = DIVERSE;
}

/* What stands before a place; a document's begin is like nothing else, not even another. */
static int before(const merge_source *s, int64_t at)
{
    if (at == s->shard->n || index_doc_start(s->shard, index_doc_of(s->shard, at)) == at)
        return DIVERSE;
    return s->shard->text[at - 1];
}

static repeat_node leaf(const repeat_walk *w, const merge_stop *stop, bool matters)
{
    const merge_source *s = &w->source[stop->source];
    repeat_node x = {.text = s->shard->text + stop->at};
    x.count[s->side] = 1;
    x.left = matters ? before(s, stop->at) : NOTHING;
    return x;
}

/* Whether a string is a run of a pattern: without the first of it, when that is no shorter than
 * what is looked for, it covers at least the same bytes, and a long run would fill the heap by
 * itself. */
static bool is_run(const uint8_t *text, size_t n, size_t least)
{
    size_t fail[RUN], k = 0, m = n < RUN ? n : RUN;
    fail[0] = 0;
    for (size_t i = 1; i < m; i++) { /* the longest beginning that is an end, too */
        while (k > 0 && text[i] != text[k])
            k = fail[k - 1];
        k += text[i] == text[k];
        fail[i] = k;
    }
    size_t period = m - k;
    return period <= m / 2 && n - period >= least && memcmp(text, text + period, n - period) == 0;
}

static eid_status keep(repeat_walk *w, const repeat_node *x)
{
    repeat_found f = {x->text, x->shared, {x->count[0], x->count[1]}, 0};
    bool run = false;
    if (w->goal == REPEAT_COVER) {
        if (__builtin_mul_overflow(x->count[0] + x->count[1], (int64_t)x->shared, &f.key))
            f.key = INT64_MAX;
        if (w->heap.n < w->heap.most || repeat_compare(&f, &w->heap.at[0]) < 0)
            run = is_run(f.text, f.length, w->shortest);
    } else {
        f.key = (int64_t)x->shared;
    }
    return run ? EID_OK : repeat_keep(&w->heap, &f);
}

static bool wanted(const repeat_walk *w, const repeat_node *x)
{
    return x->left == DIVERSE && x->shared >= w->least &&
           (w->goal == REPEAT_COVER || (x->count[0] > 0 && x->count[1] > 0));
}

/* Intervals that share more than `shared` are whole; what is left of them goes into one that shares
 * exactly that.  Those that reach the cap are handed to *capped, of which there is at most one. */
static eid_status close_down(repeat_walk *w, size_t shared, size_t cap, repeat_node *capped)
{
    eid_status st = EID_OK;
    repeat_node x = w->last;
    while (w->depth > 0 && w->stack[w->depth - 1].shared > shared) {
        repeat_node *top = &w->stack[--w->depth];
        join(top, &x);
        x = *top;
        if (!wanted(w, &x))
            continue;
        if (x.shared >= cap)
            *capped = x;
        else
            EID_TRY(keep(w, &x));
    }
    if (shared < w->least)
        goto done; /* whole, too, and of no interest: the stack is empty */
    if (w->depth > 0 && w->stack[w->depth - 1].shared == shared) {
        join(&w->stack[w->depth - 1], &x);
        goto done;
    }
    EID_TRY(EID_GROW(w->stack, &w->stack_cap, w->depth + 1));
    x.shared = shared;
    w->stack[w->depth++] = x;
done:
    return st;
}

/* The places of a string of `cap` bytes once more, in the order of all that follows. */
static eid_status follow(repeat_walk *w, const repeat_node *x, size_t cap)
{
    eid_status st = EID_OK;
    repeat_walk deep = {
        .source = w->source, .sources = w->sources, .least = cap, .goal = w->goal, .heap = w->heap};
    int64_t *lo, *hi, places = x->count[0] + x->count[1];
    size_t most = (size_t)(FOLLOWED / places);
    merge_stop stop;

    if (!w->ends) {
        EID_TRY(merge_new(&w->inner, w->source, w->sources));
        EID_TRY(EID_NEW(w->ends, 2 * w->sources));
    }
    lo = w->ends;
    hi = lo + w->sources;
    for (size_t s = 0; s < w->sources; s++) {
        const index_shard *in = w->source[s].shard;
        index_range r = in->n > 0 ? index_find(in, x->text, cap) : (index_range){0, 0};
        lo[s] = r.lo;
        hi[s] = r.hi;
    }
    repeat_begin(&deep);
    merge_begin(&w->inner, lo, hi, cap, most > cap ? most : cap, 1);
    for (bool first = true; merge_next(&w->inner, &stop); first = false) {
        stop.shared = first ? 0 : stop.shared;
        EID_TRY(repeat_see(&deep, &stop, SIZE_MAX));
    }
    EID_TRY(repeat_end(&deep, SIZE_MAX));
done:
    w->heap = deep.heap;
    eid_free(deep.stack);
    return st;
}

void repeat_begin(repeat_walk *w)
{
    w->depth = 0;
    w->last = (repeat_node){.left = NOTHING};
}

eid_status repeat_see(repeat_walk *w, const merge_stop *stop, size_t cap)
{
    eid_status st = EID_OK;
    repeat_node capped = {0};
    bool open = stop->shared >= w->least;
    if (open && w->last.left == NOTHING) /* known only now to matter */
        w->last.left = before(&w->source[w->last_source], w->last_at);
    if (open || w->depth > 0)
        EID_TRY(close_down(w, stop->shared, cap, &capped));
    w->last = leaf(w, stop, open);
    w->last_source = stop->source;
    w->last_at = stop->at;
    if (capped.shared)
        EID_TRY(follow(w, &capped, cap));
done:
    return st;
}

eid_status repeat_end(repeat_walk *w, size_t cap)
{
    eid_status st = EID_OK;
    repeat_node capped = {0};
    if (w->depth > 0)
        EID_TRY(close_down(w, 0, cap, &capped));
    if (capped.shared)
        EID_TRY(follow(w, &capped, cap));
done:
    return st;
}

void repeat_free(repeat_walk *w)
{
    eid_free(w->heap.at);
    eid_free(w->stack);
    eid_free(w->ends);
    merge_free(&w->inner);
}
