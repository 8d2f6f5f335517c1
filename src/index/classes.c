/* classes.c - walking the suffix arrays of all shards at once, class by class.
 *
 * A piece is a range of strings: those that the largest shard has between two fixed entries of its
 * array.  The other shards' entries in that range are looked up, and a heap merges them. */
#include "index/classes.h"
#include "index/search.h"
#include "par/par.h"

enum { PIECE = 1 << 16, ROUND = 64, AHEAD = 12 };

/* Where a worker stands in one shard. */
typedef struct head {
    int64_t i, end; /* entries of the array */
    int64_t at;     /* place of entry i */
} head;

typedef struct walk {
    const eid_index *ix;
    size_t length, largest; /* the shard that is cut into pieces */
    index_class_fn fn;
    void *arg;
    int64_t begin; /* the round's first piece */
    head *head;    /* per worker and shard */
    size_t *heap;  /* the same: shards, least string on top */
    index_part *part;
} walk;

/* Whether entry i begins with the same bytes.  Its document need not be looked up: were it to end
 * earlier, the entry would sort before. */
static bool same(const index_shard *s, int64_t at, int64_t i, size_t length)
{
    int64_t other = index_suffix(s, i);
    return s->n - other >= (int64_t)length && memcmp(s->text + at, s->text + other, length) == 0;
}

/* One past the last entry of the class that entry h->i begins, in steps that double. */
static int64_t class_end(const index_shard *s, const head *h, size_t length)
{
    int64_t in = h->i, step = 1, out;
    for (;; step *= 2) {
        out = in + step < h->end ? in + step : h->end;
        if (out == h->end || !same(s, h->at, out, length))
            break;
        in = out;
    }
    while (out - in > 1) {
        int64_t mid = in + (out - in) / 2;
        if (same(s, h->at, mid, length))
            in = mid;
        else
            out = mid;
    }
    return in + 1;
}

/* Entries that the walk comes to shortly: their text is fetched while earlier ones are compared. */
static void fetch(const index_shard *s, int64_t i)
{
    if (i < s->n)
        __builtin_prefetch(s->text + index_suffix(s, i));
}

/* On to the first entry that has `length` bytes left; false when there is none. */
static bool settle(const index_shard *s, head *h, size_t length)
{
    for (; h->i < h->end; h->i++) {
        h->at = index_suffix(s, h->i);
        fetch(s, h->i + AHEAD);
        if (index_left(s, h->at) >= (int64_t)length)
            return true;
    }
    return false;
}

/* Where shard s begins with what belongs to piece `piece` and later ones: with the string at the
 * entry before that piece of the largest shard, cut to `length`, or whatever sorts behind it. */
static int64_t piece_begin(const walk *w, int64_t piece, size_t s)
{
    const index_shard *cut = &w->ix->shard[w->largest], *in = &w->ix->shard[s];
    if (piece == 0)
        return 0;
    if (piece * PIECE >= cut->n)
        return in->n;
    int64_t at = index_suffix(cut, piece * PIECE - 1), left = index_left(cut, at);
    size_t n = left < (int64_t)w->length ? (size_t)left : w->length;
    return n > 0 ? index_find(in, cut->text + at, n).lo : 0; /* 0: only in a file that lies */
}

/* ---- the heap -------------------------------------------------------------------------------- */

typedef struct merge {
    const walk *w;
    head *head;
    size_t *heap, n;
} merge;

/* By string, then by shard. */
static bool before(const merge *m, size_t a, size_t b)
{
    const index_shard *s = m->w->ix->shard;
    int order = memcmp(s[a].text + m->head[a].at, s[b].text + m->head[b].at, m->w->length);
    return order != 0 ? order < 0 : a < b;
}

static void sift_down(merge *m, size_t i)
{
    size_t x = m->heap[i];
    for (size_t child; (child = 2 * i + 1) < m->n; i = child) {
        if (child + 1 < m->n && before(m, m->heap[child + 1], m->heap[child]))
            child++;
        if (!before(m, m->heap[child], x))
            break;
        m->heap[i] = m->heap[child];
    }
    m->heap[i] = x;
}

/* Takes the next part off the top; what follows it in its shard goes back in. */
static index_part take_part(merge *m)
{
    size_t s = m->heap[0];
    const index_shard *in = &m->w->ix->shard[s];
    head *h = &m->head[s];
    int64_t end = class_end(in, h, m->w->length);
    index_part p = {.shard = s, .first = h->i, .count = end - h->i, .at = h->at};
    h->i = end;
    if (!settle(in, h, m->w->length))
        m->heap[0] = m->heap[--m->n];
    if (m->n > 0)
        sift_down(m, 0);
    return p;
}

static bool continues(const merge *m, const index_part *p)
{
    if (m->n == 0)
        return false;
    size_t s = m->heap[0];
    return s != p->shard && memcmp(m->w->ix->shard[s].text + m->head[s].at,
                                   index_part_text(m->w->ix, p), m->w->length) == 0;
}

static eid_status piece_task(void *arg, int64_t task, int worker)
{
    const walk *w = arg;
    size_t shards = w->ix->shards, own = (size_t)worker * shards;
    merge m = {w, w->head + own, w->heap + own, 0};
    index_part *part = w->part + own;

    for (size_t s = 0; s < shards; s++) {
        head *h = &m.head[s];
        *h = (head){.i = piece_begin(w, w->begin + task, s),
                    .end = piece_begin(w, w->begin + task + 1, s)};
        if (settle(&w->ix->shard[s], h, w->length))
            m.heap[m.n++] = s;
    }
    for (size_t i = m.n / 2; i-- > 0;)
        sift_down(&m, i);
    while (m.n > 0) {
        index_class c = {.part = part, .parts = 1};
        part[0] = take_part(&m);
        c.count = part[0].count;
        while (c.parts < shards && continues(&m, &part[0])) {
            part[c.parts] = take_part(&m);
            c.count += part[c.parts++].count;
        }
        eid_status st = w->fn(w->arg, &c, worker);
        if (st != EID_OK)
            return st;
    }
    return EID_OK;
}

eid_status index_classes(const eid_index *ix, eid_ctx *ctx, size_t length, const char *what,
                         index_class_fn fn, void *arg)
{
    eid_status st = EID_OK;
    size_t scratch = (size_t)eid_ctx_threads(ctx) * ix->shards;
    walk w = {.ix = ix, .length = length, .fn = fn, .arg = arg};

    for (size_t s = 1; s < ix->shards; s++)
        if (ix->shard[s].n > ix->shard[w.largest].n)
            w.largest = s;
    EID_TRY(EID_NEW(w.head, scratch));
    EID_TRY(EID_NEW(w.heap, scratch));
    EID_TRY(EID_NEW(w.part, scratch));
    int64_t n = ix->shard[w.largest].n, pieces = (n + PIECE - 1) / PIECE;
    for (; w.begin < pieces; w.begin += ROUND) {
        int64_t tasks = pieces - w.begin < ROUND ? pieces - w.begin : ROUND;
        int64_t done = (w.begin + tasks) * PIECE < n ? (w.begin + tasks) * PIECE : n;
        EID_TRY(eid_par_for(ctx, tasks, piece_task, &w));
        EID_TRY(eid_tick(ctx, what, "suffixes", done, n));
    }
done:
    eid_free(w.head);
    eid_free(w.heap);
    eid_free(w.part);
    return st;
}

eid_place index_part_place(const eid_index *ix, const index_part *p, size_t length)
{
    const index_shard *s = &ix->shard[p->shard];
    int64_t least = p->at;
    for (int64_t i = p->first + 1; i < p->first + p->count; i++) {
        int64_t at = index_suffix(s, i);
        if (at < least && index_left(s, at) >= (int64_t)length)
            least = at;
    }
    int64_t doc = index_doc_of(s, least);
    return (eid_place){ix->first_doc[p->shard] + doc, least - index_doc_start(s, doc)};
}
