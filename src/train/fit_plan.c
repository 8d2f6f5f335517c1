/* fit_plan.c - options of a classifier's training, and what follows from them. */
#include "base/hash.h"
#include "train/fitting.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

eid_classifier_opts eid_classifier_opts_default(void)
{
    return (eid_classifier_opts){.model = "mlp:512-256",
                                 .epochs = 10,
                                 .batch = 128,
                                 .lr = 0.1,
                                 .momentum = 0.9,
                                 .beta2 = 0.999,
                                 .lr_factor = 0.2,
                                 .lr_drops = "0.3,0.6,0.8",
                                 .checkpoint = 20,
                                 .seed = 1};
}

#define ROW(type, name, field, min, max, help, words, flags)                                     \
    {                                                                                            \
        EID_OPT_##type, name, offsetof(eid_classifier_opts, field), min, max, help, words, flags \
    }
const eid_opt eid_classifier_opt_table[] = {
    ROW(STR, "model", model, 0, 0, "the network: mlp:512-256, cnn:lenet, cnn:resnet, cnn:LAYERS",
        NULL, 0),
    ROW(F64, "epochs", epochs, 0, 1e6, "times that every example is seen", NULL, 0),
    ROW(I64, "steps", steps, 0, 1e9, "optimizer steps, in place of --epochs; 0: as epochs say",
        NULL, 0),
    ROW(I64, "batch", batch, 1, 1 << 20, "examples a step", NULL, 0),
    ROW(ENUM, "optimizer", optimizer, 0, 2, "how weights are changed", "sgd|adam|adamw", 0),
    ROW(F64, "lr", lr, 0, 1e3, "learning rate at its peak", NULL, 0),
    ROW(F64, "momentum", momentum, 0, 0.999999, "of sgd; Adam's first beta", NULL, 0),
    ROW(BOOL, "nesterov", nesterov, 0, 0, "Nesterov's momentum", NULL, 0),
    ROW(F64, "beta2", beta2, 0, 0.9999999, "decay of Adam's second moment", NULL, 0),
    ROW(F64, "weight-decay", weight_decay, 0, 10, "of weights, not of biases and gains", NULL, 0),
    ROW(ENUM, "schedule", schedule, 0, 3, "course of the learning rate",
        "constant|step|cosine|onecycle", 0),
    ROW(F64, "warmup", warmup, 0, 1, "share of the steps over which the learning rate rises", NULL,
        0),
    ROW(F64, "lr-floor", lr_floor, 0, 1, "share of the peak at which cosine and one cycle end",
        NULL, 0),
    ROW(F64, "lr-factor", lr_factor, 0, 1, "what schedule step multiplies by at each drop", NULL,
        0),
    ROW(STR, "lr-drops", lr_drops, 0, 0, "where it drops, in shares of the steps", NULL, 0),
    ROW(I64, "crop", crop, 0, 1024, "move pictures by up to so many pixels, anew each epoch", NULL,
        0),
    ROW(BOOL, "flip", flip, 0, 0, "mirror half of the pictures, anew each epoch", NULL, 0),
    ROW(I64, "checkpoint", checkpoint, 0, 1e6, "seconds between checkpoints, 0: every step", NULL,
        EID_OPT_NEUTRAL),
    ROW(I64, "seed", seed, 0, 1e15, "random seed of weights, order and augmentation", NULL, 0),
    {0}};
#undef ROW

/* The command line checks what it reads; a caller from C may have written anything. */
static eid_status check_bounds(const eid_classifier_opts *o)
{
    for (const eid_opt *row = eid_classifier_opt_table; row->type != EID_OPT_END; row++) {
        const char *at = (const char *)o + row->offset;
        if (row->type != EID_OPT_F64 && row->type != EID_OPT_I64 && row->type != EID_OPT_ENUM)
            continue;
        double x = row->type == EID_OPT_F64 ? *(const double *)at : (double)*(const int64_t *)at;
        if (!(x >= row->min && x <= row->max))
            return eid_fail(EID_EINVAL, "train: %s is %.10g, want %.10g to %.10g", row->name, x,
                            row->min, row->max);
    }
    if (!o->model)
        return eid_fail(EID_EINVAL, "train: names no model");
    return EID_OK;
}

static eid_status read_drops(const char *text, eid_schedule *s)
{
    for (const char *p = text; p && *p;) {
        char *end;
        double x = strtod(p, &end);
        if (end == p || (*end && *end != ',') || !(x >= 0 && x <= 1) ||
            s->n_drops == EID_SCHEDULE_DROPS || (s->n_drops && x < s->drops[s->n_drops - 1]))
            return eid_fail(EID_EINVAL,
                            "--lr-drops: \"%.80s\" is not a list of at most %d ascending shares as "
                            "0.3,0.6,0.8",
                            text, EID_SCHEDULE_DROPS);
        s->drops[s->n_drops++] = x;
        p = end + (*end == ',');
    }
    return EID_OK;
}

int64_t eid_classifier_steps(const eid_classifier_opts *o, int64_t n)
{
    if (o->steps > 0)
        return o->steps;
    double steps = ceil(o->epochs * (double)n / (double)o->batch - 1e-9);
    return steps < 1 ? 1 : steps > 1e9 ? (int64_t)1e9 : (int64_t)steps;
}

eid_status eid_fit_plan_make(eid_fit_plan *out, const eid_classifier_opts *o,
                             const eid_dataset *train, int64_t n)
{
    eid_status st = EID_OK;
    eid_fit_plan p = {.batch = o->batch, .optim = eid_optim_opts_default()};

    EID_TRY(check_bounds(o));
    if (n < o->batch)
        EID_TRY(eid_fail(EID_EINVAL,
                         "%.80s: a batch of %" PRId64 " examples out of %" PRId64 ": lower --batch",
                         train->name ? train->name : "the dataset", o->batch, n));
    p.shape = (eid_net_shape){train->channels, train->height, train->width, train->classes};
    p.steps = eid_classifier_steps(o, n);
    p.schedule = (eid_schedule){.kind = (eid_schedule_kind)o->schedule,
                                .lr = o->lr,
                                .warmup = o->warmup,
                                .floor = o->lr_floor,
                                .factor = o->lr_factor};
    EID_TRY(read_drops(o->lr_drops, &p.schedule));
    p.optim.kind = (eid_optim_kind)o->optimizer;
    p.optim.momentum = p.optim.beta1 = o->momentum;
    p.optim.nesterov = o->nesterov;
    p.optim.beta2 = o->beta2;
    p.optim.weight_decay = o->weight_decay;
    p.augment = (eid_augment){.crop = o->crop, .flip = o->flip};
    *out = p;
done:
    return st;
}

eid_status eid_fit_check_test(const eid_dataset *train, const eid_dataset *test)
{
    if (test->channels != train->channels || test->height != train->height ||
        test->width != train->width)
        return eid_fail(EID_EINVAL,
                        "the test set's examples are %" PRId64 " x %" PRId64 " x %" PRId64
                        ", the training set's %" PRId64 " x %" PRId64 " x %" PRId64,
                        test->channels, test->height, test->width, train->channels, train->height,
                        train->width);
    for (int64_t i = 0; i < test->n; i++)
        if (test->label[i] < 0 || test->label[i] >= train->classes)
            return eid_fail(EID_EINVAL,
                            "test example %" PRId64 ": label %d is none of the %d classes trained",
                            i, (int)test->label[i], (int)train->classes);
    return EID_OK;
}

eid_status eid_fit_identity(const eid_classifier_opts *o, const eid_dataset *train,
                            const eid_dataset *test, char hex[65])
{
    static const char what[] =
        "eidetic train classifier, order 1"; /* another order, a new number */
    eid_status st = EID_OK;
    eid_sha256 *h = NULL;
    eid_classifier_opts own = *o;
    char *json = NULL;

    own.checkpoint = 0; /* neutral to results */
    EID_TRY(eid_opts_json(eid_classifier_opt_table, &own, &json));
    EID_TRY(eid_sha256_new(&h));
    eid_sha256_add(h, what, sizeof what);
    eid_sha256_add(h, json, strlen(json) + 1);
    eid_sha256_add(h, train->sha256, sizeof train->sha256);
    if (test)
        eid_sha256_add(h, test->sha256, sizeof test->sha256);
    eid_sha256_hex(h, hex);
done:
    eid_sha256_free(h);
    eid_string_free(json);
    return st;
}

/* ---- moments ------------------------------------------------------------------------------------
 */

eid_status eid_moments(const eid_classifier_opts *o, int64_t n, const eid_watch *w, int64_t **out,
                       size_t *moments)
{
    eid_status st = EID_OK;
    int64_t steps = eid_classifier_steps(o, n), *at = NULL;
    size_t count = 0, cap = 0;

    EID_TRY(EID_GROW(at, &cap, w->at ? w->n + 1 : 1));
    for (size_t i = 0; w->at && i < w->n; i++) {
        if (w->at[i] < 0 || w->at[i] > steps || (i && w->at[i] <= w->at[i - 1]))
            EID_TRY(eid_fail(
                EID_EINVAL, "moment %zu is step %" PRId64 ": want ascending steps of 0 to %" PRId64,
                i, w->at[i], steps));
        at[count++] = w->at[i];
    }
    for (int64_t step = 0, epoch = 1; !w->at && step <= steps; epoch++) {
        EID_TRY(EID_GROW(at, &cap, count + 2));
        at[count++] = step;
        if (step == steps)
            break;
        double end = ceil((double)epoch * (double)n / (double)o->batch);
        step = end <= (double)step ? step + 1 : end < (double)steps ? (int64_t)end : steps;
    }
    *out = at;
    *moments = count;
    at = NULL;
done:
    eid_free(at);
    return st;
}

void eid_moments_free(int64_t *at)
{
    eid_free(at);
}
