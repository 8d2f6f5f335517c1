/* net_loss.c - what can be asked of a classifier: logits, loss, gradients, norms, taps. */
#include "nn/net.h"
#include "base/memory.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Labels in range, weights that are numbers; *total: their sum. */
static eid_status check(const eid_net *m, const eid_examples *b, double *total)
{
    *total = b->weight ? 0 : (double)b->n;
    if (b->n < 0)
        return eid_fail(EID_EINVAL, "a batch of %" PRId64 " examples makes no sense", b->n);
    for (int64_t i = 0; i < b->n; i++)
        if (b->y[i] < 0 || b->y[i] >= m->shape.classes)
            return eid_fail(EID_EINVAL,
                            "example %" PRId64 " of the batch: label %d is none of %" PRId64
                            " classes",
                            i, (int)b->y[i], m->shape.classes);
    for (int64_t i = 0; b->weight && i < b->n; i++) {
        if (!(b->weight[i] >= 0) || !isfinite(b->weight[i]))
            return eid_fail(EID_EINVAL, "example %" PRId64 " of the batch: weight %g", i,
                            (double)b->weight[i]);
        *total += (double)b->weight[i];
    }
    return EID_OK;
}

/* Losses go to the caller, or where the mean is taken from. */
static eid_status room_for_losses(eid_net *m, eid_ctx *ctx, int64_t n, double **losses)
{
    eid_status st = net_work_for(m, ctx, m->convs ? NET_GROUP : EID_PANEL);
    if (st != EID_OK || *losses)
        return st;
    net_work *w = m->work;
    if (w->losses_cap < n) {
        eid_free(w->losses);
        w->losses = NULL;
        w->losses_cap = 0;
        st = EID_NEW(w->losses, n);
        if (st != EID_OK)
            return st;
        w->losses_cap = n;
    }
    *losses = w->losses;
    return EID_OK;
}

static double mean_of(const double *losses, const eid_examples *b, double total)
{
    double sum = 0;
    for (int64_t i = 0; i < b->n; i++)
        sum += losses[i] * (b->weight ? (double)b->weight[i] : 1);
    return total > 0 ? sum / total : 0;
}

static net_pass pass_of(eid_net *m, const eid_examples *b)
{
    return (net_pass){.m = m, .x = b->x, .y = b->y, .weight = b->weight, .n = b->n, .clip = -1};
}

eid_status eid_net_logits(eid_net *m, eid_ctx *ctx, const float *x, int64_t n, float *logits)
{
    net_pass p = {.m = m, .x = x, .n = n, .clip = -1, .logits = logits};
    return net_run(ctx, &p);
}

eid_status eid_net_loss(eid_net *m, eid_ctx *ctx, const eid_examples *batch, bool backward,
                        double *loss, double *losses, float *logits)
{
    eid_status st = EID_OK;
    net_pass p = pass_of(m, batch);
    double total;

    EID_TRY(check(m, batch, &total));
    EID_TRY(room_for_losses(m, ctx, p.n, &losses));
    if (backward)
        EID_TRY(net_gradients(m));
    p.back = p.wide = backward;
    p.scale = total > 0 ? 1 / total : 0;
    p.losses = losses;
    p.logits = logits;
    EID_TRY(net_run(ctx, &p));
    *loss = mean_of(losses, batch, total);
done:
    return st;
}

eid_status eid_net_step(eid_net *m, eid_optim *o, eid_ctx *ctx, const eid_examples *batch,
                        double lr, double *loss, double *losses, float *logits)
{
    eid_status st = EID_OK;
    net_pass p = pass_of(m, batch);
    double total;

    EID_TRY(check(m, batch, &total));
    EID_TRY(room_for_losses(m, ctx, p.n, &losses));
    p.back = p.wide = true;
    p.scale = total > 0 ? 1 / total : 0;
    p.losses = losses;
    p.logits = logits;
    p.optim = o;
    p.lr = (float)lr;
    net_step_begins(o);
    EID_TRY(net_run(ctx, &p));
    if (loss)
        *loss = mean_of(losses, batch, total);
done:
    return st;
}

eid_status eid_net_pullback(eid_net *m, eid_ctx *ctx, const float *x, int64_t n,
                            const float *dlogits, float *dx)
{
    eid_status st = EID_OK;
    net_pass p = {.m = m, .x = x, .n = n, .clip = -1, .dlogits = dlogits, .dx = dx};

    p.back = p.wide = true;
    p.input = dx != NULL;
    EID_TRY(net_gradients(m));
    if (dx) {
        EID_TRY(net_turned(m, false));
        EID_TRY(eid_net_changed(m, ctx));
    }
    EID_TRY(net_run(ctx, &p));
done:
    return st;
}

eid_status eid_net_norms(eid_net *m, eid_ctx *ctx, const eid_examples *batch, double *norm2,
                         double *losses, float *logits)
{
    eid_status st = EID_OK;
    net_pass p = pass_of(m, batch);
    double total;

    EID_TRY(check(m, batch, &total));
    EID_TRY(room_for_losses(m, ctx, p.n, &losses));
    p.back = p.own = p.norms = true;
    p.norm2 = norm2;
    p.losses = losses;
    p.logits = logits;
    EID_TRY(net_run(ctx, &p));
done:
    return st;
}

eid_status eid_net_clipped(eid_net *m, eid_ctx *ctx, const eid_examples *batch, double clip,
                           double *norm, double *loss)
{
    eid_status st = EID_OK;
    net_pass p = pass_of(m, batch);
    double total, *losses = NULL;

    if (!(clip >= 0))
        return eid_fail(EID_EINVAL, "gradients cannot be clipped to a norm of %g", clip);
    EID_TRY(check(m, batch, &total));
    EID_TRY(room_for_losses(m, ctx, p.n, &losses));
    EID_TRY(net_gradients(m));
    p.back = p.wide = p.own = true;
    p.norms = norm || isfinite(clip);
    p.clip = clip;
    p.norm = norm;
    p.losses = losses;
    EID_TRY(net_run(ctx, &p));
    if (loss)
        *loss = mean_of(losses, batch, total);
done:
    return st;
}

eid_status net_look(eid_net *m, eid_ctx *ctx, const eid_examples *batch,
                    void (*look)(const net_group *g, void *user), void *user)
{
    eid_status st = EID_OK;
    net_pass p = pass_of(m, batch);
    double total;

    EID_TRY(check(m, batch, &total));
    EID_TRY(room_for_losses(m, ctx, p.n, &p.losses));
    p.back = p.own = true;
    p.look = look;
    p.look_user = user;
    EID_TRY(net_run(ctx, &p));
done:
    return st;
}

/* ---- taps ------------------------------------------------------------------------------------ */

/* One layer's rows of one group; a convolution's example by example. */
static eid_status tap_layer(const net_group *g, const net_layer *l, float *rows, eid_tap_fn fn,
                            void *user)
{
    eid_status st = EID_OK;
    const eid_net *m = g->p->m;
    const eid_param *w = &m->param[l->weight];
    const net_map *in = &m->map[l->in], *out = &m->map[l->out];
    eid_tap t = {.weight = l->weight,
                 .bias = l->bias,
                 .first = g->first,
                 .n = g->n,
                 .positions = 1,
                 .inputs = w->rows,
                 .outputs = w->cols,
                 .input = net_act(g, l->in),
                 .gradient = net_delta(g, l->out),
                 .input_ld = w->rows,
                 .gradient_ld = w->cols};

    if (l->kind == NET_DENSE)
        return fn(user, &t);
    t.positions = out->h * out->w;
    t.input = rows;
    t.n = 1;
    for (int64_t i = 0; i < g->n; i++) {
        net_unfold(in, out, l, net_act(g, l->in) + i * in->n, 0, t.positions, rows);
        t.first = g->first + i;
        t.gradient = net_delta(g, l->out) + i * out->n;
        EID_TRY(fn(user, &t));
    }
done:
    return st;
}

static eid_status room_for_rows(const eid_net *m, float **rows)
{
    int64_t n = 0;
    for (size_t at = 0; at < m->layers; at++) {
        const net_layer *l = &m->layer[at];
        const net_map *out = &m->map[l->out];
        if (l->kind == NET_CONV && n < out->h * out->w * m->param[l->weight].rows)
            n = out->h * out->w * m->param[l->weight].rows;
    }
    return EID_NEW(*rows, n);
}

eid_status eid_net_taps(eid_net *m, eid_ctx *ctx, const eid_examples *batch, eid_tap_fn fn,
                        void *user)
{
    eid_status st = EID_OK;
    net_pass p = pass_of(m, batch);
    float *rows = NULL;
    double total;

    EID_TRY(check(m, batch, &total));
    EID_TRY(room_for_losses(m, ctx, p.n, &p.losses));
    EID_TRY(room_for_rows(m, &rows));
    p.back = p.own = true;
    p.group = m->convs ? NET_GROUP : EID_PANEL;
    p.groups = (p.n + p.group - 1) / p.group;
    for (int64_t k = 0; k < p.groups; k++) {
        sigset_t before;
        eid_signals_hold(&before);
        (void)net_group_task(&p, k, 0);
        eid_signals_release(&before);
        net_group g = {.p = &p, .w = &m->work->worker[0], .number = k, .first = k * p.group};
        g.n = p.n - g.first < p.group ? p.n - g.first : p.group;
        for (size_t at = 0; at < m->layers; at++)
            if (m->layer[at].kind == NET_DENSE || m->layer[at].kind == NET_CONV)
                EID_TRY(tap_layer(&g, &m->layer[at], rows, fn, user));
    }
done:
    eid_free(rows);
    return st;
}
