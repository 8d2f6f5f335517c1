/* locate.c - the first places of a string, in the order of the text.
 *
 * The suffix array holds them in another order, so all are looked at; the least `max` are kept in a
 * heap (greatest on top) inside the caller's array, as offsets into the whole text until the end.
 */
#include "index/search.h"
#include <inttypes.h>

static void sift_down(eid_place *heap, int64_t n, int64_t i)
{
    eid_place x = heap[i];
    for (int64_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && heap[child + 1].offset > heap[child].offset)
            child++;
        if (heap[child].offset <= x.offset)
            break;
        heap[i] = heap[child];
    }
    heap[i] = x;
}

/* The first `max` places of one shard, as document and offset of the whole index. */
static eid_status locate_in(const eid_index *whole, size_t shard, const uint8_t *pat, size_t n,
                            eid_place *places, int64_t max, int64_t *found)
{
    const index_shard *ix = &whole->shard[shard];
    int64_t k = 0;
    index_range r = index_find(ix, pat, n);
    for (int64_t i = r.lo; i < r.hi && max > 0; i++) {
        int64_t at = index_suffix(ix, i);
        if ((size_t)index_left(ix, at) < n)
            return eid_fail(EID_EFORMAT, "%s: damaged index: suffix %" PRId64 " is out of order",
                            ix->path, i);
        if (k < max) {
            places[k++].offset = at;
            if (k == max)
                for (int64_t h = k / 2 - 1; h >= 0; h--)
                    sift_down(places, k, h);
        } else if (at < places[0].offset) {
            places[0].offset = at;
            sift_down(places, k, 0);
        }
    }
    if (k < max)
        for (int64_t h = k / 2 - 1; h >= 0; h--)
            sift_down(places, k, h);
    for (int64_t last = k - 1; last > 0; last--) { /* the greatest goes last */
        eid_place top = places[0];
        places[0] = places[last];
        places[last] = top;
        sift_down(places, last, 0);
    }
    for (int64_t i = 0; i < k; i++) {
        int64_t doc = index_doc_of(ix, places[i].offset);
        places[i].offset -= index_doc_start(ix, doc);
        places[i].doc = whole->first_doc[shard] + doc;
    }
    *found = k;
    return EID_OK;
}

eid_status eid_index_locate(const eid_index *ix, const uint8_t *pat, size_t n, eid_place *places,
                            int64_t max, int64_t *found)
{
    int64_t k = 0;
    if (n == 0)
        return eid_fail(EID_EINVAL, "locate: an empty pattern stands everywhere");
    if (max < 0)
        return eid_fail(EID_EINVAL, "locate: at most %" PRId64 " places", max);
    for (size_t s = 0; s < ix->shards && k < max; s++) {
        int64_t here = 0;
        eid_status st = locate_in(ix, s, pat, n, places + k, max - k, &here);
        if (st != EID_OK)
            return st;
        k += here;
    }
    *found = k;
    return EID_OK;
}
