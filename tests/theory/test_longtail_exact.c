/* test_longtail_exact.c - who pays what, against every sample there is, and against many drawn. */
#include "theory.h"
#include "theory/longtail.h"

enum { KINDS = 4 };

/* ---- every sample -----------------------------------------------------------------------------
 */

typedef struct world {
    int points, n;
    const double *share; /* descending */
} world;

/* What a learner with room for `capacity` is expected to lose of point x, ties by chance. */
static double not_kept(const int *count, int points, int x, int capacity)
{
    int above = 0, equal = 0;
    for (int y = 0; y < points; y++) {
        above += count[y] > count[x];
        equal += count[y] == count[x];
    }
    double kept = (double)(capacity - above) / equal;
    return 1 - fmin(1, fmax(0, kept));
}

/* Walks over all points^n samples. */
static void enumerate(const world *w, int capacity, double by_point[])
{
    int sample[8] = {0};
    for (int x = 0; x < w->points; x++)
        by_point[x] = 0;
    for (;;) {
        int count[8] = {0}, at = 0;
        double chance = 1;
        for (int i = 0; i < w->n; i++) {
            count[sample[i]]++;
            chance *= w->share[sample[i]];
        }
        for (int x = 0; x < w->points; x++)
            if (count[x])
                by_point[x] += chance * w->share[x] * not_kept(count, w->points, x, capacity);
        while (at < w->n && ++sample[at] == w->points)
            sample[at++] = 0;
        if (at == w->n)
            return;
    }
}

static void against_every_sample(const world *w, const int *group, const double *mass)
{
    eid_ctx *ctx = context(1, 0);
    const int64_t many[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    eid_tail_prior *p = NULL;
    CHECK_OK(eid_tail_shares(&p, w->share, many, (size_t)w->points));
    for (int capacity = 0; capacity <= w->points; capacity++) {
        eid_tail_learner a = {.kind = EID_TAIL_COMPRESS, .capacity = capacity};
        eid_tail_opts o = {.n = w->n, .classes = 4, .trials = 2};
        eid_tail_exact x;
        double by_point[8], want[EID_TAIL_GROUPS] = {0}, all = 0;
        enumerate(w, capacity, by_point);
        for (int i = 0; i < w->points; i++) {
            want[group[i]] += 0.75 * by_point[i];
            all += 0.75 * by_point[i];
        }
        CHECK_OK(eid_tail_exact_of(&x, ctx, p, &a, &o));
        CHECK_CLOSE(x.excess, all, 0, 1e-13);
        for (int g = 0; g < EID_TAIL_GROUPS; g++)
            CHECK_CLOSE(x.group[g], mass[g] > 0 ? want[g] / mass[g] : 0, 0, 1e-13);
    }
    eid_tail_prior_free(p);
    eid_ctx_free(ctx);
}

static void little_room_costs_what_all_samples_say(void)
{
    /* middles at .2, .5, .65, .75, .875, .975 of the population */
    static const double sorted[] = {0.4, 0.2, 0.15, 0.1, 0.1, 0.05};
    static const int group[] = {0, 1, 2, 2, 2, 2};
    static const double mass[] = {0.4, 0.2, 0.4};
    against_every_sample(&(world){6, 5, sorted}, group, mass);
    against_every_sample(&(world){6, 1, sorted}, group, mass);
    static const double even[] = {0.25, 0.25, 0.25, 0.25}; /* middles .125, .375, .625, .875 */
    static const int even_group[] = {0, 1, 1, 2};
    static const double even_mass[] = {0.25, 0.5, 0.25};
    against_every_sample(&(world){4, 7, even}, even_group, even_mass);
}

/* ---- many samples -----------------------------------------------------------------------------
 */

static void drawn_samples_agree(void)
{
    static const eid_tail_learner learner[KINDS] = {{.kind = EID_TAIL_COMPRESS, .capacity = 8},
                                                    {.kind = EID_TAIL_COMPRESS, .capacity = 25},
                                                    {.kind = EID_TAIL_PRIVATE, .epsilon = 0.7},
                                                    {.kind = EID_TAIL_AT_LEAST, .least = 3}};
    eid_ctx *ctx = context(2, 0);
    eid_tail_prior *p = NULL;
    eid_tail_opts o = {.n = 60, .classes = 3, .trials = 4000, .seed = 4};
    CHECK_OK(eid_tail_zipf(&p, 60, 1));
    for (int k = 0; k < KINDS; k++) {
        eid_tail_exact x;
        eid_tail_result r;
        CHECK_OK(eid_tail_exact_of(&x, ctx, p, &learner[k], &o));
        CHECK_OK(eid_tail_run(&r, ctx, p, &learner[k], &o));
        /* two 95% half-widths: once in 20,000 by chance */
        CHECK_CLOSE(r.excess.value, x.excess, 0, r.excess.high - r.excess.low);
        for (int g = 0; g < EID_TAIL_GROUPS; g++)
            CHECK_CLOSE(r.group[g].value, x.group[g], 0, r.group[g].high - r.group[g].low + 1e-4);
        if (learner[k].kind != EID_TAIL_COMPRESS) /* told another way */
            CHECK_CLOSE(x.excess, eid_tail_excess(p, &learner[k], o.n, o.classes), 1e-10, 0);
    }
    eid_tail_prior_free(p);
    eid_ctx_free(ctx);
}

static void threads_and_equal_shares_do_not_matter(void)
{
    const eid_tail_learner a = {.kind = EID_TAIL_COMPRESS, .capacity = 12};
    const eid_tail_opts o = {.n = 80, .classes = 2, .trials = 2};
    const double share[] = {0.1, 0.01}, apart[] = {0.1, 0.1, 0.01, 0.01};
    const int64_t many[] = {4, 60}, parts[] = {1, 3, 25, 35};
    eid_ctx *one = context(1, 0), *three = context(3, 0);
    eid_tail_prior *p = NULL, *q = NULL;
    eid_tail_exact x, y, z;
    CHECK_OK(eid_tail_shares(&p, share, many, 2));
    CHECK_OK(eid_tail_shares(&q, apart, parts, 4));
    CHECK_OK(eid_tail_exact_of(&x, one, p, &a, &o));
    CHECK_OK(eid_tail_exact_of(&y, three, p, &a, &o));
    CHECK_OK(eid_tail_exact_of(&z, one, q, &a, &o));
    CHECK(memcmp(&x, &y, sizeof x) == 0);
    CHECK_CLOSE(z.excess, x.excess, 1e-12, 0);
    eid_tail_prior_free(p);
    eid_tail_prior_free(q);
    eid_ctx_free(one);
    eid_ctx_free(three);
}

/* P(own + l < the best of k - 1) by the midpoint rule over own. */
static void many_classes_outvote_by_laplace_noise(void)
{
    for (int64_t k = 2; k <= 12; k += 5)
        for (int64_t l = 0; l <= 6; l += 3) {
            const double h = 1e-3, L = 0.8 * (double)l;
            double sum = 0;
            for (double x = -45 + h / 2; x < 45; x += h) {
                double t = L + x, below = t > 0 ? 1 - 0.5 * exp(-t) : 0.5 * exp(t);
                sum += h * 0.5 * exp(-fabs(x)) * (1 - pow(below, (double)k - 1));
            }
            CHECK_CLOSE(eid_tail_private_error(l, 0.8, k), sum, 0, 1e-6);
        }
    CHECK_CLOSE(eid_tail_private_error(0, 1, 5), 0.8, 0, 1e-14); /* nobody is ahead */
    CHECK(eid_tail_private_error(200, 1, 5) < 1e-18);
}

/* ---- priors from a file -----------------------------------------------------------------------
 */

static eid_status parse(eid_tail_prior **p, const char *text)
{
    return eid_tail_parse(p, "shares", (const uint8_t *)text, strlen(text));
}

static void priors_are_read_and_refused(void)
{
    static const char *const bad[][2] = {
        {"0.5\n0.4\n", "shares: prior: the shares sum to 0.9"},
        {"0.5 2\n0.5 1", "sum to 1.5"},
        {"0.5 2.5", "line 1: 2.5 points"},
        {"0.5 0\n1", "line 1: 0 points"},
        {"0.5 1e300", "line 1"},
        {"1.5", "line 1: a share is 1.5"},
        {"-0.5 1", "line 1: a share is -0.5"},
        {"# none", "holds no numbers"},
        {"nan", "line 1: want one or two numbers"},
    };
    eid_tail_prior *p = NULL;
    CHECK_OK(parse(&p, "# share, points\n0.5\n0.125, 4\n"));
    CHECK_INT(p->points, 5);
    CHECK_CLOSE(eid_tail_tau(p, 0, 0), 0.2, 1e-12, 0); /* nothing seen: 1 / points */
    eid_tail_prior_free(p);
    p = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        eid_status st = parse(&p, bad[i][0]);
        CHECK(st == EID_EINVAL || st == EID_EFORMAT);
        CHECK(strstr(eid_last_error(), bad[i][1]) != NULL);
        CHECK(p == NULL);
    }
    CHECK_FAILS(eid_tail_read(&p, "/nowhere"), EID_EIO, "/nowhere");
}

static void what_has_no_closed_form_is_refused(void)
{
    eid_ctx *ctx = context(1, 0);
    eid_tail_prior *p = NULL;
    eid_tail_exact x;
    eid_tail_learner a = {.kind = EID_TAIL_COMPRESS, .capacity = 5};
    eid_tail_opts o = eid_tail_opts_default();
    CHECK_OK(eid_tail_dirichlet(&p, 10, 1));
    CHECK_FAILS(eid_tail_exact_of(&x, ctx, p, &a, &o), EID_EINVAL, "drawn anew");
    eid_tail_prior_free(p);
    CHECK_OK(eid_tail_zipf(&p, 10, 1));
    o.n = 0;
    CHECK_FAILS(eid_tail_exact_of(&x, ctx, p, &a, &o), EID_EINVAL, "examples");
    o.n = 10, a.capacity = 11;
    CHECK_FAILS(eid_tail_exact_of(&x, ctx, p, &a, &o), EID_EINVAL, "room for 11");
    eid_tail_prior_free(p);
    CHECK_OK(eid_tail_zipf(&p, 20001, 1));
    a.capacity = 5;
    CHECK_FAILS(eid_tail_exact_of(&x, ctx, p, &a, &o), EID_EINVAL, "20001 different shares");
    eid_tail_prior_free(p);
    eid_ctx_free(ctx);
}

static void no_failed_allocation_is_swallowed(void)
{
    eid_ctx *ctx = context(1, 0);
    const eid_tail_learner a = {.kind = EID_TAIL_COMPRESS, .capacity = 2};
    const eid_tail_opts o = {.n = 6, .classes = 2, .trials = 2};
    eid_tail_prior *p = NULL;
    eid_tail_exact x;
    eid_status st = EID_ENOMEM;
    CHECK_OK(eid_tail_zipf(&p, 5, 1));
    for (int64_t k = 1; st == EID_ENOMEM && k < 300; k++) {
        eid_fail_allocation(k);
        st = eid_tail_exact_of(&x, ctx, p, &a, &o);
    }
    eid_fail_allocation(0);
    CHECK_OK(st);
    eid_tail_prior_free(p);
    eid_ctx_free(ctx);
}

int main(void)
{
    RUN(little_room_costs_what_all_samples_say);
    RUN(drawn_samples_agree);
    RUN(threads_and_equal_shares_do_not_matter);
    RUN(many_classes_outvote_by_laplace_noise);
    RUN(priors_are_read_and_refused);
    RUN(what_has_no_closed_form_is_refused);
    RUN(no_failed_allocation_is_swallowed);
    return DONE();
}
