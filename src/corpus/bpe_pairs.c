/* bpe_pairs.c - see bpe_pairs.h. */
#include "corpus/bpe_pairs.h"

static eid_status grow(eid_pairs *p)
{
    eid_status st = EID_OK;
    eid_pairs wide = {.cap = p->cap ? 2 * p->cap : 1024, .n = p->n};

    EID_TRY(EID_NEW(wide.key, wide.cap));
    EID_TRY(EID_NEW(wide.value, wide.cap));
    for (size_t i = 0; i < p->cap; i++)
        if (p->key[i]) {
            size_t at = eid_pairs_place(&wide, p->key[i]);
            wide.key[at] = p->key[i];
            wide.value[at] = p->value[i];
        }
    eid_pairs_free(p);
    *p = wide;
    wide = (eid_pairs){0};
done:
    eid_pairs_free(&wide);
    return st;
}

eid_status eid_pairs_add(eid_pairs *p, int32_t left, int32_t right, int32_t value)
{
    uint64_t key = eid_pair_key(left, right);
    size_t at;

    if (2 * (p->n + 1) > p->cap) {
        eid_status st = grow(p);
        if (st != EID_OK)
            return st;
    }
    at = eid_pairs_place(p, key);
    p->key[at] = key;
    p->value[at] = value;
    p->n++;
    return EID_OK;
}

void eid_pairs_free(eid_pairs *p)
{
    eid_free(p->key);
    eid_free(p->value);
    *p = (eid_pairs){0};
}
