#include "theory.h"
#include "base/memory.h"
#include "eidetic/rng.h"
#include "theory/convex.h"
#include "theory/prior.h"
#include "theory/streams.h"

enum { N = 40, D = 130, WIDE = 512 };

/* E (2B - 1)^2 = 1 / (2b + 1), E (2B - 1) = 0; fourth moments bound the sampling error. */
static void priors_have_their_moments(void)
{
    enum { DRAWS = 40000 };
    static const double b[] = {0.01, 0.5, 1, 10, 100, 1e6};
    static uint64_t chance[DRAWS];
    static double mean[DRAWS];
    for (size_t k = 0; k < sizeof b / sizeof *b; k++) {
        double sum = 0, square = 0, v = eid_convex_signal(b[k]);
        eid_prior_draw(b[k], DRAWS, 3, k, chance, mean);
        for (int j = 0; j < DRAWS; j++) {
            double mu = mean[j] * sqrt((double)DRAWS);
            CHECK_CLOSE(mu, 2 * ldexp((double)chance[j], -64) - 1, 0, 1e-15);
            sum += mu / DRAWS;
            square += mu * mu / DRAWS;
        }
        CHECK_CLOSE(v, 1 / (2 * b[k] + 1), 1e-15, 0);
        CHECK_CLOSE(sum, 0, 0, 5 * sqrt(v / DRAWS));
        CHECK_CLOSE(square, v, 0, 5 * sqrt(2 * v * v / DRAWS)); /* kurtosis at most 3 */
    }
}

/* The uniform prior's distribution function, at its quartiles. */
static void uniform_is_uniform(void)
{
    enum { DRAWS = 40000 };
    static uint64_t chance[DRAWS];
    static double mean[DRAWS];
    int below[3] = {0};
    eid_prior_draw(1, DRAWS, 4, 1, chance, mean);
    for (int j = 0; j < DRAWS; j++)
        for (int q = 0; q < 3; q++)
            below[q] += chance[j] < (uint64_t)(q + 1) << 62;
    for (int q = 0; q < 3; q++)
        CHECK_CLOSE(below[q] / (double)DRAWS, 0.25 * (q + 1), 0, 5 * 0.5 / 200);
}

typedef struct sample {
    eid_ctx *ctx;
    eid_signs s;
    uint64_t chance[WIDE];
    int64_t ones[WIDE];
    double mean[WIDE], theta[WIDE], scratch[WIDE];
    double z[N][D]; /* the examples, written out */
    eid_convex c;
} sample;

static void sample_new(sample *x, double beta)
{
    memset(x, 0, sizeof *x);
    x->ctx = context(2, 0);
    CHECK_OK(eid_signs_new(&x->s, N, D));
    eid_prior_draw(beta, D, 8, 1, x->chance, x->mean);
    CHECK_OK(eid_signs_draw(x->ctx, &x->s, N, x->chance, 8, 2000, x->ones));
    for (int i = 0; i < N; i++)
        for (int j = 0; j < D; j++)
            x->z[i][j] = eid_sign(&x->s, i, j) / sqrt(D);
    x->c = (eid_convex){.s = &x->s,
                        .n = N,
                        .ones = x->ones,
                        .mean = x->mean,
                        .passes = 1,
                        .signal = eid_convex_signal(beta),
                        .seed = 8};
}

static void sample_free(sample *x)
{
    eid_signs_free(&x->s);
    eid_ctx_free(x->ctx);
}

static double length(const double *x)
{
    double sum = 0;
    for (int j = 0; j < D; j++)
        sum += x[j] * x[j];
    return sqrt(sum);
}

/* Every iterate written out: step against the gradient, divide by the length where it is above 1,
 * and average. */
static void descend_ref(const sample *x, int64_t passes, bool linear, double *average)
{
    double theta[D] = {0};
    int64_t order[N], t = 0;
    memset(average, 0, D * sizeof *average);
    for (int64_t i = 0; i < N; i++)
        order[i] = i;
    for (int64_t pass = 0; pass < passes; pass++) {
        eid_rng r = eid_rng_stream(8, eid_stream(EID_FOR_ORDER, 0, 0) + (uint64_t)pass);
        if (passes > 1)
            eid_rng_shuffle(&r, order, N);
        for (int i = 0; i < N; i++) {
            double rate = linear ? 1 / sqrt((double)(N * passes)) : 1 / (double)++t;
            for (int j = 0; j < D; j++)
                theta[j] -= rate * (linear ? -x->z[order[i]][j] : theta[j] - x->z[order[i]][j]);
            double norm = length(theta);
            for (int j = 0; j < D; j++) {
                theta[j] /= norm > 1 ? norm : 1;
                average[j] += theta[j] / (double)(N * passes);
            }
        }
    }
}

static void descent_matches_its_definition(void)
{
    static const int64_t passes[] = {1, 3, 60};
    for (int k = 0; k < 6; k++) {
        sample x;
        double want[D];
        sample_new(&x, 3); /* means large enough that the ball is left */
        x.c.problem = k % 2 ? EID_STRONGLY_CONVEX : EID_LINEAR;
        x.c.passes = passes[k / 2];
        x.c.learner = k < 2 ? EID_LEARN_SGD : EID_LEARN_PROJECTED_SGD;
        CHECK_OK(eid_convex_learn(&x.c, x.theta, x.scratch));
        descend_ref(&x, passes[k / 2], k % 2 == 0, want);
        CHECK_ALLCLOSE(x.theta, want, D, 1e-11, 1e-12); /* some thousand steps in double */
        sample_free(&x);
    }
}

/* No point of the ball has a smaller empirical loss than the minimizer's closed form. */
static void erm_minimizes(void)
{
    for (int problem = 0; problem < 2; problem++) {
        sample x;
        sample_new(&x, 20);
        x.c.problem = problem;
        x.c.learner = EID_LEARN_ERM;
        CHECK_OK(eid_convex_learn(&x.c, x.theta, x.scratch));
        double best = INFINITY;
        eid_rng r = eid_rng_seed(1);
        for (int run = 0; run < 400; run++) {
            double theta[D], loss = 0;
            for (int j = 0; j < D; j++)
                theta[j] = x.theta[j] + (run ? 0.01 * eid_rng_normal(&r) : 0);
            double norm = length(theta);
            for (int j = 0; j < D; j++)
                theta[j] /= norm > 1 ? norm : 1;
            for (int i = 0; i < N; i++)
                for (int j = 0; j < D; j++)
                    loss -= theta[j] * x.z[i][j] / N;
            loss += problem ? length(theta) * length(theta) / 2 : 0;
            if (run == 0)
                best = loss;
            CHECK(loss >= best);
        }
        sample_free(&x);
    }
}

/* Excess and gap against losses of written-out examples; the population's by its mean. */
static void scores_match_their_definition(void)
{
    for (int problem = 0; problem < 2; problem++) {
        sample x;
        sample_new(&x, 20);
        x.c.problem = problem;
        x.c.learner = EID_LEARN_PRIVATE;
        x.c.noise = 0.3;
        CHECK_OK(eid_convex_learn(&x.c, x.theta, x.scratch));
        eid_convex_score got = eid_convex_judge(&x.c, x.theta);
        double m = length(x.mean), population = 0, empirical = 0, half = problem ? 0.5 : 0;
        for (int j = 0; j < D; j++) {
            population -= x.theta[j] * x.mean[j];
            for (int i = 0; i < N; i++)
                empirical -= x.theta[j] * x.z[i][j] / N;
        }
        double square = half * length(x.theta) * length(x.theta);
        double least = problem ? -m * m / 2 : -m; /* at theta = m, at theta = m / |m| */
        CHECK_CLOSE(got.excess, population + square - least, 1e-12, 1e-14);
        CHECK_CLOSE(got.trivial, -least, 1e-12, 0);
        CHECK_CLOSE(got.gap, population - empirical, 1e-12, 1e-14);
        CHECK_CLOSE(got.norm, length(x.theta), 1e-12, 0);
        CHECK(length(x.theta) <= 1 + 1e-12);
        sample_free(&x);
    }
}

/* The private learner's noise: its deviation is noise * 2 / n in each coordinate. */
static void noise_has_its_size(void)
{
    sample x;
    double plain[D], sum = 0;
    sample_new(&x, 20);
    x.c.problem = EID_STRONGLY_CONVEX;
    CHECK_OK(eid_convex_learn(&x.c, x.theta, x.scratch));
    memcpy(plain, x.theta, sizeof plain);
    x.c.learner = EID_LEARN_PRIVATE;
    x.c.noise = 0.5;
    CHECK_OK(eid_convex_learn(&x.c, x.theta, x.scratch));
    double v = eid_convex_signal(20), shrunk = v / eid_convex_length2(v, N, D, 0.5);
    for (int j = 0; j < D; j++)
        sum += pow((x.theta[j] / shrunk - plain[j]) / (0.5 * 2 / N), 2) / D;
    CHECK_CLOSE(sum, 1, 0, 4 * sqrt(2.0 / D)); /* chi-squared with D degrees of freedom */
    sample_free(&x);
}

int main(void)
{
    RUN(priors_have_their_moments);
    RUN(uniform_is_uniform);
    RUN(descent_matches_its_definition);
    RUN(erm_minimizes);
    RUN(scores_match_their_definition);
    RUN(noise_has_its_size);
    return DONE();
}
