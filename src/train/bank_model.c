/* bank_model.c - one model of a bank: trained by one thread, then asked about every example. */
#include "eidetic/rng.h"
#include "train/bank.h"
#include "train/outcome.h"
#include <inttypes.h>
#include <string.h>

enum { ASK = 128 }; /* examples asked about at a time */

static eid_net_shape shape_of(const eid_dataset *d)
{
    return (eid_net_shape){d->channels, d->height, d->width, d->classes};
}

static eid_status make_rows(bank_worker *w, const bank_plan *p, int s)
{
    eid_status st = EID_OK;
    int64_t n = p->set[s]->n, q = p->opts->queries;

    EID_TRY(EID_NEW(w->correct[s], (n + 7) / 8));
    if (p->opts->outputs == EID_BANK_LOGITS) {
        EID_TRY(EID_NEW(w->logits[s], q * n * p->set[0]->classes));
    } else {
        EID_TRY(EID_NEW(w->phi[s], q * n));
        EID_TRY(EID_NEW(w->margin[s], q * n));
    }
done:
    return st;
}

eid_status bank_worker_make(bank_worker *w, const bank_plan *p, eid_ctx *ctx)
{
    eid_status st = EID_OK;
    const eid_dataset *d = p->set[0];
    eid_net_shape shape = shape_of(d);
    eid_fit_plan fit;
    eid_ctx_opts o = {.threads = 1, .memory = eid_ctx_memory(ctx) / eid_ctx_threads(ctx)};
    int64_t rows = p->training->batch > ASK ? p->training->batch : ASK;

    EID_TRY(eid_fit_plan_make(&fit, p->training, d, d->n));
    EID_TRY(eid_ctx_new(&w->ctx, &o));
    EID_TRY(eid_net_new(&w->m, w->ctx, p->training->model, &shape, 0));
    EID_TRY(eid_optim_new(&w->optim, w->m, &fit.optim));
    EID_TRY(eid_draw_new(&w->draw, d->n, 0));
    EID_TRY(EID_NEW(w->mask, eid_net_parameters(w->m)));
    EID_TRY(EID_NEW(w->part, d->n));
    EID_TRY(EID_NEW(w->index, rows));
    EID_TRY(EID_NEW(w->epoch, rows));
    EID_TRY(EID_NEW(w->x, rows * d->features));
    EID_TRY(EID_NEW(w->z, ASK * d->classes));
    EID_TRY(EID_NEW(w->y, rows));
    EID_TRY(make_rows(w, p, 0));
    if (p->set[1])
        EID_TRY(make_rows(w, p, 1));
done:
    return st;
}

void bank_worker_free(bank_worker *w)
{
    eid_optim_free(w->optim);
    eid_net_free(w->m);
    eid_draw_free(w->draw);
    eid_ctx_free(w->ctx);
    eid_free(w->mask);
    eid_free(w->part);
    eid_free(w->index);
    eid_free(w->epoch);
    eid_free(w->x);
    eid_free(w->z);
    eid_free(w->y);
    for (int s = 0; s < 2; s++) {
        eid_free(w->correct[s]);
        eid_free(w->phi[s]);
        eid_free(w->margin[s]);
        eid_free(w->logits[s]);
    }
}

/* ---- training
 * ------------------------------------------------------------------------------------ */

/* Streams from 2^41 on: orders and parameters take those below.  49 bits, as --seed may have. */
int64_t eid_bank_seed(const eid_classifier_opts *training, int64_t k)
{
    eid_rng rng = eid_rng_stream((uint64_t)training->seed, ((uint64_t)1 << 41) + (uint64_t)k);
    return (int64_t)(eid_rng_u64(&rng) >> 15);
}

static int64_t part_of(bank_worker *w, const eid_dataset *d, const uint8_t *mask)
{
    int64_t n = 0;
    for (int64_t i = 0; i < d->n; i++)
        if (mask[i / 8] >> i % 8 & 1)
            w->part[n++] = i;
    return n;
}

static void augment(const bank_plan *p, const eid_fit_plan *fit, uint64_t seed, int64_t epoch,
                    int64_t id, float *x)
{
    if (p->training->crop || p->training->flip)
        eid_augment_example(&fit->augment, &fit->shape, seed, epoch, id, x);
}

static eid_status one_step(bank_worker *w, const bank_plan *p, const eid_fit_plan *fit,
                           uint64_t seed, int64_t step)
{
    const eid_dataset *d = p->set[0];
    int64_t n = fit->batch;

    eid_draw_step(w->draw, step, n, w->index, w->epoch);
    for (int64_t i = 0; i < n; i++) {
        w->index[i] = w->part[w->index[i]];
        w->y[i] = d->label[w->index[i]];
    }
    eid_gather(d, w->index, n, w->x);
    for (int64_t i = 0; i < n; i++)
        augment(p, fit, seed, w->epoch[i], d->id[w->index[i]], w->x + i * d->features);
    eid_examples batch = {.n = n, .x = w->x, .y = w->y};
    return eid_net_step(w->m, w->optim, w->ctx, &batch,
                        eid_schedule_at(&fit->schedule, step, fit->steps), NULL, NULL, NULL);
}

/* Trains the network as it is, on the worker's part. */
static eid_status train(bank_worker *w, const bank_plan *p, const eid_classifier_opts *o, int64_t n,
                        uint64_t seed)
{
    eid_status st = EID_OK;
    eid_fit_plan fit;

    EID_TRY(eid_fit_plan_make(&fit, o, p->set[0], n));
    eid_optim_reset(w->optim);
    w->draw->n = n;
    eid_draw_seed(w->draw, seed);
    for (int64_t step = 0; step < fit.steps; step++) {
        if (eid_cancelled(w->stop))
            EID_TRY(eid_fail(EID_ECANCELLED, "stopped on request while training a model"));
        EID_TRY(one_step(w, p, &fit, seed, step));
    }
done:
    return st;
}

/* ---- the steps that follow
 * ------------------------------------------------------------------------- */

/* What eid_bank_model.worker points to. */
typedef struct at_work {
    bank_worker *w;
    const bank_plan *p;
} at_work;

eid_status eid_bank_train(const eid_bank_model *m, double epochs, double lr)
{
    const at_work *at = m->worker;
    eid_classifier_opts o = *m->training;

    if (epochs <= 0)
        return EID_OK;
    o.epochs = epochs;
    o.steps = 0;
    o.lr = lr;
    return train(at->w, at->p, &o, m->n, m->seed);
}

static void free_masks(bank_worker *w)
{
    eid_param *param;
    size_t n = eid_net_params(w->m, &param);

    for (size_t i = 0; i < n; i++)
        param[i].mask = NULL;
    memset(w->mask, 1, (size_t)eid_net_parameters(w->m));
}

/* Step s draws from a stream of its own of the model's seed; those below 2^42 are taken. */
static eid_status steps(bank_worker *w, const bank_plan *p, uint64_t seed, int64_t n)
{
    eid_status st = EID_OK;
    at_work at = {w, p};
    eid_bank_model m = {.ctx = w->ctx,
                        .net = w->m,
                        .mask = w->mask,
                        .train = p->set[0],
                        .part = w->part,
                        .n = n,
                        .training = p->training,
                        .worker = &at};

    for (int s = 0; s < p->steps.n; s++) {
        const bank_step *step = &p->steps.step[s];
        eid_rng rng = eid_rng_stream(seed, ((uint64_t)1 << 42) + (uint64_t)s);
        m.seed = eid_rng_u64(&rng) >> 15;
        EID_TRY(step->kind->run(&m, step->opts));
    }
done:
    return st;
}

/* ---- asking
 * ---------------------------------------------------------------------------------------- */

static void keep(bank_worker *w, const bank_plan *p, int s, int64_t query, int64_t at, int64_t n)
{
    const eid_dataset *d = p->set[s];
    int64_t classes = p->set[0]->classes, to = query * d->n + at;

    for (int64_t i = 0; i < n; i++) {
        const float *z = w->z + i * classes;
        int32_t y = d->label[at + i];
        if (w->phi[s]) {
            double margin;
            w->phi[s][to + i] = (float)eid_phi_of(z, classes, y, &margin);
            w->margin[s][to + i] = (float)margin;
        }
        if (query == 0 && eid_classifier_right(z, classes, y))
            w->correct[s][(at + i) / 8] |= (uint8_t)(1u << (at + i) % 8);
    }
    if (w->logits[s])
        memcpy(w->logits[s] + to * classes, w->z, (size_t)(n * classes) * sizeof *w->z);
}

/* Query 0 as it is; the others moved as in an epoch that no training has. */
static eid_status ask(bank_worker *w, const bank_plan *p, int s)
{
    eid_status st = EID_OK;
    const eid_dataset *d = p->set[s];
    eid_fit_plan fit;

    EID_TRY(eid_fit_plan_make(&fit, p->training, p->set[0], p->set[0]->n));
    memset(w->correct[s], 0, (size_t)(d->n + 7) / 8);
    for (int64_t q = 0; q < p->opts->queries; q++)
        for (int64_t at = 0, n; at < d->n; at += n) {
            n = d->n - at < ASK ? d->n - at : ASK;
            for (int64_t i = 0; i < n; i++)
                w->index[i] = at + i;
            eid_gather(d, w->index, n, w->x);
            for (int64_t i = 0; q && i < n; i++)
                augment(p, &fit, (uint64_t)p->training->seed + (uint64_t)s, -q, d->id[at + i],
                        w->x + i * d->features);
            EID_TRY(eid_net_logits(w->m, w->ctx, w->x, n, w->z));
            keep(w, p, s, q, at, n);
        }
done:
    return st;
}

eid_status bank_model(bank_worker *w, const bank_plan *p, int64_t k, const uint8_t *mask,
                      eid_ctx *stop)
{
    eid_status st = EID_OK;
    int64_t n = part_of(w, p->set[0], mask);
    uint64_t seed = (uint64_t)eid_bank_seed(p->training, k);

    w->stop = stop;
    free_masks(w);
    EID_TRY(eid_net_reset(w->m, w->ctx, seed));
    EID_TRY(train(w, p, p->training, n, seed));
    EID_TRY(steps(w, p, seed, n));
    EID_TRY(ask(w, p, 0));
    if (p->set[1])
        EID_TRY(ask(w, p, 1));
done:
    return st;
}

eid_status bank_worker_put(const bank_worker *w, const bank_file f[BANK_FILES], int64_t k)
{
    eid_status st = EID_OK;
    eid_param *param;

    eid_net_params(w->m, &param);
    EID_TRY(bank_file_put(&f[BANK_WEIGHTS], k, param[0].value)); /* one block, in order */
    for (int s = 0; s < 2; s++) {
        const bank_file *of = f + (s ? BANK_TEST : BANK_TRAIN);
        EID_TRY(bank_file_put(&of[BANK_CORRECT], k, w->correct[s]));
        EID_TRY(bank_file_put(&of[BANK_PHI], k, w->phi[s]));
        EID_TRY(bank_file_put(&of[BANK_MARGIN], k, w->margin[s]));
        EID_TRY(bank_file_put(&of[BANK_LOGITS], k, w->logits[s]));
    }
done:
    return st;
}
