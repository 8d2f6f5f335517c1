/* count.c - how often and in how many documents, for one string or many. */
#include "index/search.h"
#include "par/par.h"
#include <inttypes.h>
#include <stdlib.h>

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Few places: sort their documents.  Many: tick the documents off in a bitmap. */
static eid_status count_documents(const index_shard *ix, index_range r, int64_t *documents)
{
    eid_status st = EID_OK;
    uint32_t *docs = NULL;
    uint64_t *seen = NULL;
    int64_t places = r.hi - r.lo, distinct = 0, k = 0;
    bool few = places < ix->docs / 64 + 64;

    if (few)
        EID_TRY(EID_NEW(docs, places));
    else
        EID_TRY(EID_NEW(seen, ix->docs / 64 + 1));
    for (int64_t i = r.lo; i < r.hi; i++) {
        int64_t at = index_suffix(ix, i);
        if (at == ix->n) {
            st =
                eid_fail(EID_EFORMAT, "%s: damaged index: suffix %" PRId64 " lies outside the text",
                         ix->path, i);
            goto done;
        }
        uint32_t doc = (uint32_t)index_doc_of(ix, at);
        if (few) {
            docs[k++] = doc;
        } else {
            distinct += !(seen[doc / 64] >> doc % 64 & 1);
            seen[doc / 64] |= 1ull << doc % 64;
        }
    }
    if (few) {
        qsort(docs, (size_t)k, sizeof *docs, by_number);
        for (int64_t i = 0; i < k; i++)
            distinct += i == 0 || docs[i] != docs[i - 1];
    }
    *documents = distinct;
done:
    eid_free(docs);
    eid_free(seen);
    return st;
}

eid_status eid_index_count(const eid_index *ix, const uint8_t *pat, size_t n, int64_t *count,
                           int64_t *documents)
{
    if (n == 0)
        return eid_fail(EID_EINVAL, "count: an empty pattern stands everywhere");
    int64_t places = 0, docs = 0;
    for (size_t s = 0; s < ix->shards; s++) {
        index_range r = index_find(&ix->shard[s], pat, n);
        int64_t here = 0;
        if (documents && r.hi > r.lo) {
            eid_status st = count_documents(&ix->shard[s], r, &here);
            if (st != EID_OK)
                return st;
        }
        places += r.hi - r.lo;
        docs += here;
    }
    if (documents)
        *documents = docs;
    *count = places;
    return EID_OK;
}

/* ---- many ------------------------------------------------------------------------------------ */

enum { TASK = 64 };

typedef struct batch {
    const eid_index *ix;
    const eid_pattern *pats;
    int64_t m, *count, *documents;
} batch;

static eid_status count_task(void *arg, int64_t task, int worker)
{
    batch *b = arg;
    eid_status st = EID_OK;
    (void)worker;
    for (int64_t i = task * TASK; i < (task + 1) * TASK && i < b->m && st == EID_OK; i++) {
        st = eid_index_count(b->ix, b->pats[i].bytes, b->pats[i].n, &b->count[i],
                             b->documents ? &b->documents[i] : NULL);
        if (st == EID_EINVAL)
            st = eid_fail(EID_EINVAL, "pattern %" PRId64 " is empty: it would stand everywhere", i);
    }
    return st;
}

eid_status eid_index_count_many(const eid_index *ix, eid_ctx *ctx, const eid_pattern *pats,
                                size_t m, int64_t *count, int64_t *documents)
{
    batch b = {ix, pats, (int64_t)m, count, documents};
    return eid_par_for(ctx, (b.m + TASK - 1) / TASK, count_task, &b);
}
