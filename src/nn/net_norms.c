/* net_norms.c - squared norms of the gradients of single examples, and a group's sums of them.
 *
 * A dense layer's gradient is the outer product a d^T, of norm |a| |d|.  A convolution's is A^T D
 * over T positions: either it is formed for one example, or its norm is taken from the two T x T
 * Gram matrices, sum_ts (a_t . a_s)(d_t . d_s) (Li et al. 2022). */
#include "nn/net.h"
#include <string.h>

static double explicit_norm(const net_group *g, const net_layer *l, int64_t i, const float *dy)
{
    const eid_param *w = &g->p->m->param[l->weight];
    const net_map *out = &g->p->m->map[l->out];
    int64_t T = out->h * out->w;

    for (int64_t at = 0; at < T;) {
        int64_t rows = T - at < NET_PANEL ? T - at : NET_PANEL;
        net_unfold_rows(g, l, i * T + at, rows);
        eid_product_t(w->rows, w->cols, rows, g->w->unfold, w->rows, dy + at * w->cols, w->cols,
                      at > 0, g->w->small, w->cols);
        at += rows;
    }
    return eid_k()->sumsq(g->w->small, w->rows * w->cols);
}

/* gram (T x T) = x x^T. */
static void gram_of(const net_group *g, const float *x, int64_t T, int64_t n, float *gram)
{
    eid_k()->transpose(g->w->spread, T, x, n, T, n);
    eid_product(T, T, n, x, n, g->w->spread, T, gram, T, g->w->pad);
}

static double ghost_norm(const net_group *g, const net_layer *l, int64_t i, const float *dy)
{
    const eid_param *w = &g->p->m->param[l->weight];
    const net_map *out = &g->p->m->map[l->out];
    int64_t T = out->h * out->w;
    float *seen = g->w->small, *back = seen + T * T;
    double sum = 0;

    net_unfold_rows(g, l, i * T, T);
    gram_of(g, g->w->unfold, T, w->rows, seen);
    gram_of(g, dy, T, w->cols, back);
    for (int64_t t = 0; t < T * T; t++)
        sum += (double)seen[t] * back[t];
    return sum > 0 ? sum : 0;
}

static void conv(const net_group *g, const net_layer *l, int64_t i, const float *dy, double *norm2)
{
    const eid_net *m = g->p->m;
    const net_map *out = &m->map[l->out];

    norm2[l->weight] = net_ghost(m, l) ? ghost_norm(g, l, i, dy) : explicit_norm(g, l, i, dy);
    if (l->bias < 0)
        return;
    eid_k()->colsum(g->w->small, dy, out->c, out->h * out->w, out->c);
    norm2[l->bias] = eid_k()->sumsq(g->w->small, out->c);
}

static void norm(const net_group *g, size_t at, const net_layer *l, int64_t i, const float *dy,
                 double *norm2)
{
    const eid_net *m = g->p->m;
    const net_map *map = &m->map[l->in];
    int64_t stats = net_stats_at(m, at, i, m->work->group);
    double *dgain = g->w->sum + 4 * map->c, *dbias = dgain + map->c, gain = 0, bias = 0;

    net_norm_back(map, l->groups, net_act(g, l->in) + i * map->n, dy, m->param[l->weight].value,
                  g->w->mean + stats, g->w->rstd + stats, NULL, dgain, dbias, g->w->sum);
    for (int64_t c = 0; c < map->c; c++) {
        gain += dgain[c] * dgain[c];
        bias += dbias[c] * dbias[c];
    }
    norm2[l->weight] = gain;
    norm2[l->bias] = bias;
}

void net_norms_of(const net_group *g, int64_t i, double *norm2)
{
    const eid_net *m = g->p->m;
    for (size_t at = 0; at < m->layers; at++) {
        const net_layer *l = &m->layer[at];
        if (l->weight < 0)
            continue;
        const float *dy = net_delta(g, l->out) + i * m->map[l->out].n;
        int64_t K = m->map[l->in].n;
        if (l->kind == NET_DENSE) {
            norm2[l->bias] = eid_k()->sumsq(dy, m->map[l->out].n);
            norm2[l->weight] = norm2[l->bias] * eid_k()->sumsq(net_act(g, l->in) + i * K, K);
        } else if (l->kind == NET_CONV) {
            conv(g, l, i, dy, norm2);
        } else {
            norm(g, at, l, i, dy, norm2);
        }
    }
}

/* ---- a group's part of the gradients
 * -------------------------------------------------------------- */

static void conv_part(const net_group *g, const net_layer *l, float *part)
{
    const eid_net *m = g->p->m;
    const eid_param *w = &m->param[l->weight];
    const net_map *out = &m->map[l->out];
    const float *dy = net_delta(g, l->out);
    int64_t all = g->n * out->h * out->w;

    for (int64_t at = 0, rows; at < all; at += rows) {
        rows = net_panel_rows(out, g->n, at);
        net_unfold_rows(g, l, at, rows);
        eid_product_t(w->rows, w->cols, rows, g->w->unfold, w->rows, dy + at * w->cols, w->cols,
                      at > 0, part + m->part_at[l->weight], w->cols);
    }
    if (l->bias >= 0)
        eid_k()->colsum(part + m->part_at[l->bias], dy, out->c, all, out->c);
}

static void norm_part(const net_group *g, size_t at, const net_layer *l, float *part)
{
    const eid_net *m = g->p->m;
    const net_map *map = &m->map[l->in];
    double *dgain = g->w->sum + 4 * map->c, *dbias = dgain + map->c;
    float *gain = part + m->part_at[l->weight], *bias = part + m->part_at[l->bias];

    for (int64_t i = 0; i < g->n; i++) {
        int64_t stats = net_stats_at(m, at, i, m->work->group);
        net_norm_back(map, l->groups, net_act(g, l->in) + i * map->n,
                      net_delta(g, l->out) + i * map->n, m->param[l->weight].value,
                      g->w->mean + stats, g->w->rstd + stats, NULL, dgain, dbias, g->w->sum);
        for (int64_t c = 0; c < map->c; c++) {
            gain[c] = (float)(dgain[c] + (i ? gain[c] : 0));
            bias[c] = (float)(dbias[c] + (i ? bias[c] : 0));
        }
    }
}

void net_part(const net_group *g)
{
    const eid_net *m = g->p->m;
    float *part = m->work->part + g->number * m->part;
    for (size_t at = 0; at < m->layers; at++) {
        const net_layer *l = &m->layer[at];
        if (l->kind == NET_CONV)
            conv_part(g, l, part);
        else if (l->kind == NET_NORM)
            norm_part(g, at, l, part);
    }
}
