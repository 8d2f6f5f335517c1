/* cmi_convex.c - the convex learners of trace.h on super-samples.
 *
 * An example's prediction is the level of phi = <theta, z - m>, counted in standard deviations
 * |theta| / sqrt(d) of a fresh one: edges at z 2k / levels for k = 1 .. levels - 1, z the (1 -
 * soundness) quantile of N(0, 1), so that the middle edge is the tracer's threshold.  The loss
 * falls with the level from 1 to 0. */
#include "base/memory.h"
#include "eidetic/trace.h"
#include "theory/cmi.h"
#include "theory/convex.h"
#include "theory/prior.h"
#include "theory/rate.h"
#include "theory/streams.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef struct convex {
    eid_signs s; /* two rows of each pair */
    double *mean;
    double beta;
} convex;

static void convex_free(void *user, void *super)
{
    convex *x = super;
    (void)user;
    if (!x)
        return;
    eid_signs_free(&x->s);
    eid_free(x->mean);
    eid_free(x);
}

static eid_status prior_of(const eid_cmi_opts *o, double *beta)
{
    eid_trace_opts t = eid_trace_opts_default();
    t.accuracy = o->accuracy;
    return eid_prior_beta(&t, beta);
}

static eid_status draw(void *user, eid_ctx *ctx, int64_t pairs, int64_t number, void **super)
{
    const eid_cmi_opts *o = user;
    eid_status st = EID_OK;
    convex *x = NULL;
    uint64_t *chance = NULL, seed = (uint64_t)o->seed;
    EID_TRY(EID_NEW(x, 1));
    EID_TRY(prior_of(o, &x->beta));
    EID_TRY(eid_signs_new(&x->s, 2 * pairs, o->d));
    EID_TRY(EID_NEW(x->mean, x->s.words * 64));
    EID_TRY(EID_NEW(chance, x->s.words * 64));
    eid_prior_draw(x->beta, o->d, seed, eid_stream(EID_FOR_PRIOR, number, 0), chance, x->mean);
    EID_TRY(eid_signs_draw(ctx, &x->s, 2 * pairs, chance, seed,
                           eid_stream(EID_FOR_MEMBERS, number, 0), NULL));
    *super = x;
    x = NULL;
done:
    eid_free(chance);
    convex_free(user, x);
    return st;
}

/* The learned rows, side by side, and how many ones each coordinate has among them. */
static eid_status choose(const convex *x, const uint8_t *side, eid_signs *rows, int64_t *ones)
{
    eid_status st = eid_signs_new(rows, x->s.rows / 2, x->s.d);
    if (st != EID_OK)
        return st;
    for (int64_t i = 0; i < rows->rows; i++) {
        uint64_t *to = rows->bits + i * rows->words;
        memcpy(to, x->s.bits + (2 * i + side[i]) * rows->words, (size_t)rows->words * sizeof *to);
        for (int64_t w = 0; w < rows->words; w++)
            for (uint64_t left = to[w]; left; left &= left - 1)
                ones[w * 64 + __builtin_ctzll(left)]++;
    }
    return EID_OK;
}

static void answer(const eid_cmi_opts *o, const convex *x, const double *theta,
                   eid_convex_score score, int32_t *prediction, double *loss)
{
    double step = eid_normal_upper(o->soundness) * 2 / (double)o->levels;
    double unit = sqrt((double)o->d) / (score.norm > 0 ? score.norm : 1);
    for (int64_t i = 0; i < x->s.rows; i++) {
        double phi = (eid_signs_dot(&x->s, i, theta) - score.centre) * unit;
        double level = floor(phi / step), top = (double)(o->levels - 1);
        level = level < 0 ? 0 : level > top ? top : level;
        prediction[i] = (int32_t)level;
        loss[i] = 1 - level / top;
    }
}

static eid_status train(void *user, const void *super, const uint8_t *side, int64_t run,
                        int32_t *prediction, double *loss)
{
    const eid_cmi_opts *o = user;
    const convex *x = super;
    eid_status st = EID_OK;
    eid_signs rows = {0};
    int64_t *ones = NULL;
    double *theta = NULL, *scratch = NULL;
    EID_TRY(EID_NEW(ones, x->s.words * 64));
    EID_TRY(EID_NEW(theta, x->s.words * 64));
    EID_TRY(EID_NEW(scratch, x->s.words * 64));
    EID_TRY(choose(x, side, &rows, ones));
    eid_convex c = {
        .problem = EID_LINEAR,
        .learner = o->learner == EID_CMI_SGD       ? EID_LEARN_SGD
                   : o->learner == EID_CMI_PRIVATE ? EID_LEARN_PRIVATE
                                                   : EID_LEARN_MEAN,
        .passes = 1,
        .noise = o->learner == EID_CMI_PRIVATE ? o->noise : 0,
        .signal = eid_convex_signal(x->beta),
        .s = &rows,
        .n = rows.rows,
        .ones = ones,
        .mean = x->mean,
        .seed = (uint64_t)o->seed,
        .trial = run,
    };
    EID_TRY(eid_convex_learn(&c, theta, scratch));
    answer(o, x, theta, eid_convex_judge(&c, theta), prediction, loss);
done:
    eid_signs_free(&rows);
    eid_free(ones);
    eid_free(theta);
    eid_free(scratch);
    return st;
}

eid_status eid_cmi_convex_learner(eid_cmi_learner *out, const eid_cmi_opts *o)
{
    static const char *const name[] = {"nearest", "lookup", "mean", "sgd", "private"};
    double beta;
    eid_status st = prior_of(o, &beta);
    if (st != EID_OK)
        return st;
    if (o->d < 1 || o->d > 1 << 24 || (double)o->pairs * (double)o->d > 1e11)
        return eid_fail(EID_EINVAL,
                        "cmi: n = %" PRId64 " examples in d = %" PRId64
                        ": want d of 1 to %d, and n d of 1e11 at most",
                        o->pairs, o->d, 1 << 24);
    if (!(o->soundness > 0 && o->soundness < 0.5))
        return eid_fail(EID_EINVAL, "cmi: soundness %g: it must lie above 0 and below one half",
                        o->soundness);
    if (o->levels < 2 || o->levels > 64 || o->levels % 2)
        return eid_fail(EID_EINVAL, "cmi: %" PRId64 " levels: want an even number from 2 to 64",
                        o->levels);
    if (o->learner == EID_CMI_PRIVATE && !(o->noise > 0 && o->noise < 1e100))
        return eid_fail(EID_EINVAL, "cmi: the private learner needs a --noise above 0, not %g",
                        o->noise);
    *out = (eid_cmi_learner){.name = name[o->learner],
                             .user = (void *)(uintptr_t)o,
                             .draw = draw,
                             .train = train,
                             .release = convex_free};
    return EID_OK;
}

/* ---- closed forms -----------------------------------------------------------------------------
 */

/* Entropy of Binomial(n, p), in nats. */
static double binomial_entropy(int64_t n, double p)
{
    double sum = 0;
    for (int64_t k = 0; k <= n; k++) {
        double logp = lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1);
        logp += (k ? (double)k * log(p) : 0) + (n - k ? (double)(n - k) * log1p(-p) : 0);
        sum -= isfinite(logp) ? exp(logp) * logp : 0;
    }
    return sum;
}

/* mean: a function of the counts, d binomials, of entropy at most that of p = 1/2.
 * private: d Gaussian channels, each of capacity log(1 + signal / noise) / 2, the sample mean's
 * coordinate having a variance of at most 1 / (n d).  A release that moves by Delta when one
 * example changes has I(W; U_i | rest) <= Delta^2 / (4 s^2) = 1 / (4 noise^2): two Gaussians'
 * Jensen-Shannon divergence is at most half their divergence, 1 / (2 noise^2). */
eid_status eid_cmi_convex_bounds(const eid_cmi_opts *o, eid_cmi_result *r)
{
    double n = (double)o->pairs, d = (double)o->d;
    if (o->learner == EID_CMI_MEAN)
        r->xu_raginsky = eid_cmi_xu_raginsky(d * binomial_entropy(o->pairs, 0.5), o->pairs);
    if (o->learner == EID_CMI_PRIVATE) {
        double s = 2 * o->noise / n;
        r->xu_raginsky = eid_cmi_xu_raginsky(d / 2 * log1p(1 / (n * d) / (s * s)), o->pairs);
        r->cmi_high = n * fmin(M_LN2, 1 / (4 * o->noise * o->noise));
        r->cmi_bound = sqrt(2 * r->cmi_high / n);
    }
    return EID_OK;
}
