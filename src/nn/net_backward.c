/* net_backward.c - deltas of a group of examples, from the logits' down. */
#include "nn/net.h"
#include <string.h>

static void dense(const net_group *g, const net_layer *l, const float *dy, float *dx)
{
    const eid_param *w = &g->p->m->param[l->weight];
    eid_product(g->n, w->rows, w->cols, dy, w->cols, g->p->m->turned[l->weight], w->rows, dx,
                w->rows, g->w->pad);
}

static void conv(const net_group *g, const net_layer *l, const float *dy, float *dx)
{
    const eid_net *m = g->p->m;
    const eid_param *w = &m->param[l->weight];
    const net_map *in = &m->map[l->in], *out = &m->map[l->out];
    int64_t T = out->h * out->w, all = g->n * T;

    if (l->fresh)
        memset(dx, 0, (size_t)(g->n * in->n) * sizeof *dx);
    for (int64_t at = 0, rows; at < all; at += rows) {
        rows = net_panel_rows(out, g->n, at);
        eid_product(rows, w->rows, w->cols, dy + at * w->cols, w->cols, m->turned[l->weight],
                    w->rows, g->w->spread, w->rows, g->w->pad);
        const float *row = g->w->spread;
        for (int64_t t = at; t < at + rows;) {
            int64_t first = t % T, left = at + rows - t, n = T - first < left ? T - first : left;
            net_fold(in, out, l, row, first, n, dx + t / T * in->n);
            row += n * w->rows;
            t += n;
        }
    }
}

/* The first of equal maxima gets the delta. */
static void pool(const net_map *in, const net_map *out, int64_t k, const float *x, const float *y,
                 const float *dy, float *dx)
{
    int64_t C = in->c;
    memset(dx, 0, (size_t)in->n * sizeof *dx);
    for (int64_t i = 0; i < out->h; i++)
        for (int64_t j = 0; j < out->w; j++, y += C, dy += C) {
            int64_t corner = (i * k * in->w + j * k) * C;
            for (int64_t c = 0; c < C; c++)
                for (int64_t t = 0; t < k * k; t++) {
                    int64_t at = corner + (t / k * in->w + t % k) * C + c;
                    if (x[at] == y[c]) {
                        dx[at] = dy[c];
                        break;
                    }
                }
        }
}

static void mean(const net_map *in, const float *dy, float *dx)
{
    int64_t T = in->h * in->w;
    for (int64_t t = 0; t < T; t++)
        for (int64_t c = 0; c < in->c; c++)
            dx[t * in->c + c] = dy[c] / (float)T;
}

static void turn(const net_map *in, const float *dy, float *dx)
{
    int64_t T = in->h * in->w;
    for (int64_t c = 0; c < in->c; c++)
        for (int64_t t = 0; t < T; t++)
            dx[c * T + t] = dy[t * in->c + c];
}

/* Layers that take examples one by one. */
static void each(const net_group *g, size_t at, const net_layer *l, int64_t i)
{
    const eid_net *m = g->p->m;
    const net_map *in = &m->map[l->in], *out = &m->map[l->out];
    const float *x = net_act(g, l->in) + i * in->n, *dy = net_delta(g, l->out) + i * out->n;
    float *dx = net_delta(g, l->in) + i * in->n;
    int64_t stats;

    switch (l->kind) {
    case NET_NORM:
        stats = net_stats_at(m, at, i, m->work->group);
        net_norm_back(in, l->groups, x, dy, m->param[l->weight].value, g->w->mean + stats,
                      g->w->rstd + stats, dx, NULL, NULL, g->w->sum);
        break;
    case NET_POOL:
        pool(in, out, l->window, x, net_act(g, l->out) + i * out->n, dy, dx);
        break;
    case NET_MEAN:
        mean(in, dy, dx);
        break;
    case NET_TURN:
        turn(in, dy, dx);
        break;
    case NET_CONV:
    case NET_DENSE:
    case NET_ADD:
        break;
    }
}

static void back(const net_group *g, size_t at, const net_layer *l)
{
    const net_map *in = &g->p->m->map[l->in];
    const float *dy = net_delta(g, l->out);
    float *dx = net_delta(g, l->in);

    if (l->kind == NET_ADD) { /* what else reads these two stands below, and adds its own */
        float *both[2] = {dx, net_delta(g, l->skip)};
        for (int i = 0; i < 2; i++)
            if (both[i])
                memcpy(both[i], dy, (size_t)(g->n * in->n) * sizeof *dy);
    } else if (!dx) {
        return;
    } else if (l->kind == NET_DENSE) {
        dense(g, l, dy, dx);
    } else if (l->kind == NET_CONV) {
        conv(g, l, dy, dx);
    } else {
        for (int64_t i = 0; i < g->n; i++)
            each(g, at, l, i);
    }
}

void net_backward(const net_group *g)
{
    const eid_net *m = g->p->m;
    for (size_t at = m->layers; at-- > 0;) {
        const net_layer *l = &m->layer[at];
        if (l->relu)
            eid_k()->relu_back(net_delta(g, l->out), net_act(g, l->out), g->n * m->map[l->out].n);
        if (l->back || g->p->input)
            back(g, at, l);
    }
}
