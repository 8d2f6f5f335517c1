/* net_run.c - a pass over a batch: groups, then pieces of the parameters. */
#include "nn/net.h"
#include "base/memory.h"
#include <math.h>
#include <string.h>

eid_status net_for(eid_ctx *ctx, int64_t n, eid_task_fn fn, void *arg)
{
    eid_status st = EID_OK;
    sigset_t before;

    if (eid_ctx_threads(ctx) > 1)
        return eid_par_for(ctx, n, fn, arg);
    eid_signals_hold(&before);
    for (int64_t task = 0; st == EID_OK && task < n; task++)
        st = fn(arg, task, 0);
    eid_signals_release(&before);
    return st;
}

/* The logits' deltas, and the losses. */
static void loss(const net_group *g)
{
    const net_pass *p = g->p;
    const eid_net *m = p->m;
    int last = m->layer[m->layers - 1].out;
    int64_t C = m->shape.classes;
    float *delta = net_delta(g, last);

    if (p->dlogits) {
        memcpy(delta, p->dlogits + g->first * C, (size_t)(g->n * C) * sizeof *delta);
        return;
    }
    memcpy(delta, net_act(g, last), (size_t)(g->n * C) * sizeof *delta);
    for (int64_t i = 0; i < g->n; i++) {
        int64_t e = g->first + i;
        double scale = p->own ? 1 : p->scale * (p->weight ? (double)p->weight[e] : 1);
        p->losses[e] = eid_k()->cross_entropy(delta + i * C, C, p->y[e], p->back, (float)scale);
    }
}

/* Deltas times `factor`, of one example in all layers with weights. */
static void scale_example(const net_group *g, int64_t i, double factor)
{
    const eid_net *m = g->p->m;
    float f = (float)factor;
    for (size_t at = 0; f != 1 && at < m->layers; at++) {
        const net_layer *l = &m->layer[at];
        int64_t n = m->map[l->out].n;
        float *d = l->weight < 0 ? NULL : net_delta(g, l->out) + i * n;
        for (int64_t k = 0; d && k < n; k++)
            d[k] *= f;
    }
}

static void norms(const net_group *g, double *scratch)
{
    const net_pass *p = g->p;
    size_t params = p->m->params;

    for (int64_t i = 0; i < g->n; i++) {
        int64_t e = g->first + i;
        double *norm2 = p->norm2 ? p->norm2 + e * (int64_t)params : scratch, sum = 0;
        if (p->norms)
            net_norms_of(g, i, norm2);
        for (size_t k = 0; p->norms && k < params; k++)
            sum += norm2[k];
        if (p->norm)
            p->norm[e] = sqrt(sum);
        if (p->clip < 0)
            continue;
        double weight = p->weight ? (double)p->weight[e] : 1;
        scale_example(g, i, sqrt(sum) > p->clip ? weight * p->clip / sqrt(sum) : weight);
    }
}

eid_status net_group_task(void *pass, int64_t task, int worker)
{
    const net_pass *p = pass;
    const eid_net *m = p->m;
    net_work *w = m->work;
    net_group g = {.p = p, .w = &w->worker[worker], .number = task, .first = task * p->group};

    g.n = p->n - g.first < p->group ? p->n - g.first : p->group;
    net_forward(&g);
    if (p->logits)
        memcpy(p->logits + g.first * m->shape.classes, net_act(&g, m->layer[m->layers - 1].out),
               (size_t)(g.n * m->shape.classes) * sizeof *p->logits);
    if (p->y || p->dlogits)
        loss(&g);
    if (!p->back)
        return EID_OK;
    net_backward(&g);
    if (p->norms || p->clip >= 0)
        norms(&g, w->norm2 + worker * (int64_t)m->params);
    if (p->wide && m->convs)
        net_part(&g);
    if (p->look)
        p->look(&g, p->look_user);
    return EID_OK;
}

/* ---- pieces -----------------------------------------------------------------------------------
 */

/* The weights of a dense layer: input^T delta over the whole batch. */
static void tile(const net_pass *p, const net_piece *piece, float beta, float *g)
{
    const eid_net *m = p->m;
    const net_layer *l = &m->layer[piece->layer];
    const eid_param *w = &m->param[piece->param];
    const float *a = l->in ? m->work->act[l->in] : p->x;

    if (p->n > 0)
        eid_k()->product(true, piece->rows, w->cols, p->n, a + piece->row, w->rows,
                         m->work->delta[l->out], w->cols, beta, g, w->cols);
    else
        for (int64_t i = 0; i < piece->n; i++)
            g[i] *= beta;
}

static void sum_of_parts(const net_pass *p, const net_piece *piece, float *g)
{
    const eid_net *m = p->m;
    const float *part = m->work->part + m->part_at[piece->param] + piece->at;

    memset(g, 0, (size_t)piece->n * sizeof *g);
    for (int64_t k = 0; k < p->groups; k++)
        for (int64_t i = 0; i < piece->n; i++)
            g[i] += part[k * m->part + i];
}

static void gradient(const net_pass *p, const net_piece *piece, float *g)
{
    const eid_net *m = p->m;
    const net_layer *l = &m->layer[piece->layer];

    if (piece->rows) {
        memset(g, 0, p->n > 0 ? 0 : (size_t)piece->n * sizeof *g);
        tile(p, piece, 0, g);
    } else if (l->kind == NET_DENSE) {
        eid_k()->colsum(g, m->work->delta[l->out] + piece->at, m->map[l->out].n, p->n, piece->n);
    } else {
        sum_of_parts(p, piece, g);
    }
}

static eid_status one_piece(void *arg, int64_t task, int worker)
{
    const net_pass *p = arg;
    const eid_net *m = p->m;
    const net_piece *piece = &m->piece[task];
    float momentum, *g = m->work->worker[worker].small;

    if (!p->optim) {
        gradient(p, piece, m->param[piece->param].gradient + piece->at);
        return EID_OK;
    }
    if (piece->rows && net_folds(p->optim, &momentum)) {
        tile(p, piece, momentum, net_first(p->optim, piece->param) + piece->at);
        g = NULL;
    } else {
        gradient(p, piece, g);
    }
    net_update(p->optim, piece->param, piece->at, piece->n, g, p->lr);
    net_turn(m, piece);
    return EID_OK;
}

eid_status net_gradients(eid_net *m)
{
    if (m->gradients)
        return EID_OK;
    eid_status st = EID_NEW(m->gradients, m->floats);
    for (size_t i = 0; st == EID_OK && i < m->params; i++)
        m->param[i].gradient = m->gradients + (m->param[i].value - m->values);
    return st;
}

/* With convolutions a group's size is part of the result; without, it only shares the work out. */
static int64_t group_of(const eid_net *m, eid_ctx *ctx, int64_t n)
{
    int64_t each = (n + eid_ctx_threads(ctx) - 1) / eid_ctx_threads(ctx);
    if (m->convs)
        return NET_GROUP;
    each = eid_round_up(each, EID_PANEL_MIN);
    return each < EID_PANEL_MIN ? EID_PANEL_MIN : each > EID_PANEL ? EID_PANEL : each;
}

eid_status net_run(eid_ctx *ctx, net_pass *p)
{
    eid_status st = EID_OK;
    eid_net *m = p->m;

    p->group = group_of(m, ctx, p->n);
    p->groups = (p->n + p->group - 1) / p->group;
    EID_TRY(net_work_for(m, ctx, m->convs ? NET_GROUP : EID_PANEL));
    if (p->wide)
        EID_TRY(net_work_wide(m, ctx, p->n));
    EID_TRY(net_for(ctx, p->groups, net_group_task, p));
    if (p->wide)
        EID_TRY(net_for(ctx, (int64_t)m->pieces, one_piece, p));
done:
    return st;
}
