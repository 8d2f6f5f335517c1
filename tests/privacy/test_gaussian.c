#include "check.h"
#include "eidetic/privacy.h"

/* delta by the definition, the hockey-stick divergence of N(1, m^2) from N(0, m^2):
 * the integral of max(0, p - e^epsilon q), by Simpson's rule. */
static double delta_ref(double m, double epsilon)
{
    enum { STEPS = 200000 };
    double from = 0.5 + epsilon * m * m, to = 1 + 40 * m; /* p > e^epsilon q from here on */
    if (from >= to)
        return 0;
    double h = (to - from) / STEPS, sum = 0;
    for (int i = 0; i <= STEPS; i++) {
        double x = from + h * i;
        double p = exp(-(x - 1) * (x - 1) / (2 * m * m)), q = exp(epsilon - x * x / (2 * m * m));
        sum += (p - q) * (i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2);
    }
    return sum * h / 3 / (m * sqrt(2 * M_PI));
}

static void delta_is_the_hockey_stick_divergence(void)
{
    static const double noise[] = {0.2, 0.7, 1, 3.73, 12}, epsilon[] = {0, 0.1, 1, 3, 8};
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 5; j++) /* Simpson's error: (h / m)^4 of the integrand's scale */
            CHECK_CLOSE(eid_gaussian_delta(noise[i], epsilon[j]), delta_ref(noise[i], epsilon[j]),
                        1e-8, 1e-13);
    CHECK_CLOSE(eid_gaussian_delta(0, 1), 1, 0, 0);
}

/* Epsilon of one release at noise 1 and delta 1e-5, as accountants print it. */
static void known_values(void)
{
    double e, m;
    CHECK_OK(eid_gaussian_epsilon(1, 1e-5, &e));
    CHECK_CLOSE(e, 4.37718, 2e-6, 0);
    CHECK_OK(eid_gaussian_noise(1, 1e-5, &m));
    CHECK_CLOSE(m, 3.73, 2e-3, 0); /* the multiplier "3.7" of (1, 1e-5) */
}

static void inverses_invert(void)
{
    for (double delta = 1e-12; delta < 0.5; delta *= 37)
        for (double epsilon = 0.01; epsilon < 200; epsilon *= 3) {
            double m, e;
            CHECK_OK(eid_gaussian_noise(epsilon, delta, &m));
            CHECK(eid_gaussian_delta(m, epsilon) <= delta);
            CHECK_CLOSE(eid_gaussian_delta(m, epsilon), delta, 1e-9, 0);
            CHECK_OK(eid_gaussian_epsilon(m, delta, &e));
            CHECK_CLOSE(e, epsilon, 1e-9, 0);
        }
}

static void ends_of_the_range(void)
{
    double e, m;
    CHECK_OK(eid_gaussian_epsilon(0, 1e-5, &e));
    CHECK(isinf(e));
    CHECK_OK(eid_gaussian_epsilon(1e6, 1e-5, &e)); /* total variation below delta */
    CHECK_CLOSE(e, 0, 0, 0);
    CHECK_OK(eid_gaussian_noise(0, 1e-5, &m));
    CHECK_CLOSE(eid_gaussian_delta(m, 0), 1e-5, 1e-9, 0);
    CHECK_FAILS(eid_gaussian_noise(1, 0, &m), EID_EINVAL, "delta 0");
    CHECK_FAILS(eid_gaussian_noise(1, 1, &m), EID_EINVAL, "delta 1");
    CHECK_FAILS(eid_gaussian_noise(-1, 0.1, &m), EID_EINVAL, "epsilon -1");
    CHECK_FAILS(eid_gaussian_noise(NAN, 0.1, &m), EID_EINVAL, "epsilon");
    CHECK_FAILS(eid_gaussian_epsilon(-1, 0.1, &e), EID_EINVAL, "noise -1");
}

int main(void)
{
    RUN(delta_is_the_hockey_stick_divergence);
    RUN(known_values);
    RUN(inverses_invert);
    RUN(ends_of_the_range);
    return DONE();
}
