/* lab_data.c - what labs about classifiers train on. */
#include "eidetic/rng.h"
#include "recipe/lab_nets.h"
#include <math.h>
#include <string.h>

/* Streams of one seed. */
enum { CENTRES = 1, TRAINING, TEST };

static double *shares(int64_t groups, double exponent)
{
    double *cum = NULL, sum = 0;

    if (EID_NEW(cum, groups) != EID_OK)
        return NULL;
    for (int64_t g = 0; g < groups; g++)
        cum[g] = sum += pow((double)(g + 1), -exponent);
    for (int64_t g = 0; g < groups; g++)
        cum[g] /= sum;
    return cum;
}

static void draw_points(const lab_tail_opts *o, const double *cum, const double *centre, float *x,
                        int32_t *y)
{
    eid_rng r = eid_rng_stream(o->seed, o->part ? TEST : TRAINING);

    for (int64_t i = 0; i < o->n; i++) {
        double u = eid_rng_unit(&r);
        int64_t g = 0;
        while (g < o->groups - 1 && cum[g] <= u)
            g++;
        y[i] = (int32_t)(g % o->classes);
        for (int64_t k = 0; k < o->features; k++)
            x[i * o->features + k] = (float)(centre[g * o->features + k] + eid_rng_normal(&r));
    }
}

eid_status lab_tail(eid_dataset **out, eid_ctx *ctx, const lab_tail_opts *o)
{
    eid_status st = EID_OK;
    eid_rng r = eid_rng_stream(o->seed, CENTRES);
    double *cum = shares(o->groups, o->exponent), *centre = NULL;
    float *x = NULL;
    int32_t *y = NULL;

    if (!cum)
        return eid_last_status();
    EID_TRY(EID_NEW(centre, o->groups * o->features));
    EID_TRY(EID_NEW(x, o->n * o->features));
    EID_TRY(EID_NEW(y, o->n));
    for (int64_t i = 0; i < o->groups * o->features; i++)
        centre[i] = o->spread * eid_rng_normal(&r);
    draw_points(o, cum, centre, x, y);
    EID_TRY(eid_dataset_from(out, ctx,
                             &(eid_dataset){.n = o->n,
                                            .channels = 1,
                                            .height = 1,
                                            .width = o->features,
                                            .classes = o->classes,
                                            .part = o->part,
                                            .f32 = x,
                                            .label = y,
                                            .name = "subpopulations"}));
done:
    eid_free(cum);
    eid_free(centre);
    eid_free(x);
    eid_free(y);
    return st;
}

/* ---- centring -------------------------------------------------------------------------------- */

static eid_status centred(eid_dataset **d, eid_ctx *ctx, const double *mean, double scale)
{
    eid_status st = EID_OK;
    eid_dataset *out = NULL, like = **d;
    float *x = NULL;

    EID_TRY(EID_NEW(x, like.n * like.features));
    for (int64_t i = 0; i < like.n; i++) {
        float *row = x + i * like.features;
        eid_dataset_row(*d, i, row);
        for (int64_t k = 0; k < like.features; k++)
            row[k] = (float)(((double)row[k] - mean[k]) * scale);
    }
    like.u8 = NULL;
    like.f32 = x;
    EID_TRY(eid_dataset_from(&out, ctx, &like));
    eid_dataset_free(*d);
    *d = out;
done:
    eid_free(x);
    return st;
}

eid_status lab_centre(eid_ctx *ctx, eid_dataset **train, eid_dataset **test)
{
    eid_status st = EID_OK;
    const eid_dataset *d = *train;
    double *mean = NULL, squares = 0;
    float *x = NULL;

    EID_TRY(EID_NEW(mean, d->features));
    EID_TRY(EID_NEW(x, d->features));
    for (int64_t i = 0; i < d->n; i++) {
        eid_dataset_row(d, i, x);
        for (int64_t k = 0; k < d->features; k++) {
            mean[k] += (double)x[k] / (double)d->n;
            squares += (double)x[k] * (double)x[k] / (double)d->n;
        }
    }
    for (int64_t k = 0; k < d->features; k++)
        squares -= mean[k] * mean[k];
    double scale = squares > 0 ? sqrt((double)d->features / squares) : 1;
    EID_TRY(centred(train, ctx, mean, scale));
    EID_TRY(centred(test, ctx, mean, scale));
done:
    eid_free(mean);
    eid_free(x);
    return st;
}

/* ---- what was asked for ------------------------------------------------------------------------
 */

typedef struct told {
    lab_work *w;
    eid_status st;
} told;

static void tell_file(void *user, const char *path)
{
    told *t = user;

    if (t->st == EID_OK)
        t->st = lab_input_file(t->w, path);
}

static eid_status drawn(lab_work *w, const lab_tail_opts *small, eid_dataset **train,
                        eid_dataset **test)
{
    eid_status st = EID_OK;
    lab_tail_opts o = *small;

    EID_TRY(lab_tail(train, w->ctx, &o));
    o.n = 2000;
    o.part = 1;
    EID_TRY(lab_tail(test, w->ctx, &o));
    EID_TRY(lab_note(w,
                     "Data: %lld points drawn from %lld subpopulations with shares as 1/rank; "
                     "the full scale takes images.",
                     (long long)small->n, (long long)small->groups));
done:
    return st;
}

eid_status lab_examples(lab_work *w, const char *data, int64_t n, const lab_tail_opts *small,
                        eid_dataset **train, eid_dataset **test)
{
    eid_dataset_opts o = eid_dataset_opts_default();
    bool named = data != NULL;
    told t = {w, EID_OK};
    eid_status st;

    if (!named && !w->full)
        return drawn(w, small, train, test);
    data = named ? data : "fashion-mnist";
    o.examples = w->full ? n : small->n;
    o.seed = (int64_t)w->seed;
    st = eid_dataset_read(train, test, w->ctx, data, &o);
    if (st == EID_EINVAL && !named) {
        eid_estimate none = eid_estimate_none("the images are not on this machine");
        EID_TRY(lab_note(w, "Nothing was trained: %s.", eid_last_error()));
        EID_TRY(lab_measured(w, "images", &none, lab_between(0, 1)));
        return EID_OK;
    }
    EID_TRY(st);
    if (!*test)
        EID_TRY(eid_fail(EID_EINVAL, "%s has no test set, which this lab needs", data));
    EID_TRY(eid_dataset_files(data, &o, tell_file, &t));
    EID_TRY(t.st);
    EID_TRY(lab_note(w, "Data: %s, %lld examples, %lld to test on, %d classes.", (*train)->name,
                     (long long)(*train)->n, (long long)(*test)->n, (int)(*train)->classes));
done:
    return st;
}
