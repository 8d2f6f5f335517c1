/* split.c - a random split by document that keeps documents with equal bytes together. */
#include "corpus/corpus.h"
#include "corpus/same.h"
#include "eidetic/rng.h"
#include <math.h>
#include <stdlib.h>

/* Documents with equal bytes. */
typedef struct group {
    size_t size;
    size_t turn; /* its place in a random order */
    size_t first;
} group;

static int largest_first(const void *a, const void *b)
{
    const group *x = a, *y = b;
    if (x->size != y->size)
        return (x->size < y->size) - (x->size > y->size);
    return (x->turn > y->turn) - (x->turn < y->turn);
}

/* The groups, the largest first, those of one size in random order; of_doc: the group's first. */
static eid_status find_groups(const eid_corpus *c, eid_rng *rng, group **groups, size_t *n,
                              size_t *of_doc)
{
    eid_same same = {0};
    group *g = NULL;
    size_t *at = NULL, found = 0;
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(g, c->docs));
    EID_TRY(EID_NEW(at, c->docs));
    for (size_t i = 0; i < c->docs; i++) {
        EID_TRY(eid_same_add(&same, c->doc, i, &of_doc[i]));
        if (of_doc[i] == i) {
            at[i] = found;
            g[found] = (group){.first = i, .turn = found};
            found++;
        }
        g[at[of_doc[i]]].size++;
    }
    for (size_t i = found; i > 1; i--) {
        size_t j = eid_rng_below(rng, i), t = g[j].turn;
        g[j].turn = g[i - 1].turn;
        g[i - 1].turn = t;
    }
    if (found)
        qsort(g, found, sizeof *g, largest_first);
    *groups = g;
    *n = found;
    g = NULL;
done:
    eid_same_free(&same);
    eid_free(g);
    eid_free(at);
    return st;
}

/* Whole documents per side: shares rounded down, what is left to the largest remainders. */
static void quotas(const double *share, size_t n_sides, size_t docs, int64_t *quota)
{
    double remainder[256];
    int64_t given = 0;

    for (size_t k = 0; k < n_sides; k++) {
        /* A share such as 0.9 of 10 documents is meant to be 9. */
        quota[k] = (int64_t)floor(share[k] * (double)docs + 1e-9 * (double)docs);
        remainder[k] = share[k] * (double)docs - (double)quota[k];
        given += quota[k];
    }
    for (; given < (int64_t)docs; given++) {
        size_t best = 0;
        for (size_t k = 1; k < n_sides; k++)
            if (remainder[k] > remainder[best])
                best = k;
        quota[best]++;
        remainder[best] -= 1;
    }
}

/* A side for a group, with the probability of each side's open places; the fullest of the empty
 * ones when no side has any left. */
static size_t draw_side(eid_rng *rng, const int64_t *quota, size_t n_sides)
{
    int64_t open = 0, at;
    size_t k, best = 0;

    for (k = 0; k < n_sides; k++) {
        open += quota[k] > 0 ? quota[k] : 0;
        best = quota[k] > quota[best] ? k : best;
    }
    if (!open)
        return best;
    at = (int64_t)eid_rng_below(rng, (uint64_t)open);
    for (k = 0; k + 1 < n_sides; k++) {
        at -= quota[k] > 0 ? quota[k] : 0;
        if (at < 0)
            break;
    }
    return k;
}

static eid_status check_shares(const double *share, size_t n_sides)
{
    double sum = 0;

    if (n_sides < 1 || n_sides > 256)
        return eid_fail(EID_EINVAL, "split: %zu sides; 1 to 256 are possible", n_sides);
    for (size_t k = 0; k < n_sides; k++) {
        if (!(share[k] >= 0 && share[k] <= 1))
            return eid_fail(EID_EINVAL, "split: a share of %g is not in [0, 1]", share[k]);
        sum += share[k];
    }
    if (fabs(sum - 1) > 1e-6)
        return eid_fail(EID_EINVAL, "split: the shares add up to %g, not 1", sum);
    return EID_OK;
}

/* The largest groups choose first, so that the single documents, which come last, fill every side
 * up to its quota exactly. */
eid_status eid_corpus_split(const eid_corpus *c, const double *share, size_t n_sides, uint64_t seed,
                            uint8_t *side)
{
    eid_rng rng = eid_rng_seed(seed);
    group *g = NULL;
    size_t *of_doc = NULL, n = 0;
    int64_t quota[256];
    eid_status st = EID_OK;

    EID_TRY(check_shares(share, n_sides));
    EID_TRY(EID_NEW(of_doc, c->docs));
    EID_TRY(find_groups(c, &rng, &g, &n, of_doc));
    quotas(share, n_sides, c->docs, quota);
    for (size_t i = 0; i < n; i++) {
        size_t k = draw_side(&rng, quota, n_sides);
        quota[k] -= (int64_t)g[i].size;
        side[g[i].first] = (uint8_t)k;
    }
    for (size_t i = 0; i < c->docs; i++)
        side[i] = side[of_doc[i]];
done:
    eid_free(g);
    eid_free(of_doc);
    return st;
}
