/* digests.c - see digests.h. */
#include "corpus/digests.h"
#include "base/hash.h"
#include <string.h>

/* The slot of a digest: its own, or the empty one where it belongs. */
static size_t find(const eid_digests *s, const uint64_t d[2])
{
    size_t at = d[0] & (s->slots - 1);
    while ((s->slot[at][0] | s->slot[at][1]) != 0 &&
           (s->slot[at][0] != d[0] || s->slot[at][1] != d[1]))
        at = (at + 1) & (s->slots - 1);
    return at;
}

static eid_status widen(eid_digests *s)
{
    eid_digests wide = {.slots = s->slots ? 2 * s->slots : 256, .n = s->n};
    eid_status st = EID_NEW(wide.slot, wide.slots);
    if (st != EID_OK)
        return st;
    for (size_t i = 0; i < s->slots; i++)
        if ((s->slot[i][0] | s->slot[i][1]) != 0)
            memcpy(wide.slot[find(&wide, s->slot[i])], s->slot[i], sizeof *s->slot);
    eid_free(s->slot);
    *s = wide;
    return EID_OK;
}

eid_status eid_digests_add(eid_digests *s, const uint8_t *bytes, size_t n, bool *known)
{
    char hex[65];
    uint64_t d[2] = {0, 0};
    eid_status st = EID_OK;

    EID_TRY(eid_sha256_of(bytes, n, hex));
    for (int i = 0; i < 32; i++) {
        uint64_t digit = (uint64_t)(hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10);
        d[i / 16] = d[i / 16] << 4 | digit;
    }
    if (3 * (s->n + 1) > 2 * s->slots)
        EID_TRY(widen(s));
    size_t at = find(s, d);
    *known = (s->slot[at][0] | s->slot[at][1]) != 0;
    if (!*known) {
        memcpy(s->slot[at], d, sizeof d);
        s->n++;
    }
done:
    return st;
}

size_t eid_digests_bytes(const eid_digests *s)
{
    return 3 * s->slots * sizeof *s->slot;
}

void eid_digests_free(eid_digests *s)
{
    eid_free(s->slot);
    *s = (eid_digests){0};
}
