/* cmi_points.c - learners that keep their sample: nearest neighbour, and a table of cells. */
#include "base/memory.h"
#include "eidetic/rng.h"
#include "theory/cmi.h"
#include "theory/streams.h"
#include <inttypes.h>
#include <math.h>

typedef struct points {
    int64_t n; /* examples: two of each pair */
    int32_t *label;
    float *distance; /* nearest: [n][n], squared */
    int64_t *cell;   /* lookup */
} points;

static void points_free(void *user, void *super)
{
    points *p = super;
    (void)user;
    if (!p)
        return;
    eid_free(p->label);
    eid_free(p->distance);
    eid_free(p->cell);
    eid_free(p);
}

/* Classes at -separation / 2 and +separation / 2 on the first axis, unit variance on all. */
static eid_status draw_gaussians(points *p, const eid_cmi_opts *o, eid_rng *r)
{
    double *x = NULL;
    eid_status st = EID_OK;
    EID_TRY(EID_NEW(x, p->n * o->d));
    EID_TRY(EID_NEW(p->distance, p->n * p->n));
    for (int64_t i = 0; i < p->n; i++) {
        int32_t class = eid_rng_u32(r) >> 31;
        for (int64_t j = 0; j < o->d; j++)
            x[i * o->d + j] = eid_rng_normal(r) + (j ? 0 : (class - 0.5) * o->separation);
        p->label[i] = class ^ (eid_rng_unit(r) < o->flip);
    }
    for (int64_t i = 0; i < p->n; i++)
        for (int64_t k = 0; k < i; k++) {
            double sum = 0;
            for (int64_t j = 0; j < o->d; j++) {
                double off = x[i * o->d + j] - x[k * o->d + j];
                sum += off * off;
            }
            p->distance[i * p->n + k] = p->distance[k * p->n + i] = (float)sum;
        }
done:
    eid_free(x);
    return st;
}

static eid_status draw(void *user, eid_ctx *ctx, int64_t pairs, int64_t number, void **super)
{
    const eid_cmi_opts *o = user;
    eid_status st = EID_OK;
    points *p = NULL;
    eid_rng r = eid_rng_stream((uint64_t)o->seed, eid_stream(EID_FOR_POINTS, number, 0));
    (void)ctx;
    EID_TRY(EID_NEW(p, 1));
    p->n = 2 * pairs;
    EID_TRY(EID_NEW(p->label, p->n));
    if (o->learner == EID_CMI_NEAREST) {
        EID_TRY(draw_gaussians(p, o, &r));
    } else {
        EID_TRY(EID_NEW(p->cell, p->n));
        for (int64_t i = 0; i < p->n; i++) {
            p->cell[i] = (int64_t)eid_rng_below(&r, (uint64_t)o->cells);
            p->label[i] = eid_rng_u32(&r) >> 31;
        }
    }
    *super = p;
    p = NULL;
done:
    points_free(user, p);
    return st;
}

/* Label of the nearest learned example; the first of equals. */
static int32_t nearest(const points *p, const uint8_t *side, int64_t i)
{
    int64_t best = -1;
    for (int64_t pair = 0; pair < p->n / 2; pair++) {
        int64_t k = 2 * pair + side[pair];
        if (best < 0 || p->distance[i * p->n + k] < p->distance[i * p->n + best])
            best = k;
    }
    return p->label[best];
}

/* Label of the last learned example in the same cell, 0 where there is none. */
static int32_t look_up(const points *p, const uint8_t *side, int64_t i)
{
    for (int64_t pair = p->n / 2 - 1; pair >= 0; pair--)
        if (p->cell[2 * pair + side[pair]] == p->cell[i])
            return p->label[2 * pair + side[pair]];
    return 0;
}

static eid_status train(void *user, const void *super, const uint8_t *side, int64_t run,
                        int32_t *prediction, double *loss)
{
    const points *p = super;
    (void)user;
    (void)run;
    for (int64_t i = 0; i < p->n; i++) {
        prediction[i] = p->distance ? nearest(p, side, i) : look_up(p, side, i);
        loss[i] = prediction[i] != p->label[i];
    }
    return EID_OK;
}

eid_status eid_cmi_points_learner(eid_cmi_learner *out, const eid_cmi_opts *o)
{
    bool is_nearest = o->learner == EID_CMI_NEAREST;
    if (is_nearest && (o->d < 1 || o->pairs > 20000 || (double)o->pairs * (double)o->d > 1e9))
        return eid_fail(EID_EINVAL,
                        "cmi: nearest neighbour of n = %" PRId64 " in d = %" PRId64
                        ": want d of 1 at least, n of 20000 and n d of 1e9 at most",
                        o->pairs, o->d);
    if (is_nearest && !(o->flip >= 0 && o->flip <= 1 && isfinite(o->separation)))
        return eid_fail(EID_EINVAL,
                        "cmi: flip %g, separation %g: want a share and a finite distance", o->flip,
                        o->separation);
    if (!is_nearest && o->cells < 1)
        return eid_fail(EID_EINVAL, "cmi: %" PRId64 " cells: want at least one", o->cells);
    *out = (eid_cmi_learner){.name = is_nearest ? "nearest" : "lookup",
                             .user = (void *)(uintptr_t)o,
                             .draw = draw,
                             .train = train,
                             .release = points_free};
    return EID_OK;
}

eid_estimate eid_cmi_xu_raginsky(double information, int64_t n)
{
    double x = sqrt(information / (2 * (double)n));
    return (eid_estimate){.value = x, .low = x, .high = x, .n = n, .method = "exact"};
}

/* A table says of each cell nothing, 0 or 1; and no more than its sample. */
eid_status eid_cmi_points_bounds(const eid_cmi_opts *o, eid_cmi_result *r)
{
    if (o->learner == EID_CMI_LOOKUP) {
        double cells = (double)o->cells, n = (double)o->pairs;
        r->xu_raginsky = eid_cmi_xu_raginsky(fmin(cells * log(3), n * log(2 * cells)), o->pairs);
    } else {
        r->xu_raginsky = eid_estimate_none("I(W; S) is infinite: the learner keeps its sample");
    }
    return EID_OK;
}
