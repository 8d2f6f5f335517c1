/* classifier_ask.c - a network's answers about a dataset, a part at a time. */
#include "train/fitting.h"
#include <inttypes.h>

enum { PART = 1024 };

/* Room for a part of the examples. */
typedef struct asking {
    const eid_dataset *d;
    int64_t *index;
    float *x;
    int32_t *y;
} asking;

static void asking_free(asking *a)
{
    eid_free(a->index);
    eid_free(a->x);
    eid_free(a->y);
}

static eid_status asking_new(asking *a, const eid_net *m, const eid_dataset *d,
                             const int64_t *index, int64_t n)
{
    eid_status st = EID_OK;
    const eid_net_shape *s = eid_net_shape_of(m);

    if (s->channels * s->height * s->width != d->features)
        return eid_fail(EID_EINVAL,
                        "the network takes %" PRId64 " numbers, the dataset has %" PRId64,
                        s->channels * s->height * s->width, d->features);
    if (!index && n != d->n)
        return eid_fail(EID_EINVAL, "asked about all %" PRId64 " examples, with room for %" PRId64,
                        d->n, n);
    for (int64_t i = 0; index && i < n; i++)
        if (index[i] < 0 || index[i] >= d->n)
            return eid_fail(EID_EINVAL, "example %" PRId64 " of %" PRId64 " was asked about",
                            index[i], d->n);
    a->d = d;
    EID_TRY(EID_NEW(a->index, PART));
    EID_TRY(EID_NEW(a->x, PART * d->features));
    EID_TRY(EID_NEW(a->y, PART));
done:
    return st;
}

/* Examples from .. from + n - 1 of those asked about. */
static eid_examples part_of(asking *a, const int64_t *index, int64_t from, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        a->index[i] = index ? index[from + i] : from + i;
        a->y[i] = a->d->label[a->index[i]];
    }
    eid_gather(a->d, a->index, n, a->x);
    return (eid_examples){.n = n, .x = a->x, .y = a->y};
}

static int64_t part_size(int64_t left)
{
    return left < PART ? left : PART;
}

eid_status eid_classifier_logits(eid_net *m, eid_ctx *ctx, const eid_dataset *d,
                                 const int64_t *index, int64_t n, float *logits)
{
    eid_status st = EID_OK;
    asking a = {0};
    int64_t classes = eid_net_shape_of(m)->classes;

    EID_TRY(asking_new(&a, m, d, index, n));
    for (int64_t at = 0, take; at < n; at += take) {
        take = part_size(n - at);
        eid_examples part = part_of(&a, index, at, take);
        EID_TRY(eid_net_logits(m, ctx, part.x, take, logits + at * classes));
    }
done:
    asking_free(&a);
    return st;
}

eid_status eid_classifier_norms(eid_net *m, eid_ctx *ctx, const eid_dataset *d,
                                const int64_t *index, int64_t n, double *norm2, double *losses,
                                float *logits)
{
    eid_status st = EID_OK;
    asking a = {0};
    eid_param *p;
    size_t params = eid_net_params(m, &p);
    int64_t classes = eid_net_shape_of(m)->classes;
    double *each = NULL;

    EID_TRY(asking_new(&a, m, d, index, n));
    EID_TRY(EID_NEW(each, PART * params));
    for (int64_t at = 0, take; at < n; at += take) {
        take = part_size(n - at);
        eid_examples part = part_of(&a, index, at, take);
        EID_TRY(eid_net_norms(m, ctx, &part, each, losses ? losses + at : NULL,
                              logits ? logits + at * classes : NULL));
        for (int64_t i = 0; i < take; i++) {
            double sum = 0;
            for (size_t k = 0; k < params; k++)
                sum += each[i * (int64_t)params + (int64_t)k];
            norm2[at + i] = sum;
        }
    }
done:
    eid_free(each);
    asking_free(&a);
    return st;
}

bool eid_classifier_right(const float *z, int64_t classes, int32_t label)
{
    for (int64_t c = 0; c < classes; c++)
        if (c < label ? !(z[c] < z[label]) : !(z[c] <= z[label]))
            return false;
    return true;
}

eid_status eid_classifier_judge(eid_net *m, eid_ctx *ctx, const eid_dataset *d, double *loss,
                                double *accuracy)
{
    eid_status st = EID_OK;
    asking a = {0};
    int64_t classes = eid_net_shape_of(m)->classes, right = 0;
    double sum = 0, mean;
    float *logits = NULL;

    EID_TRY(asking_new(&a, m, d, NULL, d->n));
    EID_TRY(EID_NEW(logits, PART * classes));
    for (int64_t at = 0, take; at < d->n; at += take) {
        take = part_size(d->n - at);
        eid_examples part = part_of(&a, NULL, at, take);
        EID_TRY(eid_net_loss(m, ctx, &part, false, &mean, NULL, logits));
        sum += mean * (double)take;
        for (int64_t i = 0; i < take; i++)
            right += eid_classifier_right(logits + i * classes, classes, part.y[i]);
    }
    *loss = d->n ? sum / (double)d->n : 0;
    *accuracy = d->n ? (double)right / (double)d->n : 0;
done:
    eid_free(logits);
    asking_free(&a);
    return st;
}
