/* loss.c - the mean cross-entropy of a batch; with its gradient, the way down begins here. */
#include "nn/work.h"
#include "par/par.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef struct job {
    eid_gpt *m;
    eid_train_work *w;
    const eid_batch *batch;
    bool backward;
    double total;       /* of the weights */
    int64_t from, rows; /* the chunk of the head at hand */
} job;

static eid_status forward_group(void *arg, int64_t task, int worker)
{
    job *j = arg;
    eid_gpt *m = j->m;
    eid_train_work *w = j->w;
    int64_t d = m->cfg.width, T = w->T, row = task * w->per_group * T,
            rows = eid_group_rows(w, task);
    eid_span span[EID_PANEL];
    size_t spans = (size_t)(rows / T);

    for (size_t i = 0; i < spans; i++) {
        int64_t at = row + (int64_t)i * T;
        span[i] = (eid_span){.rows = T};
        eid_gpt_embed(m, w->acts[0].in + at * eid_ld(d), j->batch->x + at, 0, T);
    }
    for (int64_t l = 0; l < m->cfg.layers; l++) {
        eid_acts a = eid_acts_at(m, &w->acts[l], row);
        eid_gpt_layer(m, l, &a, span, spans, &w->scratch[worker]);
    }
    eid_k()->layernorm(
        w->final + row * eid_ld(d), eid_ld(d), w->acts[m->cfg.layers].in + row * eid_ld(d),
        eid_ld(d), m->param[eid_final_at(m, false)].value, m->param[eid_final_at(m, true)].value,
        w->meanf + row, w->rstdf + row, rows, d, (float)m->cfg.norm_eps);
    return EID_OK;
}

/* One panel of the head: logits, losses, and their gradients back to the last norm. */
static eid_status head_panel(void *arg, int64_t task, int worker)
{
    job *j = arg;
    eid_train_work *w = j->w;
    const eid_batch *b = j->batch;
    int64_t d = j->m->cfg.width, V = j->m->cfg.vocab, first = task * EID_PANEL;
    int64_t n = j->rows - first < EID_PANEL ? j->rows - first : EID_PANEL, row = j->from + first;
    const eid_copies *c = &j->m->copies[P_WTE];
    float *z = w->logits + first * eid_ld(V), *pad = w->scratch[worker].pad;

    eid_product(n, V, d, w->final + row * eid_ld(d), eid_ld(d), c->wt, c->ldwt, z, eid_ld(V), pad);
    for (int64_t i = 0; i < n; i++) {
        int64_t at = row + i;
        double weight = b->y[at] < 0 ? 0 : b->weight ? b->weight[at] : 1;
        w->loss[at] = 0;
        if (weight != 0)
            w->loss[at] = weight * eid_k()->cross_entropy(z + i * eid_ld(V), V, b->y[at],
                                                          j->backward, (float)(weight / j->total));
        else if (j->backward)
            memset(z + i * eid_ld(V), 0, (size_t)V * sizeof *z);
    }
    if (j->backward)
        eid_product(n, d, V, z, eid_ld(V), c->w, c->ldw, w->dfinal + row * eid_ld(d), eid_ld(d),
                    pad);
    return EID_OK;
}

/* 128 tokens of the head's weight gradient, over the chunk's rows. */
static eid_status head_tile(void *arg, int64_t task, int worker)
{
    job *j = arg;
    eid_train_work *w = j->w;
    int64_t d = j->m->cfg.width, V = j->m->cfg.vocab, first = task * EID_PANEL;
    int64_t n = V - first < EID_PANEL ? V - first : EID_PANEL;
    (void)worker;
    eid_product_t(n, d, j->rows, w->logits + first, eid_ld(V), w->final + j->from * eid_ld(d),
                  eid_ld(d), j->from > 0, j->m->param[P_WTE].gradient + first * d, d);
    return EID_OK;
}

static eid_status head(job *j, eid_ctx *ctx)
{
    eid_status st = EID_OK;
    eid_train_work *w = j->w;
    for (j->from = 0; j->from < w->rows; j->from += w->chunk) {
        j->rows = w->rows - j->from < w->chunk ? w->rows - j->from : w->chunk;
        EID_TRY(eid_par_for(ctx, (j->rows + EID_PANEL - 1) / EID_PANEL, head_panel, j));
        EID_TRY(eid_tap_head(j->m, j->from, j->rows, j->backward));
        if (j->backward)
            EID_TRY(eid_par_for(ctx, (j->m->cfg.vocab + EID_PANEL - 1) / EID_PANEL, head_tile, j));
    }
done:
    return st;
}

static eid_status check(const eid_gpt *m, const eid_batch *b, double *total)
{
    if (b->rows < 1 || b->cols < 1 || b->rows > (INT64_C(1) << 31))
        return eid_fail(EID_EINVAL, "a batch has sequences and tokens, not %" PRId64 " x %" PRId64,
                        b->rows, b->cols);
    if (b->cols > m->cfg.context)
        return eid_fail(EID_EINVAL,
                        "a batch of %" PRId64
                        " tokens a sequence, more than the context of %" PRId64,
                        b->cols, m->cfg.context);
    *total = 0;
    for (int64_t r = 0; r < b->rows; r++) {
        eid_status st =
            eid_gpt_check_tokens(m, b->x + r * b->cols, b->cols, "batch row", (size_t)r);
        if (st != EID_OK)
            return st;
        for (int64_t c = r * b->cols; c < (r + 1) * b->cols; c++) {
            if (b->y[c] < -1 || b->y[c] >= m->cfg.vocab)
                return eid_fail(EID_EINVAL,
                                "batch row %" PRId64 ": target %" PRId64 " is %" PRId32
                                ", outside the vocabulary of %" PRId64,
                                r, c - r * b->cols, b->y[c], m->cfg.vocab);
            if (b->y[c] >= 0)
                *total += b->weight ? b->weight[c] : 1;
        }
    }
    if (!(*total > 0) || !isfinite(*total))
        return eid_fail(EID_EINVAL, "a batch's weights add up to %g; they must to more than 0",
                        *total);
    return EID_OK;
}

static eid_status gradients(eid_gpt *m)
{
    if (m->gradients)
        return EID_OK;
    eid_status st = EID_NEW(m->gradients, m->floats);
    for (size_t i = 0; st == EID_OK && i < m->params; i++)
        m->param[i].gradient = m->gradients + (m->param[i].value - m->values);
    return st;
}

eid_status eid_gpt_loss(eid_gpt *m, eid_ctx *ctx, const eid_batch *batch, bool backward,
                        double *loss)
{
    eid_status st = EID_OK;
    job j = {.m = m, .batch = batch, .backward = backward};
    double sum = 0;

    EID_TRY(check(m, batch, &j.total));
    if (backward)
        EID_TRY(gradients(m));
    EID_TRY(eid_train_work_for(m, ctx, batch->rows, batch->cols));
    j.w = m->work;
    EID_TRY(eid_par_for(ctx, j.w->groups, forward_group, &j));
    for (int64_t l = 0; !backward && l < m->cfg.layers; l++)
        EID_TRY(eid_tap_layer(m, l, NULL, NULL));
    EID_TRY(head(&j, ctx));
    if (backward)
        EID_TRY(eid_gpt_backward(m, ctx, batch));
    for (int64_t r = 0; r < j.w->rows; r++)
        sum += j.w->loss[r];
    *loss = sum / j.total;
done:
    return st;
}
