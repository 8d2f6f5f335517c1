/* diet_scores.c - scores of runs, what they find, and the order they put examples in. */
#include "recipe/diet.h"
#include "eidetic/rng.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

void eid_diet_result_free(eid_diet_result *r)
{
    if (!r)
        return;
    for (int k = 0; k < EID_SCORE_KINDS; k++)
        eid_free(r->score[k]);
    eid_free(r);
}

/* Do flipped labels have hard scores? */
static eid_status judge(eid_estimate *out, const double *score, int hard, const eid_trajectory *t,
                        const int32_t *clean)
{
    double *side[2] = {NULL, NULL};
    size_t n[2] = {0, 0};
    eid_roc *roc = NULL;
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(side[0], t->examples));
    EID_TRY(EID_NEW(side[1], t->examples));
    for (int64_t i = 0; i < t->examples; i++) {
        int flipped = t->label[i] != clean[i];
        side[flipped][n[flipped]++] = hard * score[i];
    }
    EID_TRY(eid_roc_new(&roc, side[1], n[1], side[0], n[0]));
    *out = eid_roc_auc(roc);
done:
    eid_roc_free(roc);
    eid_free(side[0]);
    eid_free(side[1]);
    return st;
}

/* Rank correlation of the first two runs' scores. */
static eid_status compare(eid_estimate *out, const eid_trajectory *const *runs, eid_score_kind kind,
                          double epoch)
{
    double *a = NULL, *b = NULL;
    size_t n = (size_t)runs[0]->examples;
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(a, n));
    EID_TRY(EID_NEW(b, n));
    EID_TRY(eid_score(&runs[0], 1, kind, epoch, a));
    EID_TRY(eid_score(&runs[1], 1, kind, epoch, b));
    EID_TRY(eid_spearman(a, b, n, out));
done:
    eid_free(a);
    eid_free(b);
    return st;
}

static bool has_grand(const eid_trajectory *const *runs, size_t n)
{
    for (size_t r = 0; r < n; r++)
        if (!runs[r]->grand)
            return false;
    return true;
}

static eid_status read_one(eid_diet_result *r, const eid_trajectory *const *runs, size_t n,
                           eid_score_kind k, const int32_t *clean, const eid_diet_opts *o)
{
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(r->score[k], r->examples));
    EID_TRY(eid_score(runs, n, k, o->score_epoch, r->score[k]));
    if (clean)
        EID_TRY(judge(&r->finds[k], r->score[k], eid_score_hard(k), runs[0], clean));
    if (n > 1)
        EID_TRY(compare(&r->agrees[k], runs, k, o->score_epoch));
done:
    return st;
}

eid_status diet_read_scores(eid_diet_result **out, const eid_trajectory *const *runs, size_t n,
                            const int32_t *clean, const eid_diet_opts *o)
{
    eid_diet_result *r = NULL;
    uint8_t *never = NULL;
    eid_status st = EID_OK;

    if (!n)
        return eid_fail(EID_EINVAL, "diet: no run is given");
    EID_TRY(EID_NEW(r, 1));
    r->runs = (int64_t)n;
    r->suspected = -1;
    r->examples = runs[0]->examples;
    for (int64_t i = 0; clean && i < r->examples; i++)
        r->flips += runs[0]->label[i] != clean[i];
    for (int k = 0; k < EID_SCORE_KINDS; k++) {
        r->finds[k] = eid_estimate_none("no example is known to be wrong");
        r->agrees[k] = eid_estimate_none("one run only");
        if (k != EID_SCORE_GRAND || has_grand(runs, n))
            EID_TRY(read_one(r, runs, n, (eid_score_kind)k, r->flips ? clean : NULL, o));
    }
    EID_TRY(EID_NEW(never, r->examples));
    EID_TRY(eid_never_learned(runs, n, never));
    for (int64_t i = 0; i < r->examples; i++)
        r->never += never[i];
    *out = r;
    r = NULL;
done:
    eid_free(never);
    eid_diet_result_free(r);
    return st;
}

/* ---- order ----------------------------------------------------------------------------------- */

typedef struct ranked {
    double hardness;
    uint64_t lot;
    int64_t place;
} ranked;

static int easy_first(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->hardness != y->hardness)
        return x->hardness < y->hardness ? -1 : 1;
    if (x->lot != y->lot)
        return x->lot < y->lot ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

eid_status diet_order(int64_t *order, int64_t n, const double *score, int hard, const int64_t *id,
                      uint64_t seed)
{
    ranked *r = NULL;
    eid_status st = EID_NEW(r, n);

    if (st != EID_OK)
        return st;
    for (int64_t i = 0; i < n; i++) {
        eid_rng rng = eid_rng_stream(seed, (uint64_t)id[i]);
        r[i] =
            (ranked){.hardness = score ? hard * score[i] : 0, .lot = eid_rng_u64(&rng), .place = i};
    }
    qsort(r, (size_t)n, sizeof *r, easy_first);
    for (int64_t i = 0; i < n; i++)
        order[i] = r[i].place;
    eid_free(r);
    return EID_OK;
}
