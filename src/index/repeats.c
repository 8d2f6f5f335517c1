/* repeats.c - how much of the text stands in it more than once. */
#include "base/ctx.h"
#include "index/classes.h"
#include <stdatomic.h>

typedef struct tally {
    int64_t windows, distinct, repeated;
    index_class most;
} tally;

typedef struct survey {
    const eid_index *ix;
    _Atomic uint64_t *begins; /* bit p: the window that begins at p is a repeated one */
    tally *tallies;           /* per worker */
} survey;

/* Among equals the first in the array's order, so that threads make no difference. */
static bool more(const index_class *a, const index_class *b)
{
    return a->count > b->count || (a->count == b->count && a->first < b->first);
}

static eid_status see_class(void *arg, const index_class *c, int worker)
{
    survey *s = arg;
    tally *y = &s->tallies[worker];
    y->windows += c->count;
    y->distinct++;
    if (more(c, &y->most))
        y->most = *c;
    if (c->count < 2)
        return EID_OK;
    y->repeated++;
    for (int64_t i = c->first; i < c->first + c->count; i++) {
        int64_t at = index_suffix(s->ix, i); /* n, in a file that lies, has its bit too */
        atomic_fetch_or_explicit(&s->begins[at / 64], 1ull << at % 64, memory_order_relaxed);
    }
    return EID_OK;
}

/* Bytes within `length` after a marked beginning; windows do not leave their documents. */
static int64_t covered(const survey *s, size_t length)
{
    int64_t bytes = 0, until = 0;
    for (int64_t at = 0; at < s->ix->n; at++) {
        uint64_t bits = atomic_load_explicit(&s->begins[at / 64], memory_order_relaxed);
        if (bits >> at % 64 & 1)
            until = at + (int64_t)length;
        bytes += at < until;
    }
    return bytes;
}

eid_status eid_index_repeats(const eid_index *ix, eid_ctx *ctx, size_t length, eid_repeats *out)
{
    eid_status st = EID_OK;
    int workers = eid_ctx_threads(ctx);
    survey s = {.ix = ix};
    tally all = {0};
    eid_repeats r = {0};

    if (length == 0)
        return eid_fail(EID_EINVAL, "repeats: strings of no bytes");
    EID_TRY(EID_NEW(s.begins, ix->n / 64 + 1));
    EID_TRY(EID_NEW(s.tallies, workers));
    EID_TRY(index_classes(ix, ctx, length, "looking for repeats", see_class, &s));
    for (int w = 0; w < workers; w++) {
        const tally *y = &s.tallies[w];
        all.windows += y->windows;
        all.distinct += y->distinct;
        all.repeated += y->repeated;
        if (more(&y->most, &all.most))
            all.most = y->most;
    }
    r.windows = all.windows;
    r.distinct = all.distinct;
    r.repeated = all.repeated;
    r.bytes = covered(&s, length);
    if (all.most.count > 0)
        r.most = (eid_repeat){index_class_place(ix, &all.most, length), all.most.count};
    *out = r;
done:
    eid_free((void *)s.begins);
    eid_free(s.tallies);
    return st;
}
