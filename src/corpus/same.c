/* same.c - see same.h. */
#include "corpus/same.h"
#include "base/hash.h"
#include <string.h>

static void place(eid_same *s, size_t e)
{
    size_t at = s->entry[e].hash & (s->slots - 1);
    while (s->slot[at])
        at = (at + 1) & (s->slots - 1);
    s->slot[at] = e + 1;
}

static eid_status widen(eid_same *s)
{
    size_t slots = s->slots ? 2 * s->slots : 256, *slot;
    eid_status st = EID_NEW(slot, slots);
    if (st != EID_OK)
        return st;
    eid_free(s->slot);
    s->slot = slot;
    s->slots = slots;
    for (size_t e = 0; e < s->n; e++)
        place(s, e);
    return EID_OK;
}

eid_status eid_same_add(eid_same *s, const eid_document *doc, size_t i, size_t *first)
{
    uint64_t hash = eid_hash64(doc[i].bytes, doc[i].size, 0);
    eid_status st = EID_OK;

    if (2 * (s->n + 1) > s->slots)
        EID_TRY(widen(s));
    EID_TRY(EID_GROW(s->entry, &s->cap, s->n + 1));
    for (size_t at = hash & (s->slots - 1); s->slot[at]; at = (at + 1) & (s->slots - 1)) {
        const struct eid_same_entry *e = &s->entry[s->slot[at] - 1];
        const eid_document *d = &doc[e->doc];
        if (e->hash == hash && d->size == doc[i].size && !memcmp(d->bytes, doc[i].bytes, d->size)) {
            *first = e->doc;
            return EID_OK;
        }
    }
    s->entry[s->n].hash = hash;
    s->entry[s->n].doc = i;
    place(s, s->n++);
    *first = i;
done:
    return st;
}

void eid_same_back(eid_same *s, size_t doc)
{
    while (s->n && s->entry[s->n - 1].doc >= doc) {
        size_t at = s->entry[s->n - 1].hash & (s->slots - 1);
        while (s->slot[at] != s->n)
            at = (at + 1) & (s->slots - 1);
        s->slot[at] = 0;
        s->n--;
    }
}

void eid_same_free(eid_same *s)
{
    eid_free(s->entry);
    eid_free(s->slot);
    *s = (eid_same){0};
}
