/* net.c - a classifier's parameters: their names, first values, and copies for the products. */
#include "nn/net.h"
#include "base/memory.h"
#include "eidetic/rng.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static eid_status check_shape(const eid_net_shape *s)
{
    int64_t n;
    if (s->channels < 1 || s->height < 1 || s->width < 1 ||
        __builtin_mul_overflow(s->channels, s->height, &n) ||
        __builtin_mul_overflow(n, s->width, &n) || n > INT32_MAX)
        return eid_fail(EID_EINVAL,
                        "a network of %" PRId64 " x %" PRId64 " x %" PRId64
                        " inputs makes no sense",
                        s->channels, s->height, s->width);
    if (s->classes < 2 || s->classes > 1 << 20)
        return eid_fail(EID_EINVAL, "a classifier has 2 to 1048576 classes, not %" PRId64,
                        s->classes);
    return EID_OK;
}

static void name_params(eid_net *m)
{
    for (size_t l = 0; l < m->layers; l++) {
        const net_layer *y = &m->layer[l];
        const int at[2] = {y->weight, y->bias};
        for (int i = 0; i < 2; i++)
            if (at[i] >= 0) {
                char *name = m->names + at[i] * NET_NAME;
                snprintf(name, NET_NAME, "%d.%s", (int)l,
                         i                     ? "bias"
                         : y->kind == NET_NORM ? "gain"
                                               : "weight");
                m->param[at[i]].name = name;
            }
    }
}

static eid_status add_piece(eid_net *m, net_piece p)
{
    eid_status st = EID_GROW(m->piece, &m->pieces_cap, m->pieces + 1);
    if (st == EID_OK)
        m->piece[m->pieces++] = p;
    return st;
}

/* Rows of a dense layer's tiles: alike, multiples of 16 but for the last. */
static int64_t tile_rows(const eid_param *p)
{
    int64_t most = NET_TILE / p->cols, tiles;
    most = most < EID_PANEL ? most : EID_PANEL;
    most = most < 16 ? 16 : most;
    tiles = (p->rows + most - 1) / most;
    return eid_round_up((p->rows + tiles - 1) / tiles, 16);
}

static eid_status cut(eid_net *m, size_t l)
{
    eid_status st = EID_OK;
    const net_layer *y = &m->layer[l];
    const int param[2] = {y->weight, y->bias};

    for (int i = 0; i < 2; i++) {
        if (param[i] < 0)
            continue;
        const eid_param *p = &m->param[param[i]];
        int64_t n = p->rows * p->cols;
        net_piece piece = {.layer = (int)l, .param = param[i]};
        if (y->kind == NET_DENSE && i == 0) {
            int64_t rows = tile_rows(p);
            for (int64_t r = 0; r < p->rows; r += rows) {
                piece.row = r;
                piece.rows = p->rows - r < rows ? p->rows - r : rows;
                piece.at = r * p->cols;
                piece.n = piece.rows * p->cols;
                EID_TRY(add_piece(m, piece));
            }
            continue;
        }
        if (y->kind != NET_DENSE) {
            m->part_at[param[i]] = m->part;
            m->part += eid_round_up(n, 16);
        }
        int64_t chunk = NET_CHUNK; /* whole rows, so that each task turns rows of its own */
        if (p->ndim == 2)
            chunk = p->cols < NET_CHUNK ? NET_CHUNK / p->cols * p->cols : p->cols;
        for (int64_t at = 0; at < n; at += chunk) {
            piece.at = at;
            piece.n = n - at < chunk ? n - at : chunk;
            EID_TRY(add_piece(m, piece));
        }
    }
done:
    return st;
}

/* Values, and room for transposed copies of the weights that deltas pass through. */
static eid_status lay_out(eid_net *m)
{
    eid_status st = EID_OK;
    int64_t at = 0;

    EID_TRY(EID_NEW(m->values, m->floats));
    EID_TRY(EID_NEW(m->turned, m->params));
    EID_TRY(EID_NEW(m->part_at, m->params));
    for (size_t p = 0; p < m->params; p++) {
        m->param[p].value = m->values + at;
        at += m->param[p].rows * m->param[p].cols;
        m->part_at[p] = -1;
    }
    for (size_t l = 0; l < m->layers; l++)
        EID_TRY(cut(m, l));
    EID_TRY(net_turned(m, true));
done:
    return st;
}

/* Layers that deltas pass through always (`back`), or only on their way to the input. */
eid_status net_turned(eid_net *m, bool back)
{
    eid_status st = EID_OK;
    int64_t floats = 0;
    float **block = back ? &m->turned_block : &m->turned_input;

    for (int pass = 0; !*block && pass < 2; pass++) {
        if (pass)
            EID_TRY(EID_NEW(*block, floats));
        floats = 0;
        for (size_t l = 0; l < m->layers; l++) {
            const net_layer *y = &m->layer[l];
            if ((y->kind != NET_DENSE && y->kind != NET_CONV) || y->back != back)
                continue;
            if (pass)
                m->turned[y->weight] = *block + floats;
            floats += eid_round_up(m->param[y->weight].rows * m->param[y->weight].cols, 16);
        }
    }
done:
    return st;
}

eid_status eid_net_new(eid_net **out, eid_ctx *ctx, const char *model, const eid_net_shape *shape,
                       uint64_t seed)
{
    eid_status st = EID_OK;
    eid_net *m = NULL;

    EID_TRY(check_shape(shape));
    EID_TRY(EID_NEW(m, 1));
    m->shape = *shape;
    EID_TRY(eid_strdup(&m->model, model));
    EID_TRY(net_describe(m, model));
    if (m->floats > eid_ctx_memory(ctx) / 16)
        EID_TRY(eid_fail(EID_ENOMEM,
                         "model \"%.80s\": %" PRId64 " parameters and what training them takes "
                         "exceed the memory bound of %" PRId64 " MiB",
                         model, m->floats, eid_ctx_memory(ctx) >> 20));
    EID_TRY(EID_NEW(m->names, m->params * NET_NAME));
    name_params(m);
    EID_TRY(lay_out(m));
    EID_TRY(eid_net_reset(m, ctx, seed));
    *out = m;
    m = NULL;
done:
    eid_net_free(m);
    return st;
}

void eid_net_free(eid_net *m)
{
    if (!m)
        return;
    net_work_free(m->work);
    eid_free(m->model);
    eid_free(m->layer);
    eid_free(m->map);
    eid_free(m->param);
    eid_free(m->names);
    eid_free(m->values);
    eid_free(m->gradients);
    eid_free(m->turned);
    eid_free(m->turned_block);
    eid_free(m->turned_input);
    eid_free(m->piece);
    eid_free(m->part_at);
    eid_free(m);
}

/* Each parameter has a stream of its own. */
eid_status eid_net_reset(eid_net *m, eid_ctx *ctx, uint64_t seed)
{
    for (size_t l = 0; l < m->layers; l++) {
        const net_layer *y = &m->layer[l];
        for (int i = 0; i < 2; i++) {
            int at = i ? y->bias : y->weight;
            if (at < 0)
                continue;
            eid_param *p = &m->param[at];
            eid_rng rng = eid_rng_stream(seed, (uint64_t)at);
            double std = i || y->kind == NET_NORM
                             ? 0
                             : sqrt((l + 1 == m->layers ? 1.0 : 2.0) / (double)p->rows);
            for (int64_t k = 0; k < p->rows * p->cols; k++)
                p->value[k] = std > 0 ? (float)(std * eid_rng_normal(&rng))
                                      : (float)(!i && y->kind == NET_NORM);
        }
    }
    return eid_net_changed(m, ctx);
}

const char *eid_net_model(const eid_net *m)
{
    return m->model;
}
const eid_net_shape *eid_net_shape_of(const eid_net *m)
{
    return &m->shape;
}
int64_t eid_net_parameters(const eid_net *m)
{
    return m->floats;
}
size_t eid_net_params(eid_net *m, eid_param **params)
{
    *params = m->param;
    return m->params;
}

void net_turn(const eid_net *m, const net_piece *p)
{
    const eid_param *w = &m->param[p->param];
    float *t = m->turned[p->param];

    if (t)
        eid_k()->transpose(t + p->at / w->cols, w->rows, w->value + p->at, w->cols, p->n / w->cols,
                           w->cols);
}

static eid_status turn(void *arg, int64_t task, int worker)
{
    const eid_net *m = arg;
    (void)worker;
    net_turn(m, &m->piece[task]);
    return EID_OK;
}

eid_status eid_net_changed(eid_net *m, eid_ctx *ctx)
{
    return net_for(ctx, (int64_t)m->pieces, turn, m);
}
