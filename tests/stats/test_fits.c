/* Numbers by tools/golden/stats.py (scipy), on data made by the same formulas. */
#include "check.h"
#include "eidetic/rng.h"
#include "eidetic/stats.h"
#include "stats/skew_normal.h"

static double fraction(double x)
{
    return x - floor(x);
}

static void line_matches_scipy(void)
{
    double x[12], y[12];
    for (int i = 0; i < 12; i++) {
        x[i] = i;
        y[i] = 3 - 0.25 * i + fraction((i + 1) * 0.6180339887498949);
    }
    eid_line line;
    CHECK_OK(eid_line_fit(x, y, 12, &line));
    CHECK_CLOSE(line.slope.value, -0.24735062663472049, 1e-12, 0);
    CHECK_CLOSE(line.slope.low, -0.30155057829156212, 1e-11, 0);
    CHECK_CLOSE(line.slope.high, -0.19315067497787886, 1e-11, 0);
    CHECK_CLOSE(line.intercept, 3.502649373365279, 1e-12, 0);
    CHECK_CLOSE(line.r2, 0.91181513355728327, 1e-12, 0);
    CHECK_INT(line.points, 12);
}

static void line_without_enough_points(void)
{
    double x[3] = {1, 2, 1}, y[3] = {5, 7, NAN};
    eid_line line;
    CHECK_OK(eid_line_fit(x, y, 2, &line));
    CHECK_CLOSE(line.slope.value, 2, 1e-15, 0);
    CHECK(isnan(line.slope.low) && line.r2 == 1);
    CHECK_OK(eid_line_fit(x, y, 1, &line));
    CHECK(isnan(line.slope.value));
    CHECK_STR(line.slope.why, "unresolved: 1 points");
    x[1] = 1;
    CHECK_OK(eid_line_fit(x, y, 2, &line));
    CHECK_STR(line.slope.why, "unresolved: all x agree");
    CHECK_FAILS(eid_line_fit(x, y, 3, &line), EID_EINVAL, "point 2 of 3");
}

static void spearman_matches_scipy(void)
{
    double x[12], y[12];
    for (int i = 0; i < 12; i++) {
        x[i] = i;
        y[i] = rint(2 * (3 - 0.25 * i + fraction((i + 1) * 0.6180339887498949)));
    }
    eid_estimate e;
    CHECK_OK(eid_spearman(x, y, 12, &e));
    CHECK_CLOSE(e.value, -0.94874538383256968, 1e-12, 0);
    CHECK_CLOSE(e.low, -0.98915297605969088, 1e-12, 0);
    CHECK_CLOSE(e.high, -0.7748485917368646, 1e-12, 0);
}

static void spearman_edges(void)
{
    double x[5] = {1, 2, 3, 4, 5}, y[5] = {2, 8, 9, 40, INFINITY}, flat[5] = {1, 1, 1, 1, 1};
    eid_estimate e;
    CHECK_OK(eid_spearman(x, y, 5, &e));
    CHECK_CLOSE(e.value, 1, 1e-15, 0);
    CHECK(e.low > 0 && e.low < 1 && e.high == 1);
    CHECK_OK(eid_spearman(x, flat, 5, &e));
    CHECK(isnan(e.value) && strstr(e.why, "does not vary"));
    CHECK_OK(eid_spearman(x, y, 3, &e));
    CHECK(isnan(e.value));
    y[2] = NAN;
    CHECK_FAILS(eid_spearman(x, y, 5, &e), EID_EINVAL, "pair 2");
}

static void skew_normal_reaches_scipys_likelihood(void)
{
    double x[400], sum = 0;
    for (int i = 0; i < 400; i++) {
        x[i] = 0;
        static const double g[] = {0.6180339887498949, 0.7548776662466927, 0.5698402909980532};
        for (int k = 0; k < 3; k++)
            x[i] += pow(fraction((i + 1) * g[k]), 2);
    }
    eid_skew_normal fit;
    CHECK_OK(eid_skew_normal_fit(x, 400, &fit));
    for (int i = 0; i < 400; i++)
        sum +=
            eid_skew_normal_log_pdf((x[i] - fit.location) / fit.scale, fit.shape) - log(fit.scale);
    CHECK(sum > -291.72583260834699 - 1e-6);
    CHECK_CLOSE(fit.shape, 2.66553986497, 1e-4, 0);
    CHECK_CLOSE(fit.location, 0.414326731167, 1e-4, 0);
    CHECK_CLOSE(fit.scale, 0.779630310534, 1e-4, 0);
    CHECK_CLOSE(fit.ks, 0.037786861236, 1e-3, 0);
    CHECK_CLOSE(fit.ks_p, 0.6175171255, 1e-2, 0);
}

/* z = delta |u| + sqrt(1 - delta^2) v is skew-normal. */
static void skew_normal_recovers_its_own(void)
{
    static const double shape[] = {-4, 0, 3, 0.5};
    static double x[4000];
    for (size_t j = 0; j < 4; j++) {
        double delta = shape[j] / sqrt(1 + shape[j] * shape[j]);
        eid_rng rng = eid_rng_seed(20 + j);
        for (int i = 0; i < 4000; i++)
            x[i] = 50 + 8 * (delta * fabs(eid_rng_normal(&rng)) +
                             sqrt(1 - delta * delta) * eid_rng_normal(&rng));
        eid_skew_normal fit;
        CHECK_OK(eid_skew_normal_fit(x, 4000, &fit));
        CHECK(fit.ks_p > 0.05);
        /* The distribution is what must be right; near symmetry its parameters hardly are. */
        for (double z = -1.5; z < 2; z += 0.5) {
            double want = eid_skew_normal_log_cdf(z, shape[j]) / M_LN2;
            if (want > -10)
                CHECK_CLOSE(eid_skew_normal_log2_cdf(&fit, 50 + 8 * z), want, 0.05, 0.05);
        }
    }
}

static void skew_normal_edges(void)
{
    double few[7] = {0}, flat[20] = {0}, two[20], half[300];
    eid_skew_normal fit;
    CHECK_FAILS(eid_skew_normal_fit(few, 7, &fit), EID_EINVAL, "at least 8");
    CHECK_FAILS(eid_skew_normal_fit(flat, 20, &fit), EID_EINVAL, "agree");
    for (int i = 0; i < 20; i++)
        two[i] = i % 2 ? 1 : -1;
    CHECK_OK(eid_skew_normal_fit(two, 20, &fit));
    CHECK(fit.ks_p < 0.2);
    two[3] = INFINITY;
    CHECK_FAILS(eid_skew_normal_fit(two, 20, &fit), EID_EINVAL, "value 3");
    /* A half-normal: the likelihood grows with the shape for ever, the bound holds. */
    eid_rng rng = eid_rng_seed(4);
    for (int i = 0; i < 300; i++)
        half[i] = fabs(eid_rng_normal(&rng));
    CHECK_OK(eid_skew_normal_fit(half, 300, &fit));
    CHECK(fit.shape > 10 && fit.shape <= 50);
    CHECK(isfinite(eid_skew_normal_log2_cdf(&fit, -1)));
}

int main(void)
{
    RUN(line_matches_scipy);
    RUN(line_without_enough_points);
    RUN(spearman_matches_scipy);
    RUN(spearman_edges);
    RUN(skew_normal_reaches_scipys_likelihood);
    RUN(skew_normal_recovers_its_own);
    RUN(skew_normal_edges);
    return DONE();
}
