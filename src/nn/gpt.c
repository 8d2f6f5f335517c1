/* gpt.c - a decoder's parameters: their names, shapes, first values, and copies for the products.
 */
#include "nn/gpt.h"
#include "eidetic/rng.h"
#include "par/par.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_LEN = 48 };

/* One row per parameter of a layer; sizes in widths. */
static const struct {
    const char *name;
    int rows, cols; /* rows 0: a vector */
    float std;      /* 0: zeros; -1: ones; below -1: .02 / sqrt(2 layers) */
} of_layer[L_COUNT] = {
    [L_NORM1_GAIN] = {"ln_1.weight", 0, 1, -1},     [L_NORM1_BIAS] = {"ln_1.bias", 0, 1, 0},
    [L_ATTN] = {"attn.c_attn.weight", 1, 3, 0.02f}, [L_ATTN_BIAS] = {"attn.c_attn.bias", 0, 3, 0},
    [L_PROJ] = {"attn.c_proj.weight", 1, 1, -2},    [L_PROJ_BIAS] = {"attn.c_proj.bias", 0, 1, 0},
    [L_NORM2_GAIN] = {"ln_2.weight", 0, 1, -1},     [L_NORM2_BIAS] = {"ln_2.bias", 0, 1, 0},
    [L_FC] = {"mlp.c_fc.weight", 1, 4, 0.02f},      [L_FC_BIAS] = {"mlp.c_fc.bias", 0, 4, 0},
    [L_OUT] = {"mlp.c_proj.weight", 4, 1, -2},      [L_OUT_BIAS] = {"mlp.c_proj.bias", 0, 1, 0},
};

static void describe(eid_gpt *m, size_t at, int64_t rows, int64_t cols)
{
    eid_param *p = &m->param[at];
    p->name = m->names + at * NAME_MAX_LEN;
    p->ndim = rows ? 2 : 1;
    p->rows = rows ? rows : 1;
    p->cols = cols;
    p->decay = p->ndim == 2;
    p->prunable = p->ndim == 2 && at >= P_LAYERS;
    p->tied_to = -1;
}

static void describe_all(eid_gpt *m)
{
    int64_t d = m->cfg.width;
    snprintf(m->names + P_WTE * NAME_MAX_LEN, NAME_MAX_LEN, "wte.weight");
    describe(m, P_WTE, m->cfg.vocab, d);
    snprintf(m->names + P_WPE * NAME_MAX_LEN, NAME_MAX_LEN, "wpe.weight");
    describe(m, P_WPE, m->cfg.context, d);
    for (int64_t l = 0; l < m->cfg.layers; l++)
        for (int w = 0; w < L_COUNT; w++) {
            size_t at = eid_layer_at(l, w);
            snprintf(m->names + at * NAME_MAX_LEN, NAME_MAX_LEN, "h.%d.%s", (int)l,
                     of_layer[w].name);
            describe(m, at, of_layer[w].rows * d, of_layer[w].cols * d);
        }
    for (int bias = 0; bias < 2; bias++) {
        size_t at = eid_final_at(m, bias);
        snprintf(m->names + at * NAME_MAX_LEN, NAME_MAX_LEN, bias ? "ln_f.bias" : "ln_f.weight");
        describe(m, at, 0, d);
    }
}

static bool copied(const eid_gpt *m, size_t at)
{
    return m->param[at].ndim == 2 && at != P_WPE;
}

/* One block for all values, one for all copies; pointers into them. */
static eid_status place(eid_gpt *m)
{
    eid_status st = EID_OK;
    int64_t floats = 0, copies = 0;
    for (size_t i = 0; i < m->params; i++) {
        eid_param *p = &m->param[i];
        floats += eid_round_up(p->rows * p->cols, 16);
        if (copied(m, i))
            copies += p->rows * eid_ld(p->cols) + p->cols * eid_ld(p->rows);
    }
    m->floats = floats;
    EID_TRY(EID_NEW(m->values, floats));
    EID_TRY(EID_NEW(m->copied, copies));
    float *value = m->values, *copy = m->copied;
    for (size_t i = 0; i < m->params; i++) {
        eid_param *p = &m->param[i];
        p->value = value;
        value += eid_round_up(p->rows * p->cols, 16);
        if (!copied(m, i))
            continue;
        eid_copies *c = &m->copies[i];
        c->ldw = eid_ld(p->cols);
        c->ldwt = eid_ld(p->rows);
        c->w = copy;
        c->wt = copy + p->rows * c->ldw;
        copy = c->wt + p->cols * c->ldwt;
    }
done:
    return st;
}

static void initialise(eid_gpt *m, uint64_t seed)
{
    for (size_t i = 0; i < m->params; i++) {
        eid_param *p = &m->param[i];
        bool last = i >= m->params - 2;
        double std = 0.02;
        if (i >= P_LAYERS && !last)
            std = of_layer[(i - P_LAYERS) % L_COUNT].std;
        else if (last)
            std = i == eid_final_at(m, false) ? -1 : 0;
        if (std < -1)
            std = 0.02 / sqrt(2 * (double)m->cfg.layers);
        eid_rng rng = eid_rng_stream(seed, i);
        for (int64_t k = 0; k < p->rows * p->cols; k++)
            p->value[k] = std == -1 ? 1.0f : std == 0 ? 0.0f : (float)(std * eid_rng_normal(&rng));
    }
}

eid_status eid_gpt_new(eid_gpt **out, eid_ctx *ctx, const eid_gpt_config *cfg, uint64_t seed)
{
    eid_status st = EID_OK;
    eid_gpt *m = NULL;

    EID_TRY(eid_gpt_config_check(cfg, eid_ctx_memory(ctx)));
    EID_TRY(EID_NEW(m, 1));
    m->cfg = *cfg;
    m->params = (size_t)(P_LAYERS + cfg->layers * L_COUNT + 2);
    EID_TRY(EID_NEW(m->param, m->params));
    EID_TRY(EID_NEW(m->copies, m->params));
    EID_TRY(EID_NEW(m->names, m->params * NAME_MAX_LEN));
    describe_all(m);
    EID_TRY(place(m));
    initialise(m, seed);
    EID_TRY(eid_gpt_changed(m, ctx));
    *out = m;
    m = NULL;
done:
    eid_gpt_free(m);
    return st;
}

void eid_gpt_free(eid_gpt *m)
{
    if (!m)
        return;
    eid_train_work_free(m->work);
    eid_free(m->param);
    eid_free(m->copies);
    eid_free(m->names);
    eid_free(m->values);
    eid_free(m->gradients);
    eid_free(m->copied);
    eid_free(m);
}

const eid_gpt_config *eid_gpt_shape(const eid_gpt *m)
{
    return &m->cfg;
}

size_t eid_gpt_params(eid_gpt *m, eid_param **params)
{
    *params = m->param;
    return m->params;
}

/* Task: 128 rows of one matrix; tasks are numbered through all matrices. */
static eid_status copy_rows(void *arg, int64_t task, int worker)
{
    const eid_gpt *m = arg;
    (void)worker;
    for (size_t i = 0; i < m->params; i++) {
        if (!copied(m, i))
            continue;
        const eid_param *p = &m->param[i];
        int64_t blocks = (p->rows + EID_PANEL - 1) / EID_PANEL;
        if (task >= blocks) {
            task -= blocks;
            continue;
        }
        const eid_copies *c = &m->copies[i];
        int64_t from = task * EID_PANEL,
                n = p->rows - from < EID_PANEL ? p->rows - from : EID_PANEL;
        const float *value = p->value + from * p->cols;
        for (int64_t r = 0; r < n; r++)
            memcpy(c->w + (from + r) * c->ldw, value + r * p->cols,
                   (size_t)p->cols * sizeof *value);
        eid_k()->transpose(c->wt + from, c->ldwt, value, p->cols, n, p->cols);
        break;
    }
    return EID_OK;
}

eid_status eid_gpt_changed(eid_gpt *m, eid_ctx *ctx)
{
    int64_t tasks = 0;
    for (size_t i = 0; i < m->params; i++)
        if (copied(m, i))
            tasks += (m->param[i].rows + EID_PANEL - 1) / EID_PANEL;
    return eid_par_for(ctx, tasks, copy_rows, m);
}
