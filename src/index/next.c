/* next.c - what follows a context in the corpus: infinity-gram counts. */
#define _GNU_SOURCE /* qsort_r */
#include "base/ctx.h"
#include "eidetic/questions.h"
#include "index/search.h"
#include <inttypes.h>
#include <stdlib.h>

enum { ENDS = 256, BYTES = 257, AHEAD = 256 };

static bool stands(const eid_index *ix, const uint8_t *text, size_t n)
{
    for (size_t s = 0; s < ix->shards; s++) {
        index_range r = index_find(&ix->shard[s], text, n);
        if (r.hi > r.lo)
            return true;
    }
    return false;
}

/* Entries lo..hi-1 of the array share their first k bytes: where those that go on as entry lo does
 * end. `next`: the byte that follows, or ENDS when the document does. */
static int64_t same_next(const index_shard *s, int64_t lo, int64_t hi, size_t k, int *next)
{
    int64_t at = index_suffix(s, lo);
    bool ends = index_left(s, at) <= (int64_t)k;
    *next = ends ? ENDS : s->text[at + (int64_t)k];
    while (hi - lo > 1) { /* entry lo goes on so, and nothing from hi on does */
        int64_t mid = lo + (hi - lo) / 2, there = index_suffix(s, mid);
        bool over = index_left(s, there) <= (int64_t)k;
        if (ends ? over : !over && s->text[there + (int64_t)k] <= *next)
            lo = mid;
        else
            hi = mid;
    }
    return lo + 1;
}

static int most_first(const void *a, const void *b)
{
    const eid_next *x = a, *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

/* The counts that are not 0, in order; counts[ids] is that of the document's end. */
static eid_status keep(eid_continuation *c, const int64_t *counts, int32_t ids)
{
    eid_status st = EID_OK;
    for (int32_t id = 0; id <= ids; id++)
        c->n += counts[id] > 0;
    EID_TRY(EID_NEW(c->next, c->n));
    size_t k = 0;
    for (int32_t id = 0; id <= ids; id++) {
        if (counts[id] > 0)
            c->next[k++] = (eid_next){id < ids ? id : -1, counts[id]};
        c->places += counts[id];
    }
    qsort(c->next, c->n, sizeof *c->next, most_first);
done:
    return st;
}

eid_status eid_index_next_bytes(const eid_index *ix, const uint8_t *context, size_t n,
                                eid_continuation *out)
{
    eid_status st = EID_OK;
    int64_t counts[BYTES] = {0};
    eid_continuation c = {0};
    size_t lo = 0, hi = n; /* the first place from which the rest stands in the corpus */

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (stands(ix, context + mid, n - mid))
            hi = mid;
        else
            lo = mid + 1;
    }
    c.used = n - lo;
    for (size_t s = 0; s < ix->shards; s++) {
        const index_shard *in = &ix->shard[s];
        index_range r = c.used ? index_find(in, context + lo, c.used) : (index_range){0, in->n};
        c.count += r.hi - r.lo;
        for (int64_t i = r.lo; i < r.hi;) {
            int next;
            int64_t end = same_next(in, i, r.hi, c.used, &next);
            counts[next] += end - i;
            i = end;
        }
    }
    EID_TRY(keep(&c, counts, ENDS));
    *out = c;
    c = (eid_continuation){0};
done:
    eid_continuation_free(&c);
    return st;
}

/* ---- tokens ---------------------------------------------------------------------------------- */

/* Bytes of the context from each token on; text is theirs all. */
typedef struct spelled {
    uint8_t *text;
    size_t n;
    size_t *at; /* of each token */
} spelled;

static eid_status spell(spelled *s, const eid_bpe *bpe, const int32_t *ids, size_t n)
{
    eid_status st = EID_OK;
    EID_TRY(eid_bpe_decode(bpe, ids, n, &s->text, &s->n));
    EID_TRY(EID_NEW(s->at, n + 1));
    for (size_t i = 0; i < n; i++) {
        size_t size = 0;
        (void)eid_bpe_bytes(bpe, ids[i], &size);
        s->at[i + 1] = s->at[i] + size;
    }
    if (s->at[n] != s->n)
        st = eid_fail(EID_EINTERNAL, "tokens of %zu bytes decode to %zu", s->at[n], s->n);
done:
    return st;
}

typedef struct counting {
    const eid_bpe *bpe;
    size_t skip;     /* bytes of the context */
    int64_t *counts; /* by id; the last: the document's end */
    int32_t ids;
    const uint8_t *text; /* what the last place went on with, and its token */
    size_t n;
    int32_t id;
} counting;

static eid_status count_place(counting *c, const index_shard *s, int64_t entry)
{
    int64_t at = index_suffix(s, entry), left = index_left(s, at) - (int64_t)c->skip;
    size_t n = left < AHEAD ? (size_t)(left > 0 ? left : 0) : AHEAD;
    if (n == 0) {
        c->counts[c->ids]++;
        return EID_OK;
    }
    const uint8_t *text = s->text + at + (int64_t)c->skip;
    if (n != c->n || memcmp(text, c->text, n) != 0) { /* neighbours often go on alike */
        int32_t *ids = NULL;
        size_t n_ids = 0;
        eid_status st = eid_bpe_encode(c->bpe, text, n, false, &ids, &n_ids);
        if (st != EID_OK)
            return st;
        c->id = n_ids > 0 && ids[0] >= 0 && ids[0] < c->ids ? ids[0] : -1;
        c->text = text;
        c->n = n;
        eid_ids_free(ids);
        if (c->id < 0)
            return eid_fail(EID_EINTERNAL, "text of %zu bytes has no first token", n);
    }
    c->counts[c->id]++;
    return EID_OK;
}

/* The longest end of whole tokens that stands in the corpus begins at token *from. */
static void back_off(const eid_index *ix, const spelled *s, size_t n, size_t *from)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (s->n == s->at[mid] || stands(ix, s->text + s->at[mid], s->n - s->at[mid]))
            hi = mid;
        else
            lo = mid + 1;
    }
    *from = lo;
}

eid_status eid_index_next_tokens(const eid_index *ix, eid_ctx *ctx, const eid_bpe *bpe,
                                 const int32_t *context, size_t n, int64_t max_places,
                                 eid_continuation *out)
{
    eid_status st = EID_OK;
    spelled s = {0};
    eid_continuation c = {0};
    counting k = {.bpe = bpe, .ids = eid_bpe_vocab(bpe)};
    size_t from = n;
    int64_t before = 0;

    if (max_places < 1)
        return eid_fail(EID_EINVAL, "ngram: at most %" PRId64 " places", max_places);
    EID_TRY(spell(&s, bpe, context, n));
    back_off(ix, &s, n, &from);
    k.skip = c.used = s.n - s.at[from];
    c.tokens = n - from;
    c.count = eid_index_bytes(ix);
    EID_TRY(EID_NEW(k.counts, k.ids + 1));
    if (k.skip > 0) {
        c.count = 0;
        for (size_t h = 0; h < ix->shards; h++) {
            index_range r = index_find(&ix->shard[h], s.text + s.at[from], k.skip);
            c.count += r.hi - r.lo;
        }
    }
    int64_t places = c.count < max_places ? c.count : max_places, taken = 0;
    for (size_t h = 0; h < ix->shards && k.skip > 0; h++) {
        index_range r = index_find(&ix->shard[h], s.text + s.at[from], k.skip);
        for (; taken < places; taken++) {
            /* the taken-th of `places` evenly spaced ranks among all */
            int64_t rank = (int64_t)((double)taken / (double)places * (double)c.count);
            rank = places == c.count ? taken : rank;
            if (rank - before >= r.hi - r.lo)
                break;
            EID_TRY(count_place(&k, &ix->shard[h], r.lo + rank - before));
            if (taken % 1024 == 1023)
                EID_TRY(eid_tick(ctx, "reading on", "places", taken, places));
        }
        before += r.hi - r.lo;
    }
    EID_TRY(keep(&c, k.counts, k.ids));
    *out = c;
    c = (eid_continuation){0};
done:
    eid_continuation_free(&c);
    eid_free(k.counts);
    eid_free(s.at);
    eid_bytes_free(s.text);
    return st;
}

void eid_continuation_free(eid_continuation *c)
{
    if (!c)
        return;
    eid_free(c->next);
    *c = (eid_continuation){0};
}
