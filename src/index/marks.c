/* marks.c - where strings that are repeated begin, and the bytes that they cover. */
#include "base/ctx.h"
#include "index/duplicates.h"
#include "par/par.h"
#include <inttypes.h>

eid_status duplicate_sources(merge_source **out, size_t *n, int64_t *bytes, const eid_index *a,
                             const eid_index *b)
{
    eid_status st = EID_OK;
    merge_source *source = NULL;
    size_t k = 0, shards = a->shards + (b ? b->shards : 0);
    int64_t base = 0;

    EID_TRY(EID_NEW(source, shards));
    for (int side = 0; side < (b ? 2 : 1); side++) {
        const eid_index *ix = side ? b : a;
        for (size_t s = 0; s < ix->shards; s++) {
            source[k++] = (merge_source){&ix->shard[s], base, side};
            base += ix->shard[s].n;
        }
    }
    *out = source;
    *n = shards;
    *bytes = base;
done:
    return st;
}

eid_status duplicate_marks_new(eid_ctx *ctx, duplicate_marks *m, int64_t bytes, int64_t besides)
{
    int64_t room = (eid_ctx_memory(ctx) - besides) / 2, least = bytes < 1 << 16 ? bytes : 1 << 16;
    if (room < least)
        return eid_fail(EID_ENOMEM,
                        "duplicates of %" PRId64 " bytes of text take at least %" PRId64
                        " bytes of memory, the bound is %" PRId64,
                        bytes, besides + 2 * least, eid_ctx_memory(ctx));
    *m = (duplicate_marks){.from = 0, .to = bytes < room ? bytes : room};
    return EID_NEW(m->at, m->to);
}

typedef struct counting {
    const duplicate_marks *m;
    const merge_source *source;
    size_t sources;
    const duplicate_lengths *l;
    duplicate_cover *c;
} counting;

/* Places [from, to) of one side.  Most stretches are long, and nothing happens in them. */
static void count_range(const duplicate_marks *m, int64_t from, int64_t to, size_t level,
                        int64_t length, duplicate_cover *c, int side)
{
    int64_t bytes = 0, until = c->until;
    for (int64_t p = from; p < to; p++) {
        if (until <= p && p + 8 <= to && index_get64(m->at + (p - m->from)) == 0) {
            p += 7;
            continue;
        }
        if (m->at[p - m->from] > level)
            until = p + length;
        bytes += p < until;
    }
    c->until = until;
    c->bytes[side] += bytes;
}

static eid_status count_task(void *arg, int64_t task, int worker)
{
    const counting *k = arg;
    (void)worker;
    for (size_t s = 0; s < k->sources; s++) {
        int64_t from = k->source[s].base, to = from + k->source[s].shard->n;
        from = from > k->m->from ? from : k->m->from;
        to = to < k->m->to ? to : k->m->to;
        if (from < to)
            count_range(k->m, from, to, (size_t)task, k->l->at[task], &k->c[task],
                        k->source[s].side);
    }
    return EID_OK;
}

eid_status duplicate_count(eid_ctx *ctx, const duplicate_marks *m, const merge_source *source,
                           size_t sources, const duplicate_lengths *l, duplicate_cover *c)
{
    counting k = {m, source, sources, l, c};
    return eid_par_for(ctx, (int64_t)l->n, count_task, &k);
}

eid_place duplicate_place(const eid_index *ix, int64_t at)
{
    size_t s = 0;
    while (ix->first_byte[s + 1] <= at)
        s++;
    int64_t in = at - ix->first_byte[s], doc = index_doc_of(&ix->shard[s], in);
    return (eid_place){ix->first_doc[s] + doc, in - index_doc_start(&ix->shard[s], doc)};
}
