/* exact_table.c - see exact_table.h. */
#include "control/exact_table.h"
#include "base/wide.h"
#include <string.h>

enum { FIRST = 256, STRETCH = 8192 }; /* units compared at a time, at first and at most */

eid_status exact_table_init(exact_table *t, const control_units *u, const exact_opts *opts)
{
    size_t room = opts->length > STRETCH ? opts->length : STRETCH;
    eid_status st = EID_OK;

    *t = (exact_table){.u = u,
                       .length = opts->length,
                       .overlap = opts->overlap,
                       .slots = opts->slots,
                       .last = EXACT_RANGE,
                       .most = opts->matches};
    EID_TRY(EID_NEW(t->slot, t->slots));
    memset(t->slot, 0xFF, t->slots * sizeof *t->slot);
    memset(t->lately, 0xFF, sizeof t->lately);
    EID_TRY(EID_NEW(t->room, 2 * room * (size_t)u->width));
done:
    return st;
}

void exact_table_free(exact_table *t)
{
    eid_free(t->slot);
    eid_free(t->room);
    eid_free(t->found.at);
}

void exact_table_next(exact_table *t)
{
    memset(t->slot, 0xFF, t->slots * sizeof *t->slot);
    memset(t->lately, 0xFF, sizeof t->lately);
    t->n = 0;
    t->now = (exact_match){0};
    t->done = t->done || t->last == EXACT_RANGE;
    t->low = t->last + 1;
    t->last = EXACT_RANGE;
}

/* ---- the table ------------------------------------------------------------------------------- */

static size_t slot_of(const exact_table *t, uint64_t hash)
{
    return (size_t)((eid_u128)(hash * 0xD6E8FEB86659FD93ull) * t->slots >> 64);
}

static void put(exact_table *t, uint64_t hash, int64_t at)
{
    size_t i = slot_of(t, hash);
    while (t->slot[i].at >= 0)
        i = i + 1 == t->slots ? 0 : i + 1;
    t->slot[i] = (exact_seen){hash, at};
    t->n++;
}

/* Halves the range until a quarter of the table is free again.  Windows of one hash cannot be told
 * apart by it: only a text made against this hash has so many. */
static eid_status shrink(exact_table *t)
{
    exact_seen *kept = NULL;
    size_t n = t->n;
    eid_status st = EID_OK;

    while (n > t->slots / 2 && t->last > t->low) {
        t->last = t->low + (t->last - t->low) / 2;
        n = 0;
        for (size_t i = 0; i < t->slots; i++)
            n += t->slot[i].at >= 0 && (t->slot[i].hash & EXACT_RANGE) <= t->last;
    }
    if (n > t->slots / 2)
        return eid_fail(EID_ENOMEM, "too many different windows have one hash; raise --memory");
    EID_TRY(EID_NEW(kept, n));
    n = 0;
    for (size_t i = 0; i < t->slots; i++)
        if (t->slot[i].at >= 0 && (t->slot[i].hash & EXACT_RANGE) <= t->last)
            kept[n++] = t->slot[i];
    memset(t->slot, 0xFF, t->slots * sizeof *t->slot);
    t->n = 0;
    for (size_t i = 0; i < n; i++)
        put(t, kept[i].hash, kept[i].at);
done:
    eid_free(kept);
    return st;
}

/* ---- comparing ------------------------------------------------------------------------------- */

/* How many of n units from a and from b on are equal: of the first ones, or with `back` of the ones
 * before a and b. */
static eid_status equal(const exact_table *t, int64_t a, int64_t b, int64_t n, bool back,
                        int64_t *same)
{
    size_t width = (size_t)t->u->width, room = STRETCH * width, most = FIRST;
    eid_status st = EID_OK;

    for (*same = 0; *same < n; most = most < STRETCH ? 2 * most : most) {
        size_t k = n - *same < (int64_t)most ? (size_t)(n - *same) : most, i = 0;
        const uint8_t *p, *q;
        int64_t step = back ? -*same - (int64_t)k : *same;
        EID_TRY(control_units_at(t->u, a + step, k, t->room, &p));
        EID_TRY(control_units_at(t->u, b + step, k, t->room + room, &q));
        if (memcmp(p, q, k * width) == 0) {
            *same += (int64_t)k;
            continue;
        }
        if (back)
            while (memcmp(p + (k - 1 - i) * width, q + (k - 1 - i) * width, width) == 0)
                i++;
        else
            while (memcmp(p + i * width, q + i * width, width) == 0)
                i++;
        *same += (int64_t)i;
        break;
    }
done:
    return st;
}

static bool apart(const exact_table *t, int64_t at, int64_t from)
{
    return at - from >= (int64_t)t->length ||
           control_units_doc(t->u, at) != control_units_doc(t->u, from);
}

/* The match of the window at `at` with the one at `from`, extended to both sides inside their
 * documents (but not when they overlap and that does not count); empty when they are not equal. */
static eid_status match(const exact_table *t, int64_t at, int64_t from, exact_match *m)
{
    const control_units *u = t->u;
    size_t here = control_units_doc(u, at), there = control_units_doc(u, from);
    int64_t after = u->start[here + 1] - at, before = at - u->start[here], right, left;
    eid_status st = EID_OK;

    after = u->start[there + 1] - from < after ? u->start[there + 1] - from : after;
    before = from - u->start[there] < before ? from - u->start[there] : before;
    *m = (exact_match){at, at, from};
    if (after < (int64_t)t->length)
        return EID_OK;
    EID_TRY(equal(t, at, from, (int64_t)t->length, false, &right));
    if (right < (int64_t)t->length)
        return EID_OK;
    m->end = at + right;
    if (!t->overlap && !apart(t, at, from))
        return EID_OK;
    EID_TRY(equal(t, at + right, from + right, after - right, false, &after));
    EID_TRY(equal(t, at, from, before, true, &left));
    *m = (exact_match){at - left, at + right + after, from - left};
done:
    return st;
}

static eid_status found(exact_table *t, const exact_match *m)
{
    exact_matches *f = &t->found;
    eid_status st = EID_OK;

    if (f->n >= t->most)
        return eid_fail(EID_ENOMEM, "more than %zu pieces of text are repeated; raise --memory",
                        t->most * EXACT_TABLES);
    EID_TRY(EID_GROW(f->at, &f->cap, f->n + 1));
    f->at[f->n++] = *m;
    t->now = *m;
done:
    return st;
}

/* A long run of one period meets a short one that stood first: each of its windows would have a
 * match of its own, no longer than that one.  Where the same window came just before, the run goes
 * on by itself: it is compared with itself, whole periods earlier. */
static eid_status try_period(exact_table *t, uint64_t hash, int64_t at)
{
    exact_seen *late = &t->lately[hash >> 8 & 63];
    int64_t period = at - late->at, length = (int64_t)t->length;
    eid_status st = EID_OK;
    exact_match m;

    if (late->at >= 0 && late->hash == hash && period < length) {
        int64_t from = at - (t->overlap ? period : (length + period - 1) / period * period);
        int64_t first = t->u->start[control_units_doc(t->u, at)];
        if (from >= first) {
            EID_TRY(match(t, at, from, &m));
            if (m.end > t->now.end)
                EID_TRY(found(t, &m));
        }
    }
    *late = (exact_seen){hash, at};
done:
    return st;
}

static eid_status hit(exact_table *t, uint64_t hash, int64_t at, const exact_match *m)
{
    eid_status st = EID_OK;

    if (!t->overlap && !apart(t, at, m->source + (at - m->start)))
        return EID_OK;
    EID_TRY(found(t, m));
    if (m->end - at < 2 * (int64_t)t->length)
        EID_TRY(try_period(t, hash, at));
done:
    return st;
}

eid_status exact_table_see(exact_table *t, uint64_t hash, int64_t at)
{
    uint64_t key = hash & EXACT_RANGE;
    eid_status st = EID_OK;
    exact_match m;
    size_t i;

    if (t->done || key < t->low || key > t->last)
        return EID_OK;
    if (at >= t->now.start && at + (int64_t)t->length <= t->now.end)
        return EID_OK;
    for (i = slot_of(t, hash); t->slot[i].at >= 0; i = i + 1 == t->slots ? 0 : i + 1) {
        if (t->slot[i].hash != hash)
            continue;
        EID_TRY(match(t, at, t->slot[i].at, &m));
        if (m.end > m.start)
            return hit(t, hash, at, &m);
    }
    t->slot[i] = (exact_seen){hash, at};
    if (++t->n > t->slots / 4 * 3)
        EID_TRY(shrink(t));
done:
    return st;
}
