/* adamw.c - the optimizer: AdamW with clipping, in fixed chunks. */
#include "nn/gpt.h"
#include "par/par.h"
#include <math.h>
#include <string.h>

enum { CHUNK = 1 << 14 };

/* A run of one parameter. */
typedef struct chunk {
    size_t param;
    int64_t at, n;
} chunk;

struct eid_adamw {
    eid_adamw_opts o;
    int64_t steps, chunks;
    chunk *chunk;
    double *square; /* of each chunk's gradient */
    float *moments; /* two blocks laid out as the model's values */
    float **first, **second;
};

eid_adamw_opts eid_adamw_opts_default(void)
{
    return (eid_adamw_opts){
        .beta1 = 0.9, .beta2 = 0.95, .eps = 1e-8, .weight_decay = 0.1, .clip = 1};
}

static eid_status check(const eid_adamw_opts *o)
{
    if (!(o->beta1 >= 0 && o->beta1 < 1 && o->beta2 >= 0 && o->beta2 < 1))
        return eid_fail(EID_EINVAL, "AdamW's betas are 0 to below 1, not %g and %g", o->beta1,
                        o->beta2);
    if (!(o->eps > 0) || !(o->weight_decay >= 0) || !(o->clip >= 0))
        return eid_fail(EID_EINVAL,
                        "AdamW wants eps above 0, weight decay and clip not below: %g, %g, %g",
                        o->eps, o->weight_decay, o->clip);
    return EID_OK;
}

eid_status eid_adamw_new(eid_adamw **out, eid_gpt *m, const eid_adamw_opts *o)
{
    eid_status st = EID_OK;
    eid_adamw *a = NULL;
    int64_t chunks = 0;

    EID_TRY(check(o));
    EID_TRY(EID_NEW(a, 1));
    a->o = *o;
    for (size_t i = 0; i < m->params; i++)
        chunks += (m->param[i].rows * m->param[i].cols + CHUNK - 1) / CHUNK;
    EID_TRY(EID_NEW(a->chunk, chunks));
    EID_TRY(EID_NEW(a->square, chunks));
    EID_TRY(EID_NEW(a->moments, 2 * m->floats));
    EID_TRY(EID_NEW(a->first, m->params));
    EID_TRY(EID_NEW(a->second, m->params));
    for (size_t i = 0; i < m->params; i++) {
        int64_t n = m->param[i].rows * m->param[i].cols;
        a->first[i] = a->moments + (m->param[i].value - m->values);
        a->second[i] = a->first[i] + m->floats;
        for (int64_t at = 0; at < n; at += CHUNK)
            a->chunk[a->chunks++] = (chunk){i, at, n - at < CHUNK ? n - at : CHUNK};
    }
    *out = a;
    a = NULL;
done:
    eid_adamw_free(a);
    return st;
}

void eid_adamw_free(eid_adamw *a)
{
    if (!a)
        return;
    eid_free(a->chunk);
    eid_free(a->square);
    eid_free(a->moments);
    eid_free(a->first);
    eid_free(a->second);
    eid_free(a);
}

size_t eid_adamw_moments(eid_adamw *a, float ***first, float ***second, int64_t **steps)
{
    *first = a->first;
    *second = a->second;
    *steps = &a->steps;
    return a->chunk[a->chunks - 1].param + 1;
}

typedef struct job {
    eid_adamw *a;
    eid_gpt *m;
    eid_adamw_rates rates;
} job;

static eid_status square(void *arg, int64_t task, int worker)
{
    job *j = arg;
    const chunk *c = &j->a->chunk[task];
    (void)worker;
    j->a->square[task] = eid_k()->sumsq(j->m->param[c->param].gradient + c->at, c->n);
    return EID_OK;
}

static eid_status update(void *arg, int64_t task, int worker)
{
    job *j = arg;
    const chunk *c = &j->a->chunk[task];
    const eid_param *p = &j->m->param[c->param];
    eid_adamw_rates r = j->rates;
    (void)worker;
    if (!p->decay)
        r.decay = 0;
    eid_k()->adamw(p->value + c->at, p->gradient + c->at, j->a->first[c->param] + c->at,
                   j->a->second[c->param] + c->at, p->mask ? p->mask + c->at : NULL, c->n, &r);
    return EID_OK;
}

eid_status eid_adamw_step(eid_adamw *a, eid_gpt *m, eid_ctx *ctx, double lr, double *norm)
{
    eid_status st = EID_OK;
    job j = {.a = a, .m = m};
    double sum = 0, size, scale = 1;

    if (!m->gradients)
        return eid_fail(EID_EINVAL, "the optimizer has no gradient yet: call eid_gpt_loss first");
    EID_TRY(eid_par_for(ctx, a->chunks, square, &j));
    for (int64_t i = 0; i < a->chunks; i++)
        sum += a->square[i];
    size = sqrt(sum);
    if (!isfinite(size))
        return eid_fail(EID_EINVAL, "the gradient is not finite; a lower learning rate may help");
    if (a->o.clip > 0 && size > a->o.clip)
        scale = a->o.clip / size;
    a->steps++;
    j.rates = (eid_adamw_rates){
        .lr = (float)lr,
        .beta1 = (float)a->o.beta1,
        .beta2 = (float)a->o.beta2,
        .eps = (float)a->o.eps,
        .decay = (float)a->o.weight_decay,
        .scale = (float)scale,
        .first = (float)(1 / (1 - pow(a->o.beta1, (double)a->steps))),
        .second = (float)(1 / (1 - pow(a->o.beta2, (double)a->steps))),
    };
    EID_TRY(eid_par_for(ctx, a->chunks, update, &j));
    EID_TRY(eid_gpt_changed(m, ctx));
    if (norm)
        *norm = size;
done:
    return st;
}
