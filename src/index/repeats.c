/* repeats.c - how much of the text stands in it more than once. */
#include "base/ctx.h"
#include "index/classes.h"
#include <stdatomic.h>

typedef struct tally {
    int64_t windows, distinct, repeated;
    int64_t most; /* copies of the most frequent string, 0: none yet */
    index_part first;
} tally;

typedef struct survey {
    const eid_index *ix;
    size_t length;
    _Atomic uint64_t *begins; /* bit p: the window that begins at p is a repeated one */
    tally *tallies;           /* per worker */
} survey;

/* Among equals the one that sorts first, so that threads make no difference. */
static void see_most(const survey *s, tally *y, int64_t count, const index_part *first)
{
    if (count < y->most ||
        (count == y->most &&
         memcmp(index_part_text(s->ix, first), index_part_text(s->ix, &y->first), s->length) >= 0))
        return;
    y->most = count;
    y->first = *first;
}

static eid_status see_class(void *arg, const index_class *c, int worker)
{
    survey *s = arg;
    tally *y = &s->tallies[worker];
    y->windows += c->count;
    y->distinct++;
    see_most(s, y, c->count, &c->part[0]);
    if (c->count < 2)
        return EID_OK;
    y->repeated++;
    for (const index_part *p = c->part; p < c->part + c->parts; p++)
        for (int64_t i = p->first; i < p->first + p->count; i++) {
            /* n, in a file that lies, has its bit too */
            int64_t at = s->ix->first_byte[p->shard] + index_suffix(&s->ix->shard[p->shard], i);
            atomic_fetch_or_explicit(&s->begins[at / 64], 1ull << at % 64, memory_order_relaxed);
        }
    return EID_OK;
}

/* Bytes within `length` after a marked beginning; windows do not leave their documents. */
static int64_t covered(const survey *s, size_t length)
{
    int64_t bytes = 0, until = 0, n = eid_index_bytes(s->ix);
    for (int64_t at = 0; at < n; at++) {
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
    survey s = {.ix = ix, .length = length};
    tally all = {0};
    eid_repeats r = {0};

    if (length == 0)
        return eid_fail(EID_EINVAL, "repeats: strings of no bytes");
    EID_TRY(EID_NEW(s.begins, eid_index_bytes(ix) / 64 + 1));
    EID_TRY(EID_NEW(s.tallies, workers));
    EID_TRY(index_classes(ix, ctx, length, "looking for repeats", see_class, &s));
    for (int w = 0; w < workers; w++) {
        const tally *y = &s.tallies[w];
        all.windows += y->windows;
        all.distinct += y->distinct;
        all.repeated += y->repeated;
        if (y->most > 0)
            see_most(&s, &all, y->most, &y->first);
    }
    r.windows = all.windows;
    r.distinct = all.distinct;
    r.repeated = all.repeated;
    r.bytes = covered(&s, length);
    if (all.most > 0)
        r.most = (eid_repeat){index_part_place(ix, &all.first, length), all.most};
    *out = r;
done:
    eid_free((void *)s.begins);
    eid_free(s.tallies);
    return st;
}
