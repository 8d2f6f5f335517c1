/* net_work.c - memory for passes over a batch. */
#include "nn/net.h"
#include "base/memory.h"
#include <inttypes.h>

static void worker_free(net_worker *w)
{
    eid_free(w->act);
    eid_free(w->delta);
}

void net_work_free(net_work *w)
{
    if (!w)
        return;
    for (int t = 0; w->worker && t < w->threads; t++)
        worker_free(&w->worker[t]);
    eid_free(w->worker);
    eid_free(w->block);
    eid_free(w->act);
    eid_free(w->delta);
    eid_free(w->wide);
    eid_free(w->part);
    eid_free(w->norm2);
    eid_free(w->losses);
    eid_free(w);
}

/* The largest needs of any layer. */
typedef struct needs {
    int64_t unfold, small, pad, channels, stats;
} needs;

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static needs needs_of(const eid_net *m, int64_t group)
{
    needs n = {.small = NET_TILE + 16};
    for (size_t i = 0; i < m->layers; i++) {
        const net_layer *l = &m->layer[i];
        const net_map *out = &m->map[l->out];
        if (l->kind == NET_NORM) {
            n.channels = most(n.channels, out->c);
            n.stats += group * l->groups;
        }
        if (l->kind != NET_CONV && l->kind != NET_DENSE)
            continue;
        int64_t K = m->param[l->weight].rows, M = m->param[l->weight].cols;
        n.pad = most(n.pad, most(eid_product_pad(M, K), eid_product_pad(K, M)));
        n.small = most(n.small, 16 * M + 16);
        if (l->kind == NET_CONV) {
            int64_t T = out->h * out->w;
            n.unfold = most(n.unfold, net_panel(out) * K);
            n.small = most(n.small, K * M);
            if (net_ghost(m, l)) { /* the example's rows, transposed, and two Gram matrices */
                n.unfold = most(n.unfold, T * most(K, M));
                n.small = most(n.small, 2 * T * T);
                n.pad = most(n.pad, eid_product_pad(T, most(K, M)));
            }
        }
    }
    return n;
}

/* A worker's parts one after the other; called twice: to count floats (at NULL), then to set
 * pointers. */
static int64_t lay_out(const eid_net *m, int64_t group, net_worker *w, float *at)
{
    needs n = needs_of(m, group);
    int64_t used = 0;
#define PART(field, type, floats)         \
    do {                                  \
        if (at)                           \
            field = (type *)(at + used);  \
        used += eid_round_up(floats, 16); \
    } while (0)
    for (size_t i = 1; i < m->maps; i++) {
        PART(w->act[i], float, group * m->map[i].n);
        PART(w->delta[i], float, group * m->map[i].n);
    }
    PART(w->unfold, float, n.unfold);
    PART(w->spread, float, n.unfold);
    PART(w->small, float, n.small);
    PART(w->pad, float, n.pad);
    PART(w->sum, double, 2 * 8 * n.channels);
    PART(w->mean, float, n.stats);
    PART(w->rstd, float, n.stats);
#undef PART
    return used;
}

static eid_status too_much(const eid_net *m, eid_ctx *ctx, const char *what, int64_t floats)
{
    return eid_fail(EID_ENOMEM,
                    "model \"%.80s\": %s takes %" PRId64
                    " MiB, more than the memory bound of %" PRId64 " MiB allows",
                    m->model, what, floats >> 18, eid_ctx_memory(ctx) >> 20);
}

eid_status net_work_for(eid_net *m, eid_ctx *ctx, int64_t group)
{
    eid_status st = EID_OK;
    net_work *w = m->work;
    int threads = eid_ctx_threads(ctx);
    int64_t each, floats;

    if (w && w->threads >= threads && w->group >= group)
        return EID_OK;
    net_work_free(w);
    w = m->work = NULL;
    EID_TRY(EID_NEW(w, 1));
    EID_TRY(EID_NEW(w->worker, threads));
    w->threads = threads;
    w->group = group;
    for (int t = 0; t < threads; t++) {
        EID_TRY(EID_NEW(w->worker[t].act, m->maps));
        EID_TRY(EID_NEW(w->worker[t].delta, m->maps));
    }
    EID_TRY(EID_NEW(w->act, m->maps));
    EID_TRY(EID_NEW(w->delta, m->maps));
    each = lay_out(m, group, &w->worker[0], NULL);
    if (__builtin_mul_overflow(each, threads, &floats) || floats > eid_ctx_memory(ctx) / 8)
        EID_TRY(too_much(m, ctx, "a group of examples in every thread", floats));
    EID_TRY(EID_NEW(w->block, floats));
    for (int t = 0; t < threads; t++)
        lay_out(m, group, &w->worker[t], w->block + t * each);
    EID_TRY(EID_NEW(w->norm2, (int64_t)threads * group * (int64_t)m->params));
    m->work = w;
    w = NULL;
done:
    net_work_free(w);
    return st;
}

/* The deltas and, but for the batch itself, the inputs of dense layers. */
static int64_t lay_out_wide(eid_net *m, int64_t n, float *at)
{
    net_work *w = m->work;
    int64_t used = 0;

    for (size_t i = 0; i < m->layers; i++) {
        const net_layer *l = &m->layer[i];
        if (l->kind != NET_DENSE)
            continue;
        if (l->in != 0 && (!at || !w->act[l->in])) {
            if (at)
                w->act[l->in] = at + used;
            used += eid_round_up(n * m->map[l->in].n, 16);
        }
        if (at)
            w->delta[l->out] = at + used;
        used += eid_round_up(n * m->map[l->out].n, 16);
    }
    return used;
}

eid_status net_work_wide(eid_net *m, eid_ctx *ctx, int64_t n)
{
    eid_status st = EID_OK;
    net_work *w = m->work;
    int64_t groups = (n + NET_GROUP - 1) / NET_GROUP, floats, part;

    if (w->room < n) {
        for (size_t i = 0; i < m->maps; i++)
            w->act[i] = w->delta[i] = NULL;
        eid_free(w->wide);
        w->wide = NULL;
        w->room = 0;
        floats = lay_out_wide(m, n, NULL);
        if (floats > eid_ctx_memory(ctx) / 8)
            EID_TRY(too_much(m, ctx, "a batch", floats));
        EID_TRY(EID_NEW(w->wide, floats));
        lay_out_wide(m, n, w->wide);
        w->room = n;
    }
    if (m->convs && w->part_groups < groups) {
        eid_free(w->part);
        w->part = NULL;
        w->part_groups = 0;
        if (__builtin_mul_overflow(groups, m->part, &part) || part > eid_ctx_memory(ctx) / 8)
            EID_TRY(too_much(m, ctx, "a batch", part));
        EID_TRY(EID_NEW(w->part, part));
        w->part_groups = groups;
    }
done:
    return st;
}

int64_t net_stats_at(const eid_net *m, size_t layer, int64_t i, int64_t group)
{
    int64_t at = 0;
    for (size_t l = 0; l < layer; l++)
        at += m->layer[l].kind == NET_NORM ? group * m->layer[l].groups : 0;
    return at + i * m->layer[layer].groups;
}
