#include "theory/prior.h"
#include "eidetic/rng.h"
#include <math.h>

eid_status eid_prior_beta(const eid_trace_opts *o, double *b)
{
    double beta = o->beta;
    if (o->prior == EID_PRIOR_UNIFORM)
        beta = 1;
    if (o->prior == EID_PRIOR_ACCURACY) {
        if (!(o->accuracy > 0 && o->accuracy <= 1))
            return eid_fail(
                EID_EINVAL,
                "trace: accuracy %g: no prior has its scale; it must lie above 0 and not "
                "above 1",
                o->accuracy);
        beta = o->problem == EID_LINEAR ? 1 / (o->accuracy * o->accuracy) : 1 / o->accuracy;
    }
    if (!(beta > 0))
        return eid_fail(EID_EINVAL,
                        "trace: the prior Beta(%g, %g) does not normalize: b must lie above 0",
                        beta, beta);
    if (!(beta <= 1e12))
        return eid_fail(EID_EINVAL, "trace: the prior Beta(%g, %g) leaves no mean to learn", beta,
                        beta);
    *b = beta;
    return EID_OK;
}

/* log of a Gamma(a) variate (Marsaglia and Tsang 2000); below 1 from a + 1, whose logarithm does
 * not underflow where the variate would. */
static double log_gamma_variate(eid_rng *r, double a)
{
    if (a < 1) {
        double u = 1 - eid_rng_unit(r);
        return log_gamma_variate(r, a + 1) + log(u) / a;
    }
    double d = a - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = eid_rng_normal(r), v = 1 + c * x, u = 1 - eid_rng_unit(r);
        if (!(v > 0))
            continue;
        v = v * v * v;
        if (log(u) < 0.5 * x * x + d - d * v + d * log(v))
            return log(d * v);
    }
}

void eid_prior_set(double m, int64_t d, uint64_t *chance, double *mean)
{
    double two_to_63 = 0x1p63, offset = m * two_to_63;
    uint64_t c = offset >= two_to_63 ? UINT64_MAX : (uint64_t)(int64_t)offset + ((uint64_t)1 << 63);

    *chance = c;
    *mean = (double)(int64_t)(c - ((uint64_t)1 << 63)) / two_to_63 / sqrt((double)d);
}

/* B = X / (X + Y), so 2B - 1 = tanh((log X - log Y) / 2), kept within what 64 bits can say. */
void eid_prior_draw(double b, int64_t d, uint64_t seed, uint64_t stream, uint64_t *chance,
                    double *mean)
{
    eid_rng r = eid_rng_stream(seed, stream);
    for (int64_t j = 0; j < d; j++) {
        double x = log_gamma_variate(&r, b), y = log_gamma_variate(&r, b);
        eid_prior_set(tanh(0.5 * (x - y)), d, &chance[j], &mean[j]);
    }
}
