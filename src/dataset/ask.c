/* ask.c - a training and a test set as asked for: read, reduced, changed. */
#include "dataset/readers.h"
#include <inttypes.h>
#include <stdlib.h>

eid_dataset_opts eid_dataset_opts_default(void)
{
    return (eid_dataset_opts){.seed = 1};
}

#define AT(field) offsetof(eid_dataset_opts, field)
const eid_opt eid_dataset_opt_table[] = {
    {EID_OPT_STR, "labels", AT(labels), 0, 0, "file of the labels, where its name is not guessed",
     NULL, EID_OPT_PATH_IN},
    {EID_OPT_I64, "classes", AT(classes), 0, EID_MOST_CLASSES,
     "number of classes, 0: the largest label plus one", NULL, 0},
    {EID_OPT_ENUM, "layout", AT(layout), 0, 0, "of arrays with four dimensions",
     "auto|channels-first|channels-last", 0},
    {EID_OPT_BOOL, "coarse", AT(coarse), 0, 0, "CIFAR-100: the 20 superclasses", NULL, 0},
    {EID_OPT_STR, "only", AT(only), 0, 0, "classes to keep (6,2), which become 0, 1, ...", NULL, 0},
    {EID_OPT_F64, "test-share", AT(test_share), 0, 0.9,
     "share of the examples to test on, where the data have no test set", NULL, 0},
    {EID_OPT_I64, "examples", AT(examples), 0, 1e12,
     "stratified subset of so many training examples, 0: all", NULL, 0},
    {EID_OPT_I64, "test-examples", AT(test_examples), 0, 1e12,
     "stratified subset of so many test examples, 0: all", NULL, 0},
    {EID_OPT_ENUM, "pixels", AT(pixels), 0, 0,
     "inputs as they are, permuted alike, each by itself, noise, less the mean example",
     "true|shuffled|random|gaussian|centred", 0},
    {EID_OPT_F64, "wrong-labels", AT(wrong_labels), 0, 1,
     "share of training examples that get a wrong label", NULL, 0},
    {EID_OPT_F64, "permuted-labels", AT(permuted_labels), 0, 1,
     "share of training examples whose labels change places", NULL, 0},
    {EID_OPT_F64, "random-labels", AT(random_labels), 0, 1,
     "probability that a training label is drawn anew", NULL, 0},
    {EID_OPT_I64, "seed", AT(seed), 0, 1e15, "random seed", NULL, 0},
    {0},
};

static eid_status check_two_classes(const eid_dataset *d)
{
    for (int64_t i = 1; i < d->n; i++)
        if (d->label[i] != d->label[0])
            return EID_OK;
    return eid_fail(EID_EINVAL,
                    "%s: all %" PRId64 " labels are %" PRId32 "; two classes are needed", d->name,
                    d->n, d->label[0]);
}

/* Puts `made` in the place of *d. */
static void replace(eid_dataset **d, eid_dataset *made)
{
    eid_dataset_free(*d);
    *d = made;
}

/* "6,2" as numbers. */
static eid_status parse_classes(const char *text, int32_t **classes, size_t *n)
{
    size_t cap = 0;
    eid_status st = EID_OK;

    for (const char *p = text;; p++) {
        char *end;
        long c = strtol(p, &end, 10);
        if (end == p || (*end && *end != ',') || c < 0 || c >= EID_MOST_CLASSES)
            return eid_fail(EID_EINVAL, "--only: \"%.80s\" is not a list of classes such as 6,2",
                            text);
        EID_TRY(EID_GROW(*classes, &cap, *n + 1));
        (*classes)[(*n)++] = (int32_t)c;
        if (!*end)
            break;
        p = end;
    }
done:
    return st;
}

static eid_status keep_classes(eid_dataset *d[2], eid_ctx *ctx, const char *only)
{
    int32_t *classes = NULL;
    size_t n = 0;
    eid_status st = EID_OK;

    EID_TRY(parse_classes(only, &classes, &n));
    for (int p = 0; p < 2 && d[p]; p++) {
        eid_dataset *kept;
        EID_TRY(eid_dataset_classes(&kept, ctx, d[p], classes, n));
        replace(&d[p], kept);
    }
    EID_TRY(check_two_classes(d[0]));
done:
    eid_free(classes);
    return st;
}

/* A test set out of the training set, whose examples keep their ids. */
static eid_status hold_out(eid_dataset *d[2], eid_ctx *ctx, const eid_dataset_opts *o)
{
    const double share[2] = {1 - o->test_share, o->test_share};
    eid_dataset *made[2] = {NULL};
    int64_t *index = NULL, k;
    uint8_t *side = NULL;
    eid_making m = {0};
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(side, d[0]->n));
    EID_TRY(EID_NEW(index, d[0]->n));
    EID_TRY(eid_dataset_split(d[0], share, 2, (uint64_t)o->seed, side));
    for (int p = 0; p < 2; p++) {
        k = 0;
        for (int64_t i = 0; i < d[0]->n; i++)
            if (side[i] == p)
                index[k++] = i;
        EID_TRY(eid_making_pick(&m, ctx, d[0], index, k));
        m.d.part = p;
        EID_TRY(eid_making_finish(&made[p], ctx, &m));
    }
    replace(&d[0], made[0]);
    d[1] = made[1];
    made[0] = made[1] = NULL;
done:
    eid_making_drop(&m);
    eid_dataset_free(made[0]);
    eid_dataset_free(made[1]);
    eid_free(side);
    eid_free(index);
    return st;
}

static eid_status subset(eid_dataset **d, eid_ctx *ctx, int64_t n, uint64_t seed)
{
    eid_dataset *made = NULL;
    int64_t *index = NULL;
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(index, (*d)->n));
    EID_TRY(eid_dataset_stratified(*d, n, seed, index));
    EID_TRY(eid_dataset_pick(&made, ctx, *d, index, n));
    replace(d, made);
done:
    eid_free(index);
    return st;
}

static eid_status change_pixels(eid_dataset *d[2], eid_ctx *ctx, const eid_dataset_opts *o)
{
    eid_dataset *made[2] = {NULL};
    eid_status st = EID_OK;

    for (int p = 0; p < 2 && d[p]; p++)
        EID_TRY(eid_dataset_pixels(&made[p], ctx, d[p], o->pixels, d[0], (uint64_t)o->seed));
    for (int p = 0; p < 2 && d[p]; p++) {
        replace(&d[p], made[p]);
        made[p] = NULL;
    }
done:
    eid_dataset_free(made[0]);
    eid_dataset_free(made[1]);
    return st;
}

static eid_status change_labels(eid_dataset **d, eid_ctx *ctx, const eid_dataset_opts *o)
{
    const double share[] = {[EID_NOISE_WRONG] = o->wrong_labels,
                            [EID_NOISE_PERMUTE] = o->permuted_labels,
                            [EID_NOISE_RANDOM] = o->random_labels};
    int kind = -1;
    eid_dataset *made = NULL;
    eid_status st = EID_OK;

    for (int k = 0; k < 3; k++) {
        if (share[k] > 0 && kind >= 0)
            return eid_fail(EID_EINVAL, "--wrong-labels, --permuted-labels and --random-labels: "
                                        "one of them at a time");
        kind = share[k] > 0 ? k : kind;
    }
    if (kind < 0)
        return EID_OK;
    st = eid_dataset_noise(&made, ctx, *d, (eid_label_noise)kind, share[kind], (uint64_t)o->seed,
                           NULL);
    if (st == EID_OK)
        replace(d, made);
    return st;
}

eid_status eid_dataset_read(eid_dataset **train, eid_dataset **test, eid_ctx *ctx, const char *data,
                            const eid_dataset_opts *o)
{
    eid_dataset *d[2] = {NULL};
    eid_status st = EID_OK;

    EID_TRY(eid_dataset_read_whole(d, ctx, data, o));
    EID_TRY(check_two_classes(d[0]));
    if (o->only)
        EID_TRY(keep_classes(d, ctx, o->only));
    if (!d[1] && o->test_share > 0)
        EID_TRY(hold_out(d, ctx, o));
    if (o->examples)
        EID_TRY(subset(&d[0], ctx, o->examples, (uint64_t)o->seed));
    if (o->test_examples && d[1])
        EID_TRY(subset(&d[1], ctx, o->test_examples, (uint64_t)o->seed));
    if (o->pixels)
        EID_TRY(change_pixels(d, ctx, o));
    EID_TRY(change_labels(&d[0], ctx, o));
    *train = d[0];
    *test = d[1];
    d[0] = d[1] = NULL;
done:
    eid_dataset_free(d[0]);
    eid_dataset_free(d[1]);
    return st;
}
