/* One row of logits against closed forms. */
#include "check.h"
#include "lm/distribution.h"

static void uniform_logits_have_known_answers(void)
{
    float z[32];
    double mean, var;
    eid_dist *d = NULL;
    for (int v = 0; v < 32; v++)
        z[v] = 700.5f; /* exp alone would overflow a float */
    CHECK_OK(eid_dist_new(&d, 32));
    CHECK_OK(eid_dist_set(d, z));
    eid_dist_moments(d, &mean, &var);
    CHECK_CLOSE(eid_dist_logp(d, 17), -log(32), 1e-14, 0);
    CHECK_CLOSE(mean, -log(32), 1e-14, 0);
    CHECK_CLOSE(var, 0, 0, 1e-13); /* differences of 12 */
    CHECK_INT(eid_dist_argmax(d), 0);
    CHECK_INT(eid_dist_rank(d, 31), 0);
    eid_dist_free(d);
}

/* p = 1/2, 1/4, 1/8, 1/8 in another order: logits are log p + 3. */
static const float four[4] = {3 - 2.07944154167983592825f, 3 - 0.69314718055994530942f,
                              3 - 2.07944154167983592825f, 3 - 1.38629436111989061883f};

static void four_tokens_have_known_answers(void)
{
    double mean, var, ln2 = log(2);
    eid_dist *d = NULL;
    CHECK_OK(eid_dist_new(&d, 4));
    CHECK_OK(eid_dist_set(d, four));
    eid_dist_moments(d, &mean, &var);
    /* float logits: rounding of 2^-24 near 2 */
    CHECK_CLOSE(eid_dist_logp(d, 1), -ln2, 1e-6, 0);
    CHECK_CLOSE(mean, -1.75 * ln2, 1e-6, 0);
    CHECK_CLOSE(var, (0.5 + 1 + 0.25 * 9 - 1.75 * 1.75) * ln2 * ln2, 1e-6, 0);
    CHECK_INT(eid_dist_argmax(d), 1);
    CHECK_INT(eid_dist_rank(d, 0), 2);
    CHECK_INT(eid_dist_rank(d, 2), 2);
    CHECK_INT(eid_dist_rank(d, 3), 1);
    CHECK_INT(eid_dist_rank(d, 1), 0);
    eid_dist_free(d);
}

static double cut(eid_dist *d, double temperature, int64_t top_k, double top_p, int32_t token)
{
    const eid_sampler s = {.temperature = temperature, .top_k = top_k, .top_p = top_p};
    eid_dist_cut(d, &s);
    return exp(eid_dist_logp_sampler(d, token));
}

static void samplers_cut_as_defined(void)
{
    eid_dist *d = NULL;
    CHECK_OK(eid_dist_new(&d, 4));
    CHECK_OK(eid_dist_set(d, four));
    CHECK_CLOSE(cut(d, 1, 0, 1, 3), 0.25, 1e-6, 0);
    CHECK_CLOSE(cut(d, 1, 2, 1, 3), 1 / 3., 1e-6, 0);
    CHECK_CLOSE(cut(d, 1, 2, 1, 0), 0, 0, 0);
    CHECK_CLOSE(cut(d, 1, 3, 1, 0), 1 / 7., 1e-6, 0); /* of the equal ones the lower id stays */
    CHECK_CLOSE(cut(d, 1, 3, 1, 2), 0, 0, 0);
    CHECK_CLOSE(cut(d, 1, 0, 0.7, 3), 1 / 3., 1e-6, 0);
    CHECK_CLOSE(cut(d, 1, 0, 0.4, 3), 0, 0, 0);
    CHECK_CLOSE(cut(d, 1, 0, 0.4, 1), 1, 0, 0);
    CHECK_CLOSE(cut(d, 1, 2, 0.6, 1), 1, 0,
                0); /* 1/2 of 3/4 is more than .6: of what top-k leaves */
    CHECK_CLOSE(cut(d, 1, 2, 0.7, 3), 1 / 3., 1e-6, 0);
    CHECK_CLOSE(cut(d, 0.5, 0, 1, 1), 16 / 22., 1e-6, 0); /* squares: 16 4 1 1 */
    CHECK_CLOSE(cut(d, 0, 0, 1, 1), 1, 0, 0);
    CHECK_CLOSE(cut(d, 0, 0, 1, 3), 0, 0, 0);
    eid_dist_free(d);
}

/* Draws agree with the probabilities: 5 standard errors at 20,000 draws. */
static void draws_follow_the_cut(void)
{
    const eid_sampler s = {.temperature = 0.8, .top_k = 3, .top_p = 1};
    int count[4] = {0}, draws = 20000;
    eid_rng r = eid_rng_seed(1);
    eid_dist *d = NULL;
    CHECK_OK(eid_dist_new(&d, 4));
    CHECK_OK(eid_dist_set(d, four));
    eid_dist_cut(d, &s);
    for (int i = 0; i < draws; i++)
        count[eid_dist_draw(d, &r)]++;
    for (int32_t v = 0; v < 4; v++) {
        double p = exp(eid_dist_logp_sampler(d, v));
        CHECK_CLOSE(count[v], draws * p, 0, 5 * sqrt(draws * p * (1 - p)));
    }
    eid_dist_free(d);
}

static void impossible_tokens_are_fine_but_not_alone(void)
{
    float z[3] = {-INFINITY, 0, -INFINITY};
    double mean, var;
    eid_rng r = eid_rng_seed(1);
    eid_dist *d = NULL;
    CHECK_OK(eid_dist_new(&d, 3));
    CHECK_OK(eid_dist_set(d, z));
    eid_dist_moments(d, &mean, &var);
    CHECK(mean == 0 && var == 0);
    CHECK(eid_dist_logp(d, 0) == -INFINITY);
    CHECK_CLOSE(cut(d, 1, 0, 1, 2), 0, 0, 0);
    for (int i = 0; i < 50; i++)
        CHECK_INT(eid_dist_draw(d, &r), 1);
    z[1] = -INFINITY;
    CHECK_FAILS(eid_dist_set(d, z), EID_EINVAL, "all -infinity");
    z[1] = INFINITY;
    CHECK_FAILS(eid_dist_set(d, z), EID_EINVAL, "token 1 is infinite");
    z[1] = NAN;
    CHECK_FAILS(eid_dist_set(d, z), EID_EINVAL, "token 1 is NaN");
    eid_dist_free(d);
}

int main(void)
{
    RUN(uniform_logits_have_known_answers);
    RUN(four_tokens_have_known_answers);
    RUN(samplers_cut_as_defined);
    RUN(draws_follow_the_cut);
    RUN(impossible_tokens_are_fine_but_not_alone);
    return DONE();
}
