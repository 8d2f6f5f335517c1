/* roc_cluster.c - the area under the ROC when windows of one document hang together. */
#include "stats/cluster.h"
#include "stats/estimate.h"
#include "base/memory.h"
#include "eidetic/rng.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* One side: its clusters, and how often each position is in the current resample. */
typedef struct side {
    eid_clusters c;
    double *times;
} side;

/* All scores, by stratum and ascending; a resample only changes the weights. */
typedef struct placed {
    double score;
    int64_t stratum;
    const double *times;
    bool member;
} placed;

static int low_first(const void *a, const void *b)
{
    const placed *x = a, *y = b;
    if (x->stratum != y->stratum)
        return x->stratum < y->stratum ? -1 : 1;
    return (x->score > y->score) - (x->score < y->score);
}

/* P(member > non-member) + P(equal) / 2 under the weights, over pairs of one stratum; NaN without a
 * pair. */
static double weighted_area(const placed *at, size_t n)
{
    double sum = 0, pairs = 0, below = 0, members = 0;
    for (size_t i = 0; i < n;) {
        double pos = 0, neg = 0;
        size_t j = i;
        for (; j < n && at[j].stratum == at[i].stratum && at[j].score == at[i].score; j++)
            *(at[j].member ? &pos : &neg) += *at[j].times;
        sum += pos * (below + 0.5 * neg);
        below += neg;
        members += pos;
        if (j == n || at[j].stratum != at[i].stratum) {
            pairs += members * below;
            below = members = 0;
        }
        i = j;
    }
    return pairs > 0 ? sum / pairs : NAN;
}

static bool all_agree(const placed *at, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (at[i].score != at[0].score)
            return false;
    return true;
}

static void resample(side *s, eid_rng *rng)
{
    for (size_t i = 0; i < s->c.n; i++)
        s->times[i] = 0;
    for (size_t k = 0; k < s->c.groups; k++) {
        size_t g = (size_t)eid_rng_below(rng, s->c.groups);
        for (size_t i = s->c.start[g]; i < s->c.start[g + 1]; i++)
            s->times[s->c.member[i]]++;
    }
}

static eid_status side_new(side *s, const eid_score_set *set, const char *who)
{
    eid_status st = EID_OK;
    for (size_t i = 0; i < set->n; i++)
        if (isnan(set->score[i]))
            return eid_fail(EID_EINVAL, "roc: score %zu of the %s is not a number", i, who);
    EID_TRY(eid_clusters_new(&s->c, set->cluster, set->n));
    EID_TRY(EID_NEW(s->times, set->n));
    for (size_t i = 0; i < set->n; i++)
        s->times[i] = 1;
done:
    return st;
}

static void place(placed *at, const eid_score_set *set, const side *s, bool member)
{
    for (size_t i = 0; i < set->n; i++)
        at[i] = (placed){set->score[i], set->stratum ? set->stratum[i] : 0, &s->times[i], member};
}

eid_status eid_auc_bootstrap(const eid_score_set *member, const eid_score_set *nonmember,
                             int64_t resamples, uint64_t seed, eid_estimate *out)
{
    eid_status st = EID_OK;
    side pos = {{0}, NULL}, neg = {{0}, NULL};
    placed *at = NULL;
    double *areas = NULL;
    size_t n = member->n + nonmember->n;

    if (resamples < 1)
        return eid_fail(EID_EINVAL, "bootstrap: want at least 1 resample");
    EID_TRY(side_new(&pos, member, "members"));
    EID_TRY(side_new(&neg, nonmember, "non-members"));
    size_t fewer = pos.c.groups < neg.c.groups ? pos.c.groups : neg.c.groups;
    if (fewer < 2) {
        *out =
            eid_unresolved((int64_t)n, "unresolved: clusters: %zu of members, %zu of non-members",
                           pos.c.groups, neg.c.groups);
        goto done;
    }
    EID_TRY(EID_NEW(at, n));
    EID_TRY(EID_NEW(areas, resamples));
    place(at, member, &pos, true);
    place(at + member->n, nonmember, &neg, false);
    qsort(at, n, sizeof *at, low_first);

    eid_estimate e = {.value = weighted_area(at, n), .n = (int64_t)n};
    e.method = "bootstrap by cluster";
    if (isnan(e.value)) {
        e = eid_unresolved((int64_t)n, "unresolved: no member shares a stratum with a non-member");
    } else if (all_agree(at, n)) {
        e = eid_unresolved((int64_t)n, "unresolved: all %zu scores agree", n);
    } else if (e.value == 0 || e.value == 1) {
        e.method = "clopper-pearson over disjoint pairs";
        eid_clopper_pearson(e.value * (double)fewer, (double)fewer, &e.low, &e.high);
    } else {
        for (int64_t r = 0; r < resamples; r++) {
            eid_rng rng = eid_rng_stream(seed, (uint64_t)r);
            resample(&pos, &rng);
            resample(&neg, &rng);
            areas[r] = weighted_area(at, n);
            if (isnan(areas[r])) /* no stratum drew both sides: it says nothing */
                areas[r] = 0.5;
        }
        eid_percentile_interval(areas, (size_t)resamples, &e.low, &e.high);
    }
    *out = e;
done:
    eid_free(areas);
    eid_free(at);
    eid_free(neg.times);
    eid_free(pos.times);
    eid_clusters_free(&neg.c);
    eid_clusters_free(&pos.c);
    return st;
}
