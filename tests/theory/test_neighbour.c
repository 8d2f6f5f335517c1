#include "check.h"
#include "base/memory.h"
#include "eidetic/rng.h"
#include "theory/neighbour.h"

static eid_ctx *ctx[2]; /* 1 and 3 threads */

enum { MOST = 1700 * 40 };
static float example[MOST], query[MOST];

/* Numbers on a coarse grid have many equal distances; large offsets make single precision fail. */
static void fill(float *x, int64_t n, uint64_t seed, double grid, double offset)
{
    eid_rng r = eid_rng_seed(seed);
    for (int64_t i = 0; i < n; i++) {
        double v = eid_rng_normal(&r);
        x[i] = (float)(offset + (grid > 0 ? floor(v / grid) * grid : v));
    }
}

static void the_search_is_its_definition(void)
{
    static const int64_t shape[][3] = {{1, 1, 1},     {5, 3, 2},      {700, 130, 3}, {513, 17, 33},
                                       {1024, 1, 40}, {1700, 300, 8}, {31, 257, 39}};
    static const double how[][2] = {{0, 0}, {0.5, 0}, {0, 3000}, {1, 100000}};
    static int64_t got[2][1700], want[1700];
    static double distance[2][1700], right[1700];
    for (size_t s = 0; s < sizeof shape / sizeof *shape; s++)
        for (size_t h = 0; h < 4; h++) {
            int64_t n = shape[s][0], m = shape[s][1], d = shape[s][2];
            fill(example, n * d, s, how[h][0], how[h][1]);
            fill(query, m * d, 100 + s, how[h][0], how[h][1]);
            eid_nearest_ref(want, right, example, n, query, m, d);
            for (int t = 0; t < 2; t++) {
                CHECK_OK(eid_nearest(got[t], distance[t], ctx[t], example, n, query, m, d));
                CHECK_ALLCLOSE(got[t], want, (size_t)m, 0, 0);
                CHECK_ALLCLOSE(distance[t], right, (size_t)m, 0, 0);
            }
        }
}

static void what_cannot_be_searched_is_refused(void)
{
    int64_t index[2];
    float x[] = {1, NAN, 2, 3}, big[] = {1e20f, 0};
    CHECK_FAILS(eid_nearest(index, NULL, ctx[0], x, 2, x + 2, 1, 2), EID_EINVAL, "example 0");
    CHECK_FAILS(eid_nearest(index, NULL, ctx[0], x + 2, 1, x, 1, 2), EID_EINVAL, "query 0");
    CHECK_FAILS(eid_nearest(index, NULL, ctx[0], x + 2, 1, big, 1, 2), EID_EINVAL, "query 0");
    CHECK_FAILS(eid_nearest(index, NULL, ctx[0], x, 0, x, 1, 2), EID_EINVAL, "want examples");
    CHECK_FAILS(eid_nearest(index, NULL, ctx[0], x, 1, x, 1, INT64_MAX), EID_EINVAL, "dimensions");
    eid_neighbour_result r;
    eid_neighbour_opts o = eid_neighbour_opts_default();
    o.n = 0;
    CHECK_FAILS(eid_neighbour_risk(&r, ctx[0], &o), EID_EINVAL, "0 examples");
}

static bool covers(const eid_estimate *e, double x)
{
    return fabs(e->value - x) <= (e->high - e->low) + 1e-12; /* about 4 standard errors */
}

static void flipped_labels_cost_2p_1_minus_p(void)
{
    static const double p[] = {0, 0.1, 0.3, 0.5};
    static const int64_t d[] = {1, 7, 60};
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 3; k++) {
            eid_neighbour_opts o = {
                .n = 150, .m = 400, .d = d[k], .p = p[i], .trials = 20, .seed = 5};
            eid_neighbour_result r;
            CHECK_OK(eid_neighbour_risk(&r, ctx[0], &o));
            CHECK(covers(&r.noisy, 2 * p[i] * (1 - p[i])));
            CHECK(covers(&r.clean, p[i]));
            CHECK(covers(&r.bayes, p[i]));
            CHECK(r.train.value == 0);
            CHECK_CLOSE(eid_neighbour_noisy(0, p[i], 2), 2 * p[i] * (1 - p[i]), 1e-14, 1e-15);
            CHECK_CLOSE(eid_neighbour_clean(0, p[i], 2), p[i], 1e-14, 0);
        }
}

/* In one dimension the n-th example adds E(x - x')^2 = 1 / (2 (n+1) (n+2)) up to the edges: nothing
 * at n = 2000. */
static void overlapping_classes_tend_to_one_third(void)
{
    eid_neighbour_opts o = {
        .kind = EID_NEIGHBOUR_OVERLAP, .n = 2000, .m = 2000, .d = 1, .trials = 20, .seed = 2};
    eid_neighbour_result r;
    CHECK_OK(eid_neighbour_risk(&r, ctx[0], &o));
    CHECK(covers(&r.noisy, 1.0 / 3));
    CHECK(covers(&r.bayes, 1.0 / 4));
    CHECK(r.noisy.high < 3.0 / 8);
}

/* The formulas for many classes, by enumerating what can happen. */
static void noise_among_many_classes_adds_up(void)
{
    const int K = 5;
    const double p = 0.23, e = 0.15;
    double noisy = 0, clean = 0;
    for (int near = 0; near < K; near++) /* the query's true label is 0 */
        for (int a = 0; a < K; a++)
            for (int b = 0; b < K; b++) {
                double w = (near == 0 ? 1 - e : e / (K - 1)) * (a == near ? 1 - p : p / (K - 1)) *
                           (b == 0 ? 1 - p : p / (K - 1));
                noisy += a != b ? w : 0;
                clean += a != 0 ? w : 0;
            }
    CHECK_CLOSE(eid_neighbour_noisy(e, p, K), noisy, 1e-13, 0);
    CHECK_CLOSE(eid_neighbour_clean(e, p, K), clean, 1e-13, 0);
}

static void threads_do_not_matter(void)
{
    eid_neighbour_result r[2];
    for (int t = 0; t < 2; t++) {
        eid_neighbour_opts o = {
            .kind = EID_NEIGHBOUR_OVERLAP, .n = 700, .m = 300, .d = 5, .trials = 3, .seed = 2};
        CHECK_OK(eid_neighbour_risk(&r[t], ctx[t], &o));
    }
    CHECK(r[0].noisy.value == r[1].noisy.value && r[0].clean.high == r[1].clean.high);
}

int main(void)
{
    for (int i = 0; i < 2; i++)
        if (eid_ctx_new(&ctx[i], &(eid_ctx_opts){.threads = 1 + 2 * i}) != EID_OK)
            return 1;
    RUN(the_search_is_its_definition);
    RUN(what_cannot_be_searched_is_refused);
    RUN(flipped_labels_cost_2p_1_minus_p);
    RUN(overlapping_classes_tend_to_one_third);
    RUN(noise_among_many_classes_adds_up);
    RUN(threads_do_not_matter);
    eid_ctx_free(ctx[0]);
    eid_ctx_free(ctx[1]);
    return DONE();
}
