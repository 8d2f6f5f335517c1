#include "check.h"
#include "eidetic/rng.h"
#include "eidetic/stats.h"

static double fraction(double x)
{
    return x - floor(x);
}

/* Members N(d, 1), non-members N(0, 1): the area is Phi(d / sqrt 2). */
static void gaussian_shift(void)
{
    static double pos[20000], neg[20000];
    for (double d = 0; d < 2.1; d += 0.5) {
        eid_rng rng = eid_rng_seed((uint64_t)(d * 10) + 1);
        for (int i = 0; i < 20000; i++) {
            pos[i] = d + eid_rng_normal(&rng);
            neg[i] = eid_rng_normal(&rng);
        }
        eid_roc *roc = NULL;
        CHECK_OK(eid_roc_new(&roc, pos, 20000, neg, 20000));
        eid_estimate e = eid_roc_auc(roc);
        double want = 0.5 * erfc(-d / 2);
        CHECK_CLOSE(e.value, want, 0, 0.009); /* three standard errors */
        CHECK(e.low < want + 0.003 && want - 0.003 < e.high);
        eid_roc_free(roc);
    }
}

/* tools/golden/stats.py: DeLong from the matrix of all pairs, many ties. */
static void delong_matches_its_definition(void)
{
    double pos[60], neg[45];
    for (int i = 0; i < 60; i++)
        pos[i] = rint(fraction((i + 1) * 0.7548776662466927) * 20 + 4);
    for (int i = 0; i < 45; i++)
        neg[i] = rint(fraction((i + 1) * 0.5698402909980532) * 20);
    eid_roc *roc = NULL;
    CHECK_OK(eid_roc_new(&roc, pos, 60, neg, 45));
    eid_estimate e = eid_roc_auc(roc);
    CHECK_CLOSE(e.value, 0.64925925925925931, 1e-13, 0);
    CHECK_CLOSE(e.low, 0.54384848191488, 1e-12, 0);
    CHECK_CLOSE(e.high, 0.75467003660363863, 1e-12, 0);
    eid_roc_free(roc);
}

static void delong_covers(void)
{
    double pos[40], neg[60];
    int held = 0;
    for (int run = 0; run < 500; run++) {
        eid_rng rng = eid_rng_stream(5, (uint64_t)run);
        for (int i = 0; i < 40; i++)
            pos[i] = 0.5 + eid_rng_normal(&rng);
        for (int i = 0; i < 60; i++)
            neg[i] = eid_rng_normal(&rng);
        eid_roc *roc = NULL;
        CHECK_OK(eid_roc_new(&roc, pos, 40, neg, 60));
        eid_estimate e = eid_roc_auc(roc);
        double want = 0.5 * erfc(-0.25);
        held += e.low <= want && want <= e.high;
        eid_roc_free(roc);
    }
    CHECK(held >= 460); /* 95% less three standard errors of 500 */
}

static void curve_points_and_ties(void)
{
    double pos[] = {3, 2, 2, INFINITY}, neg[] = {2, 1, -INFINITY};
    const double *fpr, *tpr;
    double want_fpr[] = {0, 0, 0, 1 / 3.0, 2 / 3.0, 1}, want_tpr[] = {0, 0.25, 0.5, 1, 1, 1};
    eid_roc *roc = NULL;
    CHECK_OK(eid_roc_new(&roc, pos, 4, neg, 3));
    CHECK_INT(eid_roc_points(roc, &fpr, &tpr), 6);
    CHECK_ALLCLOSE(fpr, want_fpr, 6, 1e-15, 0);
    CHECK_ALLCLOSE(tpr, want_tpr, 6, 1e-15, 0);
    CHECK_CLOSE(eid_roc_auc(roc).value, (10 + 0.5 * 2) / 12, 1e-15, 0);
    CHECK_CLOSE(eid_roc_threshold(roc, 0.3), 3, 0, 0);
    CHECK_CLOSE(eid_roc_threshold(roc, 0.34), 2, 0, 0);
    eid_roc_free(roc);
    pos[1] = NAN;
    CHECK_FAILS(eid_roc_new(&roc, pos, 4, neg, 3), EID_EINVAL, "score 1 of the members");
}

static void tpr_needs_negatives(void)
{
    static double pos[100], neg[1000];
    for (int i = 0; i < 1000; i++)
        neg[i] = i;
    for (int i = 0; i < 100; i++)
        pos[i] = 899.5 + i; /* 0.5 above 99 fewer with each */
    eid_roc *roc = NULL;
    CHECK_OK(eid_roc_new(&roc, pos, 100, neg, 1000));
    eid_estimate e = eid_roc_tpr(roc, 0.001), want = eid_proportion(1, 100);
    CHECK_CLOSE(e.value, 0.01, 0, 0); /* one false positive (999) allowed: 998.5 is above 998 */
    CHECK_CLOSE(e.low, want.low, 0, 0);
    CHECK_CLOSE(e.high, want.high, 0, 0);
    e = eid_roc_tpr(roc, 0.01);
    CHECK_CLOSE(e.value, 0.10, 1e-15, 0);
    eid_roc_free(roc);
    CHECK_OK(eid_roc_new(&roc, pos, 100, neg + 900, 100));
    CHECK_CLOSE(eid_roc_threshold(roc, 0.29), 970.5, 0, 0); /* 0.29 * 100 falls short of 29 */
    eid_roc_free(roc);
    CHECK_OK(eid_roc_new(&roc, pos, 100, neg, 999));
    e = eid_roc_tpr(roc, 0.001);
    CHECK(isnan(e.value));
    CHECK_STR(e.why, "unresolved: 999 negatives");
    CHECK(!isnan(eid_roc_tpr(roc, 0.01).value));
    eid_roc_free(roc);
    CHECK_OK(eid_roc_new(&roc, pos, 100, NULL, 0));
    CHECK(isnan(eid_roc_auc(roc).value) && isnan(eid_roc_tpr(roc, 0.01).value));
    eid_roc_free(roc);
}

static void a_perfect_area_keeps_an_interval(void)
{
    double pos[] = {5, 6, 7, 8, 9}, neg[] = {1, 2, 3, 4, 0, -1};
    eid_roc *roc = NULL;
    CHECK_OK(eid_roc_new(&roc, pos, 5, neg, 6));
    eid_estimate e = eid_roc_auc(roc);
    CHECK(e.value == 1 && e.high == 1);
    CHECK_CLOSE(e.low, pow(0.025, 0.2), 1e-12, 0);
    eid_roc_free(roc);
}

static void scores_that_agree_say_nothing(void)
{
    double same[3] = {4, 4, 4};
    eid_score_set set = {same, NULL, NULL, 3};
    eid_roc *roc = NULL;
    eid_estimate e;
    CHECK_OK(eid_roc_new(&roc, same, 3, same, 3));
    e = eid_roc_auc(roc);
    CHECK(isnan(e.value) && strstr(e.why, "all 6 scores agree"));
    CHECK_OK(eid_auc_bootstrap(&set, &set, 10, 1, &e));
    CHECK(isnan(e.value) && strstr(e.why, "all 6 scores agree"));
    eid_roc_free(roc);
}

/* Twenty windows to a document, all alike: intervals must widen to what the documents earn. */
static void clustered_area_covers(void)
{
    double pos[400], neg[400];
    int64_t doc[400];
    int held = 0, held_blind = 0;
    for (int run = 0; run < 150; run++) {
        eid_rng rng = eid_rng_stream(6, (uint64_t)run);
        for (int i = 0; i < 400; i++) {
            doc[i] = i / 20;
            pos[i] = i % 20 ? pos[i - 1] : eid_rng_normal(&rng);
            neg[i] = i % 20 ? neg[i - 1] : eid_rng_normal(&rng);
        }
        eid_score_set p = {pos, doc, NULL, 400}, n = {neg, doc, NULL, 400};
        eid_estimate e;
        CHECK_OK(eid_auc_bootstrap(&p, &n, 200, (uint64_t)run, &e));
        held += e.low <= 0.5 && 0.5 <= e.high;
        p.cluster = n.cluster = NULL;
        CHECK_OK(eid_auc_bootstrap(&p, &n, 200, (uint64_t)run, &e));
        held_blind += e.low <= 0.5 && 0.5 <= e.high;
    }
    CHECK(held >= 131); /* about 93% with 20 documents a side, less three standard errors */
    CHECK(held_blind <= 80);
}

static void clustered_area_agrees_with_delong(void)
{
    double pos[300], neg[200];
    eid_rng rng = eid_rng_seed(8);
    for (int i = 0; i < 300; i++)
        pos[i] = rint(4 * (0.7 + eid_rng_normal(&rng))); /* with ties */
    for (int i = 0; i < 200; i++)
        neg[i] = rint(4 * eid_rng_normal(&rng));
    eid_score_set p = {pos, NULL, NULL, 300}, n = {neg, NULL, NULL, 200};
    eid_roc *roc = NULL;
    eid_estimate b;
    CHECK_OK(eid_roc_new(&roc, pos, 300, neg, 200));
    eid_estimate d = eid_roc_auc(roc);
    CHECK_OK(eid_auc_bootstrap(&p, &n, 2000, 1, &b));
    CHECK_CLOSE(b.value, d.value, 1e-13, 0);
    CHECK_CLOSE(b.low, d.low, 0, 0.006);
    CHECK_CLOSE(b.high, d.high, 0, 0.006);
    eid_roc_free(roc);
    /* Clusters in name only: independent scores earn the same interval. */
    int64_t pair[300];
    for (int i = 0; i < 300; i++)
        pair[i] = i / 2;
    p.cluster = n.cluster = pair;
    CHECK_OK(eid_auc_bootstrap(&p, &n, 2000, 1, &b));
    CHECK_CLOSE(b.low, d.low, 0, 0.012);
    CHECK_CLOSE(b.high, d.high, 0, 0.012);
    p.n = 1;
    CHECK_OK(eid_auc_bootstrap(&p, &n, 2000, 1, &b));
    CHECK(isnan(b.value) && strstr(b.why, "unresolved: clusters: 1 of"));
}

/* By hand: stratum 7 wins 2 of 2 pairs, stratum 3 half of one; nothing is compared across. */
static void strata_are_not_compared(void)
{
    double pos[] = {5, 100}, neg[] = {1, 2, 100};
    int64_t pos_in[] = {7, 3}, neg_in[] = {7, 7, 3}, apart[] = {1, 2, 4};
    eid_score_set p = {pos, NULL, pos_in, 2}, n = {neg, NULL, neg_in, 3};
    eid_estimate e;
    CHECK_OK(eid_auc_bootstrap(&p, &n, 100, 1, &e));
    CHECK_CLOSE(e.value, 2.5 / 3, 1e-15, 0);
    CHECK(e.low >= 0.5 && e.high == 1);
    n.stratum = apart;
    CHECK_OK(eid_auc_bootstrap(&p, &n, 100, 1, &e));
    CHECK(isnan(e.value) && strstr(e.why, "stratum"));
}

int main(void)
{
    RUN(gaussian_shift);
    RUN(delong_matches_its_definition);
    RUN(delong_covers);
    RUN(curve_points_and_ties);
    RUN(tpr_needs_negatives);
    RUN(a_perfect_area_keeps_an_interval);
    RUN(scores_that_agree_say_nothing);
    RUN(clustered_area_covers);
    RUN(clustered_area_agrees_with_delong);
    RUN(strata_are_not_compared);
    return DONE();
}
