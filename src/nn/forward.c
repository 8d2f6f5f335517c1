/* forward.c - one layer over a group of rows, and the model over them. */
#include "nn/gpt.h"
#include <math.h>
#include <string.h>

int64_t eid_cache_floats(const eid_gpt *m, int64_t room)
{
    int64_t hd = eid_head_dim(m);
    return m->cfg.layers * m->cfg.heads * room * (hd + eid_round_up(hd, EID_BLOCK));
}

static int64_t widest(const eid_gpt *m)
{
    return m->cfg.vocab > 4 * m->cfg.width ? m->cfg.vocab : 4 * m->cfg.width;
}

static int64_t pad_floats(const eid_gpt *m)
{
    return eid_round_up(eid_product_pad(widest(m), widest(m)), 16);
}

int64_t eid_scratch_floats(const eid_gpt *m, int64_t positions)
{
    int64_t hd = eid_head_dim(m), room = eid_round_up(positions, EID_BLOCK);
    return pad_floats(m) + EID_PANEL * eid_ld(m->cfg.width) +
           room * (hd + eid_round_up(hd, EID_BLOCK)) + eid_attn_scratch(positions, hd);
}

eid_scratch eid_scratch_at(const eid_gpt *m, int64_t positions, float *at)
{
    int64_t hd = eid_head_dim(m), room = eid_round_up(positions, EID_BLOCK);
    eid_scratch s = {.pad = at};
    s.tmp = s.pad + pad_floats(m);
    s.pack = s.tmp + EID_PANEL * eid_ld(m->cfg.width);
    s.attn = s.pack + room * (hd + eid_round_up(hd, EID_BLOCK));
    return s;
}

void eid_gpt_embed(const eid_gpt *m, float *x, const int32_t *tok, int64_t pos, int64_t rows)
{
    int64_t d = m->cfg.width;
    for (int64_t r = 0; r < rows; r++, x += eid_ld(d)) {
        const float *t = m->param[P_WTE].value + tok[r] * d,
                    *p = m->param[P_WPE].value + (pos + r) * d;
        for (int64_t i = 0; i < d; i++)
            x[i] = t[i] + p[i];
    }
}

/* y = x W + b, for one panel; the bias is left to whoever reads y next. */
static void through(const eid_copies *w, int64_t rows, int64_t out, int64_t in, const float *x,
                    float *y, const eid_scratch *s)
{
    eid_product(rows, out, in, x, eid_ld(in), w->w, w->ldw, y, eid_ld(out), s->pad);
}

/* One span's attention, all heads.  `next`: the cache of a span to come, or NULL. */
static void attend(const eid_gpt *m, int64_t layer, const eid_acts *a, const eid_span *span,
                   const float *next, int64_t row, const eid_scratch *s)
{
    const eid_kernel_table *k = eid_k();
    int64_t d = m->cfg.width, hd = eid_head_dim(m), ld = eid_ld(3 * d), heads = m->cfg.heads;
    int64_t w = eid_round_up(hd, EID_BLOCK);
    float scale = (float)(1 / sqrt((double)hd));
    int64_t room = span->cache ? span->room : eid_round_up(span->rows, EID_BLOCK);
    if (span->cache && span->rows == 1) {
        const float *q = a->qkv + row * ld;
        float *keys = span->cache + layer * heads * room * (hd + w), *values = keys + room * hd;
        for (int64_t h = 0; h < heads; h++)
            k->attn_pack(keys + h * room * (hd + w), values + h * room * (hd + w), q + d + h * hd,
                         q + 2 * d + h * hd, ld, span->first, 1, hd);
        k->attn_step(a->att + row * eid_ld(d), q, keys, values,
                     next ? next + layer * heads * room * (hd + w) : NULL, room * (hd + w), heads,
                     span->first + 1, hd, scale, s->attn);
        return;
    }
    for (int64_t h = 0; h < heads; h++) {
        const float *q = a->qkv + row * ld + h * hd;
        float *keys = span->cache ? span->cache + (layer * heads + h) * room * (hd + w) : s->pack;
        float *values = keys + room * hd;
        k->attn_pack(keys, values, q + d, q + 2 * d, ld, span->first, span->rows, hd);
        k->attn(a->att + row * eid_ld(d) + h * hd, eid_ld(d), q, ld, keys, values, span->first,
                span->rows, hd, scale, a->stats ? a->stats + (row * heads + h) * 2 : NULL,
                2 * heads, s->attn);
    }
}

/* After the attention: projection, second norm, the two products of the perceptron; one panel. */
static void after_attention(const eid_gpt *m, int64_t layer, const eid_acts *a, int64_t row,
                            int64_t n, const eid_scratch *s)
{
    const eid_kernel_table *k = eid_k();
    int64_t d = m->cfg.width, at = row * eid_ld(d), wide = (a->keep ? row : 0) * eid_ld(4 * d);
    float *fc = a->fc + wide, *act = a->act + wide;
    through(eid_layer_copies(m, layer, L_PROJ), n, d, d, a->att + at, s->tmp, s);
    k->residual(a->mid + at, eid_ld(d), a->in + at, eid_ld(d), s->tmp, eid_ld(d),
                eid_layer_value(m, layer, L_PROJ_BIAS), n, d);
    k->layernorm(a->n2 + at, eid_ld(d), a->mid + at, eid_ld(d),
                 eid_layer_value(m, layer, L_NORM2_GAIN), eid_layer_value(m, layer, L_NORM2_BIAS),
                 a->mean2 + row, a->rstd2 + row, n, d, (float)m->cfg.norm_eps);
    through(eid_layer_copies(m, layer, L_FC), n, 4 * d, d, a->n2 + at, fc, s);
    k->gelu(act, eid_ld(4 * d), fc, eid_ld(4 * d), eid_layer_value(m, layer, L_FC_BIAS), n, 4 * d);
    through(eid_layer_copies(m, layer, L_OUT), n, d, 4 * d, act, s->tmp, s);
    k->residual(a->out + at, eid_ld(d), a->mid + at, eid_ld(d), s->tmp, eid_ld(d),
                eid_layer_value(m, layer, L_OUT_BIAS), n, d);
}

void eid_gpt_layer(const eid_gpt *m, int64_t layer, const eid_acts *a, const eid_span *span,
                   size_t spans, const eid_scratch *s)
{
    const eid_kernel_table *k = eid_k();
    int64_t d = m->cfg.width, rows = 0, n;
    for (size_t i = 0; i < spans; i++)
        rows += span[i].rows;
    for (int64_t row = 0; row < rows; row += n) {
        n = eid_panel_rows(rows - row);
        int64_t at = row * eid_ld(d);
        k->layernorm(a->n1 + at, eid_ld(d), a->in + at, eid_ld(d),
                     eid_layer_value(m, layer, L_NORM1_GAIN),
                     eid_layer_value(m, layer, L_NORM1_BIAS), a->mean1 + row, a->rstd1 + row, n, d,
                     (float)m->cfg.norm_eps);
        float *qkv = a->qkv + row * eid_ld(3 * d);
        through(eid_layer_copies(m, layer, L_ATTN), n, 3 * d, d, a->n1 + at, qkv, s);
        k->add_bias(qkv, eid_ld(3 * d), eid_layer_value(m, layer, L_ATTN_BIAS), n, 3 * d);
    }
    int64_t row = 0;
    for (size_t i = 0; i < spans; i++) {
        attend(m, layer, a, &span[i], i + 1 < spans ? span[i + 1].cache : NULL, row, s);
        row += span[i].rows;
    }
    for (row = 0; row < rows; row += n) {
        n = eid_panel_rows(rows - row);
        after_attention(m, layer, a, row, n, s);
    }
}

/* ---- inference
 * ----------------------------------------------------------------------------------- */

eid_status eid_runner_new(eid_runner *r, const eid_gpt *m, int64_t rows, int64_t positions)
{
    eid_status st = EID_OK;
    int64_t d = m->cfg.width, V = m->cfg.vocab;
    int64_t part[] = {rows * eid_ld(d),
                      rows * eid_ld(d),
                      rows * eid_ld(3 * d),
                      EID_PANEL * eid_ld(4 * d),
                      eid_round_up(2 * rows, 16),
                      EID_PANEL * eid_ld(d),
                      EID_PANEL * eid_ld(V),
                      eid_ld(V),
                      eid_scratch_floats(m, positions)};
    float *at[sizeof part / sizeof part[0]];
    int64_t total = 0;
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++)
        total += part[i];
    EID_TRY(EID_NEW(r->block, total));
    EID_TRY(EID_NEW(r->order, V));
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++)
        at[i] = i ? at[i - 1] + part[i - 1] : r->block;
    r->acts = (eid_acts){.in = at[0],
                         .mid = at[0],
                         .out = at[0],
                         .n1 = at[1],
                         .att = at[1],
                         .n2 = at[1],
                         .qkv = at[2],
                         .fc = at[3],
                         .act = at[3],
                         .mean1 = at[4],
                         .mean2 = at[4],
                         .rstd1 = at[4] + rows,
                         .rstd2 = at[4] + rows};
    r->hidden = at[5];
    r->logits = at[6];
    r->p = at[7];
    r->scratch = eid_scratch_at(m, positions, at[8]);
done:
    return st;
}

void eid_runner_free(eid_runner *r)
{
    eid_free(r->block);
    eid_free(r->order);
}

void eid_runner_layers(eid_runner *r, const eid_gpt *m, const eid_span *span, size_t spans)
{
    for (int64_t l = 0; l < m->cfg.layers; l++)
        eid_gpt_layer(m, l, &r->acts, span, spans, &r->scratch);
}

void eid_runner_norm(eid_runner *r, const eid_gpt *m, int64_t row, int64_t to)
{
    int64_t d = m->cfg.width;
    float mean, rstd;
    eid_k()->layernorm(r->hidden + to * eid_ld(d), eid_ld(d), r->acts.out + row * eid_ld(d),
                       eid_ld(d), m->param[eid_final_at(m, false)].value,
                       m->param[eid_final_at(m, true)].value, &mean, &rstd, 1, d,
                       (float)m->cfg.norm_eps);
}

void eid_runner_head(eid_runner *r, const eid_gpt *m, int64_t rows)
{
    int64_t d = m->cfg.width, V = m->cfg.vocab;
    const eid_copies *c = &m->copies[P_WTE];
    eid_product(rows, V, d, r->hidden, eid_ld(d), c->wt, c->ldwt, r->logits, eid_ld(V),
                r->scratch.pad);
}
