/* test_confident.c - confident learning where its theorem is exact, and by hand. */
#include "check.h"
#include "eidetic/rng.h"
#include "eidetic/trajectory.h"

/* Ideal probabilities (the paper's theorem 1): p(given = j | x) depends on x by its true class
 * alone. Then the joint is found exactly, and so is every wrong label. */
static void ideal_probabilities_give_the_joint_exactly(void)
{
    enum { K = 3, PER = 100, N = K * PER };
    static const int moved[K][K] = {{80, 15, 5}, {10, 90, 0}, {0, 20, 80}}; /* true, given */
    double *p = calloc(N * K, sizeof *p);
    int32_t label[N], truth[N];
    eid_confident *c = NULL;
    int64_t n = 0, wrong = 0;

    for (int t = 0; t < K; t++)
        for (int g = 0; g < K; g++)
            for (int m = 0; m < moved[t][g]; m++, n++) {
                truth[n] = t;
                label[n] = g;
                wrong += g != t;
                for (int j = 0; j < K; j++)
                    p[n * K + j] = moved[t][j] / (double)PER;
            }
    for (int method = EID_CONFIDENT_BOTH; method <= EID_CONFIDENT_JOINT; method++) {
        CHECK_OK(eid_confident_learn(&c, p, label, N, K, (eid_confident_method)method));
        if (!c)
            break;
        for (int i = 0; i < N; i++)
            CHECK(c->error[i] == (label[i] != truth[i]) && c->guess[i] == truth[i]);
        for (int g = 0; g < K; g++)
            for (int t = 0; t < K; t++) {
                CHECK_INT(c->count[g * K + t], moved[t][g]);
                CHECK_CLOSE(c->joint[g * K + t], moved[t][g] / (double)N, 1e-14, 1e-17);
            }
        CHECK_INT(c->errors, wrong);
        CHECK_CLOSE(c->share, (double)wrong / N, 1e-13, 0);
        eid_confident_free(c);
        c = NULL;
    }
    free(p);
}

/* Four examples by hand: bars .65 (of .9 and .4) and .75 (of .8 and .7). */
static void a_small_case_by_hand(void)
{
    const double p[8] = {0.9, 0.1, 0.4, 0.6, 0.2, 0.8, 0.3, 0.7};
    const int32_t label[4] = {0, 0, 1, 1};
    eid_confident *c = NULL;

    CHECK_OK(eid_confident_learn(&c, p, label, 4, 2, EID_CONFIDENT_JOINT));
    if (!c)
        return;
    CHECK_CLOSE(c->threshold[0], 0.65, 1e-15, 0);
    CHECK_CLOSE(c->threshold[1], 0.75, 1e-15, 0);
    CHECK(c->count[0] == 1 && c->count[1] == 0 && c->count[2] == 0 && c->count[3] == 1);
    CHECK(c->guess[1] == 0 && c->guess[3] == 1); /* confident in none: the label stays */
    CHECK(c->errors == 0 && c->share == 0);
    eid_confident_free(c);
}

/* Of several classes whose bar is reached the likeliest counts: bars .5, .3 and .2. */
static void the_likeliest_of_the_confident_classes_counts(void)
{
    const double p[9] = {0.5, 0.25, 0.25, 0.4, 0.3, 0.3, 0.3, 0.5, 0.2};
    const int32_t label[3] = {0, 1, 2};
    eid_confident *c = NULL;

    CHECK_OK(eid_confident_learn(&c, p, label, 3, 3, EID_CONFIDENT_JOINT));
    if (!c)
        return;
    CHECK(c->guess[0] == 0 && c->guess[1] == 1); /* .5 before .25; .3 of two, the first */
    CHECK(c->guess[2] == 1 && c->error[2] == 1); /* .5 before .2 */
    CHECK_INT(c->errors, 1);
    eid_confident_free(c);
}

/* Noisy probabilities: the two methods together are careful: nearly all they suspect is wrong. */
static void wrong_labels_are_found_in_noise(void)
{
    enum { K = 5, N = 4000 };
    double *p = malloc(N * K * sizeof *p);
    int32_t *label = malloc(N * sizeof *label);
    uint8_t *flipped = calloc(N, 1);
    eid_rng rng = eid_rng_seed(8);
    int64_t hits = 0, flips = 0;
    eid_confident *c = NULL;

    for (int i = 0; i < N; i++) {
        double sum = 0;
        int truth = i % K;
        flipped[i] = eid_rng_unit(&rng) < 0.1;
        flips += flipped[i];
        label[i] = flipped[i] ? (truth + 1 + (int32_t)eid_rng_below(&rng, K - 1)) % K : truth;
        for (int j = 0; j < K; j++) {
            p[i * K + j] = exp(eid_rng_normal(&rng) + (j == truth ? 4 : 0));
            sum += p[i * K + j];
        }
        for (int j = 0; j < K; j++)
            p[i * K + j] /= sum;
    }
    CHECK_OK(eid_confident_learn(&c, p, label, N, K, EID_CONFIDENT_BOTH));
    for (int i = 0; c && i < N; i++)
        hits += c->error[i] && flipped[i];
    CHECK(c && (double)hits > 0.85 * (double)flips && (double)hits > 0.95 * (double)c->errors);
    CHECK_CLOSE(c->share, (double)flips / N, 0.15, 0);
    eid_confident_free(c);
    free(p);
    free(label);
    free(flipped);
}

static void what_is_no_probability_is_refused(void)
{
    double p[4] = {0.5, 0.5, 0.2, 0.7};
    int32_t label[2] = {0, 1};
    eid_confident *c = NULL;

    CHECK_FAILS(eid_confident_learn(&c, p, label, 2, 2, 0), EID_EFORMAT, "example 1 sum to 0.9");
    p[2] = NAN;
    CHECK_FAILS(eid_confident_learn(&c, p, label, 2, 2, 0), EID_EFORMAT, "class 0 of example 1");
    p[2] = 0.3;
    label[1] = 2;
    CHECK_FAILS(eid_confident_learn(&c, p, label, 2, 2, 0), EID_EFORMAT, "example 1 has 2");
    CHECK_FAILS(eid_confident_learn(&c, p, label, 2, 1, 0), EID_EINVAL, "at least one and two");
    label[1] = 0; /* a class that nobody has */
    CHECK_OK(eid_confident_learn(&c, p, label, 2, 2, 0));
    CHECK(c && c->threshold[1] == INFINITY && c->errors == 0);
    eid_confident_free(c);
}

int main(void)
{
    RUN(ideal_probabilities_give_the_joint_exactly);
    RUN(a_small_case_by_hand);
    RUN(the_likeliest_of_the_confident_classes_counts);
    RUN(wrong_labels_are_found_in_noise);
    RUN(what_is_no_probability_is_refused);
    return DONE();
}
