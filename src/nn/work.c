#include "nn/work.h"
#include <inttypes.h>

enum { TILE_ROWS = 128, TILE_COLS = 256, LOGITS = 1 << 24 /* floats of logits at a time */ };

void eid_train_work_free(eid_train_work *w)
{
    if (!w)
        return;
    eid_free(w->block);
    eid_free(w->acts);
    eid_free(w->loss);
    eid_free(w->scratch);
    eid_free(w->tile);
    eid_free(w);
}

static eid_status list_tiles(eid_train_work *w, const eid_gpt *m)
{
    static const int matrices[] = {L_OUT, L_FC, L_ATTN, L_PROJ};
    eid_status st = EID_OK;
    size_t cap = 0;
    for (int i = 0; i < 4; i++) {
        const eid_param *p = &m->param[eid_layer_at(0, matrices[i])];
        for (int64_t r = 0; r < p->rows; r += TILE_ROWS)
            for (int64_t c = 0; c < p->cols; c += TILE_COLS) {
                EID_TRY(EID_GROW(w->tile, &cap, w->tiles + 1));
                w->tile[w->tiles++] = (eid_tile){
                    .which = matrices[i],
                    .row = r,
                    .rows = p->rows - r < TILE_ROWS ? p->rows - r : TILE_ROWS,
                    .col = c,
                    .cols = p->cols - c < TILE_COLS ? p->cols - c : TILE_COLS,
                    .bias = r == 0,
                };
            }
    }
    EID_TRY(EID_GROW(w->tile, &cap, w->tiles + 1));
    w->tile[w->tiles++] = (eid_tile){.which = -1};
done:
    return st;
}

/* The block's parts, in order; called twice: to count floats (at NULL), then to set pointers. */
static int64_t lay_out(eid_train_work *w, const eid_gpt *m, float *at)
{
    int64_t d = m->cfg.width, rows = w->room, used = 0;
#define PART(field, floats)               \
    do {                                  \
        if (at)                           \
            field = at + used;            \
        used += eid_round_up(floats, 16); \
    } while (0)
    for (int64_t l = 0; l < m->cfg.layers; l++) {
        eid_acts *a = &w->acts[l];
        a->keep = true;
        PART(a->in, rows * eid_ld(d));
        PART(a->n1, rows * eid_ld(d));
        PART(a->qkv, rows * eid_ld(3 * d));
        PART(a->att, rows * eid_ld(d));
        PART(a->mid, rows * eid_ld(d));
        PART(a->n2, rows * eid_ld(d));
        PART(a->fc, rows * eid_ld(4 * d));
        PART(a->act, rows * eid_ld(4 * d));
        PART(a->mean1, rows);
        PART(a->rstd1, rows);
        PART(a->mean2, rows);
        PART(a->rstd2, rows);
        PART(a->stats, rows * m->cfg.heads * 2);
    }
    PART(w->acts[m->cfg.layers].in, rows * eid_ld(d)); /* what comes out of the last layer */
    PART(w->final, rows * eid_ld(d));
    PART(w->meanf, rows);
    PART(w->rstdf, rows);
    PART(w->dfinal, rows * eid_ld(d));
    PART(w->logits, w->chunk * eid_ld(m->cfg.vocab));
    for (int i = 0; i < 3; i++)
        PART(w->dres[i], rows * eid_ld(d));
    PART(w->dfc, rows * eid_ld(4 * d));
    PART(w->dqkv, rows * eid_ld(3 * d));
    w->norms_ld = 6 * eid_ld(d);
    PART(w->norms, rows * w->norms_ld); /* a group has at least one row */
    for (int t = 0; t < w->threads; t++) {
        float *scratch = NULL;
        PART(scratch, eid_scratch_floats(m, w->context));
        if (at)
            w->scratch[t] = eid_scratch_at(m, w->context, scratch);
    }
#undef PART
    for (int64_t l = 0; at && l < m->cfg.layers; l++)
        w->acts[l].out = w->acts[l + 1].in;
    return used;
}

static void shape(eid_train_work *w, int64_t seqs, int64_t T)
{
    w->seqs = seqs;
    w->T = T;
    w->rows = seqs * T;
    w->per_group = T < EID_PANEL ? EID_PANEL / T : 1;
    w->groups = (seqs + w->per_group - 1) / w->per_group;
}

eid_status eid_train_work_for(eid_gpt *m, eid_ctx *ctx, int64_t seqs, int64_t T)
{
    eid_status st = EID_OK;
    eid_train_work *w = m->work;
    int threads = eid_ctx_threads(ctx);

    if (w && w->room >= seqs * T && w->context >= T && w->threads >= threads) {
        shape(w, seqs, T);
        return EID_OK;
    }
    eid_train_work_free(w);
    w = m->work = NULL;
    EID_TRY(EID_NEW(w, 1));
    w->threads = threads;
    w->room = seqs * T;
    w->context = T;
    w->chunk = LOGITS / m->cfg.vocab / EID_PANEL * EID_PANEL;
    if (w->chunk < EID_PANEL)
        w->chunk = EID_PANEL;
    if (w->chunk > 8 * EID_PANEL)
        w->chunk = 8 * EID_PANEL;
    EID_TRY(EID_NEW(w->acts, m->cfg.layers + 1));
    EID_TRY(EID_NEW(w->loss, w->room));
    EID_TRY(EID_NEW(w->scratch, threads));
    EID_TRY(list_tiles(w, m));
    int64_t floats = lay_out(w, m, NULL);
    if (floats > eid_ctx_memory(ctx) / 4)
        return eid_train_work_free(w),
               eid_fail(EID_ENOMEM,
                        "a step of %" PRId64 " sequences of %" PRId64 " tokens takes %" PRId64
                        " MiB, more than the memory bound of %" PRId64
                        " MiB; a smaller batch may do",
                        seqs, T, floats >> 18, eid_ctx_memory(ctx) >> 20);
    EID_TRY(EID_NEW(w->block, floats));
    lay_out(w, m, w->block);
    shape(w, seqs, T);
    m->work = w;
    w = NULL;
done:
    eid_train_work_free(w);
    return st;
}

eid_acts eid_acts_at(const eid_gpt *m, const eid_acts *a, int64_t row)
{
    int64_t d = row * eid_ld(m->cfg.width), d3 = row * eid_ld(3 * m->cfg.width),
            d4 = row * eid_ld(4 * m->cfg.width);
    eid_acts b = *a;
    b.in += d;
    b.n1 += d;
    b.qkv += d3;
    b.att += d;
    b.mid += d;
    b.n2 += d;
    b.fc += d4;
    b.act += d4;
    b.out += d;
    b.mean1 += row;
    b.rstd1 += row;
    b.mean2 += row;
    b.rstd2 += row;
    b.stats += row * m->cfg.heads * 2;
    return b;
}
