/* shared.c - two corpora: how much of either stands in the other, and the longest of it.
 *
 * Both corpora's suffixes are merged.  What a suffix shares with the nearest one of the other side
 * before it is the least of what neighbours share on the way there; so one walk up and one down
 * tell the longest match of every place. */
#include "base/ctx.h"
#include "index/duplicates.h"
#include <string.h>

typedef struct sharing {
    const merge_source *source;
    const duplicate_lengths *lengths;
    size_t cap;
    duplicate_marks marks;
    bool first;          /* the walk that counts; later ones only mark */
    bool strings;        /* keep shared strings in mind */
    int64_t *common;     /* worker x length: classes with places in both */
    repeat_walk *repeat; /* per worker */
} sharing;

/* Marks each place by what it shares with the other side's last one. */
static void mark_after(const sharing *w, const merge_stop *stop, size_t reach[2])
{
    int side = w->source[stop->source].side;
    for (int k = 0; k < 2; k++)
        reach[k] = reach[k] < stop->shared ? reach[k] : stop->shared;
    duplicate_mark(&w->marks, &w->source[stop->source], stop->at,
                   duplicate_level(w->lengths, reach[!side]));
    reach[side] = SIZE_MAX; /* the next shares with this one what neighbours share */
}

static eid_status piece(void *arg, merge *m, const int64_t *lo, const int64_t *hi, int worker)
{
    const sharing *w = arg;
    eid_status st = EID_OK;
    repeat_walk *r = &w->repeat[worker];
    int64_t *common = w->common + (size_t)worker * w->lengths->n;
    unsigned sides[EID_DUPLICATE_LENGTHS] = {0}; /* bits: that the class which is open holds */
    size_t reach[2] = {0, 0};
    merge_stop stop;

    merge_begin(m, lo, hi, 0, w->cap, 1);
    repeat_begin(r);
    while (merge_next(m, &stop)) {
        mark_after(w, &stop, reach);
        if (!w->first)
            continue;
        for (size_t v = duplicate_level(w->lengths, stop.shared); v < w->lengths->n; v++) {
            common[v] += sides[v] == 3;
            sides[v] = 0;
        }
        for (size_t v = 0; v < w->lengths->n; v++)
            sides[v] |= 1u << w->source[stop.source].side;
        if (w->strings)
            EID_TRY(repeat_see(r, &stop, w->cap));
    }
    for (size_t v = 0; w->first && v < w->lengths->n; v++)
        common[v] += sides[v] == 3;
    if (w->first && w->strings)
        EID_TRY(repeat_end(r, w->cap));
    reach[0] = reach[1] = 0;
    merge_begin(m, lo, hi, 0, w->cap, -1);
    while (merge_next(m, &stop))
        mark_after(w, &stop, reach);
done:
    return st;
}

static eid_status walk_all(eid_ctx *ctx, sharing *w, size_t sources, int64_t bytes,
                           duplicate_cover *cover)
{
    eid_status st = EID_OK;
    int64_t span = w->marks.to;
    for (;;) {
        EID_TRY(merge_pieces(ctx, w->source, sources, (size_t)w->lengths->at[0], "comparing", piece,
                             w));
        EID_TRY(duplicate_count(ctx, &w->marks, w->source, sources, w->lengths, cover));
        w->first = false;
        if (w->marks.to == bytes)
            break;
        w->marks.from = w->marks.to;
        w->marks.to = bytes - w->marks.from < span ? bytes : w->marks.from + span;
        memset(w->marks.at, 0, (size_t)span);
    }
done:
    return st;
}

static eid_status choose(eid_shared *out, eid_ctx *ctx, const eid_index *a, const eid_index *b,
                         const sharing *w, size_t sources, size_t top)
{
    eid_status st = EID_OK;
    repeat_heap all = {0};
    duplicate_list list = {0};
    int64_t cut, bytes = eid_index_bytes(a);

    EID_TRY(duplicate_gather(w->repeat, eid_ctx_threads(ctx), &all, &cut));
    EID_TRY(duplicate_choose(ctx, &list, w->source, sources, bytes + eid_index_bytes(b), &all, cut,
                             top, REPEAT_SHARED));
    EID_TRY(EID_NEW(out->string, list.n));
    for (; out->strings < list.n; out->strings++) {
        const duplicate_choice *x = &list.at[out->strings];
        out->string[out->strings] =
            (eid_shared_string){.length = (int64_t)x->f.length,
                                .a = duplicate_place(a, x->first[0]),
                                .b = duplicate_place(b, x->first[1] - bytes),
                                .copies_a = x->f.count[0],
                                .copies_b = x->f.count[1]};
    }
    out->whole = list.whole;
done:
    eid_free(all.at);
    eid_free(list.at);
    return st;
}

eid_status duplicate_shared_as(eid_shared **out, eid_ctx *ctx, const eid_index *a,
                               const eid_index *b, const eid_duplicates_opts *opts, size_t cap)
{
    eid_status st = EID_OK;
    eid_duplicates_opts defaults = eid_duplicates_opts_default();
    eid_shared *d = NULL;
    duplicate_lengths l = {0};
    merge_source *source = NULL;
    duplicate_cover cover[EID_DUPLICATE_LENGTHS] = {0};
    sharing w = {.lengths = &l, .first = true};
    size_t sources = 0;
    int64_t bytes = 0;
    int threads = eid_ctx_threads(ctx);

    opts = opts ? opts : &defaults;
    EID_TRY(eid_duplicates_lengths(opts, l.at, &l.n));
    EID_TRY(EID_NEW(d, 1));
    EID_TRY(duplicate_sources(&source, &sources, &bytes, a, b));
    w.source = source;
    w.cap = (size_t)l.at[l.n - 1] > cap ? (size_t)l.at[l.n - 1] : cap;
    w.strings = opts->top > 0;
    EID_TRY(duplicate_marks_new(ctx, &w.marks, bytes, 0));
    EID_TRY(EID_NEW(w.common, (size_t)threads * l.n));
    EID_TRY(EID_NEW(w.repeat, threads));
    for (int t = 0; t < threads; t++)
        w.repeat[t] = (repeat_walk){.source = source,
                                    .sources = sources,
                                    .least = (size_t)l.at[0],
                                    .shortest = (size_t)l.at[0],
                                    .goal = REPEAT_SHARED,
                                    .heap.most = DUPLICATE_POOL + 1};
    EID_TRY(walk_all(ctx, &w, sources, bytes, cover));
    eid_free(w.marks.at);
    w.marks.at = NULL;
    for (; d->rows < l.n; d->rows++) {
        eid_shared_row *row = &d->row[d->rows];
        *row = (eid_shared_row){.length = l.at[d->rows],
                                .bytes_a = cover[d->rows].bytes[0],
                                .bytes_b = cover[d->rows].bytes[1]};
        for (int t = 0; t < threads; t++)
            row->strings += w.common[(size_t)t * l.n + d->rows];
    }
    if (w.strings)
        EID_TRY(choose(d, ctx, a, b, &w, sources, (size_t)opts->top));
    *out = d;
    d = NULL;
done:
    for (int t = 0; w.repeat && t < threads; t++)
        repeat_free(&w.repeat[t]);
    eid_free(w.repeat);
    eid_free(w.common);
    eid_free(w.marks.at);
    eid_free(source);
    eid_shared_free(d);
    return st;
}

eid_status eid_index_shared(eid_shared **out, eid_ctx *ctx, const eid_index *a, const eid_index *b,
                            const eid_duplicates_opts *opts)
{
    return duplicate_shared_as(out, ctx, a, b, opts, DUPLICATE_CAP);
}

void eid_shared_free(eid_shared *s)
{
    if (s)
        eid_free(s->string);
    eid_free(s);
}
