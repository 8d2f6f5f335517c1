#include "check.h"
#include "eidetic/rng.h"
#include "eidetic/stats.h"
#include "stats/special.h"

static void clopper_pearson_matches_scipy(void)
{
    static const double t[][4] = {
        {0, 10, 0, 0.30849710781876072},
        {1, 10, 0.0025285785444617848, 0.44501611702819538},
        {5, 10, 0.18708602844739855, 0.81291397155260148},
        {10, 10, 0.69150289218123917, 1},
        {0, 1, 0, 0.97499999999999998},
        {3, 1000, 0.00061909993164957131, 0.0087420232384783029},
        {997, 1000, 0.99125797676152172, 0.99938090006835045},
        {1, 1e6, 2.5317807663794178e-08, 5.5716306551669393e-06},
        {1234, 1e6, 0.0011661407366390323, 0.001304774153560784},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        eid_estimate e = eid_proportion((int64_t)t[i][0], (int64_t)t[i][1]);
        CHECK_CLOSE(e.value, t[i][0] / t[i][1], 0, 0);
        CHECK_CLOSE(e.low, t[i][2], 1e-11, 0);
        CHECK_CLOSE(e.high, t[i][3], 1e-11, 0);
        CHECK_INT(e.n, t[i][1]);
        CHECK_STR(e.why, "");
    }
}

/* scipy.stats.t.interval(0.95, n - 1, mean, sem) */
static void a_mean_has_students_interval(void)
{
    const double x[] = {1, 2, 4, 8, 9};
    eid_estimate e = eid_mean_t(x, 5);
    CHECK_CLOSE(e.value, 4.8, 1e-15, 0);
    CHECK_CLOSE(e.low, 0.3750746387843966, 1e-10, 0);
    CHECK_CLOSE(e.high, 9.224925361215604, 1e-10, 0);
    CHECK_INT(e.n, 5);
    const double same[] = {3, 3, 3}, odd[] = {1, INFINITY};
    CHECK(eid_mean_t(same, 3).low == 3 && eid_mean_t(same, 3).high == 3);
    CHECK(isnan(eid_mean_t(x, 1).value) && isnan(eid_mean_t(odd, 2).value));
}

static void a_proportion_of_nothing_is_unresolved(void)
{
    eid_estimate e = eid_proportion(0, 0);
    CHECK(isnan(e.value) && isnan(e.low) && isnan(e.high));
    CHECK(strstr(e.why, "unresolved"));
    CHECK(isnan(eid_proportion(3, 2).value));
    CHECK_STR(eid_estimate_none("no ledger").why, "no ledger");
}

/* Share of experiments whose interval holds the truth: for the exact interval at least 95%. */
static void clopper_pearson_covers(void)
{
    static const double p[] = {0.01, 0.1, 0.5};
    for (size_t j = 0; j < 3; j++) {
        int held = 0;
        for (int run = 0; run < 1000; run++) {
            eid_rng rng = eid_rng_stream(7 + j, (uint64_t)run);
            int k = 0;
            for (int i = 0; i < 60; i++)
                k += eid_rng_unit(&rng) < p[j];
            eid_estimate e = eid_proportion(k, 60);
            held += e.low <= p[j] && p[j] <= e.high;
        }
        CHECK(held >= 936); /* 95% less two standard errors of 1,000 */
    }
}

/* Clusters of 10 equal values: the interval of the mean must be as wide as 40 values earn, not 400.
 */
static void bootstrap_resamples_clusters(void)
{
    int held = 0, held_blind = 0;
    for (int run = 0; run < 200; run++) {
        double x[400];
        int64_t cluster[400];
        eid_rng rng = eid_rng_stream(11, (uint64_t)run);
        for (int g = 0; g < 40; g++) {
            double shared = eid_rng_normal(&rng);
            for (int i = 0; i < 10; i++) {
                x[g * 10 + i] = 3 + shared;
                cluster[g * 10 + i] = 1000 - g;
            }
        }
        eid_estimate e;
        CHECK_OK(eid_mean_bootstrap(x, cluster, 400, 300, (uint64_t)run, &e));
        held += e.low <= 3 && 3 <= e.high;
        CHECK_OK(eid_mean_bootstrap(x, NULL, 400, 300, (uint64_t)run, &e));
        held_blind += e.low <= 3 && 3 <= e.high;
    }
    CHECK(held >= 178); /* percentile bootstrap of 40: about 93.5%, less 3 standard errors */
    CHECK(held_blind <= 120);
}

static void bootstrap_without_spread_says_so(void)
{
    double ones[6] = {1, 1, 1, 1, 1, 1}, mixed[4] = {0, 1, 1, 0}, other[3] = {2, 2, 2};
    int64_t cluster[6] = {5, 5, 5, 2, 2, 9}, same[4] = {4, 4, 4, 4};
    eid_estimate e;
    CHECK_OK(eid_mean_bootstrap(ones, cluster, 6, 100, 1, &e));
    CHECK_CLOSE(e.value, 1, 0, 0);
    CHECK_CLOSE(e.low, pow(0.025, 1.0 / 3), 1e-12, 0); /* three clusters, all hits */
    CHECK_CLOSE(e.high, 1, 0, 0);
    CHECK_STR(e.method, "clopper-pearson over clusters");
    CHECK_OK(eid_mean_bootstrap(mixed, same, 4, 100, 1, &e));
    CHECK_CLOSE(e.value, 0.5, 0, 0);
    CHECK(e.low == 0 && e.high == 1);
    CHECK_OK(eid_mean_bootstrap(other, NULL, 3, 100, 1, &e));
    CHECK(e.low == 2 && e.high == 2 && strstr(e.why, "no spread"));
    CHECK_OK(eid_mean_bootstrap(other, NULL, 0, 100, 1, &e));
    CHECK(isnan(e.value));
    other[1] = NAN;
    CHECK_FAILS(eid_mean_bootstrap(other, NULL, 3, 100, 1, &e), EID_EINVAL, "value 1 of 3");
    CHECK_FAILS(eid_mean_bootstrap(ones, NULL, 3, 0, 1, &e), EID_EINVAL, "resample");
}

static void bootstrap_depends_on_the_seed_alone(void)
{
    double x[50];
    eid_rng rng = eid_rng_seed(3);
    for (int i = 0; i < 50; i++)
        x[i] = eid_rng_normal(&rng);
    eid_estimate a, b, c;
    CHECK_OK(eid_mean_bootstrap(x, NULL, 50, 200, 9, &a));
    CHECK_OK(eid_mean_bootstrap(x, NULL, 50, 200, 9, &b));
    CHECK_OK(eid_mean_bootstrap(x, NULL, 50, 200, 10, &c));
    CHECK(a.low == b.low && a.high == b.high);
    CHECK(a.low != c.low);
    CHECK(a.low < a.value && a.value < a.high);
}

static void clustered_proportion(void)
{
    double hit[200];
    int64_t own[200], shared[200];
    for (int i = 0; i < 200; i++) {
        hit[i] = (i / 10) % 4 == 0; /* 5 of 20 clusters, all or nothing */
        own[i] = i;
        shared[i] = i / 10;
    }
    eid_estimate e, alone = eid_proportion(50, 200), of_clusters = eid_proportion(5, 20);
    CHECK_OK(eid_proportion_by_cluster(hit, NULL, 200, &e));
    CHECK_CLOSE(e.low, alone.low, 0.01, 0); /* the effect's n / (n - 1) */
    CHECK_CLOSE(e.high, alone.high, 0.01, 0);
    CHECK_OK(eid_proportion_by_cluster(hit, own, 200, &e));
    CHECK_STR(e.method, "clopper-pearson");
    CHECK_OK(eid_proportion_by_cluster(hit, shared, 200, &e));
    CHECK_CLOSE(e.value, 0.25, 0, 0);
    CHECK_CLOSE(e.low, of_clusters.low, 0.1, 0);
    CHECK_CLOSE(e.high, of_clusters.high, 0.1, 0);
    CHECK_INT(e.n, 200);
    /* By hand: 10 clusters of 2, three of them (1,1), three (1,0), four (0,0): p = .45, residual
     * sums 1.1, .1 and -.9, so the design effect is 10 / 9 * 6.9 / (20 * .45 * .55) = 1.548821...
     */
    double twos[20] = {1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0};
    double n_effective = 20 / (10 / 9.0 * (3 * 1.21 + 3 * 0.01 + 4 * 0.81) / (20 * 0.45 * 0.55));
    int64_t pair[20];
    for (int i = 0; i < 20; i++)
        pair[i] = i / 2;
    CHECK_OK(eid_proportion_by_cluster(twos, pair, 20, &e));
    CHECK_CLOSE(eid_beta_cdf(0.45 * n_effective, 0.55 * n_effective + 1, e.low), 0.025, 1e-9, 0);
    CHECK_CLOSE(eid_beta_cdf(0.45 * n_effective + 1, 0.55 * n_effective, e.high), 0.975, 1e-9, 0);
    CHECK_OK(eid_proportion_by_cluster(hit, shared, 10, &e)); /* one cluster of hits */
    CHECK(e.value == 1 && e.low == 0 && e.high == 1);
    hit[3] = 0.5;
    CHECK_FAILS(eid_proportion_by_cluster(hit, own, 200, &e), EID_EINVAL, "hit[3]");
}

int main(void)
{
    RUN(clopper_pearson_matches_scipy);
    RUN(a_mean_has_students_interval);
    RUN(a_proportion_of_nothing_is_unresolved);
    RUN(clopper_pearson_covers);
    RUN(bootstrap_resamples_clusters);
    RUN(bootstrap_without_spread_says_so);
    RUN(bootstrap_depends_on_the_seed_alone);
    RUN(clustered_proportion);
    return DONE();
}
