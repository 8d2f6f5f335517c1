/* net_grads.c - gradients of single examples, kept as what they are made of, and their inner
 * products.
 *
 * The gradient of a layer is sum_t a_t d_t^T over its T positions (1 for a dense layer), with its
 * bias's sum_t d_t.  So with a 1 behind every a_t
 *
 *     g_i . g_j = sum_ts (a_it . a_js) (d_it . d_js)
 *
 * and two products of factors take the place of one of gradients.  Where a convolution's gradient
 * is smaller than that costs, T^2 (K + M) > K M, it is formed: these, and the gradients of gains,
 * stand behind each other in one flat row per example.
 *
 * A product's columns are always as many, zeros behind the last example: so a pair's bits depend
 * on its two examples alone. */
#include "base/memory.h"
#include "nn/net.h"
#include <inttypes.h>
#include <string.h>

enum { TILE = 128 }; /* examples of either side that a task takes */

/* One layer's factors: n * positions rows of either. */
typedef struct factor {
    int layer;
    int64_t positions, inputs, outputs; /* inputs: with the bias's 1 */
    int64_t a_ld, d_ld;
    float *a, *d;
} factor;

struct eid_net_grads {
    eid_net *m;
    int64_t n, room;
    factor *factor;
    size_t factors;
    int64_t flat, flat_ld; /* floats of an example's flat row */
    float *flats, *block;
    int64_t *flat_at; /* per layer: where in the flat row; -1: not there */
};

/* ---- what is kept ---------------------------------------------------------------------------- */

static bool keeps_factors(const eid_net *m, const net_layer *l)
{
    const net_map *out = &m->map[l->out];
    double T = (double)(out->h * out->w), K, M;

    if (l->kind != NET_CONV)
        return l->kind == NET_DENSE;
    K = (double)m->param[l->weight].rows;
    M = (double)m->param[l->weight].cols;
    return T * T * (K + M) < K * M;
}

static int64_t numbers_of(const eid_net *m, int param)
{
    return param < 0 ? 0 : m->param[param].rows * m->param[param].cols;
}

/* Shapes; floats of one example. */
static int64_t plan(const eid_net *m, eid_net_grads *g)
{
    int64_t floats = 0;

    for (size_t at = 0; at < m->layers; at++) {
        const net_layer *l = &m->layer[at];
        if (g->flat_at)
            g->flat_at[at] = -1;
        if (l->weight < 0)
            continue;
        if (!keeps_factors(m, l)) {
            if (g->flat_at)
                g->flat_at[at] = g->flat;
            g->flat += numbers_of(m, l->weight) + numbers_of(m, l->bias);
            continue;
        }
        const eid_param *w = &m->param[l->weight];
        const net_map *out = &m->map[l->out];
        factor f = {.layer = (int)at,
                    .positions = l->kind == NET_CONV ? out->h * out->w : 1,
                    .inputs = w->rows + (l->bias >= 0),
                    .outputs = w->cols};
        f.a_ld = eid_ld(f.inputs);
        f.d_ld = eid_ld(f.outputs);
        floats += f.positions * (f.a_ld + f.d_ld);
        if (g->factor)
            g->factor[g->factors] = f;
        g->factors++;
    }
    g->flat_ld = g->flat ? eid_ld(g->flat) : 0;
    return floats + g->flat_ld;
}

int64_t eid_net_grads_bytes(const eid_net *m)
{
    eid_net_grads g = {0};
    return plan(m, &g) * (int64_t)sizeof(float);
}

eid_status eid_net_grads_new(eid_net_grads **out, eid_net *m, eid_ctx *ctx, int64_t room)
{
    eid_status st = EID_OK;
    eid_net_grads *g = NULL;
    int64_t floats = 0, bytes = 0;

    EID_TRY(EID_NEW(g, 1));
    EID_TRY(EID_NEW(g->factor, m->layers));
    EID_TRY(EID_NEW(g->flat_at, m->layers));
    g->m = m;
    g->room = room;
    if (room < 1 || __builtin_mul_overflow(plan(m, g), room, &floats) ||
        __builtin_mul_overflow(floats, (int64_t)sizeof(float), &bytes) ||
        bytes > eid_ctx_memory(ctx) / 2)
        EID_TRY(eid_fail(EID_ENOMEM,
                         "the gradients of %" PRId64 " examples exceed the memory bound of %" PRId64
                         " MiB",
                         room, eid_ctx_memory(ctx) >> 20));
    EID_TRY(EID_NEW(g->block, floats));
    float *at = g->block;
    for (size_t k = 0; k < g->factors; k++) {
        factor *f = &g->factor[k];
        f->a = at;
        f->d = f->a + room * f->positions * f->a_ld;
        at = f->d + room * f->positions * f->d_ld;
    }
    g->flats = at;
    *out = g;
    g = NULL;
done:
    eid_net_grads_free(g);
    return st;
}

void eid_net_grads_free(eid_net_grads *g)
{
    if (!g)
        return;
    eid_free(g->factor);
    eid_free(g->flat_at);
    eid_free(g->block);
    eid_free(g);
}

/* ---- taking them ----------------------------------------------------------------------------- */

static void take_factor(const net_group *g, const factor *f)
{
    const eid_net *m = g->p->m;
    const net_layer *l = &m->layer[f->layer];
    const net_map *in = &m->map[l->in], *out = &m->map[l->out];
    int64_t T = f->positions, K = m->param[l->weight].rows, M = f->outputs;

    for (int64_t i = 0; i < g->n; i++) {
        float *a = f->a + (g->first + i) * T * f->a_ld, *d = f->d + (g->first + i) * T * f->d_ld;
        const float *x = net_act(g, l->in) + i * in->n, *dy = net_delta(g, l->out) + i * out->n;
        for (int64_t t = 0; t < T; t++, a += f->a_ld, d += f->d_ld) {
            if (l->kind == NET_CONV)
                net_unfold(in, out, l, x, t, 1, a);
            else
                memcpy(a, x, (size_t)K * sizeof *a);
            if (f->inputs > K)
                a[K] = 1;
            memcpy(d, dy + t * M, (size_t)M * sizeof *d);
        }
    }
}

/* sum_t a_t d_t^T, then sum_t d_t. */
static void take_conv(const net_group *g, const net_layer *l, int64_t i, float *row)
{
    const eid_net *m = g->p->m;
    const eid_param *w = &m->param[l->weight];
    const net_map *out = &m->map[l->out];
    const float *dy = net_delta(g, l->out) + i * out->n;
    int64_t T = out->h * out->w;

    for (int64_t at = 0, rows; at < T; at += rows) {
        rows = T - at < NET_PANEL ? T - at : NET_PANEL;
        net_unfold_rows(g, l, i * T + at, rows);
        eid_product_t(w->rows, w->cols, rows, g->w->unfold, w->rows, dy + at * w->cols, w->cols,
                      at > 0, row, w->cols);
    }
    if (l->bias >= 0)
        eid_k()->colsum(row + w->rows * w->cols, dy, out->c, T, out->c);
}

static void take_norm(const net_group *g, size_t at, const net_layer *l, int64_t i, float *row)
{
    const eid_net *m = g->p->m;
    const net_map *map = &m->map[l->in];
    int64_t stats = net_stats_at(m, at, i, m->work->group);
    double *dgain = g->w->sum + 4 * map->c, *dbias = dgain + map->c;

    net_norm_back(map, l->groups, net_act(g, l->in) + i * map->n, net_delta(g, l->out) + i * map->n,
                  m->param[l->weight].value, g->w->mean + stats, g->w->rstd + stats, NULL, dgain,
                  dbias, g->w->sum);
    for (int64_t c = 0; c < map->c; c++) {
        row[c] = (float)dgain[c];
        row[map->c + c] = (float)dbias[c];
    }
}

static void take_group(const net_group *g, void *user)
{
    const eid_net_grads *to = user;
    const eid_net *m = to->m;

    for (size_t k = 0; k < to->factors; k++)
        take_factor(g, &to->factor[k]);
    for (size_t at = 0; at < m->layers; at++)
        for (int64_t i = 0; to->flat_at[at] >= 0 && i < g->n; i++) {
            float *row = to->flats + (g->first + i) * to->flat_ld + to->flat_at[at];
            if (m->layer[at].kind == NET_CONV)
                take_conv(g, &m->layer[at], i, row);
            else
                take_norm(g, at, &m->layer[at], i, row);
        }
}

eid_status eid_net_grads_take(eid_net_grads *g, eid_ctx *ctx, const eid_examples *batch)
{
    if (batch->n > g->room)
        return eid_fail(EID_EINVAL, "gradients of %" PRId64 " examples, with room for %" PRId64,
                        batch->n, g->room);
    eid_status st = net_look(g->m, ctx, batch, take_group, g);
    if (st == EID_OK)
        g->n = batch->n;
    return st;
}

/* ---- products -------------------------------------------------------------------------------- */

typedef struct products {
    const eid_net_grads *a, *b;
    double scale, *out;
    int64_t ld, wide; /* wide: tiles of b */
    float *scratch;   /* of each worker */
    int64_t each, turned, gram;
} products;

/* gram (rows x cols) = x y^T over k numbers; y has `there` rows, the others are zeros. */
static void gram_of(const float *x, int64_t rows, int64_t ldx, const float *y, int64_t there,
                    int64_t cols, int64_t ldy, int64_t k, float *turned, float *gram, float *pad)
{
    if (there < cols)
        memset(turned, 0, (size_t)(k * cols) * sizeof *turned);
    eid_k()->transpose(turned, cols, y, ldy, there, k);
    eid_product(rows, cols, k, x, ldx, turned, cols, gram, cols, pad);
}

/* Examples that go into one Gram matrix. */
static int64_t examples_of(int64_t positions)
{
    return positions < TILE ? TILE / positions : 1;
}

static void add_factor(const products *p, const factor *a, const factor *b, int64_t i, int64_t ni,
                       int64_t j, int64_t nj, float *scratch)
{
    int64_t T = a->positions, most = examples_of(T), cols = most * T;
    float *turned = scratch, *seen = turned + p->turned, *back = seen + p->gram,
          *pad = back + p->gram;

    gram_of(a->a + i * T * a->a_ld, ni * T, a->a_ld, b->a + j * T * b->a_ld, nj * T, cols, b->a_ld,
            a->inputs, turned, seen, pad);
    gram_of(a->d + i * T * a->d_ld, ni * T, a->d_ld, b->d + j * T * b->d_ld, nj * T, cols, b->d_ld,
            a->outputs, turned, back, pad);
    for (int64_t r = 0; r < ni; r++)
        for (int64_t c = 0; c < nj; c++) {
            double sum = 0;
            for (int64_t t = 0; t < T; t++)
                for (int64_t s = 0; s < T; s++) {
                    int64_t at = (r * T + t) * cols + c * T + s;
                    sum += (double)seen[at] * (double)back[at];
                }
            p->out[(i + r) * p->ld + j + c] += p->scale * sum;
        }
}

static void add_flat(const products *p, int64_t i, int64_t ni, int64_t j, int64_t nj,
                     float *scratch)
{
    const eid_net_grads *a = p->a, *b = p->b;
    float *turned = scratch, *gram = turned + p->turned, *pad = gram + 2 * p->gram;

    gram_of(a->flats + i * a->flat_ld, ni, a->flat_ld, b->flats + j * b->flat_ld, nj, TILE,
            b->flat_ld, a->flat, turned, gram, pad);
    for (int64_t r = 0; r < ni; r++)
        for (int64_t c = 0; c < nj; c++)
            p->out[(i + r) * p->ld + j + c] += p->scale * (double)gram[r * TILE + c];
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static eid_status one_tile(void *arg, int64_t task, int worker)
{
    const products *p = arg;
    int64_t i0 = task / p->wide * TILE, j0 = task % p->wide * TILE;
    int64_t i1 = least(i0 + TILE, p->a->n), j1 = least(j0 + TILE, p->b->n);
    float *scratch = p->scratch + worker * p->each;

    for (size_t k = 0; k < p->a->factors; k++) {
        int64_t most = examples_of(p->a->factor[k].positions);
        for (int64_t i = i0; i < i1; i += most)
            for (int64_t j = j0; j < j1; j += most)
                add_factor(p, &p->a->factor[k], &p->b->factor[k], i, least(most, i1 - i), j,
                           least(most, j1 - j), scratch);
    }
    if (p->a->flat)
        add_flat(p, i0, i1 - i0, j0, j1 - j0, scratch);
    return EID_OK;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void needs(products *p)
{
    const eid_net_grads *g = p->a;
    int64_t pad = 0;

    for (size_t k = 0; k < g->factors; k++) {
        const factor *f = &g->factor[k];
        int64_t cols = examples_of(f->positions) * f->positions, n = most(f->inputs, f->outputs);
        p->turned = most(p->turned, cols * n);
        p->gram = most(p->gram, cols * cols);
        pad = most(pad, eid_product_pad(cols, n));
    }
    if (g->flat) {
        p->turned = most(p->turned, TILE * g->flat);
        p->gram = most(p->gram, TILE * TILE);
        pad = most(pad, eid_product_pad(TILE, g->flat));
    }
    p->turned = eid_round_up(p->turned, 16);
    p->gram = eid_round_up(p->gram, 16);
    p->each = p->turned + 2 * p->gram + eid_round_up(pad, 16);
}

eid_status eid_net_grads_products(eid_ctx *ctx, const eid_net_grads *a, const eid_net_grads *b,
                                  double scale, double *out, int64_t ld)
{
    eid_status st = EID_OK;
    products p = {.a = a, .b = b, .scale = scale, .out = out, .ld = ld};

    if (a->m != b->m)
        return eid_fail(EID_EINVAL, "gradients of two networks have no inner product");
    p.wide = (b->n + TILE - 1) / TILE;
    needs(&p);
    EID_TRY(EID_NEW(p.scratch, p.each * eid_ctx_threads(ctx)));
    EID_TRY(net_for(ctx, (a->n + TILE - 1) / TILE * p.wide, one_tile, &p));
done:
    eid_free(p.scratch);
    return st;
}
