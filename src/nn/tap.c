/* tap.c - shows a caller what each matrix took in, and the gradient of what it gave. */
#include "nn/work.h"

void eid_gpt_on_tap(eid_gpt *m, eid_gpt_tap_fn fn, void *user)
{
    m->tap = fn;
    m->tap_user = user;
}

static eid_status tell(const eid_gpt *m, eid_gpt_tap *t)
{
    t->input_ld = eid_ld(t->inputs);
    t->gradient_ld = t->gradient ? eid_ld(t->outputs) : 0;
    return m->tap(m->tap_user, t);
}

eid_status eid_tap_layer(const eid_gpt *m, int64_t layer, const float *above, const float *between)
{
    const eid_train_work *w = m->work;
    const eid_acts *a = &w->acts[layer];
    bool back = above != NULL;
    const struct {
        int which;
        const float *x, *dy;
    } upwards[] = {
        {L_ATTN, a->n1, back ? w->dqkv : NULL},
        {L_PROJ, a->att, between},
        {L_FC, a->n2, back ? w->dfc : NULL},
        {L_OUT, a->act, above},
    };
    if (!m->tap)
        return EID_OK;
    for (int i = 0; i < 4; i++) {
        int at = back ? 3 - i : i;
        const eid_param *p = &m->param[eid_layer_at(layer, upwards[at].which)];
        eid_status st = tell(m, &(eid_gpt_tap){.param = p,
                                               .layer = layer,
                                               .rows = w->rows,
                                               .inputs = p->rows,
                                               .outputs = p->cols,
                                               .input = upwards[at].x,
                                               .gradient = upwards[at].dy});
        if (st != EID_OK)
            return st;
    }
    return EID_OK;
}

eid_status eid_tap_head(const eid_gpt *m, int64_t first, int64_t rows, bool backward)
{
    const eid_train_work *w = m->work;
    if (!m->tap)
        return EID_OK;
    return tell(m, &(eid_gpt_tap){.param = &m->param[P_WTE],
                                  .layer = -1,
                                  .first = first,
                                  .rows = rows,
                                  .inputs = m->cfg.width,
                                  .outputs = m->cfg.vocab,
                                  .input = w->final + first * eid_ld(m->cfg.width),
                                  .gradient = backward ? w->logits : NULL});
}
