/* extract_planted.c - the strings that we planted ourselves: known copies, so they carry the claim.
 */
#include "base/hash.h"
#include "measure/extract.h"
#include "par/par.h"
#include <stdlib.h>
#include <string.h>

typedef struct text_hash {
    uint64_t hash;
    const eid_canary *canary;
} text_hash;

static int by_hash(const void *a, const void *b)
{
    const text_hash *x = a, *y = b;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

/* Whether some planted canary's text equals the document, byte by byte. */
static bool is_planted(const text_hash *set, size_t n, const uint8_t *bytes, size_t size)
{
    uint64_t hash = eid_hash64(bytes, size, 0);
    size_t lo = 0, hi = n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (set[mid].hash < hash)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < n && set[lo].hash == hash; lo++)
        if (set[lo].canary->size == size && memcmp(set[lo].canary->text, bytes, size) == 0)
            return true;
    return false;
}

/* By bytes and not by name: names change when a planted corpus is written and read again. */
eid_status eid_mark_planted(eid_extraction *x)
{
    eid_status st = EID_OK;
    text_hash *set = NULL;
    size_t n = 0, all = x->in->ledger ? eid_ledger_size(x->in->ledger) : 0;

    EID_TRY(EID_NEW(set, all));
    for (size_t i = 0; i < all; i++) {
        const eid_canary *c = eid_ledger_at(x->in->ledger, i);
        if (c->copies > 0)
            set[n++] = (text_hash){eid_hash64(c->text, c->size, 0), c};
    }
    qsort(set, n, sizeof *set, by_hash);
    for (size_t d = 0; d < x->in->train->docs && n > 0; d++) {
        eid_document doc = eid_corpus_doc(x->in->train_text, d);
        x->skip[d] = is_planted(set, n, doc.bytes, doc.size);
    }
done:
    eid_free(set);
    return st;
}

/* Passages and random strings that were planted at least once and are long enough, in ledger order.
 */
eid_status eid_sample_planted(eid_extraction *x, eid_cuts *w)
{
    eid_status st = EID_OK;
    int32_t *ids = NULL;
    size_t all = x->in->ledger ? eid_ledger_size(x->in->ledger) : 0, n_ids;

    for (size_t i = 0; i < all; i++) {
        const eid_canary *c = eid_ledger_at(x->in->ledger, i);
        if (c->copies < 1 || c->kind == EID_CANARY_SECRET)
            continue;
        EID_TRY(eid_bpe_encode(x->in->bpe, c->text, c->size, false, &ids, &n_ids));
        if ((int64_t)n_ids < x->length) {
            eid_ids_free(ids);
            ids = NULL;
            continue;
        }
        EID_TRY(EID_GROW(w->owned, &w->cap_owned, w->n_owned + 1));
        w->owned[w->n_owned++] = ids;
        EID_TRY(EID_GROW(w->at, &w->cap, w->n + 1));
        bool passage = c->kind == EID_CANARY_PASSAGE;
        w->at[w->n++] = (eid_cut){
            .tok = ids,
            .canary = c->id,
            .planted = c->copies,
            .series = passage ? EID_PLANTED : EID_RANDOM,
            /* passages of one donor document go together; others stand alone */
            .cluster = passage && c->source >= 0 ? c->source : (int64_t)1 << 40 | (int64_t)i,
        };
        ids = NULL;
    }
    EID_TRY(eid_cuts_locate(x, w));
done:
    eid_ids_free(ids);
    return st;
}
