/* sample.c - drawing distinct strings by how often they stand in the text.
 *
 * Every string gets a random key, a hash of the seed and of its own bytes, and the strings with the
 * least keys are the sample: uniform, without replacement, whoever walks the array and in whatever
 * order. */
#define _GNU_SOURCE /* qsort_r */
#include "base/ctx.h"
#include "base/hash.h"
#include "index/classes.h"
#include <inttypes.h>
#include <stdlib.h>

typedef struct ticket {
    uint64_t key;
    int64_t count;
    index_part first;    /* where the string's first place is */
    const uint8_t *text; /* the string, in the map */
} ticket;

/* The `n` least tickets so far, greatest on top. */
typedef struct heap {
    ticket *at;
    size_t n, cap;
} heap;

typedef struct tally {
    int64_t strings, occurrences;
    heap kept;
} tally;

typedef struct draw {
    const eid_index *ix;
    size_t length;
    const eid_copies_range *buckets;
    size_t n_buckets, want;
    uint64_t seed;
    tally *tallies; /* worker x bucket */
} draw;

/* Equal keys of different strings: next to impossible, and still in a fixed order. */
static int compare_tickets(const void *a, const void *b, void *length)
{
    const ticket *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return memcmp(x->text, y->text, *(const size_t *)length);
}

static void sift_down(heap *h, size_t length)
{
    ticket x = h->at[0];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < h->n; i = child) {
        if (child + 1 < h->n && compare_tickets(&h->at[child + 1], &h->at[child], &length) > 0)
            child++;
        if (compare_tickets(&h->at[child], &x, &length) <= 0)
            break;
        h->at[i] = h->at[child];
    }
    h->at[i] = x;
}

static eid_status keep(heap *h, size_t want, const ticket *t, size_t length)
{
    if (h->n < want) {
        eid_status st = EID_GROW(h->at, &h->cap, h->n + 1);
        if (st != EID_OK)
            return st;
        size_t i = h->n++;
        for (; i > 0 && compare_tickets(&h->at[(i - 1) / 2], t, &length) < 0; i = (i - 1) / 2)
            h->at[i] = h->at[(i - 1) / 2];
        h->at[i] = *t;
    } else if (want > 0 && compare_tickets(t, &h->at[0], &length) < 0) {
        h->at[0] = *t;
        sift_down(h, length);
    }
    return EID_OK;
}

static eid_status see_class(void *arg, const index_class *c, int worker)
{
    draw *d = arg;
    ticket t = {0, c->count, c->part[0], index_part_text(d->ix, &c->part[0])};
    bool hashed = false;
    for (size_t b = 0; b < d->n_buckets; b++) {
        tally *y = &d->tallies[(size_t)worker * d->n_buckets + b];
        if (c->count < d->buckets[b].low || c->count >= d->buckets[b].high)
            continue;
        y->strings++;
        y->occurrences += c->count;
        if (d->want == 0)
            continue;
        if (!hashed)
            t.key = eid_hash64(t.text, d->length, d->seed);
        hashed = true;
        eid_status st = keep(&y->kept, d->want, &t, d->length);
        if (st != EID_OK)
            return st;
    }
    return EID_OK;
}

/* All workers' tallies of bucket b go into the first one's; its tickets are put in order. */
static eid_status gather(draw *d, size_t workers, size_t b)
{
    tally *all = &d->tallies[b];
    for (size_t w = 1; w < workers; w++) {
        const tally *y = &d->tallies[w * d->n_buckets + b];
        all->strings += y->strings;
        all->occurrences += y->occurrences;
        for (size_t i = 0; i < y->kept.n; i++) {
            eid_status st = keep(&all->kept, d->want, &y->kept.at[i], d->length);
            if (st != EID_OK)
                return st;
        }
    }
    if (all->kept.n > 0)
        qsort_r(all->kept.at, all->kept.n, sizeof *all->kept.at, compare_tickets, &d->length);
    return EID_OK;
}

static eid_status check_arguments(size_t length, const eid_copies_range *buckets, size_t n_buckets,
                                  int64_t want)
{
    if (length == 0)
        return eid_fail(EID_EINVAL, "sample: strings of no bytes");
    if (want < 0)
        return eid_fail(EID_EINVAL, "sample: %" PRId64 " strings wanted", want);
    for (size_t b = 0; b < n_buckets; b++)
        if (buckets[b].low < 1 || buckets[b].high <= buckets[b].low)
            return eid_fail(EID_EINVAL, "sample: no count is in [%" PRId64 ", %" PRId64 ")",
                            buckets[b].low, buckets[b].high);
    return EID_OK;
}

eid_status eid_index_sample_ranges(const eid_index *ix, eid_ctx *ctx, size_t length,
                                   eid_copies_range *buckets, size_t n_buckets, int64_t want,
                                   uint64_t seed, eid_repeat *out)
{
    eid_status st = EID_OK;
    size_t workers = (size_t)eid_ctx_threads(ctx);
    draw d = {ix, length, buckets, n_buckets, (size_t)want, seed, NULL};

    EID_TRY(check_arguments(length, buckets, n_buckets, want));
    EID_TRY(EID_NEW(d.tallies, workers * n_buckets));
    EID_TRY(index_classes(ix, ctx, length, "sampling", see_class, &d));
    for (size_t b = 0; b < n_buckets; b++)
        EID_TRY(gather(&d, workers, b));
    for (size_t b = 0; b < n_buckets; b++) {
        const tally *y = &d.tallies[b];
        for (size_t i = 0; i < y->kept.n; i++) {
            const ticket *t = &y->kept.at[i];
            out[b * d.want + i] = (eid_repeat){index_part_place(ix, &t->first, length), t->count};
        }
        buckets[b].strings = y->strings;
        buckets[b].occurrences = y->occurrences;
        buckets[b].found = (int64_t)y->kept.n;
    }
done:
    for (size_t i = 0; d.tallies && i < workers * n_buckets; i++)
        eid_free(d.tallies[i].kept.at);
    eid_free(d.tallies);
    return st;
}

eid_status eid_index_sample(const eid_index *ix, eid_ctx *ctx, size_t length, int64_t low,
                            int64_t high, int64_t want, uint64_t seed, eid_repeat *out,
                            int64_t *found)
{
    eid_copies_range bucket = {.low = low, .high = high};
    eid_status st = eid_index_sample_ranges(ix, ctx, length, &bucket, 1, want, seed, out);
    if (st == EID_OK)
        *found = bucket.found;
    return st;
}
