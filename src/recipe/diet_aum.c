/* diet_aum.c - whom AUM suspects (Pleiss et al. 2020, sec. 3.2): one example in classes + 1 is put
 * in a class of its own, which can only be memorized; its members' 99th percentile is the threshold
 * for all others.  A second training with other members judges the first one's. */
#include "recipe/diet.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const double QUANTILE = 0.99;

typedef struct halves {
    eid_ctx *ctx;
    const eid_dataset *d;
    const eid_classifier_opts *model;
    const char *out;
    int64_t *lots, fakes;
    uint8_t *fake; /* of the half at work */
    double *aum;
} halves;

static eid_status fake_class(eid_dataset **out, halves *h, int half)
{
    eid_dataset from = *h->d;
    int32_t *label = NULL;
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(label, from.n));
    memcpy(label, from.label, (size_t)from.n * sizeof *label);
    memset(h->fake, 0, (size_t)from.n);
    for (int64_t i = 0; i < h->fakes; i++) {
        int64_t place = h->lots[half * h->fakes + i];
        label[place] = from.classes;
        h->fake[place] = 1;
    }
    from.label = label;
    from.classes++;
    EID_TRY(eid_dataset_from(out, h->ctx, &from));
done:
    eid_free(label);
    return st;
}

static eid_status train_half(halves *h, int half, double *threshold)
{
    const eid_record_opts ro = eid_record_opts_default();
    eid_dataset *d = NULL;
    eid_record *rec = NULL;
    eid_trajectory *t = NULL;
    char *dir = NULL, *record = NULL;
    eid_status st = EID_OK;

    EID_TRY(fake_class(&d, h, half));
    EID_TRY(eid_format(&dir, "%s/aum-%d", h->out, half + 1));
    EID_TRY(eid_format(&record, "%s/record", dir));
    EID_TRY(eid_record_new(&rec, h->ctx, dir, d, h->model, &ro));
    EID_TRY(
        eid_train_classifier(NULL, NULL, h->ctx, d, NULL, h->model, eid_record_watch(rec), dir));
    EID_TRY(eid_record_finish(rec));
    EID_TRY(eid_trajectory_read(&t, h->ctx, record));
    EID_TRY(eid_score((const eid_trajectory *const *)&t, 1, EID_SCORE_AUM, -1, h->aum));
    EID_TRY(eid_aum_threshold(h->aum, h->fake, d->n, QUANTILE, threshold));
done:
    eid_trajectory_free(t);
    eid_record_free(rec);
    eid_dataset_free(d);
    eid_free(dir);
    eid_free(record);
    return st;
}

eid_status diet_suspect(eid_diet_result *r, eid_ctx *ctx, const eid_dataset *d,
                        const eid_classifier_opts *model, const char *out, uint64_t seed)
{
    halves h = {.ctx = ctx, .d = d, .model = model, .out = out, .fakes = d->n / (d->classes + 1)};
    int64_t *place = NULL;
    uint8_t *judged = NULL;
    eid_status st = EID_OK;

    if (h.fakes < 1)
        return eid_fail(EID_EINVAL,
                        "aum: %" PRId64 " examples are too few for a class of their own", d->n);
    EID_TRY(EID_NEW(h.lots, d->n));
    EID_TRY(EID_NEW(h.fake, d->n));
    EID_TRY(EID_NEW(h.aum, d->n));
    EID_TRY(EID_NEW(place, d->n));
    EID_TRY(EID_NEW(judged, d->n));
    EID_TRY(diet_order(h.lots, d->n, NULL, 1, d->id, seed));
    r->suspected = 0;
    for (int half = 0; half < 2; half++) {
        EID_TRY(train_half(&h, half, &r->aum_threshold[half]));
        for (int64_t i = 0; i < d->n; i++) {
            if (h.fake[i] || judged[i])
                continue;
            judged[i] = 1;
            if (h.aum[i] <= r->aum_threshold[half])
                judged[i] = 2;
        }
    }
    for (int64_t i = 0; i < d->n; i++)
        if (judged[i] == 2) {
            r->suspected_flips += d->label[i] != d->clean[i];
            place[r->suspected++] = i;
        }
    EID_TRY(diet_write_subset(ctx, d, out, "suspected", place, r->suspected));
done:
    eid_free(h.lots);
    eid_free(h.fake);
    eid_free(h.aum);
    eid_free(place);
    eid_free(judged);
    return st;
}
