/* trajectory.c - a trajectory of a record's files, or of arrays of logits or probabilities. */
#include "train/trajectory.h"
#include "train/outcome.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

const eid_record_kind eid_record_kinds[EID_RECORD_ARRAYS] = {
    [EID_RECORD_LOSS] = {"loss", EID_F4, 2, false},
    [EID_RECORD_PROBABILITY] = {"probability", EID_F4, 2, false},
    [EID_RECORD_MARGIN] = {"margin", EID_F4, 2, false},
    [EID_RECORD_EL2N] = {"el2n", EID_F4, 2, false},
    [EID_RECORD_GRAND] = {"grand", EID_F4, 2, true},
    [EID_RECORD_CORRECT] = {"correct", EID_B1, 2, false},
    [EID_RECORD_PRESENTED] = {"presented", EID_B1, 2, true},
    [EID_RECORD_EPOCH] = {"epoch", EID_F8, 1, false},
    [EID_RECORD_STEP] = {"step", EID_I8, 1, false},
    [EID_RECORD_LABEL] = {"label", EID_I4, 1, false},
    [EID_RECORD_ID] = {"id", EID_I8, 1, false},
    [EID_RECORD_CLASSES] = {"classes", EID_I4, 1, false},
    [EID_RECORD_RATE] = {"rate", EID_F8, 1, true},
    [EID_RECORD_WEIGHTS] = {"weights", EID_F4, 2, true},
};

/* Maps of a record's files, or memory of our own; every trajectory has one of the two. */
typedef struct owner {
    eid_array *array[EID_RECORD_ARRAYS];
    double *epoch;
    int64_t *step, *id;
    int32_t *label;
    float *loss, *probability, *margin, *el2n;
    uint8_t *correct;
} owner;

static void owner_free(owner *o)
{
    if (!o)
        return;
    for (int k = 0; k < EID_RECORD_ARRAYS; k++)
        eid_array_free(o->array[k]);
    eid_free(o->epoch);
    eid_free(o->step);
    eid_free(o->id);
    eid_free(o->label);
    eid_free(o->loss);
    eid_free(o->probability);
    eid_free(o->margin);
    eid_free(o->el2n);
    eid_free(o->correct);
    eid_free(o);
}

void eid_trajectory_free(eid_trajectory *t)
{
    if (!t)
        return;
    owner_free(t->owner);
    eid_free(t);
}

/* ---- a record -------------------------------------------------------------------------------- */

static eid_status open_arrays(owner *o, eid_ctx *ctx, const char *dir)
{
    char *path = NULL;
    eid_status st = EID_OK;

    for (int k = 0; k < EID_RECORD_ARRAYS; k++) {
        const eid_record_kind *kind = &eid_record_kinds[k];
        EID_TRY(eid_format(&path, "%s/%s.npy", dir, kind->name));
        if (!kind->optional || eid_exists(path)) {
            EID_TRY(eid_array_read(&o->array[k], ctx, path));
            if (o->array[k]->type != kind->type || o->array[k]->ndim != kind->ndim)
                EID_TRY(eid_fail(EID_EFORMAT, "%s: %s of %d dimensions; a record holds %s of %d",
                                 path, eid_type_name(o->array[k]->type), o->array[k]->ndim,
                                 eid_type_name(kind->type), kind->ndim));
        }
        eid_free(path);
        path = NULL;
    }
done:
    eid_free(path);
    return st;
}

/* Every array has as many checkpoints and examples as the others; labels are of the classes. */
static eid_status check_arrays(const owner *o, int64_t checkpoints, int64_t examples,
                               int32_t classes)
{
    const int32_t *label = o->array[EID_RECORD_LABEL]->data;

    for (int k = 0; k < EID_RECORD_ARRAYS; k++) {
        const eid_array *a = o->array[k];
        int64_t want = k == EID_RECORD_CLASSES                       ? 1
                       : k == EID_RECORD_LABEL || k == EID_RECORD_ID ? examples
                                                                     : checkpoints;
        if (!a)
            continue;
        if ((k != EID_RECORD_PRESENTED && a->shape[0] != want) ||
            (a->ndim == 2 && k != EID_RECORD_WEIGHTS && a->shape[1] != examples))
            return eid_fail(EID_EFORMAT,
                            "%s: not of the %" PRId64 " checkpoints and %" PRId64
                            " examples of the record",
                            a->name, checkpoints, examples);
    }
    if (checkpoints < 1 || examples < 1)
        return eid_fail(EID_EFORMAT, "%s: an empty record", o->array[EID_RECORD_LOSS]->name);
    for (int64_t i = 0; i < examples; i++)
        if (label[i] < 0 || label[i] >= classes)
            return eid_fail(EID_EFORMAT,
                            "%s: label %" PRId32 " of example %" PRId64 " is not one of %" PRId32
                            " classes",
                            o->array[EID_RECORD_LABEL]->name, label[i], i, classes);
    return EID_OK;
}

static const void *data(const owner *o, eid_record_array k)
{
    return o->array[k] ? o->array[k]->data : NULL;
}

eid_status eid_trajectory_read(eid_trajectory **out, eid_ctx *ctx, const char *dir)
{
    eid_trajectory *t = NULL;
    owner *o = NULL;
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(t, 1));
    EID_TRY(EID_NEW(o, 1));
    EID_TRY(open_arrays(o, ctx, dir));
    t->checkpoints = o->array[EID_RECORD_LOSS]->shape[0];
    t->examples = o->array[EID_RECORD_LOSS]->shape[1];
    if (o->array[EID_RECORD_CLASSES]->count)
        t->classes = *(const int32_t *)o->array[EID_RECORD_CLASSES]->data;
    EID_TRY(check_arrays(o, t->checkpoints, t->examples, t->classes));
    t->epoch = data(o, EID_RECORD_EPOCH);
    t->step = data(o, EID_RECORD_STEP);
    t->label = data(o, EID_RECORD_LABEL);
    t->id = data(o, EID_RECORD_ID);
    t->loss = data(o, EID_RECORD_LOSS);
    t->probability = data(o, EID_RECORD_PROBABILITY);
    t->margin = data(o, EID_RECORD_MARGIN);
    t->el2n = data(o, EID_RECORD_EL2N);
    t->grand = data(o, EID_RECORD_GRAND);
    t->correct = data(o, EID_RECORD_CORRECT);
    t->presented = data(o, EID_RECORD_PRESENTED);
    t->rate = data(o, EID_RECORD_RATE);
    t->weights = data(o, EID_RECORD_WEIGHTS);
    t->parameters = t->weights ? o->array[EID_RECORD_WEIGHTS]->shape[1] : 0;
    t->presentations = t->presented ? o->array[EID_RECORD_PRESENTED]->shape[0] : 0;
    t->owner = o;
    *out = t;
    t = NULL;
    o = NULL;
done:
    owner_free(o);
    eid_free(t);
    return st;
}

/* ---- arrays from elsewhere ------------------------------------------------------------------- */

/* Logits, or log-probabilities of probabilities that are some. */
static eid_status row_of(const eid_array *a, bool probs, int64_t row, int32_t k, double *z)
{
    double sum = 0;

    eid_array_f64(a, row * k, k, z);
    for (int32_t c = 0; c < k; c++) {
        if (!probs ? !isfinite(z[c]) : !(z[c] >= 0 && z[c] <= 1 + 1e-3))
            return eid_fail(EID_EFORMAT, "%s: row %" PRId64 ", class %" PRId32 ": %g is no %s",
                            a->name, row, c, z[c], probs ? "probability" : "logit");
        sum += z[c];
        z[c] = probs ? log(z[c]) : z[c];
    }
    if (probs && fabs(sum - 1) > 1e-3)
        return eid_fail(EID_EFORMAT, "%s: the probabilities of row %" PRId64 " sum to %g, not 1",
                        a->name, row, sum);
    return EID_OK;
}

static eid_status fill(owner *o, eid_ctx *ctx, const eid_array *a, bool probs, int64_t checkpoints,
                       int64_t examples, int32_t k)
{
    double *z = NULL;
    eid_status st = EID_NEW(z, k);

    for (int64_t c = 0; c < checkpoints && st == EID_OK; c++) {
        for (int64_t i = 0; i < examples && st == EID_OK; i++) {
            int64_t at = c * examples + i;
            st = row_of(a, probs, at, k, z);
            if (st != EID_OK)
                break;
            eid_outcome r = eid_outcome_of(z, k, o->label[i]);
            o->loss[at] = (float)r.loss;
            o->probability[at] = (float)r.probability;
            o->margin[at] = (float)r.margin;
            o->el2n[at] = (float)r.el2n;
            o->correct[at] = r.margin > 0;
        }
        if (st == EID_OK)
            st = eid_tick(ctx, "reading", "checkpoints", c + 1, checkpoints);
    }
    eid_free(z);
    return st;
}

static eid_status allocate(owner *o, int64_t checkpoints, int64_t examples)
{
    size_t cells = (size_t)checkpoints * (size_t)examples;
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(o->epoch, checkpoints));
    EID_TRY(EID_NEW(o->step, checkpoints));
    EID_TRY(EID_NEW(o->id, examples));
    EID_TRY(EID_NEW(o->label, examples));
    EID_TRY(EID_NEW(o->loss, cells));
    EID_TRY(EID_NEW(o->probability, cells));
    EID_TRY(EID_NEW(o->margin, cells));
    EID_TRY(EID_NEW(o->el2n, cells));
    EID_TRY(EID_NEW(o->correct, cells));
    for (int64_t c = 0; c < checkpoints; c++) {
        o->epoch[c] = (double)(c + 1);
        o->step[c] = c + 1;
    }
    for (int64_t i = 0; i < examples; i++)
        o->id[i] = i;
done:
    return st;
}

static eid_status read_labels(owner *o, const eid_array *labels, int64_t examples, int32_t k)
{
    eid_status st = EID_OK;
    int64_t y;

    if (labels->count != examples || labels->ndim < 1 || labels->shape[0] != examples)
        return eid_fail(EID_EINVAL, "%s: %" PRId64 " labels for %" PRId64 " examples", labels->name,
                        labels->count, examples);
    for (int64_t i = 0; i < examples; i++) {
        EID_TRY(eid_array_whole(labels, i, 1, 0, k - 1, &y));
        o->label[i] = (int32_t)y;
    }
done:
    return st;
}

eid_status eid_trajectory_from(eid_trajectory **out, eid_ctx *ctx, const eid_array *a, bool probs,
                               const eid_array *labels)
{
    eid_trajectory *t = NULL;
    owner *o = NULL;
    int d = a->ndim - 2;
    eid_status st = EID_OK;

    if (d < 0 || d > 1 || a->count < 1 || a->shape[d + 1] < 2 || a->shape[d + 1] > INT32_MAX)
        return eid_fail(EID_EINVAL,
                        "%s: (checkpoint x example x class) or (example x class) is wanted, with "
                        "two classes or more",
                        a->name);
    EID_TRY(EID_NEW(t, 1));
    EID_TRY(EID_NEW(o, 1));
    t->checkpoints = d ? a->shape[0] : 1;
    t->examples = a->shape[d];
    t->classes = (int32_t)a->shape[d + 1];
    EID_TRY(allocate(o, t->checkpoints, t->examples));
    EID_TRY(read_labels(o, labels, t->examples, t->classes));
    EID_TRY(fill(o, ctx, a, probs, t->checkpoints, t->examples, t->classes));
    t->epoch = o->epoch;
    t->step = o->step;
    t->label = o->label;
    t->id = o->id;
    t->loss = o->loss;
    t->probability = o->probability;
    t->margin = o->margin;
    t->el2n = o->el2n;
    t->correct = o->correct;
    t->owner = o;
    *out = t;
    t = NULL;
    o = NULL;
done:
    owner_free(o);
    eid_free(t);
    return st;
}
