/* noise.c - labels that are wrong in a known way. */
#include "dataset/dataset.h"
#include <inttypes.h>
#include <math.h>

/* k of the places 0 .. n-1, in random order. */
static eid_status choose(const eid_dataset *d, int64_t k, eid_label_noise kind, uint64_t seed,
                         int64_t **chosen)
{
    int64_t *place = NULL;
    eid_rng rng = eid_draw(seed, EID_DRAW_CHOSEN, d, kind);
    eid_status st = EID_NEW(place, d->n);

    if (st != EID_OK)
        return st;
    for (int64_t i = 0; i < d->n; i++)
        place[i] = i;
    for (int64_t i = 0; i < k; i++) { /* the first k steps of a shuffle */
        int64_t j = i + (int64_t)eid_rng_below(&rng, (uint64_t)(d->n - i)), t = place[i];
        place[i] = place[j];
        place[j] = t;
    }
    *chosen = place;
    return EID_OK;
}

/* Another label, each of the others alike. */
static int32_t another(eid_rng *rng, int32_t label, int32_t classes)
{
    int32_t drawn = (int32_t)eid_rng_below(rng, (uint64_t)classes - 1);

    return drawn + (drawn >= label);
}

static void permute(int32_t *label, const int64_t *chosen, int64_t k, eid_rng rng)
{
    for (int64_t i = k; i > 1; i--) {
        int64_t a = chosen[i - 1], b = chosen[eid_rng_below(&rng, (uint64_t)i)];
        int32_t t = label[a];
        label[a] = label[b];
        label[b] = t;
    }
}

/* The draw of an example depends on its id, not on the examples beside it. */
static void randomize(const eid_dataset *d, double share, uint64_t seed, int32_t *label,
                      uint8_t *hit)
{
    for (int64_t i = 0; i < d->n; i++) {
        eid_rng rng = eid_draw(seed, EID_DRAW_LABEL, d, d->id[i]);
        hit[i] = eid_rng_unit(&rng) < share;
        if (hit[i])
            label[i] = (int32_t)eid_rng_below(&rng, (uint64_t)d->classes);
    }
}

eid_status eid_dataset_noise(eid_dataset **out, eid_ctx *ctx, const eid_dataset *d,
                             eid_label_noise kind, double share, uint64_t seed, uint8_t *chosen)
{
    eid_making m = {0};
    int64_t *place = NULL, k;
    uint8_t *hit = NULL;
    eid_status st = EID_OK;

    if (!(share >= 0 && share <= 1))
        return eid_fail(EID_EINVAL, "label noise: a share of %g is not in [0, 1]", share);
    if (d->classes < 2)
        return eid_fail(EID_EINVAL, "label noise: %s has one class only", d->name);
    k = (int64_t)llround(share * (double)d->n);
    EID_TRY(EID_NEW(hit, d->n));
    EID_TRY(eid_making_copy(&m, ctx, d));
    if (kind == EID_NOISE_RANDOM) {
        randomize(d, share, seed, m.label, hit);
    } else {
        EID_TRY(choose(d, k, kind, seed, &place));
        for (int64_t i = 0; i < k; i++) {
            eid_rng rng = eid_draw(seed, EID_DRAW_LABEL, d, d->id[place[i]]);
            hit[place[i]] = 1;
            if (kind == EID_NOISE_WRONG)
                m.label[place[i]] = another(&rng, m.label[place[i]], d->classes);
        }
        if (kind == EID_NOISE_PERMUTE)
            permute(m.label, place, k, eid_draw(seed, EID_DRAW_LABEL, d, 0));
    }
    EID_TRY(eid_making_finish(out, ctx, &m));
    for (int64_t i = 0; chosen && i < d->n; i++)
        chosen[i] = hit[i];
done:
    eid_making_drop(&m);
    eid_free(place);
    eid_free(hit);
    return st;
}
