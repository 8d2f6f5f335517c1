/* near_check.c - see near_check.h.
 *
 * Sets of hashed shingles tell most pairs apart at once.  What they call alike is compared by the
 * bytes; two different shingles with one hash (2^-64 a pair of them) could only make a pair that is
 * alike look less so by as much. */
#include "control/near_check.h"
#include "par/par.h"
#include <string.h>

typedef struct desk {
    near_hashes hashes;
    uint8_t *a, *b;
    size_t a_cap, b_cap;
} desk;

struct near_checker {
    near_job *j;
    uint64_t **set;
    uint32_t *size; /* of the set */
    uint32_t *kept; /* documents that have one */
    size_t n_kept, kept_cap;
    int64_t bytes, memory;
    desk *desk;
    /* what is being done */
    const uint64_t *pair;
    uint8_t *yes;
    near_similar *similar;
    size_t first_new;
};

eid_status near_checker_new(near_checker **out, near_job *j, int64_t memory)
{
    eid_status st = EID_OK;
    near_checker *c = NULL;

    EID_TRY(EID_NEW(c, 1));
    c->j = j;
    c->memory = memory;
    EID_TRY(EID_NEW(c->set, j->n));
    EID_TRY(EID_NEW(c->size, j->n));
    EID_TRY(EID_NEW(c->desk, eid_ctx_threads(j->ctx)));
    *out = c;
    c = NULL;
done:
    near_checker_free(c);
    return st;
}

static void forget(near_checker *c)
{
    for (size_t i = 0; i < c->n_kept; i++) {
        eid_free(c->set[c->kept[i]]);
        c->set[c->kept[i]] = NULL;
    }
    c->n_kept = 0;
    c->bytes = 0;
}

void near_checker_free(near_checker *c)
{
    if (!c)
        return;
    forget(c);
    for (int t = 0; c->desk && t < eid_ctx_threads(c->j->ctx); t++) {
        eid_free(c->desk[t].hashes.at);
        eid_free(c->desk[t].a);
        eid_free(c->desk[t].b);
    }
    eid_free(c->desk);
    eid_free(c->set);
    eid_free(c->size);
    eid_free(c->kept);
    eid_free(c);
}

static eid_status make_set(void *arg, int64_t i, int worker)
{
    near_checker *c = arg;
    desk *k = &c->desk[worker];
    uint32_t d = c->kept[c->first_new + (size_t)i];
    eid_status st = EID_OK;

    EID_TRY(near_text(c->j, d, &k->a, &k->a_cap));
    EID_TRY(near_shingles(k->a, near_size(c->j, d), c->j->o.words, &k->hashes));
    near_set_of(&k->hashes);
    EID_TRY(EID_NEW(c->set[d], k->hashes.n));
    memcpy(c->set[d], k->hashes.at, 8 * k->hashes.n);
    c->size[d] = (uint32_t)k->hashes.n;
done:
    return st;
}

static eid_status check_one(void *arg, int64_t i, int worker)
{
    near_checker *c = arg;
    near_job *j = c->j;
    desk *k = &c->desk[worker];
    uint32_t u = (uint32_t)(c->pair[i] >> 32), v = (uint32_t)c->pair[i];
    double nu = c->size[u], nv = c->size[v];
    near_similar *s = &c->similar[i];
    eid_status st = EID_OK;

    c->yes[i] = 0;
    if ((nu < nv ? nu / nv : nv / nu) < j->o.near)
        return EID_OK;
    double both = (double)near_common(c->set[u], c->size[u], c->set[v], c->size[v]);
    if (both / (nu + nv - both) < j->o.near)
        return EID_OK;
    EID_TRY(near_text(j, u, &k->a, &k->a_cap));
    EID_TRY(near_text(j, v, &k->b, &k->b_cap));
    EID_TRY(near_compare(k->a, near_size(j, u), k->b, near_size(j, v), j->o.words, j->o.near,
                         j->o.edit, s));
    c->yes[i] = s->jaccard >= j->o.near && (s->edit >= j->o.edit || j->o.edit == 0);
done:
    return st;
}

/* At most this many bytes: a word takes two, and its shingle eight. */
static int64_t cost_of(const near_checker *c, uint32_t d)
{
    return c->set[d] ? 0 : 4 * (int64_t)near_size(c->j, d) + 64;
}

/* Pairs [0, n) whose sets fit together. */
static eid_status check_some(near_checker *c, size_t n)
{
    eid_status st = EID_OK;

    c->first_new = c->n_kept;
    for (size_t i = 0; i < n; i++)
        for (int side = 0; side < 2; side++) {
            uint32_t d = (uint32_t)(side ? c->pair[i] : c->pair[i] >> 32);
            if (c->set[d] || c->size[d] == UINT32_MAX)
                continue;
            c->size[d] = UINT32_MAX; /* listed */
            EID_TRY(EID_GROW(c->kept, &c->kept_cap, c->n_kept + 1));
            c->kept[c->n_kept++] = d;
        }
    EID_TRY(eid_par_for(c->j->ctx, (int64_t)(c->n_kept - c->first_new), make_set, c));
    for (size_t i = c->first_new; i < c->n_kept; i++)
        c->bytes += 8 * (int64_t)c->size[c->kept[i]] + 64;
    EID_TRY(eid_par_for(c->j->ctx, (int64_t)n, check_one, c));
done:
    return st;
}

eid_status near_check(near_checker *c, const uint64_t *pair, size_t n, uint8_t *yes,
                      near_similar *s)
{
    eid_status st = EID_OK;

    for (size_t done = 0; done < n;) {
        int64_t bytes = c->bytes;
        size_t some = 0;
        for (; done + some < n && some < 4096; some++) {
            uint64_t p = pair[done + some];
            int64_t more = cost_of(c, (uint32_t)(p >> 32)) + cost_of(c, (uint32_t)p);
            if (bytes + more > c->memory)
                break;
            bytes += more;
        }
        if (some == 0 && c->n_kept > 0) {
            forget(c);
            continue;
        }
        c->pair = pair + done;
        c->yes = yes + done;
        c->similar = s + done;
        some = some ? some : 1;
        EID_TRY(check_some(c, some));
        done += some;
        if (eid_cancelled(c->j->ctx))
            return eid_fail(EID_ECANCELLED, "stopped on request while comparing documents");
    }
done:
    return st;
}
