/* split.c - stratified subsets and splits. */
#include "dataset/dataset.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

/* The places of all examples, class after class, each class in random order. */
typedef struct strata {
    int64_t *place;
    int64_t *begin; /* classes + 1 */
} strata;

static void strata_free(strata *s)
{
    eid_free(s->place);
    eid_free(s->begin);
}

/* The order within a class does not depend on how many are taken, so that of two subsets of one
 * seed the smaller lies in the larger. */
static eid_status find_strata(strata *s, const eid_dataset *d, uint64_t seed, eid_purpose purpose)
{
    int64_t *next = NULL;
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(s->place, d->n));
    EID_TRY(EID_NEW(s->begin, d->classes + 1));
    EID_TRY(EID_NEW(next, d->classes));
    for (int64_t i = 0; i < d->n; i++)
        s->begin[d->label[i] + 1]++;
    for (int32_t c = 0; c < d->classes; c++) {
        s->begin[c + 1] += s->begin[c];
        next[c] = s->begin[c];
    }
    for (int64_t i = 0; i < d->n; i++)
        s->place[next[d->label[i]]++] = i;
    for (int32_t c = 0; c < d->classes; c++) {
        eid_rng rng = eid_draw(seed, purpose, d, c);
        eid_rng_shuffle(&rng, s->place + s->begin[c], (size_t)(s->begin[c + 1] - s->begin[c]));
    }
done:
    eid_free(next);
    return st;
}

/* n shared out to the classes by the largest remainder of n * size / total, ties to the first. */
static eid_status quotas(const strata *s, const eid_dataset *d, int64_t n, int64_t *quota)
{
    double *rest = NULL;
    int64_t given = 0;
    eid_status st = EID_NEW(rest, d->classes);

    if (st != EID_OK)
        return st;
    for (int32_t c = 0; c < d->classes; c++) {
        double want = (double)n * (double)(s->begin[c + 1] - s->begin[c]) / (double)d->n;
        quota[c] = (int64_t)floor(want + 1e-9);
        rest[c] = want - (double)quota[c];
        given += quota[c];
    }
    for (; given < n; given++) {
        int32_t best = 0;
        for (int32_t c = 1; c < d->classes; c++)
            best = rest[c] > rest[best] ? c : best;
        quota[best]++;
        rest[best] -= 1;
    }
    eid_free(rest);
    return EID_OK;
}

eid_status eid_dataset_stratified(const eid_dataset *d, int64_t n, uint64_t seed, int64_t *index)
{
    strata s = {0};
    int64_t *quota = NULL, k = 0;
    uint8_t *taken = NULL;
    eid_status st = EID_OK;

    if (n < 1 || n > d->n)
        return eid_fail(EID_EINVAL,
                        "%s: %" PRId64 " examples are wanted of the %" PRId64 " there are", d->name,
                        n, d->n);
    EID_TRY(find_strata(&s, d, seed, EID_DRAW_STRATA));
    EID_TRY(EID_NEW(quota, d->classes));
    EID_TRY(EID_NEW(taken, d->n));
    EID_TRY(quotas(&s, d, n, quota));
    for (int32_t c = 0; c < d->classes; c++)
        for (int64_t i = 0; i < quota[c]; i++)
            taken[s.place[s.begin[c] + i]] = 1;
    for (int64_t i = 0; i < d->n; i++)
        if (taken[i])
            index[k++] = i;
done:
    strata_free(&s);
    eid_free(quota);
    eid_free(taken);
    return st;
}

static eid_status check_shares(const double *share, size_t n)
{
    double sum = 0;

    if (n < 1 || n > 256)
        return eid_fail(EID_EINVAL, "a split into %zu sides; 1 to 256 are possible", n);
    for (size_t k = 0; k < n; k++) {
        if (!(share[k] >= 0 && share[k] <= 1))
            return eid_fail(EID_EINVAL, "a split's share of %g is not in [0, 1]", share[k]);
        sum += share[k];
    }
    if (fabs(sum - 1) > 1e-6)
        return eid_fail(EID_EINVAL, "a split's shares add up to %g, not 1", sum);
    return EID_OK;
}

/* Each class is shared out exactly up to one example a side; that one goes where most is missing of
 * the classes so far, so that the sides' sizes, too, are right up to one. */
eid_status eid_dataset_split(const eid_dataset *d, const double *share, size_t n_sides,
                             uint64_t seed, uint8_t *side)
{
    strata s = {0};
    double missing[256] = {0};
    eid_status st = EID_OK;

    EID_TRY(check_shares(share, n_sides));
    EID_TRY(find_strata(&s, d, seed, EID_DRAW_SIDES));
    for (int32_t c = 0; c < d->classes; c++) {
        int64_t at = s.begin[c], size = s.begin[c + 1] - s.begin[c], quota[256], given = 0;
        for (size_t k = 0; k < n_sides; k++) {
            quota[k] = (int64_t)floor(share[k] * (double)size + 1e-9);
            missing[k] += share[k] * (double)size - (double)quota[k];
            given += quota[k];
        }
        for (; given < size; given++) {
            size_t most = 0;
            for (size_t k = 1; k < n_sides; k++)
                most = missing[k] > missing[most] ? k : most;
            quota[most]++;
            missing[most] -= 1;
        }
        for (size_t k = 0; k < n_sides; k++)
            for (int64_t i = 0; i < quota[k]; i++)
                side[s.place[at++]] = (uint8_t)k;
    }
done:
    strata_free(&s);
    return st;
}
