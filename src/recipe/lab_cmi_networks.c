/* lab_cmi_networks.c - what networks' outputs tell about who was in the sample (Harutyunyan et al.
 * 2021). */
#include "base/ctx.h"
#include "eidetic/cmi.h"
#include "eidetic/rng.h"
#include "eidetic/train.h"
#include "recipe/lab.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct own_opts {
    const char *data, *only;
} own_opts;

static const eid_opt own_table[] = {
    {EID_OPT_STR, "data", offsetof(own_opts, data), 0, 0,
     "labelled images: a name that a package ships, a folder or a file", NULL, EID_OPT_PATH_IN},
    {EID_OPT_STR, "only", offsetof(own_opts, only), 0, 0, "its classes", NULL, 0},
    {0},
};

static void own_defaults(void *opts)
{
    /* Shirts and pullovers: the pair that networks confuse most. */
    *(own_opts *)opts = (own_opts){.data = "fashion-mnist", .only = "6,2"};
}

/* ---- a network as a learner of super-samples, in memory ---------------------------------------
 */

typedef struct network {
    const eid_dataset *data;
    eid_classifier_opts training;
    uint64_t seed;
} network;

static eid_status draw(void *user, eid_ctx *ctx, int64_t pairs, int64_t number, void **super)
{
    const network *w = user;
    eid_status st = EID_OK;
    int64_t *place = NULL;
    eid_dataset *d = NULL;
    eid_rng rng = eid_rng_stream(w->seed, ((uint64_t)1 << 40) + (uint64_t)number);

    if (2 * pairs > w->data->n)
        return eid_fail(EID_EINVAL, "%s: too few examples for %lld pairs", w->data->name,
                        (long long)pairs);
    EID_TRY(EID_NEW(place, w->data->n));
    for (int64_t i = 0; i < w->data->n; i++)
        place[i] = i;
    eid_rng_shuffle(&rng, place, (size_t)w->data->n);
    EID_TRY(eid_dataset_pick(&d, ctx, w->data, place, 2 * pairs));
    *super = d;
done:
    eid_free(place);
    return st;
}

/* Of equal logits the lowest class. */
static void judge(const eid_dataset *d, const float *z, int32_t *prediction, double *loss)
{
    for (int64_t i = 0; i < d->n; i++) {
        int32_t best = 0;
        for (int32_t k = 1; k < d->classes; k++)
            if (z[i * d->classes + k] > z[i * d->classes + best])
                best = k;
        prediction[i] = best;
        loss[i] = best != d->label[i];
    }
}

static eid_status train(void *user, const void *super, const uint8_t *side, int64_t run,
                        int32_t *prediction, double *loss)
{
    const network *w = user;
    const eid_dataset *d = super;
    eid_status st = EID_OK;
    eid_classifier_opts o = w->training;
    eid_ctx *one = NULL; /* runs are shared out among threads: each takes one */
    eid_dataset *part = NULL;
    eid_classifier_result *done = NULL;
    eid_net *net = NULL;
    int64_t *place = NULL;
    float *z = NULL;
    eid_rng rng = eid_rng_stream(w->seed, ((uint64_t)2 << 40) + (uint64_t)run);

    o.seed = (int64_t)(eid_rng_u64(&rng) >> 15);
    o.batch = o.batch < d->n / 2 ? o.batch : d->n / 2;
    EID_TRY(EID_NEW(place, d->n / 2));
    for (int64_t i = 0; i < d->n / 2; i++)
        place[i] = 2 * i + side[i];
    EID_TRY(eid_ctx_new(&one, &(eid_ctx_opts){.threads = 1}));
    EID_TRY(eid_dataset_pick(&part, one, d, place, d->n / 2));
    EID_TRY(eid_train_classifier(&net, &done, one, part, NULL, &o, NULL, NULL));
    EID_TRY(EID_NEW(z, d->n * d->classes));
    EID_TRY(eid_classifier_logits(net, one, d, NULL, d->n, z));
    judge(d, z, prediction, loss);
done:
    eid_net_free(net);
    eid_classifier_result_free(done);
    eid_dataset_free(part);
    eid_ctx_free(one);
    eid_free(place);
    eid_free(z);
    return st;
}

static void release(void *user, void *super)
{
    (void)user;
    eid_dataset_free(super);
}

static eid_status measure(eid_cmi_result **out, const lab_work *w, const eid_dataset *data,
                          const char *model, int64_t n, int64_t steps)
{
    eid_status st = EID_OK;
    network own = {.data = data, .training = eid_classifier_opts_default(), .seed = w->seed};
    eid_cmi_learner learner = {
        .name = model, .user = &own, .draw = draw, .train = train, .release = release};
    eid_cmi_opts o = eid_cmi_opts_default();
    eid_cmi_runs *runs = NULL;

    own.training.model = model;
    own.training.steps = steps;
    own.training.lr = 0.05;
    own.training.batch = w->full ? 128 : 32;
    o.pairs = n;
    o.supers = 6;
    o.masks = w->full ? 30 : 20;
    o.permutations = 100;
    o.seed = (int64_t)w->seed;
    EID_TRY(eid_cmi_collect(&runs, w->ctx, &learner, &o));
    EID_TRY(eid_cmi_measure_runs(out, w->ctx, runs, &o));
    (*out)->learner = model;
done:
    eid_cmi_runs_free(runs);
    return st;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

/* a - b from their intervals' far ends: of the same super-samples, so rather too wide. */
static eid_estimate less(const eid_estimate *a, const eid_estimate *b)
{
    eid_estimate e = *a;
    e.value = a->value - b->value;
    e.low = a->low - b->high;
    e.high = a->high - b->low;
    e.method = "ends of two intervals";
    return e;
}

/* What must hold of every network. */
static eid_status common(lab_work *w, const eid_cmi_result *r, const char *name)
{
    eid_status st = EID_OK;
    char row[160];
    eid_estimate e = lab_exact((double)r->disordered);

    snprintf(row, sizeof row, "pairs against F ≥ L ≥ ΔL, %s", name);
    EID_TRY(lab_measured(w, row, &e, lab_at_most(0)));
    e = less(&r->dl.bound, &r->gap);
    snprintf(row, sizeof row, "bound by ΔL less the gap, %s", name);
    EID_TRY(lab_measured(w, row, &e, lab_at_least(0)));
    snprintf(row, sizeof row, "adjusted information under permuted coins, %s", name);
    EID_TRY(lab_control(w, row, &r->f.null_adjusted, lab_about(0, w->full ? 0.01 : 0.02)));
done:
    return st;
}

/* The fewer examples, the more a network of this size tells, and the wider the gap. */
static eid_status by_n(lab_work *w, const eid_dataset *data)
{
    static const int64_t full[] = {75, 250, 1000}, check[] = {25, 250};
    eid_status st = EID_OK;
    eid_lab_figure *f;
    eid_cmi_result *r = NULL;
    eid_estimate first = {0}, last = {0};
    int points = w->full ? 3 : 2;

    EID_TRY(lab_figure(&f, w,
                       &(eid_chart){.name = "by-n",
                                    .title = "Gap and bounds of a network, by number of examples",
                                    .x_title = "examples",
                                    .x_unit = "examples",
                                    .y_title = "error",
                                    .x_scale = EID_SCALE_LOG2,
                                    .x_as = EID_AS_COUNT,
                                    .from_zero = true,
                                    .rule = sqrt(2 * M_LN2),
                                    .rule_label = "bound by the parameters' CMI"}));
    for (int i = 0; i < points; i++) {
        int64_t n = w->full ? full[i] : check[i];
        char name[64];
        EID_TRY(measure(&r, w, data, "mlp:32", n, w->full ? 200 : 120));
        snprintf(name, sizeof name, "mlp:32, n = %lld", (long long)n);
        EID_TRY(common(w, r, name));
        EID_TRY(lab_point(f, "measured gap", (double)n, &r->gap));
        EID_TRY(lab_point(f, "bound by ΔL", (double)n, &r->dl.bound));
        EID_TRY(lab_point(f, "bound by F", (double)n, &r->f.bound));
        EID_TRY(lab_point(f, "bound by F, uncorrected", (double)n, &r->f.bound_plugin));
        last = r->dl.bound;
        if (i == 0)
            first = last;
        eid_cmi_result_free(r);
        r = NULL;
    }
    EID_TRY(lab_reference(f, "bound by F, uncorrected"));
    eid_estimate e = less(&last, &first);
    EID_TRY(lab_measured(w, "bound by ΔL, most examples less fewest", &e, lab_at_most(-0.02)));
done:
    eid_cmi_result_free(r);
    return st;
}

static eid_status cnn(lab_work *w, const eid_dataset *data)
{
    eid_status st = EID_OK;
    eid_cmi_result *r = NULL;

    EID_TRY(measure(&r, w, data, "cnn:c4k5s3-f16", w->full ? 75 : 25, w->full ? 100 : 40));
    EID_TRY(common(w, r, "cnn:c4k5s3-f16"));
done:
    eid_cmi_result_free(r);
    return st;
}

/* Random labels: what is learned can only be memory, and the losses tell the test error exactly. */
static eid_status random_labels(lab_work *w, const eid_dataset *data)
{
    eid_status st = EID_OK;
    eid_dataset *noise = NULL;
    eid_cmi_result *r = NULL;
    const int64_t n = 25;

    EID_TRY(eid_dataset_noise(&noise, w->ctx, data, EID_NOISE_RANDOM, 1, w->seed, NULL));
    EID_TRY(measure(&r, w, noise, "mlp:32", n, 400));
    EID_TRY(common(w, r, "mlp:32, random labels"));
    EID_TRY(lab_measured(w, "training error on random labels", &r->train, lab_at_most(0)));
    eid_estimate e = lab_exact(r->test.value - r->interpolating.value);
    EID_TRY(
        lab_measured(w, "test error less I(ΔL; U) / log 2, random labels", &e, lab_about(0, 1e-9)));
    EID_TRY(lab_control(w, "test error on random labels", &r->test, lab_about(0.5, 0.12)));
    eid_estimate share = r->f.adjusted;
    share.value /= M_LN2, share.low /= M_LN2, share.high /= M_LN2;
    EID_TRY(lab_control(w, "information of predictions, of log 2, random labels", &share,
                        lab_at_least(0.4)));
    e = lab_exact(r->cmi_bound);
    EID_TRY(
        lab_control(w, "bound by the parameters' CMI (losses range over 1)", &e, lab_at_least(1)));
done:
    eid_cmi_result_free(r);
    eid_dataset_free(noise);
    return st;
}

/* ---- the images -------------------------------------------------------------------------------
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

static eid_status run(lab_work *w)
{
    const own_opts *own = w->own;
    eid_dataset_opts o = eid_dataset_opts_default();
    eid_dataset *data = NULL, *test = NULL;
    told t = {w, EID_OK};
    eid_status st;

    o.only = own->only;
    o.seed = (int64_t)w->seed;
    st = eid_dataset_read(&data, &test, w->ctx, own->data, &o);
    if (st == EID_EINVAL && strcmp(own->data, "fashion-mnist") == 0) {
        eid_estimate none = eid_estimate_none("the images are not on this machine");
        st = lab_note(w, "No networks were trained: %s.", eid_last_error());
        if (st == EID_OK)
            st = lab_measured(w, "bound by ΔL less the gap", &none, lab_at_least(0));
        goto done;
    }
    EID_TRY(st);
    EID_TRY(eid_dataset_files(own->data, &o, tell_file, &t));
    EID_TRY(t.st);
    EID_TRY(by_n(w, data));
    EID_TRY(cnn(w, data));
    EID_TRY(random_labels(w, data));
done:
    eid_dataset_free(data);
    eid_dataset_free(test);
    return st;
}

const eid_lab eid_lab_cmi_networks = {
    .name = "cmi-networks",
    .group = "theory",
    .title = "What a network's outputs give away bounds its gap",
    .claim =
        "Of networks, too, predictions tell at least as much about who was in the sample as "
        "losses and losses as their differences; the bound that follows holds and falls with the "
        "number of examples, where the bound by the weights says nothing.",
    .meaning = "A network trained on few examples gives away which; the bound needs its outputs "
               "only, so that it can be had of any model that can be trained again.",
    .source = "Harutyunyan et al. 2021, Information-theoretic generalization bounds for black-box "
              "learning algorithms; Wang and Mao 2023",
    .seconds = {6, 20},
    .table = own_table,
    .opts_size = sizeof(own_opts),
    .defaults = own_defaults,
    .run = run,
};
