#include "index/merge.h"
#include "base/ctx.h"
#include "index/search.h"
#include "par/par.h"

enum { PIECE = 1 << 16, ROUND = 64, AHEAD = 12 };

eid_status merge_new(merge *m, const merge_source *source, size_t sources)
{
    eid_status st = EID_OK;
    *m = (merge){.source = source, .sources = sources};
    EID_TRY(EID_NEW(m->head, sources));
    EID_TRY(EID_NEW(m->node, sources));
done:
    return st;
}

void merge_free(merge *m)
{
    eid_free(m->head);
    eid_free(m->node);
    *m = (merge){0};
}

static bool is_done(const merge_head *h)
{
    return h->i == h->end;
}

static void look(const merge *m, size_t s)
{
    const index_shard *in = m->source[s].shard;
    merge_head *h = &m->head[s];
    h->at = index_suffix(in, h->i);
    h->text = in->text + h->at;
    size_t left = (size_t)index_left(in, h->at);
    h->reach = left < m->cap ? left : m->cap;
}

/* On to the next entry, whose text was fetched while earlier ones were compared. */
static void advance(const merge *m, size_t s)
{
    const index_shard *in = m->source[s].shard;
    merge_head *h = &m->head[s];
    const uint8_t *before = h->text;
    size_t reach = h->reach;
    int64_t ahead = h->i + AHEAD * m->step;

    h->i += m->step;
    if (is_done(h))
        return;
    if (ahead >= 0 && ahead < in->n)
        __builtin_prefetch(in->text + index_suffix(in, ahead));
    look(m, s);
    size_t limit = reach < h->reach ? reach : h->reach;
    h->shared = index_match(before, h->text, limit);
}

/* The one of a and b that comes first.  What the other shares with it becomes its `shared`. */
static size_t duel(const merge *m, size_t a, size_t b)
{
    merge_head *x = &m->head[a], *y = &m->head[b];
    if (is_done(x) || is_done(y))
        return is_done(x) ? b : a;
    if (x->shared != y->shared)
        return x->shared > y->shared ? a : b;
    size_t k = x->shared, limit = x->reach < y->reach ? x->reach : y->reach;
    k += index_match(x->text + k, y->text + k, limit - k);
    int p = k < x->reach ? 1 + x->text[k] : 0, q = k < y->reach ? 1 + y->text[k] : 0;
    /* Of equal ones the earlier source's, so that a descending walk is the ascending one reversed.
     */
    bool first = (p == q ? a < b : p < q) == (m->step > 0);
    (first ? y : x)->shared = k;
    return first ? a : b;
}

/* The winner of the part of the tree below a node; losers stay at the nodes. */
static size_t settle(merge *m, size_t node)
{
    if (node >= m->sources)
        return node - m->sources;
    size_t a = settle(m, 2 * node), b = settle(m, 2 * node + 1), first = duel(m, a, b);
    m->node[node] = first == a ? b : a;
    return first;
}

void merge_begin(merge *m, const int64_t *lo, const int64_t *hi, size_t base, size_t cap, int step)
{
    m->cap = cap;
    m->step = step;
    for (size_t s = 0; s < m->sources; s++) {
        merge_head *h = &m->head[s];
        *h = (merge_head){.i = lo[s], .end = hi[s], .shared = base};
        if (step < 0) {
            h->i = hi[s] - 1;
            h->end = lo[s] - 1;
        }
        if (is_done(h))
            continue;
        look(m, s);
        if (h->shared > h->reach) /* only in a file that lies */
            h->shared = h->reach;
    }
    m->winner = settle(m, 1);
}

bool merge_next(merge *m, merge_stop *stop)
{
    size_t w = m->winner;
    const merge_head *h = &m->head[w];
    if (is_done(h))
        return false;
    *stop = (merge_stop){w, h->at, h->shared};
    advance(m, w);
    for (size_t node = (w + m->sources) / 2; node > 0; node /= 2) {
        size_t other = m->node[node];
        if (duel(m, w, other) == other) {
            m->node[node] = w;
            w = other;
        }
    }
    m->winner = w;
    return true;
}

/* ---- pieces ---------------------------------------------------------------------------------- */

typedef struct walk {
    const merge_source *source;
    size_t sources, length, largest; /* the source that is cut into pieces */
    merge_piece_fn fn;
    void *arg;
    int64_t begin; /* the round's first piece */
    merge *m;      /* per worker */
    int64_t *ends; /* per worker: lo, hi of each source */
    const eid_ctx *ctx;
} walk;

/* Where source s begins with what belongs to piece `piece` and later ones: with the string at the
 * entry before that piece of the largest one, cut to `length`, or whatever sorts behind it. */
static int64_t piece_begin(const walk *w, int64_t piece, size_t s)
{
    const index_shard *cut = w->source[w->largest].shard, *in = w->source[s].shard;
    if (piece == 0)
        return 0;
    if (piece * PIECE >= cut->n)
        return in->n;
    int64_t at = index_suffix(cut, piece * PIECE - 1), left = index_left(cut, at);
    size_t n = left < (int64_t)w->length ? (size_t)left : w->length;
    return n > 0 && in->n > 0 ? index_find(in, cut->text + at, n).lo : 0; /* 0: a file that lies */
}

static eid_status piece_task(void *arg, int64_t task, int worker)
{
    const walk *w = arg;
    int64_t *lo = w->ends + 2 * (size_t)worker * w->sources, *hi = lo + w->sources;
    if (eid_cancelled(w->ctx))
        return EID_OK; /* the tick behind the round says so */
    for (size_t s = 0; s < w->sources; s++) {
        lo[s] = piece_begin(w, w->begin + task, s);
        hi[s] = piece_begin(w, w->begin + task + 1, s);
        if (hi[s] < lo[s]) /* only in a file that lies */
            hi[s] = lo[s];
    }
    return w->fn(w->arg, &w->m[worker], lo, hi, worker);
}

eid_status merge_pieces(eid_ctx *ctx, const merge_source *source, size_t sources, size_t length,
                        const char *what, merge_piece_fn fn, void *arg)
{
    eid_status st = EID_OK;
    int threads = eid_ctx_threads(ctx);
    walk w = {
        .source = source, .sources = sources, .length = length, .fn = fn, .arg = arg, .ctx = ctx};

    for (size_t s = 1; s < sources; s++)
        if (source[s].shard->n > source[w.largest].shard->n)
            w.largest = s;
    EID_TRY(EID_NEW(w.m, threads));
    EID_TRY(EID_NEW(w.ends, 2 * (size_t)threads * sources));
    for (int t = 0; t < threads; t++)
        EID_TRY(merge_new(&w.m[t], source, sources));
    int64_t n = source[w.largest].shard->n, pieces = (n + PIECE - 1) / PIECE;
    EID_TRY(eid_tick(ctx, what, "suffixes", 0, n));
    for (; w.begin < pieces; w.begin += ROUND) {
        int64_t tasks = pieces - w.begin < ROUND ? pieces - w.begin : ROUND;
        int64_t done = (w.begin + tasks) * PIECE < n ? (w.begin + tasks) * PIECE : n;
        EID_TRY(eid_par_for(ctx, tasks, piece_task, &w));
        EID_TRY(eid_tick(ctx, what, "suffixes", done, n));
    }
done:
    for (int t = 0; w.m && t < threads; t++)
        merge_free(&w.m[t]);
    eid_free(w.m);
    eid_free(w.ends);
    return st;
}
