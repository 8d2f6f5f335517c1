#include "check.h"
#include "theory/longtail.h"

static eid_ctx *ctx[2]; /* 1 and 3 threads */

/* The definition, in long double, over a list of shares. */
static double tau_ref(const double *share, const int64_t *many, size_t n, int64_t examples,
                      int64_t l)
{
    long double above = 0, below = 0;
    for (size_t i = 0; i < n; i++) {
        long double w = many[i];
        for (int64_t k = 0; k < examples; k++)
            w *= k < l ? (long double)share[i] : 1 - (long double)share[i];
        above += w * share[i];
        below += w;
    }
    return (double)(above / below);
}

static void tau_is_its_definition(void)
{
    const double share[] = {0.3, 0.1, 0.02, 0.005};
    const int64_t many[] = {1, 4, 10, 20};
    eid_tail_prior *p = NULL;
    CHECK_OK(eid_tail_shares(&p, share, many, 4));
    for (int64_t n = 1; n <= 200; n += 33)
        for (int64_t l = 0; l <= n; l += 1 + l / 2)
            CHECK_CLOSE(eid_tail_tau(p, n, l), tau_ref(share, many, 4, n, l), 1e-11, 0);
    CHECK(isnan(eid_tail_tau(p, 10, 11)) && isnan(eid_tail_tau(p, 10, -1)));
    eid_tail_prior_free(p);
}

/* Equal shares: nothing can be learned about them. n -> infinity with l/n = share: it is found. */
static void tau_has_its_closed_forms(void)
{
    eid_tail_prior *even = NULL, *dirichlet = NULL, *zipf = NULL;
    CHECK_OK(eid_tail_zipf(&even, 250, 0));
    for (int64_t l = 0; l <= 60; l += 20)
        CHECK_CLOSE(eid_tail_tau(even, 60, l), 1.0 / 250, 1e-12, 0);
    CHECK_OK(eid_tail_dirichlet(&dirichlet, 100, 0.5)); /* Laplace's rule of succession */
    CHECK_CLOSE(eid_tail_tau(dirichlet, 1000, 3), 3.5 / 1050, 1e-14, 0);
    CHECK_OK(eid_tail_zipf(&zipf, 3, 1)); /* 6/11, 3/11, 2/11 */
    CHECK_CLOSE(eid_tail_tau(zipf, 11000, 3000), 3.0 / 11, 1e-9, 0);
    eid_tail_prior_free(even);
    eid_tail_prior_free(dirichlet);
    eid_tail_prior_free(zipf);
}

/* sum_l points_l = N, sum_l l points_l = n, and sum_l tau_l points_l = 1: all of the population. */
static void points_and_tau_add_up(void)
{
    eid_tail_prior *p[3] = {0};
    CHECK_OK(eid_tail_zipf(&p[0], 300, 1));
    CHECK_OK(eid_tail_zipf(&p[1], 40, 2.5));
    CHECK_OK(eid_tail_dirichlet(&p[2], 300, 0.2));
    for (int i = 0; i < 3; i++) {
        double points = 0, examples = 0, mass = 0;
        for (int64_t l = 0; l <= 500; l++) {
            double e = eid_tail_points(p[i], 500, l);
            points += e;
            examples += (double)l * e;
            mass += e > 0 ? e * eid_tail_tau(p[i], 500, l) : 0;
        }
        CHECK_CLOSE(points, (double)p[i]->points, 1e-10, 0);
        CHECK_CLOSE(examples, 500, 1e-10, 0);
        CHECK_CLOSE(mass, 1, 1e-10, 0);
        eid_tail_prior_free(p[i]);
    }
}

static void what_does_not_normalize_is_refused(void)
{
    const double half[] = {0.5, 0.25}, negative[] = {1.5, -0.5}, nan[] = {NAN}, one[] = {1};
    const int64_t single[] = {1, 1}, none[] = {0, 2}, two[] = {1, 2};
    eid_tail_prior *p = NULL;
    CHECK_FAILS(eid_tail_shares(&p, half, single, 2), EID_EINVAL, "sum to 0.75");
    CHECK_FAILS(eid_tail_shares(&p, negative, single, 2), EID_EINVAL, "share 0 is 1.5");
    CHECK_FAILS(eid_tail_shares(&p, nan, single, 1), EID_EINVAL, "share 0");
    CHECK_FAILS(eid_tail_shares(&p, half, none, 2), EID_EINVAL, "0 points");
    CHECK_FAILS(eid_tail_shares(&p, half, single, 0), EID_EINVAL, "no shares");
    CHECK_FAILS(eid_tail_zipf(&p, 0, 1), EID_EINVAL, "0 points");
    CHECK_FAILS(eid_tail_zipf(&p, 10, NAN), EID_EINVAL, "exponent");
    CHECK_FAILS(eid_tail_dirichlet(&p, 10, 0), EID_EINVAL, "parameter 0");
    CHECK(!p);
    CHECK_OK(eid_tail_shares(&p, half, two, 2));
    eid_tail_learner a = {.kind = EID_TAIL_PRIVATE};
    eid_tail_opts o = eid_tail_opts_default();
    eid_tail_result r;
    CHECK_FAILS(eid_tail_run(&r, ctx[0], p, &a, &o), EID_EINVAL, "epsilon");
    a = (eid_tail_learner){.kind = EID_TAIL_COMPRESS, .capacity = 4};
    CHECK_FAILS(eid_tail_run(&r, ctx[0], p, &a, &o), EID_EINVAL, "room for 4");
    a.capacity = 3;
    o.n = 0;
    CHECK_FAILS(eid_tail_run(&r, ctx[0], p, &a, &o), EID_EINVAL, "examples");
    eid_tail_prior_free(p);
    p = NULL;
    CHECK_OK(eid_tail_shares(&p, one, single, 1));
    CHECK_CLOSE(eid_tail_tau(p, 5, 5), 1, 0, 0);
    eid_tail_prior_free(p);
}

static bool covers(const eid_estimate *e, double x, double slack)
{
    double half = slack * (e->high - e->low) / 2;
    return e->value - half <= x && x <= e->value + half;
}

/* 95% intervals widened twice over: about 4 standard errors. */
static void samples_pay_what_the_formula_says(void)
{
    static const eid_tail_learner learner[] = {
        {.kind = EID_TAIL_AT_LEAST, .least = 2},
        {.kind = EID_TAIL_AT_LEAST, .least = 4},
        {.kind = EID_TAIL_PRIVATE, .epsilon = 0.7},
        {.kind = EID_TAIL_MEMORIZE},
    };
    eid_tail_prior *p[2] = {0};
    eid_tail_opts o = {.n = 300, .classes = 2, .trials = 400, .seed = 3};
    CHECK_OK(eid_tail_zipf(&p[0], 200, 1));
    CHECK_OK(eid_tail_dirichlet(&p[1], 200, 0.3));
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 4; k++) {
            eid_tail_result r;
            CHECK_OK(eid_tail_run(&r, ctx[0], p[i], &learner[k], &o));
            double exact = eid_tail_excess(p[i], &learner[k], o.n, o.classes);
            CHECK(covers(&r.excess, exact, 2));
            CHECK(covers(&r.formula, exact, 2));
            CHECK(covers(&r.difference, 0, 2));
            if (k < 3)
                CHECK(r.excess.value > 0.005);
            double unseen = eid_tail_points(p[i], o.n, 0) * eid_tail_tau(p[i], o.n, 0);
            CHECK(covers(&r.unseen, unseen, 2));
        }
    eid_tail_prior_free(p[0]);
    eid_tail_prior_free(p[1]);
}

static void with_more_classes_guesses_are_worse(void)
{
    eid_tail_prior *p = NULL;
    eid_tail_learner a = {.kind = EID_TAIL_AT_LEAST, .least = 2};
    eid_tail_opts o = {.n = 300, .classes = 10, .trials = 300, .seed = 3};
    eid_tail_result r;
    CHECK_OK(eid_tail_zipf(&p, 200, 1));
    CHECK_OK(eid_tail_run(&r, ctx[0], p, &a, &o));
    CHECK_CLOSE(eid_tail_excess(p, &a, 300, 10), 1.8 * eid_tail_excess(p, &a, 300, 2), 1e-12, 0);
    CHECK(covers(&r.excess, eid_tail_excess(p, &a, 300, 10), 2));
    eid_tail_prior_free(p);
}

static void room_for_every_point_costs_nothing(void)
{
    eid_tail_prior *p = NULL;
    eid_tail_opts o = {.n = 300, .classes = 2, .trials = 20, .seed = 3};
    eid_tail_learner a = {.kind = EID_TAIL_COMPRESS, .capacity = 200};
    eid_tail_result all, half, none;
    CHECK_OK(eid_tail_zipf(&p, 200, 1));
    CHECK_OK(eid_tail_run(&all, ctx[0], p, &a, &o));
    CHECK(all.excess.value == 0 && all.singletons.value == 0);
    a.capacity = 40;
    CHECK_OK(eid_tail_run(&half, ctx[0], p, &a, &o));
    CHECK(half.group[2].value > 0.1 && half.group[0].value == 0);
    a.capacity = 0;
    CHECK_OK(eid_tail_run(&none, ctx[0], p, &a, &o));
    CHECK_CLOSE(none.excess.value, 0.5 * (1 - none.unseen.value), 0.1, 0);
    eid_tail_prior_free(p);
}

/* P(L2 - L1 > t) for Laplace noise of scale b, by the midpoint rule over L1. */
static void private_errors_are_those_of_laplace_noise(void)
{
    for (int l = 0; l <= 6; l += 3) {
        const double b = 1 / 0.8, h = 1e-3;
        double sum = 0;
        for (double x = -40 + h / 2; x < 40; x += h) {
            double t = l + x, tail = t > 0 ? 0.5 * exp(-t / b) : 1 - 0.5 * exp(t / b);
            sum += h * exp(-fabs(x) / b) / (2 * b) * tail;
        }
        CHECK_CLOSE(eid_tail_private_error(l, 0.8, 2), sum, 1e-5, 0);
    }
}

static void threads_do_not_matter(void)
{
    eid_tail_prior *p = NULL;
    eid_tail_opts o = {.n = 200, .classes = 3, .trials = 50, .seed = 9};
    eid_tail_learner a = {.kind = EID_TAIL_PRIVATE, .epsilon = 1};
    eid_tail_result r[2];
    memset(r, 0, sizeof r);
    CHECK_OK(eid_tail_dirichlet(&p, 300, 0.1));
    for (int i = 0; i < 2; i++)
        CHECK_OK(eid_tail_run(&r[i], ctx[i], p, &a, &o));
    CHECK(r[0].excess.value == r[1].excess.value && r[0].group[1].high == r[1].group[1].high &&
          r[0].formula.low == r[1].formula.low);
    o.seed = 10;
    CHECK_OK(eid_tail_run(&r[1], ctx[1], p, &a, &o));
    CHECK(r[0].excess.value != r[1].excess.value);
    eid_tail_prior_free(p);
}

static void no_failed_allocation_is_swallowed(void)
{
    eid_tail_opts o = {.n = 50, .classes = 2, .trials = 2, .seed = 9};
    eid_tail_learner a = {.kind = EID_TAIL_COMPRESS, .capacity = 3};
    eid_tail_result r;
    int64_t k = 0;
    for (eid_status st = EID_ENOMEM; st == EID_ENOMEM && k < 100;) {
        eid_tail_prior *p = NULL;
        eid_fail_allocation(++k);
        st = eid_tail_zipf(&p, 20, 1);
        if (st == EID_OK)
            st = eid_tail_run(&r, ctx[0], p, &a, &o);
        eid_tail_prior_free(p);
        CHECK(st == EID_OK || st == EID_ENOMEM);
    }
    eid_fail_allocation(0);
    CHECK(k > 15 && k < 100);
}

int main(void)
{
    for (int i = 0; i < 2; i++)
        if (eid_ctx_new(&ctx[i], &(eid_ctx_opts){.threads = 1 + 2 * i}) != EID_OK)
            return 1;
    RUN(tau_is_its_definition);
    RUN(tau_has_its_closed_forms);
    RUN(points_and_tau_add_up);
    RUN(what_does_not_normalize_is_refused);
    RUN(samples_pay_what_the_formula_says);
    RUN(with_more_classes_guesses_are_worse);
    RUN(room_for_every_point_costs_nothing);
    RUN(private_errors_are_those_of_laplace_noise);
    RUN(threads_do_not_matter);
    RUN(no_failed_allocation_is_swallowed);
    eid_ctx_free(ctx[0]);
    eid_ctx_free(ctx[1]);
    return DONE();
}
