#include "check.h"
#include "base/memory.h"
#include "eidetic/rng.h"
#include "theory/benign.h"

static eid_ctx *ctx[2]; /* 1 and 3 threads */
enum { MOST = 600 };
static double lambda[MOST];

static void even(int64_t p, double x)
{
    for (int64_t i = 0; i < p; i++)
        lambda[i] = x;
}

static void power(int64_t p, double exponent)
{
    for (int64_t i = 0; i < p; i++)
        lambda[i] = pow((double)(i + 1), -exponent);
}

static void effective_ranks_are_their_definition(void)
{
    double r, R;
    even(50, 3);
    for (int64_t k = 0; k < 50; k += 7) {
        CHECK_OK(eid_effective_ranks(lambda, 50, k, &r, &R));
        CHECK_CLOSE(r, 50.0 - (double)k, 1e-13, 0);
        CHECK_CLOSE(R, 50.0 - (double)k, 1e-13, 0);
    }
    for (int i = 0; i < 500; i++)
        lambda[i] = pow(0.5, i < 60 ? i : 60); /* a geometric series above a floor */
    CHECK_OK(eid_effective_ranks(lambda, 40, 0, &r, &R));
    CHECK_CLOSE(r, 2, 1e-11, 0);
    CHECK_CLOSE(R, 3, 1e-11, 0); /* 2^2 / (4/3) */
}

static void the_least_k_is_found(void)
{
    power(500, 1.5);
    for (int64_t n = 1; n <= 40; n += 13) {
        eid_benign_bound b;
        int64_t want = -1;
        double r = 0, R = 0;
        CHECK_OK(eid_benign_bounds(&b, lambda, 500, n, 1));
        for (int64_t k = 0; k < 500 && want < 0; k++) {
            CHECK_OK(eid_effective_ranks(lambda, 500, k, &r, &R));
            if (r >= (double)n)
                want = k;
        }
        CHECK_INT(b.k_star, want);
        CHECK_CLOSE(b.variance, (double)want / (double)n + (double)n / R, 1e-12, 0);
    }
    eid_benign_bound none;
    CHECK_OK(eid_benign_bounds(&none, lambda, 500, 10000, 1));
    CHECK_INT(none.k_star, -1);
    CHECK(isnan(none.variance));
}

static void traces_are_their_definition(void)
{
    for (int64_t n = 1; n <= 33; n += 8) {
        int64_t p = 3 * n + 2;
        double *x = NULL, got = 0;
        eid_rng r = eid_rng_seed((uint64_t)n);
        power(p, 1);
        CHECK_OK(EID_NEW(x, n * p));
        for (int64_t k = 0; k < p; k++)
            for (int64_t i = 0; i < n; i++)
                x[k * n + i] = sqrt(lambda[k]) * eid_rng_normal(&r);
        CHECK_OK(eid_benign_trace(lambda, n, p, x, &got));
        CHECK_CLOSE(got, eid_benign_trace_ref(lambda, n, p, x), 1e-8, 0); /* condition about 1e3 */
        eid_free(x);
    }
}

static bool covers(const eid_estimate *e, double x)
{
    return fabs(e->value - x) <= (e->high - e->low) + 1e-12; /* about 4 standard errors */
}

/* With equal eigenvalues tr C is the trace of an inverse Wishart matrix: E = n / (p - n - 1). */
static void equal_eigenvalues_have_a_closed_form(void)
{
    static const int64_t p[] = {60, 100, 400};
    for (int i = 0; i < 3; i++) {
        eid_benign_opts o = {.n = 40, .trials = 40, .noises = 50, .sigma = 2, .seed = 4};
        eid_benign_result r;
        even(p[i], 0.3);
        CHECK_OK(eid_benign_run(&r, ctx[0], lambda, p[i], &o));
        double want = 4 * 40.0 / (double)(p[i] - 41);
        CHECK(covers(&r.exact, want));
        CHECK(covers(&r.variance, want));
        CHECK(covers(&r.ratio, 1));
        CHECK(
            covers(&r.bias, 0.3 * (1 - 40.0 / (double)p[i]))); /* what a random projection misses */
        CHECK(r.residual < 1e-9);
        CHECK_CLOSE(r.gap.value, r.first.value + r.middle.value + r.last.value, 1e-12, 0);
        CHECK(covers(&r.first, want));
        CHECK(covers(&r.last, 4));
        CHECK_CLOSE(eid_benign_limit(lambda, p[i], 40), 40.0 / (double)(p[i] - 40), 1e-9, 0);
    }
}

/* k^-a without end: the variance tends to a - 1 (freedom of a power law). */
static void power_laws_have_their_limit(void)
{
    static double long_tail[200000];
    for (int64_t i = 0; i < 200000; i++)
        long_tail[i] = pow((double)(i + 1), -2);
    CHECK_CLOSE(eid_benign_limit(long_tail, 200000, 100), 1, 0.02, 0);
    CHECK(isnan(eid_benign_limit(long_tail, 100, 100)));
}

static void impossible_settings_are_refused(void)
{
    eid_benign_opts o = eid_benign_opts_default();
    eid_benign_result r;
    double a, b;
    even(100, 1);
    CHECK_FAILS(eid_benign_run(&r, ctx[0], lambda, 100, &o), EID_EINVAL, "more directions");
    o.n = 0;
    CHECK_FAILS(eid_benign_run(&r, ctx[0], lambda, 100, &o), EID_EINVAL, "0 examples");
    o.n = 10;
    o.sigma = NAN;
    CHECK_FAILS(eid_benign_run(&r, ctx[0], lambda, 100, &o), EID_EINVAL, "minimum norm");
    lambda[5] = 2;
    CHECK_FAILS(eid_effective_ranks(lambda, 100, 0, &a, &b), EID_EINVAL, "eigenvalue 6 is 2");
    lambda[5] = 0;
    CHECK_FAILS(eid_effective_ranks(lambda, 100, 0, &a, &b), EID_EINVAL, "eigenvalue 6 is 0");
    CHECK_FAILS(eid_effective_ranks(lambda, 0, 0, &a, &b), EID_EINVAL, "0 eigenvalues");
}

static void threads_do_not_matter(void)
{
    eid_benign_opts o = {.n = 30, .trials = 7, .noises = 5, .sigma = 1, .seed = 4};
    eid_benign_result r[2];
    power(90, 1);
    for (int i = 0; i < 2; i++)
        CHECK_OK(eid_benign_run(&r[i], ctx[i], lambda, 90, &o));
    CHECK(r[0].exact.value == r[1].exact.value && r[0].variance.high == r[1].variance.high &&
          r[0].first.value == r[1].first.value);
}

int main(void)
{
    for (int i = 0; i < 2; i++)
        if (eid_ctx_new(&ctx[i], &(eid_ctx_opts){.threads = 1 + 2 * i}) != EID_OK)
            return 1;
    RUN(effective_ranks_are_their_definition);
    RUN(the_least_k_is_found);
    RUN(traces_are_their_definition);
    RUN(equal_eigenvalues_have_a_closed_form);
    RUN(power_laws_have_their_limit);
    RUN(impossible_settings_are_refused);
    RUN(threads_do_not_matter);
    eid_ctx_free(ctx[0]);
    eid_ctx_free(ctx[1]);
    return DONE();
}
