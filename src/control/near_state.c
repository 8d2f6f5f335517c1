/* near_state.c - the clusters after some bands, for the call that goes on.
 *
 * joined; numbers of 8 bytes, little-endian: magic "EIDNEARJ", hash of all that decides the
 * clusters, bands done, distinct documents, pairs compared, pairs found alike, pairs known to be
 * different, eid_hash64 of the rest; then the parents (4 bytes each) and the pairs (8). */
#include "base/file.h"
#include "base/hash.h"
#include "control/near.h"
#include <string.h>

static const char MAGIC[8] = {'E', 'I', 'D', 'N', 'E', 'A', 'R', 'J'};
enum { HEADER = 64 };

static size_t pair_slot(const near_pairs *p, uint64_t pair)
{
    size_t i = (pair * 0x9E3779B97F4A7C15u >> 20) & (p->slots - 1);
    while (p->slot[i] && p->slot[i] != pair)
        i = (i + 1) & (p->slots - 1);
    return i;
}

bool near_pairs_has(const near_pairs *p, uint64_t pair)
{
    return p->slots && p->slot[pair_slot(p, pair)] == pair;
}

eid_status near_pairs_add(near_pairs *p, uint64_t pair)
{
    if (p->n >= p->most) /* to be compared again when it comes up again */
        return EID_OK;
    if (2 * (p->n + 1) > p->slots) {
        near_pairs wide = {.slots = p->slots ? 2 * p->slots : 1024, .most = p->most};
        eid_status st = EID_NEW(wide.slot, wide.slots);
        if (st != EID_OK)
            return st;
        for (size_t i = 0; i < p->slots; i++)
            if (p->slot[i])
                wide.slot[pair_slot(&wide, p->slot[i])] = p->slot[i];
        wide.n = p->n;
        eid_free(p->slot);
        *p = wide;
    }
    size_t i = pair_slot(p, pair);
    p->n += p->slot[i] == 0;
    p->slot[i] = pair;
    return EID_OK;
}

static uint64_t deciding(const near_job *j)
{
    uint64_t d[4] = {j->keys_hash, (uint64_t)j->o.words, 0, 0};
    memcpy(&d[2], &j->o.near, 8);
    memcpy(&d[3], &j->o.edit, 8);
    return eid_hash64(d, sizeof d, j->n);
}

eid_status near_state_write(const near_job *j, int64_t bands_done, const near_pairs *no)
{
    eid_status st = EID_OK;
    eid_out *f = NULL;
    uint64_t *pairs = NULL, head[8] = {0};
    size_t n = 0;

    EID_TRY(EID_NEW(pairs, no->n));
    for (size_t i = 0; i < no->slots; i++)
        if (no->slot[i])
            pairs[n++] = no->slot[i];
    memcpy(head, MAGIC, 8);
    head[1] = deciding(j);
    head[2] = (uint64_t)bands_done;
    head[3] = j->n;
    head[4] = (uint64_t)j->compared;
    head[5] = (uint64_t)j->duplicates;
    head[6] = n;
    head[7] = eid_hash64(j->parent, 4 * j->n, eid_hash64(pairs, 8 * n, eid_hash64(head, 56, 0)));
    EID_TRY(eid_out_open(&f, j->path[NEAR_JOINED]));
    EID_TRY(eid_out_write(f, head, sizeof head));
    EID_TRY(eid_out_write(f, j->parent, 4 * j->n));
    EID_TRY(eid_out_write(f, pairs, 8 * n));
    EID_TRY(eid_out_commit(&f));
done:
    eid_out_abort(&f);
    eid_free(pairs);
    return st;
}

/* Whether the map is a state of this very job. */
static bool fits(const near_job *j, const eid_map *m, uint64_t head[8])
{
    if (m->n < HEADER)
        return false;
    memcpy(head, m->at, HEADER);
    size_t parents = 4 * j->n, room = m->n - HEADER;
    if (memcmp(m->at, MAGIC, 8) != 0 || head[1] != deciding(j) || head[3] != j->n ||
        head[2] > (uint64_t)j->o.bands || parents > room || head[6] != (room - parents) / 8 ||
        (room - parents) % 8 != 0)
        return false;
    const uint8_t *pairs = m->at + HEADER + parents;
    if (head[7] != eid_hash64(m->at + HEADER, parents,
                              eid_hash64(pairs, room - parents, eid_hash64(head, 56, 0))))
        return false;
    for (size_t d = 0; d < j->n; d++) {
        uint32_t parent;
        memcpy(&parent, m->at + HEADER + 4 * d, 4);
        if (parent > d) /* roots are the smallest of theirs */
            return false;
    }
    return true;
}

eid_status near_state_read(near_job *j, int64_t *bands_done, near_pairs *no)
{
    eid_status st = EID_OK;
    eid_map m = {0};
    uint64_t head[8], pair;

    *bands_done = 0;
    if (!eid_exists(j->path[NEAR_JOINED]))
        return EID_OK;
    EID_TRY(eid_map_open(&m, j->path[NEAR_JOINED]));
    if (!fits(j, &m, head))
        goto done;
    memcpy(j->parent, m.at + HEADER, 4 * j->n);
    for (size_t i = 0; i < head[6]; i++) {
        memcpy(&pair, m.at + HEADER + 4 * j->n + 8 * i, 8);
        if (pair)
            EID_TRY(near_pairs_add(no, pair));
    }
    *bands_done = (int64_t)head[2];
    j->compared = (int64_t)head[4];
    j->duplicates = (int64_t)head[5];
done:
    eid_map_close(&m);
    return st;
}
