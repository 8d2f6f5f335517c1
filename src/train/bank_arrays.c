/* bank_arrays.c - a bank of models that were trained elsewhere, from arrays of their answers. */
#include "eidetic/bank.h"
#include "train/bank_owned.h"
#include "base/ctx.h"
#include "base/memory.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef struct answers {
    const eid_array *values;
    const int32_t *label;
    int64_t models, n, classes; /* classes 0: probabilities of the true class alone */
    bool probs;
    float *phi, *margin;
    uint8_t *correct;
} answers;

static eid_status shape_of(answers *a, const eid_array *v, bool probs)
{
    if (v->ndim != 3 && v->ndim != 2)
        return eid_fail(EID_EINVAL, "%s: (model x example x class) is wanted, or (model x example)",
                        v->name);
    if (v->count < 1 || (v->ndim == 3 && (v->shape[2] < 2 || v->shape[2] > INT32_MAX)))
        return eid_fail(EID_EINVAL, "%s: holds no model, no example or fewer than two classes",
                        v->name);
    *a = (answers){.values = v,
                   .models = v->shape[0],
                   .n = v->shape[1],
                   .classes = v->ndim == 3 ? v->shape[2] : 0,
                   .probs = probs};
    return EID_OK;
}

static eid_status read_labels(int32_t **out, const answers *a, const eid_array *labels)
{
    eid_status st = EID_OK;
    int64_t y;

    if (!a->classes)
        return EID_OK;
    if (!labels)
        return eid_fail(EID_EINVAL, "%s: the labels of its examples are wanted", a->values->name);
    if (labels->ndim != 1 || labels->count != a->n)
        return eid_fail(EID_EINVAL, "%s: %" PRId64 " labels for the %" PRId64 " examples of %s",
                        labels->name, labels->count, a->n, a->values->name);
    EID_TRY(EID_NEW(*out, a->n));
    for (int64_t i = 0; i < a->n; i++) {
        EID_TRY(eid_array_whole(labels, i, 1, 0, a->classes - 1, &y));
        (*out)[i] = (int32_t)y;
    }
done:
    return st;
}

static eid_status bad(const answers *a, int64_t k, int64_t i, double x)
{
    return eid_fail(EID_EFORMAT, "%s: model %" PRId64 ", example %" PRId64 ": %g is no %s",
                    a->values->name, k, i, x, a->probs ? "probability" : "logit");
}

/* z: logits or probabilities of one row, turned into log(p / (1 - p)) of class y and its margin. */
static eid_status row_of(const answers *a, int64_t k, int64_t i, double *z, double *phi,
                         double *margin)
{
    int64_t y = a->label[i];
    double sum = 0, top = -INFINITY, others = 0;

    eid_array_f64(a->values, (k * a->n + i) * a->classes, a->classes, z);
    for (int64_t c = 0; c < a->classes; c++) {
        if (a->probs ? !(z[c] >= 0 && z[c] <= 1 + 1e-3) : !isfinite(z[c]))
            return bad(a, k, i, z[c]);
        sum += z[c];
        z[c] = a->probs ? log(z[c]) : z[c];
        if (c != y && z[c] > top)
            top = z[c];
    }
    if (a->probs && fabs(sum - 1) > 1e-3)
        return eid_fail(EID_EFORMAT,
                        "%s: the probabilities of model %" PRId64 ", example %" PRId64
                        " sum to %g, not 1",
                        a->values->name, k, i, sum);
    for (int64_t c = 0; c < a->classes; c++)
        others += c == y ? 0 : exp(z[c] - top);
    *margin = z[y] - top;
    *phi = top == -INFINITY ? INFINITY : z[y] - top - log(others);
    return EID_OK;
}

static eid_status cell(const answers *a, int64_t k, int64_t i, double *z, double *phi,
                       double *margin)
{
    if (a->classes)
        return row_of(a, k, i, z, phi, margin);
    double p = eid_array_at(a->values, k * a->n + i);
    if (a->probs ? !(p >= 0 && p <= 1) : !isfinite(p))
        return bad(a, k, i, p);
    *phi = *margin = a->probs ? log(p) - log1p(-p) : p;
    return EID_OK;
}

/* What a float's log odds can be; a probability of 0 or 1 stands at the end. */
static double within(double x)
{
    return fmin(fmax(x, -EID_PHI_MOST), EID_PHI_MOST);
}

static eid_status fill(answers *a, eid_ctx *ctx)
{
    eid_status st = EID_OK;
    int64_t row = (a->n + 7) / 8;
    double *z = NULL, phi = 0, margin = 0;

    EID_TRY(EID_NEW(a->phi, a->models * a->n));
    EID_TRY(EID_NEW(a->margin, a->models * a->n));
    EID_TRY(EID_NEW(a->correct, a->models * row));
    EID_TRY(EID_NEW(z, a->classes + 1));
    for (int64_t k = 0; k < a->models; k++) {
        for (int64_t i = 0; i < a->n; i++) {
            EID_TRY(cell(a, k, i, z, &phi, &margin));
            a->phi[k * a->n + i] = (float)within(phi);
            a->margin[k * a->n + i] = (float)within(margin);
            a->correct[k * row + i / 8] |= (uint8_t)((margin > 0) << i % 8);
        }
        EID_TRY(eid_tick(ctx, "reading", "models", k + 1, a->models));
    }
done:
    eid_free(z);
    return st;
}

/* Bits as in masks.npy, lowest first. */
static eid_status read_bits(uint8_t **out, const eid_array *m, const answers *a)
{
    eid_status st = EID_OK;
    int64_t row = (a->n + 7) / 8;
    const uint8_t *bits = m->data;

    for (int64_t k = 0; a->n % 8 && k < a->models; k++)
        if (bits[(k + 1) * row - 1] >> a->n % 8)
            return eid_fail(EID_EFORMAT, "%s: model %" PRId64 " has bits past its last example",
                            m->name, k);
    EID_TRY(EID_NEW(*out, a->models * row));
    memcpy(*out, bits, (size_t)(a->models * row));
done:
    return st;
}

static eid_status read_masks(uint8_t **out, const eid_array *m, const answers *a)
{
    eid_status st = EID_OK;
    int64_t row = (a->n + 7) / 8, in;

    if (m->ndim == 2 && m->type == EID_U1 && m->shape[0] == a->models && a->n > 1 &&
        m->shape[1] == row)
        return read_bits(out, m, a);
    if (m->ndim != 2 || m->shape[0] != a->models || m->shape[1] != a->n)
        return eid_fail(EID_EINVAL,
                        "%s: (%" PRId64 " x %" PRId64
                        ") flags are wanted, model x example as in %s",
                        m->name, a->models, a->n, a->values->name);
    EID_TRY(EID_NEW(*out, a->models * row));
    for (int64_t k = 0; k < a->models; k++)
        for (int64_t i = 0; i < a->n; i++) {
            EID_TRY(eid_array_whole(m, k * a->n + i, 1, 0, 1, &in));
            (*out)[k * row + i / 8] |= (uint8_t)(in << i % 8);
        }
done:
    return st;
}

static eid_bank_set set_of(bank_owned *o, answers *a)
{
    eid_bank_set s = {.n = a->n,
                      .row = (a->n + 7) / 8,
                      .correct = a->correct,
                      .phi = a->phi,
                      .margin = a->margin};
    o->block[o->blocks++] = a->correct;
    o->block[o->blocks++] = a->phi;
    o->block[o->blocks++] = a->margin;
    a->correct = NULL;
    a->phi = a->margin = NULL;
    return s;
}

static void answers_free(answers *a)
{
    eid_free(a->correct);
    eid_free(a->phi);
    eid_free(a->margin);
}

eid_status eid_bank_from(eid_bank **out, eid_ctx *ctx, const eid_bank_arrays *from)
{
    eid_status st = EID_OK;
    bank_owned *o = NULL;
    answers train = {0}, test = {0};
    int32_t *label[2] = {NULL, NULL};
    uint8_t *masks = NULL;

    EID_TRY(shape_of(&train, from->values, from->probs));
    EID_TRY(read_labels(&label[0], &train, from->labels));
    train.label = label[0];
    EID_TRY(read_masks(&masks, from->masks, &train));
    EID_TRY(fill(&train, ctx));
    if (from->test_values) {
        EID_TRY(shape_of(&test, from->test_values, from->probs));
        if (test.models != train.models || test.classes != train.classes)
            EID_TRY(eid_fail(EID_EINVAL,
                             "%s: of %" PRId64 " models and %" PRId64 " classes, but %s of %" PRId64
                             " and %" PRId64,
                             from->test_values->name, test.models, test.classes, from->values->name,
                             train.models, train.classes));
        EID_TRY(read_labels(&label[1], &test, from->test_labels));
        test.label = label[1];
        EID_TRY(fill(&test, ctx));
    }
    EID_TRY(bank_owned_new(&o));
    o->b.models = o->b.opts.models = train.models;
    o->b.queries = o->b.opts.queries = 1;
    o->b.classes = train.classes ? train.classes : 2;
    o->b.train = set_of(o, &train);
    if (from->test_values)
        o->b.test = set_of(o, &test);
    o->b.masks = o->block[o->blocks++] = masks;
    masks = NULL;
    *out = &o->b;
done:
    answers_free(&train);
    answers_free(&test);
    eid_free(label[0]);
    eid_free(label[1]);
    eid_free(masks);
    return st;
}
