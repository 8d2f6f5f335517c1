/* duplicates.c - one corpus: strings by length and copies, the share repeated, the most repeated.
 *
 * A class of strings of length l is a run of suffixes that share at least l bytes, so one walk
 * counts all lengths at once; and a place begins a repeated string of length l when it shares so
 * much with one of its two neighbours. */
#include "index/duplicates.h"
#include "base/ctx.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 4 * 48, LONGEST = 1 << 20 };

eid_duplicates_opts eid_duplicates_opts_default(void)
{
    return (eid_duplicates_opts){.lengths = "50,100,200,500", .top = 20};
}

const eid_opt eid_duplicates_opt_table[] = {
    {EID_OPT_STR, "lengths", offsetof(eid_duplicates_opts, lengths), 0, 0,
     "lengths of the strings that are counted, in bytes, ascending", NULL, 0},
    {EID_OPT_I64, "top", offsetof(eid_duplicates_opts, top), 0, 1000,
     "tell of so many strings of at least the first length", NULL, 0},
    {0},
};

eid_status eid_duplicates_lengths(const eid_duplicates_opts *opts,
                                  int64_t length[EID_DUPLICATE_LENGTHS], size_t *n)
{
    const char *p = opts->lengths ? opts->lengths : "";
    size_t k = 0;
    for (;;) {
        char *end;
        long long x = *p >= '0' && *p <= '9' ? strtoll(p, &end, 10) : 0;
        if (x < 1 || x > LONGEST || (*end != ',' && *end != '\0') || k == EID_DUPLICATE_LENGTHS ||
            (k > 0 && x <= length[k - 1]))
            return eid_fail(EID_EINVAL,
                            "--lengths \"%s\": want up to %d lengths between 1 and %d, ascending, "
                            "as in 50,100,200",
                            opts->lengths ? opts->lengths : "", EID_DUPLICATE_LENGTHS, LONGEST);
        length[k++] = x;
        if (*end == '\0')
            break;
        p = end + 1;
    }
    *n = k;
    return EID_OK;
}

/* ---- buckets of copies ----------------------------------------------------------------------- */

/* floor(4 log2 c): c is scaled to m in [2^63, 2^64), and compared with 2^63 times the roots of 2.
 * No whole number below 2^48 comes so near to a bucket's end that the roots' last digits matter,
 * but the powers of two, which are exact. */
static int bucket_of(int64_t c)
{
    static const uint64_t root[3] = {0x9837f0518db8a96full,  /* 2^63 2^(1/4) */
                                     0xb504f333f9de6484ull,  /* 2^63 2^(1/2) */
                                     0xd744fccad69d6af4ull}; /* 2^63 2^(3/4) */
    int e = 63 - __builtin_clzll((uint64_t)c);
    uint64_t m = (uint64_t)c << (63 - e);
    return 4 * e + (m > root[0]) + (m > root[1]) + (m > root[2]);
}

eid_copies eid_copies_bucket(int64_t copies)
{
    eid_copies c = {copies, copies, 0, 0};
    int n = bucket_of(copies);
    for (int64_t step = copies; step > 0;) { /* the ends: by halving steps away from it */
        if (c.low - step >= 1 && bucket_of(c.low - step) == n)
            c.low -= step;
        else
            step /= 2;
    }
    for (int64_t step = copies; step > 0;) {
        if (bucket_of(c.high + step) == n)
            c.high += step;
        else
            step /= 2;
    }
    return c;
}

/* ---- the walk -------------------------------------------------------------------------------- */

typedef struct tally {
    int64_t strings[BUCKETS], occurrences[BUCKETS];
} tally;

typedef struct counter {
    const merge_source *source;
    const duplicate_lengths *lengths;
    size_t cap;
    duplicate_marks marks;
    bool first;          /* the walk that counts; later ones only mark */
    bool strings;        /* keep repeats in mind */
    tally *tallies;      /* worker x length */
    repeat_walk *repeat; /* per worker */
} counter;

static void close_runs(tally *t, const int64_t *run, size_t from, size_t to)
{
    for (size_t v = from; v < to; v++) {
        int b = bucket_of(run[v]);
        t[v].strings[b]++;
        t[v].occurrences[b] += run[v];
    }
}

static eid_status piece(void *arg, merge *m, const int64_t *lo, const int64_t *hi, int worker)
{
    const counter *c = arg;
    eid_status st = EID_OK;
    tally *t = c->tallies + (size_t)worker * c->lengths->n;
    repeat_walk *r = &c->repeat[worker];
    int64_t run[EID_DUPLICATE_LENGTHS] = {0};
    size_t open = 0; /* lengths of which the last suffix continued a class */
    merge_stop stop, last = {0};

    merge_begin(m, lo, hi, 0, c->cap, 1);
    repeat_begin(r);
    for (bool any = false; merge_next(m, &stop); any = true) {
        size_t v = duplicate_level(c->lengths, stop.shared);
        if (any)
            duplicate_mark(&c->marks, &c->source[last.source], last.at, v > open ? v : open);
        if (c->first) {
            close_runs(t, run, v, open);
            for (size_t i = 0; i < v; i++)
                run[i] = i < open ? run[i] + 1 : 2;
            if (c->strings)
                EID_TRY(repeat_see(r, &stop, c->cap));
        }
        open = v;
        last = stop;
    }
    duplicate_mark(&c->marks, &c->source[last.source], last.at, open);
    if (c->first) {
        close_runs(t, run, 0, open);
        if (c->strings)
            EID_TRY(repeat_end(r, c->cap));
    }
done:
    return st;
}

/* ---- putting together ------------------------------------------------------------------------ */

static eid_status fill_copies(eid_duplicates_row *row, const counter *c, size_t v, int threads)
{
    eid_status st = EID_OK;
    size_t cap = 0;
    for (int b = 0; b < BUCKETS; b++) {
        int64_t strings = 0, occurrences = 0;
        for (int w = 0; w < threads; w++) {
            strings += c->tallies[(size_t)w * c->lengths->n + v].strings[b];
            occurrences += c->tallies[(size_t)w * c->lengths->n + v].occurrences[b];
        }
        if (strings == 0)
            continue;
        EID_TRY(EID_GROW(row->copies, &cap, row->n_copies + 1));
        eid_copies *k = &row->copies[row->n_copies++];
        *k = eid_copies_bucket(occurrences / strings); /* the mean lies in the bucket, too */
        k->strings = strings;
        k->occurrences = occurrences;
        row->repeated += strings;
        row->distinct += strings - occurrences; /* and the windows, which come later */
    }
done:
    return st;
}

static eid_status fill_row(eid_duplicates_row *row, const eid_index *ix, const counter *c, size_t v,
                           int threads)
{
    eid_status st = EID_OK;
    int64_t length = c->lengths->at[v];
    row->length = length;
    EID_TRY(fill_copies(row, c, v, threads));
    for (size_t s = 0; s < ix->shards; s++)
        for (int64_t d = 0; d < ix->shard[s].docs; d++) {
            int64_t size =
                index_doc_start(&ix->shard[s], d + 1) - index_doc_start(&ix->shard[s], d);
            row->windows += size >= length ? size - length + 1 : 0;
        }
    row->distinct += row->windows;
done:
    return st;
}

static eid_status fill_strings(eid_duplicates *d, const eid_index *ix, const duplicate_list *list)
{
    eid_status st = EID_OK;
    EID_TRY(EID_NEW(d->string, list->n));
    for (size_t i = 0; i < list->n; i++) {
        const duplicate_choice *x = &list->at[i];
        eid_duplicate *y = &d->string[i];
        *y = (eid_duplicate){.place = duplicate_place(ix, x->first[0]),
                             .length = (int64_t)x->f.length,
                             .bytes = x->bytes[0],
                             .fresh = x->fresh};
        EID_TRY(eid_index_count(ix, x->f.text, x->f.length, &y->copies, &y->documents));
        d->strings = i + 1;
    }
    d->whole = list->whole;
done:
    return st;
}

static eid_status choose(eid_duplicates *d, eid_ctx *ctx, const eid_index *ix, counter *c,
                         size_t sources, size_t top)
{
    eid_status st = EID_OK;
    repeat_heap all = {0};
    duplicate_list list = {0};
    int64_t cut;

    EID_TRY(duplicate_gather(c->repeat, eid_ctx_threads(ctx), &all, &cut));
    EID_TRY(duplicate_choose(ctx, &list, c->source, sources, eid_index_bytes(ix), &all, cut, top,
                             REPEAT_COVER));
    EID_TRY(fill_strings(d, ix, &list));
done:
    eid_free(all.at);
    eid_free(list.at);
    return st;
}

/* Walks as often as the marks need ranges of places. */
static eid_status walk_all(eid_ctx *ctx, counter *c, size_t sources, int64_t bytes,
                           duplicate_cover *cover)
{
    eid_status st = EID_OK;
    int64_t span = c->marks.to;
    for (;;) {
        EID_TRY(merge_pieces(ctx, c->source, sources, (size_t)c->lengths->at[0],
                             "looking for repeats", piece, c));
        EID_TRY(duplicate_count(ctx, &c->marks, c->source, sources, c->lengths, cover));
        c->first = false;
        if (c->marks.to == bytes)
            break;
        c->marks.from = c->marks.to;
        c->marks.to = bytes - c->marks.from < span ? bytes : c->marks.from + span;
        memset(c->marks.at, 0, (size_t)span);
    }
done:
    return st;
}

eid_status duplicates_as(eid_duplicates **out, eid_ctx *ctx, const eid_index *ix,
                         const eid_duplicates_opts *opts, size_t cap)
{
    eid_status st = EID_OK;
    eid_duplicates_opts defaults = eid_duplicates_opts_default();
    eid_duplicates *d = NULL;
    duplicate_lengths l = {0};
    merge_source *source = NULL;
    duplicate_cover cover[EID_DUPLICATE_LENGTHS] = {0};
    counter c = {.lengths = &l, .first = true};
    size_t sources = 0;
    int64_t bytes = 0;
    int threads = eid_ctx_threads(ctx);

    opts = opts ? opts : &defaults;
    EID_TRY(eid_duplicates_lengths(opts, l.at, &l.n));
    EID_TRY(EID_NEW(d, 1));
    EID_TRY(duplicate_sources(&source, &sources, &bytes, ix, NULL));
    c.source = source;
    c.cap = (size_t)l.at[l.n - 1] > cap ? (size_t)l.at[l.n - 1] : cap;
    c.strings = opts->top > 0;
    EID_TRY(duplicate_marks_new(ctx, &c.marks, bytes, 0));
    EID_TRY(EID_NEW(c.tallies, (size_t)threads * l.n));
    EID_TRY(EID_NEW(c.repeat, threads));
    for (int t = 0; t < threads; t++)
        c.repeat[t] = (repeat_walk){.source = source,
                                    .sources = sources,
                                    .least = (size_t)l.at[0],
                                    .shortest = (size_t)l.at[0],
                                    .goal = REPEAT_COVER,
                                    .heap.most = DUPLICATE_POOL + 1};
    EID_TRY(walk_all(ctx, &c, sources, bytes, cover));
    eid_free(c.marks.at);
    c.marks.at = NULL;
    for (; d->rows < l.n; d->rows++) {
        EID_TRY(fill_row(&d->row[d->rows], ix, &c, d->rows, threads));
        d->row[d->rows].bytes = cover[d->rows].bytes[0];
    }
    if (c.strings)
        EID_TRY(choose(d, ctx, ix, &c, sources, (size_t)opts->top));
    *out = d;
    d = NULL;
done:
    for (int t = 0; c.repeat && t < threads; t++)
        repeat_free(&c.repeat[t]);
    eid_free(c.repeat);
    eid_free(c.tallies);
    eid_free(c.marks.at);
    eid_free(source);
    eid_duplicates_free(d);
    return st;
}

eid_status eid_index_duplicates(eid_duplicates **out, eid_ctx *ctx, const eid_index *ix,
                                const eid_duplicates_opts *opts)
{
    return duplicates_as(out, ctx, ix, opts, DUPLICATE_CAP);
}

void eid_duplicates_free(eid_duplicates *d)
{
    for (size_t i = 0; d && i < EID_DUPLICATE_LENGTHS; i++)
        eid_free(d->row[i].copies);
    if (d)
        eid_free(d->string);
    eid_free(d);
}
