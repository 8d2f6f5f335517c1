/* classes.c - walking the suffix array class by class. */
#include "index/classes.h"
#include "par/par.h"

enum { PIECE = 1 << 16, ROUND = 64, AHEAD = 12 };

typedef struct walk {
    const eid_index *ix;
    size_t length;
    index_class_fn fn;
    void *arg;
    int64_t begin; /* the round's first piece */
} walk;

/* Whether entry i begins with the same bytes.  Its document need not be looked up: were it to end
 * earlier, the entry would sort before. */
static bool same(const walk *w, int64_t at, int64_t i)
{
    int64_t other = index_suffix(w->ix, i);
    return w->ix->n - other >= (int64_t)w->length &&
           memcmp(w->ix->text + at, w->ix->text + other, w->length) == 0;
}

/* One past the last entry of the class of `at`, which entry i begins: in steps that double. */
static int64_t class_end(const walk *w, int64_t at, int64_t i)
{
    int64_t in = i, step = 1, out;
    for (;; step *= 2) {
        out = in + step < w->ix->n ? in + step : w->ix->n;
        if (out == w->ix->n || !same(w, at, out))
            break;
        in = out;
    }
    while (out - in > 1) {
        int64_t mid = in + (out - in) / 2;
        if (same(w, at, mid))
            in = mid;
        else
            out = mid;
    }
    return in + 1;
}

/* Entries that the walk comes to shortly: their text is fetched while earlier ones are compared. */
static void fetch(const eid_index *ix, int64_t i)
{
    if (i < ix->n)
        __builtin_prefetch(ix->text + index_suffix(ix, i));
}

static eid_status piece_task(void *arg, int64_t task, int worker)
{
    const walk *w = arg;
    const eid_index *ix = w->ix;
    int64_t i = (w->begin + task) * PIECE, to = i + PIECE < ix->n ? i + PIECE : ix->n;
    if (i > 0) { /* a class that began before is not ours */
        int64_t at = index_suffix(ix, i - 1);
        if (index_left(ix, at) >= (int64_t)w->length)
            i = class_end(w, at, i - 1);
    }
    while (i < to) {
        index_class c = {.first = i, .at = index_suffix(ix, i), .count = 1};
        fetch(ix, i + AHEAD);
        if (index_left(ix, c.at) >= (int64_t)w->length) {
            c.count = class_end(w, c.at, i) - i;
            eid_status st = w->fn(w->arg, &c, worker);
            if (st != EID_OK)
                return st;
        }
        i += c.count;
    }
    return EID_OK;
}

eid_status index_classes(const eid_index *ix, eid_ctx *ctx, size_t length, const char *what,
                         index_class_fn fn, void *arg)
{
    eid_status st = EID_OK;
    walk w = {ix, length, fn, arg, 0};
    int64_t pieces = (ix->n + PIECE - 1) / PIECE;
    for (; w.begin < pieces && st == EID_OK; w.begin += ROUND) {
        int64_t n = pieces - w.begin < ROUND ? pieces - w.begin : ROUND;
        int64_t done = (w.begin + n) * PIECE < ix->n ? (w.begin + n) * PIECE : ix->n;
        st = eid_par_for(ctx, n, piece_task, &w);
        if (st == EID_OK)
            st = eid_tick(ctx, what, "suffixes", done, ix->n);
    }
    return st;
}

eid_place index_class_place(const eid_index *ix, const index_class *c, size_t length)
{
    int64_t least = c->at;
    for (int64_t i = c->first + 1; i < c->first + c->count; i++) {
        int64_t at = index_suffix(ix, i);
        if (at < least && index_left(ix, at) >= (int64_t)length)
            least = at;
    }
    int64_t doc = index_doc_of(ix, least);
    return (eid_place){doc, least - index_doc_start(ix, doc)};
}
