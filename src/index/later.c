#include "index/later.h"
#include "base/ctx.h"
#include "index/classes.h"
#include <stdatomic.h>

typedef struct later {
    const eid_index *ix;
    size_t length;
    _Atomic uint64_t *begins;
} later;

/* Every place of a class but its first. */
static eid_status see_class(void *arg, const index_class *c, int worker)
{
    const later *l = arg;
    (void)worker;
    if (c->count < 2)
        return EID_OK;
    eid_place first = index_part_place(l->ix, &c->part[0], l->length);
    size_t shard = index_shard_of(l->ix, first.doc);
    int64_t keep = l->ix->first_byte[shard] + first.offset +
                   index_doc_start(&l->ix->shard[shard], first.doc - l->ix->first_doc[shard]);
    for (const index_part *p = c->part; p < c->part + c->parts; p++)
        for (int64_t i = p->first; i < p->first + p->count; i++) {
            int64_t at = l->ix->first_byte[p->shard] + index_suffix(&l->ix->shard[p->shard], i);
            if (at != keep)
                atomic_fetch_or_explicit(&l->begins[at / 64], 1ull << at % 64,
                                         memory_order_relaxed);
        }
    return EID_OK;
}

eid_status index_later(const eid_index *ix, eid_ctx *ctx, size_t length, uint64_t *bits)
{
    eid_status st = EID_OK;
    later l = {.ix = ix, .length = length};
    int64_t until = 0, n = eid_index_bytes(ix);

    EID_TRY(EID_NEW(l.begins, n / 64 + 1));
    EID_TRY(index_classes(ix, ctx, length, "looking for repeats", see_class, &l));
    for (int64_t at = 0; at < n; at++) {
        uint64_t word = atomic_load_explicit(&l.begins[at / 64], memory_order_relaxed);
        if (word >> at % 64 & 1)
            until = at + (int64_t)length;
        if (at < until)
            bits[at / 64] |= 1ull << at % 64;
    }
done:
    eid_free((void *)l.begins);
    return st;
}
