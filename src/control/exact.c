/* exact.c - see exact.h. */
#include "control/exact.h"
#include "control/exact_scan.h"
#include "control/exact_table.h"
#include "par/par.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct run { /* windows that begin in [from, to), all in one document */
    int64_t from, to;
} run;

typedef struct runs {
    run *at;
    size_t n, cap;
} runs;

/* What one task looks at, and what it found. */
typedef struct piece {
    runs todo, left;  /* left: those with an anchor that stands twice */
    exact_seen *seen; /* their windows whose hash is in this pass's range, table by table */
    size_t first[EXACT_TABLES + 1];
} piece;

typedef struct finder {
    eid_ctx *ctx;
    const control_units *u;
    exact_opts o;
    exact_scan scan;
    runs regions; /* windows that may have an equal one */
    piece *pieces;
    size_t filled;
    exact_scratch *scratch; /* per worker */
    exact_seen **unsorted;  /* per worker: piece */
    int workers;
    _Atomic uint64_t *once, *twice;
    exact_table table[EXACT_TABLES];
    exact_matches now; /* of this pass; the first `sorted` in order, none inside another */
    size_t sorted;
    int64_t windows, done; /* in all regions; for progress */
} finder;

exact_opts exact_opts_for(int64_t memory, int width, int64_t n, size_t length)
{
    uint64_t most = (uint64_t)n + 64, bits = 1 << 12, room = (uint64_t)memory / 16 * 8;
    exact_opts o = {.length = length, .piece = 1 << 16, .pieces = 32, .mask = (uint64_t)-1};

    (void)width;
    if (memory < (int64_t)1 << 28) {
        o.piece = 1 << 14;
        o.pieces = 16;
    }
    /* an anchor each (L - k) / 2 units; eight bits for each keep false partners rare */
    while (bits < room && bits < most / length * 32)
        bits *= 2;
    o.filter = bits > room && bits > 1 << 12 ? bits / 2 : bits;
    o.slots = (size_t)memory / 3 / sizeof(exact_seen) / EXACT_TABLES;
    if (o.slots > most / 4 + 4096) /* a half of all windows in eight tables, to begin with */
        o.slots = (size_t)(most / 4 + 4096);
    o.regions = (size_t)memory / 16 / sizeof(run);
    o.matches = (size_t)memory / 8 / sizeof(exact_match) / EXACT_TABLES;
    return o;
}

/* ---- runs of windows ------------------------------------------------------------------------- */

static eid_status add_run(runs *r, int64_t from, int64_t to)
{
    eid_status st = EID_OK;

    if (from >= to)
        return EID_OK;
    if (r->n && r->at[r->n - 1].to == from) {
        r->at[r->n - 1].to = to;
        return EID_OK;
    }
    EID_TRY(EID_GROW(r->at, &r->cap, r->n + 1));
    r->at[r->n++] = (run){from, to};
done:
    return st;
}

static eid_status all_windows(finder *f)
{
    int64_t length = (int64_t)f->o.length;
    eid_status st = EID_OK;

    for (size_t d = 0; d < f->u->docs; d++)
        EID_TRY(add_run(&f->regions, f->u->start[d], f->u->start[d + 1] - length + 1));
done:
    return st;
}

/* Too many to remember: short gaps within a document are looked at again, which costs time only. */
static void coalesce(finder *f)
{
    runs *r = &f->regions;

    for (int64_t gap = 64; r->n > f->o.regions && gap < (int64_t)1 << 40; gap *= 2) {
        size_t n = 0;
        for (size_t i = 1; i < r->n; i++)
            if (r->at[i].from - r->at[n].to < gap &&
                control_units_doc(f->u, r->at[i].from) == control_units_doc(f->u, r->at[n].from))
                r->at[n].to = r->at[i].to;
            else
                r->at[++n] = r->at[i];
        r->n = n + 1;
    }
}

/* The next windows of the regions, as many as the pieces hold; *at and *off go on. */
static eid_status fill(finder *f, size_t *at, int64_t *off)
{
    eid_status st = EID_OK;

    for (f->filled = 0; f->filled < f->o.pieces && *at < f->regions.n; f->filled++) {
        piece *p = &f->pieces[f->filled];
        int64_t room = (int64_t)f->o.piece;
        p->todo.n = p->left.n = 0;
        memset(p->first, 0, sizeof p->first);
        while (room > 0 && *at < f->regions.n) {
            const run *r = &f->regions.at[*at];
            int64_t from = r->from + *off, n = r->to - from < room ? r->to - from : room;
            EID_TRY(add_run(&p->todo, from, from + n));
            room -= n;
            *off += n;
            if (from + n == r->to) {
                ++*at;
                *off = 0;
            }
        }
        f->done += (int64_t)f->o.piece - room;
    }
done:
    return st;
}

/* ---- anchors --------------------------------------------------------------------------------- */

static eid_status mark_piece(void *arg, int64_t task, int worker)
{
    finder *f = arg;
    const piece *p = &f->pieces[task];
    exact_scratch *s = &f->scratch[worker];
    eid_status st = EID_OK;

    for (size_t r = 0; r < p->todo.n; r++) {
        size_t n = (size_t)(p->todo.at[r].to - p->todo.at[r].from);
        const uint8_t *text;
        EID_TRY(control_units_at(f->u, p->todo.at[r].from, n + f->o.length - 1, s->text, &text));
        exact_anchors(&f->scan, text, n, s);
        for (size_t i = 0; i < n; i++) {
            if (i && s->place[i] == s->place[i - 1])
                continue;
            uint64_t bit = s->anchor[i] & (f->o.filter - 1), one = 1ull << bit % 64;
            if (atomic_fetch_or_explicit(&f->once[bit / 64], one, memory_order_relaxed) & one)
                atomic_fetch_or_explicit(&f->twice[bit / 64], one, memory_order_relaxed);
        }
    }
done:
    return st;
}

static eid_status mark(finder *f)
{
    size_t at = 0;
    int64_t off = 0;
    eid_status st = EID_OK;

    memset((void *)f->once, 0, f->o.filter / 8);
    memset((void *)f->twice, 0, f->o.filter / 8);
    while (at < f->regions.n) {
        EID_TRY(fill(f, &at, &off));
        EID_TRY(eid_par_for(f->ctx, (int64_t)f->filled, mark_piece, f));
        EID_TRY(eid_tick(f->ctx, "looking for repeats", "windows", f->done, f->windows * 2));
    }
done:
    return st;
}

/* ---- matches --------------------------------------------------------------------------------- */

static int by_start(const void *a, const void *b)
{
    const exact_match *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    if (x->end != y->end)
        return x->end > y->end ? -1 : 1; /* the longest first */
    return x->source < y->source ? -1 : x->source > y->source;
}

static eid_status add_match(finder *f, exact_matches *to, exact_match m)
{
    eid_status st = EID_OK;

    if (to->n >= f->o.matches * EXACT_TABLES)
        return eid_fail(EID_ENOMEM, "more than %zu pieces of text are repeated; raise --memory",
                        to->n);
    EID_TRY(EID_GROW(to->at, &to->cap, to->n + 1));
    to->at[to->n++] = m;
done:
    return st;
}

/* Tables find the same match, each by itself: only those stay that do not lie in another, whose
 * windows are done by that one. */
static void thin(finder *f)
{
    exact_matches *m = &f->now;
    int64_t until = -1;
    size_t n = 0;

    if (m->n)
        qsort(m->at, m->n, sizeof *m->at, by_start);
    for (size_t i = 0; i < m->n; i++) {
        if (m->at[i].end <= until)
            continue;
        until = m->at[i].end;
        m->at[n++] = m->at[i];
    }
    m->n = f->sorted = n;
}

/* Takes what the tables found in these pieces. */
static eid_status collect(finder *f)
{
    eid_status st = EID_OK;

    for (int t = 0; t < EXACT_TABLES; t++) {
        exact_matches *found = &f->table[t].found;
        for (size_t i = 0; i < found->n; i++)
            EID_TRY(add_match(f, &f->now, found->at[i]));
        found->n = 0;
    }
    if (f->now.n > 2 * f->sorted + f->o.piece)
        thin(f);
done:
    return st;
}

/* ---- windows --------------------------------------------------------------------------------- */

static bool stands_twice(const finder *f, uint64_t anchor)
{
    uint64_t bit = anchor & (f->o.filter - 1);
    return atomic_load_explicit(&f->twice[bit / 64], memory_order_relaxed) >> bit % 64 & 1;
}

static bool in_range(const finder *f, uint64_t hash)
{
    const exact_table *t = &f->table[hash >> 61];
    uint64_t key = hash & EXACT_RANGE;
    return !t->done && key >= t->low && key <= t->last;
}

/* Table by table, each in order of place. */
static void sort_seen(piece *p, const exact_seen *unsorted, size_t n)
{
    size_t at[EXACT_TABLES];

    for (size_t i = 0; i < n; i++)
        p->first[(unsorted[i].hash >> 61) + 1]++;
    for (int t = 0; t < EXACT_TABLES; t++) {
        p->first[t + 1] += p->first[t];
        at[t] = p->first[t];
    }
    for (size_t i = 0; i < n; i++)
        p->seen[at[unsorted[i].hash >> 61]++] = unsorted[i];
}

static eid_status hash_piece(void *arg, int64_t task, int worker)
{
    finder *f = arg;
    piece *p = &f->pieces[task];
    exact_scratch *s = &f->scratch[worker];
    exact_seen *unsorted = f->unsorted[worker];
    size_t k = 0;
    eid_status st = EID_OK;

    for (size_t r = 0; r < p->todo.n; r++) {
        int64_t from = p->todo.at[r].from;
        size_t n = (size_t)(p->todo.at[r].to - from);
        bool hashed = false;
        const uint8_t *text;
        EID_TRY(control_units_at(f->u, from, n + f->o.length - 1, s->text, &text));
        exact_anchors(&f->scan, text, n, s);
        for (size_t i = 0; i < n; i++) {
            if (!stands_twice(f, s->anchor[i]))
                continue;
            if (!hashed)
                exact_windows(&f->scan, text, n, s);
            hashed = true;
            EID_TRY(add_run(&p->left, from + (int64_t)i, from + (int64_t)i + 1));
            if (in_range(f, s->window[i]))
                unsorted[k++] = (exact_seen){s->window[i], from + (int64_t)i};
        }
    }
    sort_seen(p, unsorted, k);
done:
    return st;
}

static eid_status look_up(void *arg, int64_t task, int worker)
{
    finder *f = arg;
    exact_table *t = &f->table[task];
    eid_status st = EID_OK;

    (void)worker;
    for (size_t i = 0; i < f->filled; i++) {
        const piece *p = &f->pieces[i];
        for (size_t k = p->first[task]; k < p->first[task + 1]; k++)
            EID_TRY(exact_table_see(t, p->seen[k].hash, p->seen[k].at));
    }
done:
    return st;
}

/* The regions become those with partners. */
static eid_status look(finder *f)
{
    runs left = {0};
    size_t at = 0;
    int64_t off = 0;
    eid_status st = EID_OK;

    while (at < f->regions.n) {
        EID_TRY(fill(f, &at, &off));
        EID_TRY(eid_par_for(f->ctx, (int64_t)f->filled, hash_piece, f));
        EID_TRY(eid_par_for(f->ctx, EXACT_TABLES, look_up, f));
        EID_TRY(collect(f));
        for (size_t i = 0; i < f->filled; i++)
            for (size_t r = 0; r < f->pieces[i].left.n; r++)
                EID_TRY(add_run(&left, f->pieces[i].left.at[r].from, f->pieces[i].left.at[r].to));
        EID_TRY(eid_tick(f->ctx, "looking for repeats", "windows", f->done, f->windows * 2));
    }
    eid_free(f->regions.at);
    f->regions = left;
    left = (runs){0};
done:
    eid_free(left.at);
    return st;
}

/* ---- after a pass ---------------------------------------------------------------------------- */

/* The regions without the windows that lie in one of m[0..n), which are in order of start. */
static eid_status subtract(finder *f, const exact_match *m, size_t n)
{
    int64_t length = (int64_t)f->o.length, until = 0;
    runs left = {0};
    size_t k = 0;
    eid_status st = EID_OK;

    for (size_t i = 0; i < f->regions.n; i++) {
        int64_t from = f->regions.at[i].from, to = f->regions.at[i].to;
        while (from < to) {
            from = until > from ? until : from;
            while (k < n && m[k].start <= from) {
                until = m[k].end - length + 1 > until ? m[k].end - length + 1 : until;
                k++;
                from = until > from ? until : from;
            }
            int64_t stop = k < n && m[k].start < to ? m[k].start : to;
            EID_TRY(add_run(&left, from, stop));
            from = stop > from ? stop : from;
        }
    }
    eid_free(f->regions.at);
    f->regions = left;
    left = (runs){0};
done:
    eid_free(left.at);
    return st;
}

/* In order, disjoint: each byte from the match that reaches it first. */
static void trim(exact_matches *m)
{
    int64_t until = 0;
    size_t n = 0;

    if (m->n)
        qsort(m->at, m->n, sizeof *m->at, by_start);
    for (size_t i = 0; i < m->n; i++) {
        exact_match x = m->at[i];
        if (x.end <= until)
            continue;
        if (x.start < until) {
            x.source += x.source < 0 ? 0 : until - x.start;
            x.start = until;
        }
        until = x.end;
        m->at[n++] = x;
    }
    m->n = n;
}

/* Ends a pass: its matches leave the regions and join the others. */
static eid_status gather(finder *f, exact_matches *all, bool both)
{
    exact_matches *now = &f->now;
    eid_status st = EID_OK;

    thin(f);
    EID_TRY(subtract(f, now->at, now->n));
    for (size_t i = 0; i < now->n && both; i++) {
        exact_match m = now->at[i];
        EID_TRY(add_match(f, all, (exact_match){m.start, m.end, -1}));
        EID_TRY(add_match(f, all, (exact_match){m.source, m.source + m.end - m.start, -1}));
    }
    if (!both)
        trim(now);
    for (size_t i = 0; i < now->n && !both; i++)
        EID_TRY(add_match(f, all, now->at[i]));
    trim(all);
    now->n = f->sorted = 0;
done:
    return st;
}

/* ---- all ------------------------------------------------------------------------------------- */

static eid_status prepare(finder *f)
{
    eid_status st = EID_OK;

    exact_scan_init(&f->scan, f->o.length, f->u->width, f->o.mask);
    EID_TRY(EID_NEW(f->pieces, f->o.pieces));
    for (size_t i = 0; i < f->o.pieces; i++)
        EID_TRY(EID_NEW(f->pieces[i].seen, f->o.piece));
    EID_TRY(EID_NEW(f->scratch, f->workers));
    EID_TRY(EID_NEW(f->unsorted, f->workers));
    for (int i = 0; i < f->workers; i++) {
        EID_TRY(exact_scratch_new(&f->scratch[i], &f->scan, f->o.piece));
        EID_TRY(EID_NEW(f->unsorted[i], f->o.piece));
    }
    EID_TRY(EID_NEW(f->once, f->o.filter / 64));
    EID_TRY(EID_NEW(f->twice, f->o.filter / 64));
    for (int t = 0; t < EXACT_TABLES; t++)
        EID_TRY(exact_table_init(&f->table[t], f->u, &f->o));
    EID_TRY(all_windows(f));
done:
    return st;
}

static void finish(finder *f)
{
    for (size_t i = 0; f->pieces && i < f->o.pieces; i++) {
        eid_free(f->pieces[i].seen);
        eid_free(f->pieces[i].todo.at);
        eid_free(f->pieces[i].left.at);
    }
    for (int i = 0; i < f->workers; i++) {
        if (f->scratch)
            exact_scratch_free(&f->scratch[i]);
        if (f->unsorted)
            eid_free(f->unsorted[i]);
    }
    for (int t = 0; t < EXACT_TABLES; t++)
        exact_table_free(&f->table[t]);
    eid_free(f->pieces);
    eid_free(f->scratch);
    eid_free(f->unsorted);
    eid_free((void *)f->once);
    eid_free((void *)f->twice);
    eid_free(f->regions.at);
    eid_free(f->now.at);
}

static bool all_done(const finder *f)
{
    for (int t = 0; t < EXACT_TABLES; t++)
        if (!f->table[t].done)
            return false;
    return true;
}

eid_status exact_find(exact_matches *out, eid_ctx *ctx, const control_units *u,
                      const exact_opts *opts, bool both, int64_t *passes)
{
    finder f = {.ctx = ctx, .u = u, .o = *opts, .workers = eid_ctx_threads(ctx)};
    exact_matches all = {0};
    int64_t n = 0;
    eid_status st = EID_OK;

    EID_TRY(prepare(&f));
    for (; f.regions.n && !all_done(&f); n++) {
        coalesce(&f);
        f.windows = f.done = 0;
        for (size_t i = 0; i < f.regions.n; i++)
            f.windows += f.regions.at[i].to - f.regions.at[i].from;
        EID_TRY(mark(&f));
        EID_TRY(look(&f));
        for (int t = 0; t < EXACT_TABLES; t++)
            exact_table_next(&f.table[t]);
        EID_TRY(gather(&f, &all, both));
    }
    *out = all;
    all = (exact_matches){0};
    *passes = n;
done:
    eid_free(all.at);
    finish(&f);
    return st;
}
