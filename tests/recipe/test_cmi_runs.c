/* test_cmi_runs.c - runs out of arrays are those that the arrays say; runs out of banks what the
 * banks' own bits say; both are measured like any; what is no super-sample is refused. */
#include "check.h"
#include "eidetic/bank.h"
#include "eidetic/cmi_runs.h"
#include "eidetic/rng.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SUPERS = 2, MODELS = 12, PAIRS = 7, EXAMPLES = 2 * PAIRS, CLASSES = 3 };
enum { ALL = SUPERS * MODELS * EXAMPLES };

static uint8_t members[ALL];
static int32_t prediction[ALL], label[SUPERS * EXAMPLES];
static float outputs[ALL * CLASSES];
static double loss[ALL];

static eid_ctx *context(int64_t threads)
{
    eid_ctx *ctx = NULL;
    eid_ctx_opts o = {.threads = threads};
    CHECK_OK(eid_ctx_new(&ctx, &o));
    return ctx;
}

static void put(eid_ctx *ctx, const char *name, eid_type type, const void *data, int ndim,
                const int64_t *shape)
{
    eid_array_view v = {.type = type, .ndim = ndim, .data = data};
    memcpy(v.shape, shape, (size_t)ndim * sizeof *shape);
    CHECK_OK(eid_array_write(ctx, name, &v));
}

/* Models that know the labels of their own examples, and guess the others. */
static void make_arrays(eid_ctx *ctx)
{
    eid_rng r = eid_rng_seed(5);
    for (int i = 0; i < SUPERS * EXAMPLES; i++)
        label[i] = (int32_t)eid_rng_below(&r, CLASSES);
    for (int m = 0; m < SUPERS * MODELS; m++)
        for (int i = 0; i < PAIRS; i++) {
            int side = (int)eid_rng_below(&r, 2);
            for (int s = 0; s < 2; s++) {
                int at = m * EXAMPLES + 2 * i + s, super = m / MODELS;
                int32_t y = label[super * EXAMPLES + 2 * i + s];
                members[at] = s == side;
                prediction[at] = s == side ? y : (int32_t)eid_rng_below(&r, CLASSES);
                loss[at] = prediction[at] != y;
                for (int k = 0; k < CLASSES; k++)
                    outputs[at * CLASSES + k] = k == prediction[at] ? 1.5f : (float)k / 9;
            }
        }
    put(ctx, "members.npy", EID_U1, members, 3, (int64_t[]){SUPERS, MODELS, EXAMPLES});
    put(ctx, "prediction.npy", EID_I4, prediction, 3, (int64_t[]){SUPERS, MODELS, EXAMPLES});
    put(ctx, "loss.npy", EID_F8, loss, 3, (int64_t[]){SUPERS, MODELS, EXAMPLES});
    put(ctx, "outputs.npy", EID_F4, outputs, 4, (int64_t[]){SUPERS, MODELS, EXAMPLES, CLASSES});
    put(ctx, "label.npy", EID_I4, label, 2, (int64_t[]){SUPERS, EXAMPLES});
}

static void runs_are_what_arrays_say(void)
{
    eid_ctx *ctx = context(1);
    make_arrays(ctx);
    const eid_cmi_files way[] = {
        {.members = "members.npy", .predictions = "prediction.npy", .labels = "label.npy"},
        {.members = "members.npy", .outputs = "outputs.npy", .labels = "label.npy"},
        {.members = "members.npy", .predictions = "prediction.npy", .losses = "loss.npy"},
    };
    for (size_t k = 0; k < sizeof way / sizeof *way; k++) {
        eid_cmi_runs *r = NULL;
        CHECK_OK(eid_cmi_runs_files(&r, ctx, &way[k]));
        CHECK_INT(r->supers, SUPERS);
        CHECK_INT(r->masks, MODELS);
        CHECK_INT(r->pairs, PAIRS);
        for (int i = 0; i < ALL; i++) {
            CHECK_INT(r->prediction[i], prediction[i]);
            CHECK(r->loss[i] == loss[i]);
            CHECK_INT(r->side[i / 2] == i % 2, members[i]);
        }
        eid_cmi_runs_free(r);
    }
    eid_ctx_free(ctx);
}

static void one_super_sample_needs_no_dimension_and_losses_have_levels(void)
{
    eid_ctx *ctx = context(1);
    static double fine[MODELS * EXAMPLES];
    eid_rng r = eid_rng_seed(9);
    for (int i = 0; i < MODELS * EXAMPLES; i++)
        fine[i] = eid_rng_unit(&r);
    put(ctx, "one.npy", EID_U1, members, 2, (int64_t[]){MODELS, EXAMPLES});
    put(ctx, "fine.npy", EID_F8, fine, 2, (int64_t[]){MODELS, EXAMPLES});
    eid_cmi_files f = {.members = "one.npy", .losses = "fine.npy", .loss_levels = 4};
    eid_cmi_runs *runs = NULL;
    CHECK_OK(eid_cmi_runs_files(&runs, ctx, &f));
    CHECK_INT(runs->supers, 1);
    for (int i = 0; i < MODELS * EXAMPLES; i++) {
        CHECK(runs->loss[i] == round(4 * fine[i]) / 4);
        CHECK_INT(runs->prediction[i], (int)round(4 * fine[i]));
    }
    eid_cmi_runs_free(runs);
    eid_ctx_free(ctx);
}

static void refused(eid_ctx *ctx, eid_cmi_files f, const char *why)
{
    eid_cmi_runs *r = NULL;
    eid_status st = eid_cmi_runs_files(&r, ctx, &f);
    CHECK(st == EID_EINVAL || st == EID_EFORMAT || st == EID_EIO);
    if (!strstr(eid_last_error(), why))
        printf("# \"%s\" lacks \"%s\"\n", eid_last_error(), why);
    CHECK(strstr(eid_last_error(), why) != NULL);
    CHECK(r == NULL);
}

static void what_is_no_super_sample_is_refused(void)
{
    eid_ctx *ctx = context(1);
    make_arrays(ctx);
    const eid_cmi_files good = {.members = "members.npy", .losses = "loss.npy"};
    eid_cmi_files f = good;
    uint8_t old = members[EXAMPLES + 2];

    refused(ctx, (eid_cmi_files){.losses = "loss.npy"}, "--members");
    refused(ctx, (eid_cmi_files){.members = "members.npy"}, "need --outputs");
    refused(ctx, (eid_cmi_files){.members = "members.npy", .predictions = "prediction.npy"},
            "--labels");
    f.loss_levels = -1;
    refused(ctx, f, "levels");
    f = good, f.predictions = "prediction.npy", f.outputs = "outputs.npy";
    refused(ctx, f, "give no predictions");
    f = good, f.members = "absent.npy";
    refused(ctx, f, "absent.npy");
    f = good, f.losses = "label.npy";
    refused(ctx, f, "its shape is (2, 14), and members are (2, 12, 14)");
    f = (eid_cmi_files){.members = "members.npy", .outputs = "loss.npy", .labels = "label.npy"};
    refused(ctx, f, "classes to follow");
    f = (eid_cmi_files){
        .members = "members.npy", .predictions = "prediction.npy", .labels = "loss.npy"};
    refused(ctx, f, "a label for each");

    members[EXAMPLES + 2] = members[EXAMPLES + 3]; /* both or neither */
    put(ctx, "twice.npy", EID_U1, members, 3, (int64_t[]){SUPERS, MODELS, EXAMPLES});
    f = good, f.members = "twice.npy";
    refused(ctx, f, "of examples 2 and 3: want one of each pair");
    members[EXAMPLES + 2] = old;
    put(ctx, "odd.npy", EID_U1, members, 2, (int64_t[]){2, 7});
    f = good, f.members = "odd.npy";
    refused(ctx, f, "7 examples");

    const double kept = loss[4];
    const double wrong[] = {1.25, -0.5, NAN};
    for (int k = 0; k < 3; k++) {
        loss[4] = wrong[k];
        put(ctx, "wrong.npy", EID_F8, loss, 3, (int64_t[]){SUPERS, MODELS, EXAMPLES});
        f = good, f.losses = "wrong.npy";
        refused(ctx, f, "element 4");
    }
    loss[4] = 0.5;
    put(ctx, "wrong.npy", EID_F8, loss, 3, (int64_t[]){SUPERS, MODELS, EXAMPLES});
    f = good, f.losses = "wrong.npy", f.predictions = "prediction.npy";
    refused(ctx, f, "of example 4 models");
    loss[4] = kept;
    outputs[7] = NAN;
    put(ctx, "nan.npy", EID_F4, outputs, 4, (int64_t[]){SUPERS, MODELS, EXAMPLES, CLASSES});
    f = (eid_cmi_files){.members = "members.npy", .outputs = "nan.npy", .labels = "label.npy"};
    refused(ctx, f, "element 7 is not a number");
    eid_ctx_free(ctx);
}

/* ---- networks ---------------------------------------------------------------------------------
 */

enum { DATA = 60, SIDE = 4 };

static eid_dataset *pictures(eid_ctx *ctx)
{
    static float pixel[DATA * SIDE * SIDE];
    static int32_t y[DATA];
    eid_rng rng = eid_rng_seed(3);
    eid_dataset *d = NULL, like = {.n = DATA,
                                   .channels = 1,
                                   .height = SIDE,
                                   .width = SIDE,
                                   .classes = 2,
                                   .f32 = pixel,
                                   .label = y,
                                   .name = "noise"};
    for (int i = 0; i < DATA; i++) {
        y[i] = (int32_t)eid_rng_below(&rng, 2);
        for (int k = 0; k < SIDE * SIDE; k++)
            pixel[i * SIDE * SIDE + k] = (float)eid_rng_normal(&rng);
    }
    CHECK_OK(eid_dataset_from(&d, ctx, &like));
    return d;
}

static eid_classifier_opts training(const char *model)
{
    eid_classifier_opts o = eid_classifier_opts_default();
    o.model = model;
    o.epochs = 60;
    return o;
}

static eid_cmi_opts sizes(void)
{
    eid_cmi_opts o = eid_cmi_opts_default();
    o.pairs = 15;
    o.supers = 2;
    o.masks = 20;
    o.permutations = 50;
    return o;
}

/* Random labels, and a network that fits them: losses tell the test error exactly. */
static void networks_are_measured(const char *model, const char *dir, bool fits)
{
    eid_ctx *ctx = context(2), *alone = context(1);
    eid_dataset *d = pictures(ctx);
    eid_classifier_opts t = training(model);
    eid_cmi_opts o = sizes();
    eid_cmi_runs *r = NULL, *again = NULL;
    eid_cmi_result *m = NULL;
    char path[64];

    CHECK_OK(eid_cmi_runs_train(&r, ctx, d, &t, &o, dir));
    CHECK_OK(eid_cmi_measure_runs(&m, ctx, r, &o));
    CHECK_INT(m->disordered, 0);
    CHECK(m->f.plugin.value >= m->l.plugin.value && m->l.plugin.value >= m->dl.plugin.value);
    CHECK(m->dl.bound_plugin.value >= m->gap.value);
    if (fits) {
        CHECK(m->train.value == 0);
        CHECK_CLOSE(m->interpolating.value, m->test.value, 1e-9, 0);
    }
    snprintf(path, sizeof path, "%s-alone", dir); /* same bits on one thread, and found again */
    CHECK_OK(eid_cmi_runs_train(&again, alone, d, &t, &o, path));
    int64_t n = r->supers * r->masks * r->pairs;
    CHECK_INT(memcmp(again->side, r->side, (size_t)n), 0);
    CHECK_INT(memcmp(again->prediction, r->prediction, 8 * (size_t)n), 0);
    CHECK_INT(memcmp(again->loss, r->loss, 16 * (size_t)n), 0);
    eid_cmi_runs_free(again);
    CHECK_OK(eid_cmi_runs_train(&again, alone, d, &t, &o, path));
    CHECK_INT(memcmp(again->prediction, r->prediction, 8 * (size_t)n), 0);
    eid_cmi_runs_free(again);
    eid_cmi_runs_free(r);
    eid_cmi_result_free(m);
    eid_dataset_free(d);
    eid_ctx_free(ctx);
    eid_ctx_free(alone);
}

static void an_mlp_is_measured(void)
{
    networks_are_measured("mlp:40", "mlp", true);
}

static void a_cnn_is_measured(void)
{
    networks_are_measured("cnn:c4k3-f16", "cnn", false);
}

static void banks_of_no_pairs_are_refused(void)
{
    eid_ctx *ctx = context(1);
    eid_dataset *d = pictures(ctx);
    eid_classifier_opts t = training("mlp:4");
    eid_bank_opts b = eid_bank_opts_default();
    eid_bank_result made;
    eid_cmi_opts o = sizes();
    eid_cmi_runs *r = NULL;
    const char *dir[] = {"half"}, *two[] = {"mlp/super-0", "pairs"};
    eid_strings one = {dir, 1}, both = {two, 2}, none = {NULL, 0};

    t.batch = 8;
    t.epochs = 1;
    b.models = 2;
    b.outputs = EID_BANK_LOGITS;
    CHECK_OK(eid_bank_make(&made, ctx, d, NULL, &t, &b, NULL, "half"));
    CHECK_FAILS(eid_cmi_runs_banks(&r, ctx, &one), EID_EINVAL, "--design pairs");
    b.design = EID_BANK_PAIRS;
    CHECK_OK(eid_bank_make(&made, ctx, d, NULL, &t, &b, NULL, "pairs"));
    CHECK_FAILS(eid_cmi_runs_banks(&r, ctx, &both), EID_EINVAL, "of equal sizes");
    b.outputs = EID_BANK_SCORES;
    CHECK_OK(eid_bank_make(&made, ctx, d, NULL, &t, &b, NULL, "scores"));
    dir[0] = "scores";
    CHECK_FAILS(eid_cmi_runs_banks(&r, ctx, &one), EID_EINVAL, "--outputs logits");
    CHECK_FAILS(eid_cmi_runs_banks(&r, ctx, &none), EID_EINVAL, "no bank");
    o.pairs = 31;
    CHECK_FAILS(eid_cmi_runs_train(&r, ctx, d, &t, &o, "more"), EID_EINVAL,
                "n = 31 pairs are more than the 60 examples");
    o = sizes(), o.masks = 1;
    CHECK_FAILS(eid_cmi_runs_train(&r, ctx, d, &t, &o, "more"), EID_EINVAL, "1 masks");
    CHECK(r == NULL);
    eid_dataset_free(d);
    eid_ctx_free(ctx);
}

int main(void)
{
    char folder[] = "cmi-runs-XXXXXX";
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return 1;
    RUN(runs_are_what_arrays_say);
    RUN(one_super_sample_needs_no_dimension_and_losses_have_levels);
    RUN(what_is_no_super_sample_is_refused);
    RUN(an_mlp_is_measured);
    RUN(a_cnn_is_measured);
    RUN(banks_of_no_pairs_are_refused);
    if (chdir("..") == 0) {
        char command[64];
        snprintf(command, sizeof command, "rm -rf '%s'", folder);
        CHECK_INT(system(command), 0);
    }
    return DONE();
}
