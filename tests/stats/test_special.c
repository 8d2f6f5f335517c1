/* Numbers by tools/golden/stats.py (mpmath at 60 digits, scipy where it says so). */
#include "check.h"
#include "stats/skew_normal.h"
#include "stats/special.h"

static void incomplete_beta_matches_quadrature(void)
{
    static const double t[][4] = {
        {0.5, 0.5, 0.1, 0.20483276469913345},    {2, 3, 0.4, 0.52480000000000004},
        {1, 1000001, 1e-7, 0.09516267697196916}, {50.5, 0.5, 0.999, 0.75116873038821019},
        {200, 300, 0.41, 0.67762816477217891},   {1e5, 1e5, 0.4985, 0.089856029826326206},
        {5, 1e6, 1e-5, 0.97074863606754236},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        /* 1e5: x itself carries 1e-16 * n of the exponent. */
        CHECK_CLOSE(eid_beta_cdf(t[i][0], t[i][1], t[i][2]), t[i][3], 1e-11, 0);
        CHECK_CLOSE(eid_beta_cdf(t[i][1], t[i][0], 1 - t[i][2]), 1 - t[i][3], 1e-9, 1e-12);
    }
    CHECK_CLOSE(eid_beta_cdf(3, 7, 0), 0, 0, 0);
    CHECK_CLOSE(eid_beta_cdf(3, 7, 1), 1, 0, 0);
}

static void beta_quantile_inverts(void)
{
    static const double ab[][2] = {{0.5, 0.5}, {1, 1}, {2, 9}, {700, 0.5}, {40, 4e5}, {1e6, 1e6}};
    static const double p[] = {1e-12, 1e-3, 0.025, 0.5, 0.975, 0.999};
    for (size_t i = 0; i < sizeof ab / sizeof *ab; i++)
        for (size_t j = 0; j < sizeof p / sizeof *p; j++) {
            double x = eid_beta_quantile(ab[i][0], ab[i][1], p[j]);
            CHECK_CLOSE(eid_beta_cdf(ab[i][0], ab[i][1], x), p[j], 1e-9, 1e-15);
        }
    /* Beta(1, b) by hand. */
    CHECK_CLOSE(eid_beta_quantile(1, 1e6, 0.025), -expm1(log1p(-0.025) / 1e6), 1e-12, 0);
}

static void student_t_points(void)
{
    static const double t[][2] = {{1, 12.706204736174694},
                                  {2, 4.3026527297494619},
                                  {3, 3.1824463052837078},
                                  {10, 2.2281388519862739},
                                  {1000, 1.9623390808264083}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        CHECK_CLOSE(eid_student_t_two_sided(0.95, t[i][0]), t[i][1], 1e-10, 0);
}

static void normal_log_cdf_in_the_tail(void)
{
    static const double t[][2] = {
        {6, -9.865876455243758e-10}, {0.5, -0.3689464152886564},    {-1, -1.8410216450092636},
        {-10, -53.23128515051247},   {-29.99, -454.02096130446807}, {-30.01, -454.62162649784119},
        {-37, -689.03058557689064},  {-100, -5005.5242086942053},   {-1e5, -5000000012.4318638},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        CHECK_CLOSE(eid_normal_log_cdf(t[i][0]), t[i][1], 1e-13, 0);
    /* Its derivative is the hazard. */
    for (double x = -40; x < 6; x += 0.37) {
        double step = 1e-4;
        double slope = (eid_normal_log_cdf(x + step) - eid_normal_log_cdf(x - step)) / (2 * step);
        CHECK_CLOSE(eid_normal_hazard(x), slope, 1e-6, 1e-11);
    }
}

static void kolmogorov_matches_scipy(void)
{
    static const double t[][2] = {{0.2, 0.99999999999949496},  {0.5, 0.96394524366487511},
                                  {0.99, 0.28087383922554893}, {1.01, 0.25943416909359746},
                                  {1.5, 0.022217962616525127}, {3, 3.0459959489425258e-08}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        CHECK_CLOSE(eid_kolmogorov_tail(t[i][0]), t[i][1], 1e-12, 1e-13);
}

static void skew_normal_tail_matches_quadrature(void)
{
    static const double t[][3] = {
        {0, 0, -1},
        {-3, 0, -9.53293385132495},
        {1, 2, -0.54707068706493245},
        {-1, 2, -9.1843155009775224},
        {-5, 2, -99.822146215149658},
        {-20, 2, -1456.3146612239552},
        {-300, 2, -324627.81527204148},
        {-3, 10, -670.51121571034776},
        {-8, -3, -49.513712155086075},
        {2, -3, -7.3420568068691086e-12},
        {-40, -3, -1159.8046091506249},
        {-2, 50, -7236.9446687298496},
        {5, 0.5, -8.2306145511024043e-07},
        {0.1, 30, -3.6498960708796711},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        eid_skew_normal unit = {0, 1, t[i][1], 0, 0}, moved = {7, 3, t[i][1], 0, 0};
        CHECK_CLOSE(eid_skew_normal_log2_cdf(&unit, t[i][0]), t[i][2], 1e-12, 1e-13);
        CHECK_CLOSE(eid_skew_normal_log2_cdf(&moved, 7 + 3 * t[i][0]), t[i][2], 1e-11, 1e-13);
    }
}

static void skew_normal_cdf_rises_to_one(void)
{
    for (double shape = -50; shape <= 50; shape += 12.5) {
        double before = -INFINITY;
        for (double z = -60; z <= 60; z += 0.75) {
            double now = eid_skew_normal_log_cdf(z, shape);
            CHECK(now >= before - 1e-13);
            before = now;
        }
        CHECK_CLOSE(before, 0, 0, 0);
    }
    CHECK(isnan(eid_skew_normal_log_cdf(NAN, 1)));
}

int main(void)
{
    RUN(incomplete_beta_matches_quadrature);
    RUN(beta_quantile_inverts);
    RUN(student_t_points);
    RUN(normal_log_cdf_in_the_tail);
    RUN(kolmogorov_matches_scipy);
    RUN(skew_normal_tail_matches_quadrature);
    RUN(skew_normal_cdf_rises_to_one);
    return DONE();
}
