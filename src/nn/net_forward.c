/* net_forward.c - a group of examples through the layers. */
#include "nn/net.h"
#include <string.h>

void net_unfold_rows(const net_group *g, const net_layer *l, int64_t at, int64_t rows)
{
    const eid_net *m = g->p->m;
    const net_map *in = &m->map[l->in], *out = &m->map[l->out];
    int64_t T = out->h * out->w, K = m->param[l->weight].rows;
    const float *x = net_act(g, l->in);
    float *row = g->w->unfold;

    for (int64_t end = at + rows; at < end;) {
        int64_t i = at / T, first = at % T, n = T - first < end - at ? T - first : end - at;
        net_unfold(in, out, l, x + i * in->n, first, n, row);
        row += n * K;
        at += n;
    }
}

static void bias(const eid_net *m, const net_layer *l, float *y, int64_t rows)
{
    const eid_param *b = l->bias < 0 ? NULL : &m->param[l->bias];
    if (b)
        (l->relu ? eid_k()->bias_relu : eid_k()->add_bias)(y, b->cols, b->value, rows, b->cols);
}

static void dense(const net_group *g, const net_layer *l)
{
    const eid_net *m = g->p->m;
    const eid_param *w = &m->param[l->weight];
    float *y = net_act(g, l->out);

    eid_product(g->n, w->cols, w->rows, net_act(g, l->in), w->rows, w->value, w->cols, y, w->cols,
                g->w->pad);
    bias(m, l, y, g->n);
}

static void conv(const net_group *g, const net_layer *l)
{
    const eid_net *m = g->p->m;
    const eid_param *w = &m->param[l->weight];
    const net_map *out = &m->map[l->out];
    int64_t all = g->n * out->h * out->w;
    float *y = net_act(g, l->out);

    for (int64_t at = 0, rows; at < all; at += rows) {
        rows = net_panel_rows(out, g->n, at);
        net_unfold_rows(g, l, at, rows);
        eid_product(rows, w->cols, w->rows, g->w->unfold, w->rows, w->value, w->cols,
                    y + at * w->cols, w->cols, g->w->pad);
    }
    bias(m, l, y, all);
}

static void pool(const net_map *in, const net_map *out, int64_t k, const float *x, float *y)
{
    int64_t C = in->c;
    for (int64_t i = 0; i < out->h; i++)
        for (int64_t j = 0; j < out->w; j++, y += C) {
            const float *from = x + (i * k * in->w + j * k) * C;
            memcpy(y, from, (size_t)C * sizeof *y);
            for (int64_t a = 0; a < k; a++)
                for (int64_t b = 0; b < k; b++)
                    for (int64_t c = 0; c < C; c++) {
                        float v = from[(a * in->w + b) * C + c];
                        y[c] = v > y[c] ? v : y[c];
                    }
        }
}

static void mean(const net_map *in, const float *x, float *y)
{
    int64_t T = in->h * in->w;
    for (int64_t c = 0; c < in->c; c++) {
        double sum = 0;
        for (int64_t t = 0; t < T; t++)
            sum += x[t * in->c + c];
        y[c] = (float)(sum / (double)T);
    }
}

static void turn(const net_map *in, const float *x, float *y)
{
    int64_t T = in->h * in->w;
    for (int64_t c = 0; c < in->c; c++)
        for (int64_t t = 0; t < T; t++)
            y[t * in->c + c] = x[c * T + t];
}

static void sum(const float *a, const float *b, bool relu, int64_t n, float *y)
{
    for (int64_t i = 0; i < n; i++) {
        float v = a[i] + b[i];
        y[i] = relu && !(v > 0) ? 0 : v;
    }
}

/* Layers that take examples one by one. */
static void each(const net_group *g, size_t at, const net_layer *l, int64_t i)
{
    const eid_net *m = g->p->m;
    const net_map *in = &m->map[l->in], *out = &m->map[l->out];
    const float *x = net_act(g, l->in) + i * in->n;
    float *y = net_act(g, l->out) + i * out->n;
    int64_t stats;

    switch (l->kind) {
    case NET_NORM:
        stats = net_stats_at(m, at, i, m->work->group);
        net_norm(out, l->groups, x, m->param[l->weight].value, m->param[l->bias].value, l->relu, y,
                 g->w->mean + stats, g->w->rstd + stats, g->w->sum);
        break;
    case NET_POOL:
        pool(in, out, l->window, x, y);
        break;
    case NET_MEAN:
        mean(in, x, y);
        break;
    case NET_TURN:
        turn(in, x, y);
        break;
    case NET_ADD:
        sum(x, net_act(g, l->skip) + i * in->n, l->relu, out->n, y);
        break;
    case NET_CONV:
    case NET_DENSE:
        break;
    }
}

void net_forward(const net_group *g)
{
    const eid_net *m = g->p->m;
    for (size_t at = 0; at < m->layers; at++) {
        const net_layer *l = &m->layer[at];
        if (l->kind == NET_DENSE)
            dense(g, l);
        else if (l->kind == NET_CONV)
            conv(g, l);
        else
            for (int64_t i = 0; i < g->n; i++)
                each(g, at, l, i);
    }
}
