/* backward.c - gradients of a layer: of its activations per group, of its weights per tile. */
#include "nn/work.h"
#include "par/par.h"
#include <math.h>
#include <string.h>

typedef struct job {
    eid_gpt *m;
    eid_train_work *w;
    const eid_batch *batch;
    int64_t layer;
    float *above, *between, *below; /* gradients of out, mid, in */
} job;

/* A group's partial gradient of norm 0, 1 (the layer's) or 2 (the last): gain, then bias. */
static float *norm_part(const job *j, int64_t group, int norm, bool bias)
{
    return j->w->norms + group * j->w->norms_ld +
           (2 * norm + (bias ? 1 : 0)) * eid_ld(j->m->cfg.width);
}

/* dx = dy W^T for one panel. */
static void back_through(const eid_copies *w, int64_t rows, int64_t in, int64_t out,
                         const float *dy, float *dx, const eid_scratch *s)
{
    eid_product(rows, in, out, dy, eid_ld(out), w->wt, w->ldwt, dx, eid_ld(in), s->pad);
}

/* From the gradient of a panel's output down to that of the attention's. `datt` lies in `below`. */
static void down_to_attention(const job *j, const eid_acts *a, int64_t group, int64_t row,
                              int64_t n, const eid_scratch *s)
{
    const eid_kernel_table *k = eid_k();
    const eid_gpt *m = j->m;
    int64_t d = m->cfg.width, ld = eid_ld(d), l = j->layer;
    float *above = j->above + row * ld, *between = j->between + row * ld;
    float *dfc = j->w->dfc + row * eid_ld(4 * d);

    if (l == m->cfg.layers - 1)
        k->layernorm_back(above, ld, NULL, 0, norm_part(j, group, 2, false),
                          norm_part(j, group, 2, true), j->w->dfinal + row * ld, ld,
                          a->out + row * ld, ld, m->param[eid_final_at(m, false)].value,
                          j->w->meanf + row, j->w->rstdf + row, n, d);
    back_through(eid_layer_copies(m, l, L_OUT), n, 4 * d, d, above, dfc, s);
    k->gelu_back(dfc, eid_ld(4 * d), a->fc + row * eid_ld(4 * d), eid_ld(4 * d), n, 4 * d);
    back_through(eid_layer_copies(m, l, L_FC), n, d, 4 * d, dfc, s->tmp, s);
    k->layernorm_back(between, ld, above, ld, norm_part(j, group, 1, false),
                      norm_part(j, group, 1, true), s->tmp, ld, a->mid + row * ld, ld,
                      eid_layer_value(m, l, L_NORM2_GAIN), a->mean2 + row, a->rstd2 + row, n, d);
    back_through(eid_layer_copies(m, l, L_PROJ), n, d, d, between, j->below + row * ld, s);
}

static void attention_back(const job *j, const eid_acts *a, int64_t row, const eid_scratch *s)
{
    const eid_gpt *m = j->m;
    int64_t d = m->cfg.width, hd = eid_head_dim(m), heads = m->cfg.heads, ld = eid_ld(3 * d);
    float scale = (float)(1 / sqrt((double)hd));
    for (int64_t h = 0; h < heads; h++) {
        const float *q = a->qkv + row * ld + h * hd;
        float *dq = j->w->dqkv + row * ld + h * hd;
        eid_k()->attn_back(dq, dq + d, dq + 2 * d, ld, q, q + d, q + 2 * d, ld,
                           j->below + row * eid_ld(d) + h * hd, eid_ld(d),
                           a->stats + (row * heads + h) * 2, 2 * heads, j->w->T, hd, scale,
                           s->attn);
    }
}

static eid_status back_group(void *arg, int64_t task, int worker)
{
    const job *j = arg;
    const eid_gpt *m = j->m;
    eid_train_work *w = j->w;
    const eid_acts *a = &w->acts[j->layer];
    const eid_scratch *s = &w->scratch[worker];
    int64_t d = m->cfg.width, first = task * w->per_group * w->T,
            end = first + eid_group_rows(w, task);
    int64_t n;

    memset(norm_part(j, task, 0, false), 0, (size_t)w->norms_ld * sizeof(float));
    for (int64_t row = first; row < end; row += n) {
        n = eid_panel_rows(end - row);
        down_to_attention(j, a, task, row, n, s);
    }
    for (int64_t row = first; row < end; row += w->T)
        attention_back(j, a, row, s);
    for (int64_t row = first; row < end; row += n) {
        n = eid_panel_rows(end - row);
        int64_t at = row * eid_ld(d);
        back_through(eid_layer_copies(m, j->layer, L_ATTN), n, d, 3 * d,
                     w->dqkv + row * eid_ld(3 * d), s->tmp, s);
        eid_k()->layernorm_back(
            j->below + at, eid_ld(d), j->between + at, eid_ld(d), norm_part(j, task, 0, false),
            norm_part(j, task, 0, true), s->tmp, eid_ld(d), a->in + at, eid_ld(d),
            eid_layer_value(m, j->layer, L_NORM1_GAIN), a->mean1 + row, a->rstd1 + row, n, d);
    }
    return EID_OK;
}

/* Adds the groups' partial gradients of the norms, in order. */
static void add_norms(const job *j)
{
    eid_gpt *m = j->m;
    bool last = j->layer == m->cfg.layers - 1;
    for (int norm = 0; norm < (last ? 3 : 2); norm++)
        for (int bias = 0; bias < 2; bias++) {
            size_t at = norm == 2
                            ? eid_final_at(m, bias)
                            : eid_layer_at(j->layer, (norm ? L_NORM2_GAIN : L_NORM1_GAIN) + bias);
            eid_k()->colsum(m->param[at].gradient, norm_part(j, 0, norm, bias), j->w->norms_ld,
                            j->w->groups, m->cfg.width);
        }
}

static eid_status tile(void *arg, int64_t task, int worker)
{
    const job *j = arg;
    eid_train_work *w = j->w;
    const eid_tile *t = &w->tile[task];
    const eid_acts *a = &w->acts[j->layer];
    int64_t d = j->m->cfg.width;
    const float *x = NULL, *dy = NULL; /* what went in, and the gradient of what came out */
    (void)worker;

    switch (t->which) {
    case L_ATTN:
        x = a->n1, dy = w->dqkv;
        break;
    case L_PROJ:
        x = a->att, dy = j->between;
        break;
    case L_FC:
        x = a->n2, dy = w->dfc;
        break;
    case L_OUT:
        x = a->act, dy = j->above;
        break;
    default:
        add_norms(j);
        return EID_OK;
    }
    const eid_param *p = &j->m->param[eid_layer_at(j->layer, t->which)];
    int64_t ldx = eid_ld(t->which == L_OUT ? 4 * d : d), ldy = eid_ld(p->cols);
    eid_product_t(t->rows, t->cols, w->rows, x + t->row, ldx, dy + t->col, ldy, false,
                  p->gradient + t->row * p->cols + t->col, p->cols);
    if (t->bias)
        eid_k()->colsum(eid_layer_gradient(j->m, j->layer, t->which + 1) + t->col, dy + t->col, ldy,
                        w->rows, t->cols);
    return EID_OK;
}

enum { SLICE = 64 };

/* A slice of columns of both embeddings' gradients; rows are added in order. wte's has the head's.
 */
static eid_status embed_back(void *arg, int64_t task, int worker)
{
    const job *j = arg;
    eid_gpt *m = j->m;
    eid_train_work *w = j->w;
    int64_t d = m->cfg.width, col = task * SLICE, n = d - col < SLICE ? d - col : SLICE;
    float *wte = m->param[P_WTE].gradient + col, *wpe = m->param[P_WPE].gradient + col;
    (void)worker;

    for (int64_t p = 0; p < m->cfg.context; p++)
        memset(wpe + p * d, 0, (size_t)n * sizeof *wpe);
    for (int64_t r = 0; r < w->rows; r++) {
        const float *g = j->below + r * eid_ld(d) + col;
        float *t = wte + j->batch->x[r] * d, *p = wpe + r % w->T * d;
        for (int64_t i = 0; i < n; i++) {
            t[i] += g[i];
            p[i] += g[i];
        }
    }
    return EID_OK;
}

eid_status eid_gpt_backward(eid_gpt *m, eid_ctx *ctx, const eid_batch *batch)
{
    eid_status st = EID_OK;
    eid_train_work *w = m->work;
    job j = {.m = m,
             .w = w,
             .batch = batch,
             .above = w->dres[0],
             .between = w->dres[1],
             .below = w->dres[2]};

    for (j.layer = m->cfg.layers - 1; j.layer >= 0; j.layer--) {
        EID_TRY(eid_par_for(ctx, w->groups, back_group, &j));
        EID_TRY(eid_tap_layer(m, j.layer, j.above, j.between));
        EID_TRY(eid_par_for(ctx, w->tiles, tile, &j));
        if (j.layer > 0) {
            float *free = j.above;
            j.above = j.below;
            j.below = free;
        }
    }
    EID_TRY(eid_par_for(ctx, (m->cfg.width + SLICE - 1) / SLICE, embed_back, &j));
done:
    return st;
}
