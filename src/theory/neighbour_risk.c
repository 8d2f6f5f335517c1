/* neighbour_risk.c - populations whose Bayes risk is known, and how the nearest neighbour fares. */
#include "base/memory.h"
#include "eidetic/neighbour.h"
#include "base/ctx.h"
#include "theory/streams.h"
#include <inttypes.h>
#include <math.h>

eid_neighbour_opts eid_neighbour_opts_default(void)
{
    return (eid_neighbour_opts){.kind = EID_NEIGHBOUR_APART,
                                .n = 1000,
                                .m = 1000,
                                .d = 10,
                                .p = 0.1,
                                .trials = 20,
                                .seed = 1};
}

#define FIELD(f) offsetof(eid_neighbour_opts, f)
const eid_opt eid_neighbour_opt_table[] = {
    {EID_OPT_ENUM, "kind", FIELD(kind), 0, 0,
     "apart: two balls with flipped labels; overlap: eta(x) = x_1", "apart|overlap", 0},
    {EID_OPT_I64, "n", FIELD(n), 1, 1e7, "examples", NULL, 0},
    {EID_OPT_I64, "m", FIELD(m), 1, 1e7, "queries of a trial", NULL, 0},
    {EID_OPT_I64, "d", FIELD(d), 1, 1e5, "dimensions", NULL, 0},
    {EID_OPT_F64, "p", FIELD(p), 0, 1, "chance of a flipped label, of kind apart", NULL, 0},
    {EID_OPT_I64, "trials", FIELD(trials), 2, EID_MOST_TRIALS - 1, "independent trials", NULL, 0},
    {EID_OPT_I64, "seed", FIELD(seed), 0, 1e15, "random seed", NULL, 0},
    {0},
};
#undef FIELD

double eid_neighbour_clean(double e, double p, int64_t classes)
{
    return (1 - e) * p + e * (1 - p / ((double)classes - 1));
}

double eid_neighbour_noisy(double e, double p, int64_t classes)
{
    double k = (double)classes - 1;
    double same = (1 - p) * (1 - p) + p * p / k;
    double other = 2 * p * (1 - p) / k + p * p * (k - 1) / (k * k);
    return 1 - (1 - e) * same - e * other;
}

typedef struct drawn {
    float *x;
    uint8_t *label, *bayes; /* as drawn; what the Bayes rule says */
} drawn;

static void drawn_free(drawn *d)
{
    eid_free(d->x);
    eid_free(d->label);
    eid_free(d->bayes);
}

/* A ball of radius 1 around +-2.5 e_1, so that no two of different balls are nearer than any of
 * one.
 */
static void draw_apart(eid_rng *r, const eid_neighbour_opts *o, float *x, uint8_t *label,
                       uint8_t *bayes)
{
    double norm = 0, radius = pow(eid_rng_unit(r), 1 / (double)o->d);
    uint8_t side = eid_rng_u32(r) & 1;

    for (int64_t k = 0; k < o->d; k++) {
        x[k] = (float)eid_rng_normal(r);
        norm += (double)x[k] * (double)x[k];
    }
    for (int64_t k = 0; k < o->d; k++)
        x[k] *= (float)(norm > 0 ? radius / sqrt(norm) : 0);
    x[0] += side ? 2.5f : -2.5f;
    *bayes = side;
    *label = side ^ (eid_rng_unit(r) < o->p);
    if (o->p > 0.5)
        *bayes = !side;
}

static void draw_overlap(eid_rng *r, const eid_neighbour_opts *o, float *x, uint8_t *label,
                         uint8_t *bayes)
{
    for (int64_t k = 0; k < o->d; k++)
        x[k] = (float)eid_rng_unit(r);
    *bayes = (double)x[0] > 0.5;
    *label = eid_rng_unit(r) < (double)x[0];
}

static eid_status draw(drawn *d, const eid_neighbour_opts *o, int64_t rows, eid_purpose purpose,
                       int64_t trial)
{
    eid_status st = EID_OK;
    eid_rng r = eid_rng_stream((uint64_t)o->seed, eid_stream(purpose, trial, 0));

    EID_TRY(EID_NEW(d->x, rows * o->d));
    EID_TRY(EID_NEW(d->label, rows));
    EID_TRY(EID_NEW(d->bayes, rows));
    for (int64_t i = 0; i < rows; i++)
        (o->kind == EID_NEIGHBOUR_APART ? draw_apart : draw_overlap)(&r, o, d->x + i * o->d,
                                                                     &d->label[i], &d->bayes[i]);
done:
    return st;
}

enum { OWN = 500 };

typedef struct shares {
    double *noisy, *clean, *bayes, *train;
} shares;

static eid_status one_trial(eid_ctx *ctx, const eid_neighbour_opts *o, int64_t trial, shares *s)
{
    eid_status st = EID_OK;
    drawn examples = {0}, queries = {0};
    int64_t *index = NULL, noisy = 0, clean = 0, bayes = 0, train = 0;
    int64_t own = o->n < o->m ? o->n : o->m; /* examples asked about themselves: a few will do */

    own = own < OWN ? own : OWN;
    EID_TRY(draw(&examples, o, o->n, EID_FOR_MEMBERS, trial));
    EID_TRY(draw(&queries, o, o->m, EID_FOR_FRESH, trial));
    EID_TRY(EID_NEW(index, o->m));
    EID_TRY(eid_nearest(index, NULL, ctx, examples.x, o->n, queries.x, o->m, o->d));
    for (int64_t i = 0; i < o->m; i++) {
        noisy += examples.label[index[i]] != queries.label[i];
        clean += examples.label[index[i]] != queries.bayes[i];
        bayes += queries.bayes[i] != queries.label[i];
    }
    EID_TRY(eid_nearest(index, NULL, ctx, examples.x, o->n, examples.x, own, o->d));
    for (int64_t i = 0; i < own; i++)
        train += examples.label[index[i]] != examples.label[i];
    s->noisy[trial] = (double)noisy / (double)o->m;
    s->clean[trial] = (double)clean / (double)o->m;
    s->bayes[trial] = (double)bayes / (double)o->m;
    s->train[trial] = (double)train / (double)own;
done:
    drawn_free(&examples);
    drawn_free(&queries);
    eid_free(index);
    return st;
}

eid_status eid_neighbour_risk(eid_neighbour_result *out, eid_ctx *ctx, const eid_neighbour_opts *o)
{
    eid_status st = EID_OK;
    shares s = {0};

    if (o->n < 1 || o->m < 1 || o->d < 1 || o->trials < 2 || o->trials >= EID_MOST_TRIALS ||
        !(o->p >= 0 && o->p <= 1) || o->n > INT64_MAX / 64 / o->d || o->m > INT64_MAX / 64 / o->d)
        return eid_fail(EID_EINVAL,
                        "nearest neighbour: %" PRId64 " examples, %" PRId64 " queries, %" PRId64
                        " dimensions, %" PRId64
                        " trials, p = %g: want 1, 1, 1, 2 or more, and p in "
                        "[0, 1]",
                        o->n, o->m, o->d, o->trials, o->p);
    EID_TRY(EID_NEW(s.noisy, 4 * o->trials));
    s.clean = s.noisy + o->trials;
    s.bayes = s.clean + o->trials;
    s.train = s.bayes + o->trials;
    for (int64_t t = 0; t < o->trials; t++) {
        EID_TRY(eid_tick(ctx, "nearest neighbour", "trials", t, o->trials));
        EID_TRY(one_trial(ctx, o, t, &s));
    }
    out->noisy = eid_mean_t(s.noisy, (size_t)o->trials);
    out->clean = eid_mean_t(s.clean, (size_t)o->trials);
    out->bayes = eid_mean_t(s.bayes, (size_t)o->trials);
    out->train = eid_mean_t(s.train, (size_t)o->trials);
done:
    eid_free(s.noisy);
    return st;
}
