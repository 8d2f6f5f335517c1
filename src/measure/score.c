/* score.c - the scores by name, and their means over runs. */
#include "measure/score.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    int hard;
    eid_status (*of)(const eid_trajectory *t, double epoch, double *score);
} KINDS[EID_SCORE_KINDS] = {
    [EID_SCORE_EL2N] = {"el2n", 1, score_el2n},
    [EID_SCORE_GRAND] = {"grand", 1, score_grand},
    [EID_SCORE_FORGETTING] = {"forgetting", 1, score_forgetting},
    [EID_SCORE_AUM] = {"aum", -1, score_aum},
    [EID_SCORE_CONFIDENCE] = {"confidence", -1, score_confidence},
    [EID_SCORE_VARIABILITY] = {"variability", 1, score_variability},
    [EID_SCORE_CORRECTNESS] = {"correctness", -1, score_correctness},
    [EID_SCORE_FIRST_LEARNED] = {"first-learned", 1, score_first_learned},
    [EID_SCORE_LAST_FORGOTTEN] = {"last-forgotten", 1, score_last_forgotten},
};

const char *eid_score_name(eid_score_kind kind)
{
    return KINDS[kind].name;
}

int eid_score_hard(eid_score_kind kind)
{
    return KINDS[kind].hard;
}

int64_t score_checkpoint(const eid_trajectory *t, double epoch)
{
    int64_t best = t->checkpoints - 1;

    for (int64_t c = 0; c < t->checkpoints && epoch >= 0; c++)
        if (fabs(t->epoch[c] - epoch) < fabs(t->epoch[best] - epoch))
            best = c;
    return best;
}

int64_t score_first(const eid_trajectory *t)
{
    return t->checkpoints > 1 && t->step[0] == 0;
}

const uint8_t *score_rights(const eid_trajectory *t, int64_t *rows)
{
    *rows = t->presented ? t->presentations : t->checkpoints;
    return t->presented ? t->presented : t->correct;
}

static eid_status check_same(const eid_trajectory *const *runs, size_t n)
{
    if (n < 1)
        return eid_fail(EID_EINVAL, "scores: no run is given");
    for (size_t r = 0; r < n; r++) {
        const eid_trajectory *t = runs[r];
        if (t->examples != runs[0]->examples || t->checkpoints < 1)
            return eid_fail(EID_EINVAL,
                            "scores: run %zu has %" PRId64 " examples at %" PRId64
                            " checkpoints, run 0 %" PRId64 " examples",
                            r, t->examples, t->checkpoints, runs[0]->examples);
        for (int64_t i = 0; i < t->examples; i++)
            if (t->id[i] != runs[0]->id[i] || t->label[i] != runs[0]->label[i])
                return eid_fail(EID_EINVAL,
                                "scores: example %" PRId64 " of run %zu has id %" PRId64
                                " and label %" PRId32 ", in run 0 %" PRId64 " and %" PRId32,
                                i, r, t->id[i], t->label[i], runs[0]->id[i], runs[0]->label[i]);
    }
    return EID_OK;
}

eid_status eid_score(const eid_trajectory *const *runs, size_t n, eid_score_kind kind, double epoch,
                     double *score)
{
    double *sum = NULL, *one = NULL;
    size_t examples = n ? (size_t)runs[0]->examples : 0;
    eid_status st = EID_OK;

    if ((int)kind < 0 || kind >= EID_SCORE_KINDS)
        return eid_fail(EID_EINVAL, "scores: there is no kind %d", (int)kind);
    EID_TRY(check_same(runs, n));
    EID_TRY(EID_NEW(sum, examples));
    EID_TRY(EID_NEW(one, examples));
    for (size_t r = 0; r < n; r++) {
        EID_TRY(KINDS[kind].of(runs[r], epoch, one));
        for (size_t i = 0; i < examples; i++)
            sum[i] += one[i];
    }
    for (size_t i = 0; i < examples; i++)
        score[i] = sum[i] / (double)n;
done:
    eid_free(sum);
    eid_free(one);
    return st;
}

eid_status eid_never_learned(const eid_trajectory *const *runs, size_t n, uint8_t *never)
{
    eid_status st = check_same(runs, n);

    for (int64_t i = 0; st == EID_OK && i < runs[0]->examples; i++) {
        never[i] = 1;
        for (size_t r = 0; r < n; r++) {
            int64_t rows;
            const uint8_t *right = score_rights(runs[r], &rows);
            for (int64_t c = 0; c < rows; c++)
                never[i] &= !right[c * runs[r]->examples + i];
        }
    }
    return st;
}
