/* optim.c - SGD, Adam and AdamW for classifiers. */
#include "nn/net.h"
#include "base/memory.h"
#include <math.h>
#include <string.h>

struct eid_optim {
    eid_optim_opts o;
    int64_t steps, floats;
    const eid_net *m;
    float *first, *second;
    double c1, c2; /* 1 / (1 - beta^t) */
};

eid_optim_opts eid_optim_opts_default(void)
{
    return (eid_optim_opts){
        .kind = EID_OPTIM_SGD, .momentum = 0.9, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
}

static eid_status check(const eid_optim_opts *o)
{
    if (!(o->momentum >= 0 && o->momentum < 1) || !(o->beta1 >= 0 && o->beta1 < 1) ||
        !(o->beta2 >= 0 && o->beta2 < 1))
        return eid_fail(EID_EINVAL, "momentum and betas are 0 to below 1, not %g, %g and %g",
                        o->momentum, o->beta1, o->beta2);
    if (!(o->eps > 0) || !(o->weight_decay >= 0))
        return eid_fail(EID_EINVAL,
                        "an optimizer wants eps above 0 and weight decay not below: %g, %g", o->eps,
                        o->weight_decay);
    return EID_OK;
}

eid_status eid_optim_new(eid_optim **out, eid_net *m, const eid_optim_opts *o)
{
    eid_status st = EID_OK;
    eid_optim *a = NULL;

    EID_TRY(check(o));
    EID_TRY(EID_NEW(a, 1));
    a->o = *o;
    a->m = m;
    a->floats = m->floats;
    EID_TRY(EID_NEW(a->first, m->floats));
    if (o->kind != EID_OPTIM_SGD)
        EID_TRY(EID_NEW(a->second, m->floats));
    *out = a;
    a = NULL;
done:
    eid_optim_free(a);
    return st;
}

void eid_optim_free(eid_optim *o)
{
    if (!o)
        return;
    eid_free(o->first);
    eid_free(o->second);
    eid_free(o);
}

void eid_optim_reset(eid_optim *o)
{
    o->steps = 0;
    memset(o->first, 0, (size_t)o->floats * sizeof *o->first);
    if (o->second)
        memset(o->second, 0, (size_t)o->floats * sizeof *o->second);
}

void eid_optim_state(eid_optim *o, float **first, float **second, int64_t **steps)
{
    *first = o->first;
    *second = o->second;
    *steps = &o->steps;
}

float *net_first(const eid_optim *o, int param)
{
    return o->first + (o->m->param[param].value - o->m->values);
}

bool net_folds(const eid_optim *o, float *momentum)
{
    *momentum = (float)o->o.momentum;
    return o->o.kind == EID_OPTIM_SGD && !o->o.nesterov;
}

void net_step_begins(eid_optim *o)
{
    o->steps++;
    o->c1 = 1 / (1 - pow(o->o.beta1, (double)o->steps));
    o->c2 = 1 / (1 - pow(o->o.beta2, (double)o->steps));
}

void net_update(const eid_optim *o, int param, int64_t at, int64_t n, const float *g, float lr)
{
    const eid_param *p = &o->m->param[param];
    const uint8_t *mask = p->mask ? p->mask + at : NULL;
    int64_t from = p->value - o->m->values + at;
    float decay = p->decay ? (float)o->o.weight_decay : 0;

    if (o->o.kind == EID_OPTIM_SGD) {
        eid_sgd_rates r = {
            .lr = lr, .momentum = (float)o->o.momentum, .decay = decay, .nesterov = o->o.nesterov};
        eid_k()->sgd(p->value + at, o->first + from, g, mask, n, &r);
        return;
    }
    bool decoupled = o->o.kind == EID_OPTIM_ADAMW;
    eid_adamw_rates r = {.lr = lr,
                         .beta1 = (float)o->o.beta1,
                         .beta2 = (float)o->o.beta2,
                         .eps = (float)o->o.eps,
                         .decay = decoupled ? decay : 0,
                         .l2 = decoupled ? 0 : decay,
                         .scale = 1,
                         .first = (float)o->c1,
                         .second = (float)o->c2};
    eid_k()->adamw(p->value + at, g, o->first + from, o->second + from, mask, n, &r);
}

typedef struct step {
    const eid_optim *o;
    float lr;
} step;

static eid_status update(void *arg, int64_t task, int worker)
{
    const step *s = arg;
    const net_piece *piece = &s->o->m->piece[task];
    (void)worker;
    net_update(s->o, piece->param, piece->at, piece->n,
               s->o->m->param[piece->param].gradient + piece->at, s->lr);
    net_turn(s->o->m, piece);
    return EID_OK;
}

eid_status eid_optim_step(eid_optim *o, eid_net *m, eid_ctx *ctx, double lr)
{
    step s = {.o = o, .lr = (float)lr};
    if (o->m != m || !m->gradients)
        return eid_fail(EID_EINVAL, "the optimizer has no gradient of its network yet: call "
                                    "eid_net_loss first");
    net_step_begins(o);
    return net_for(ctx, (int64_t)m->pieces, update, &s);
}
