/* probe_gpt.c - the probe around a decoder of ours. */
#include "lm/probe.h"

/* A model that eid_lm_open read belongs to the probe; one from eid_lm_from_gpt stays the caller's.
 */
typedef struct gpt_probe {
    eid_gpt *gpt;
    bool owned;
} gpt_probe;

static eid_status gpt_score(eid_ctx *ctx, void *self, const eid_seq *seqs, size_t n, unsigned want,
                            const eid_sampler *sampler, eid_scores **out)
{
    return eid_gpt_score(ctx, ((gpt_probe *)self)->gpt, seqs, n, want, sampler, out);
}

static eid_status gpt_generate(eid_ctx *ctx, void *self, const eid_seq *prompts, size_t n,
                               const int64_t *id, int64_t max_new, const eid_sampler *sampler,
                               int32_t stop, int32_t *out)
{
    return eid_gpt_generate(ctx, ((gpt_probe *)self)->gpt, prompts, n, id, max_new, sampler, stop,
                            out);
}

static void gpt_free(void *self)
{
    gpt_probe *p = self;
    if (p && p->owned)
        eid_gpt_free(p->gpt);
    eid_free(p);
}

static const eid_lm_kind GPT = {gpt_score, gpt_generate, gpt_free};

eid_status eid_lm_from_gpt(eid_lm **out, eid_gpt *m)
{
    eid_status st = EID_OK;
    eid_lm *lm = NULL;
    gpt_probe *p = NULL;
    const eid_gpt_config *shape = eid_gpt_shape(m);

    EID_TRY(EID_NEW(p, 1));
    EID_TRY(EID_NEW(lm, 1));
    p->gpt = m;
    *lm = (eid_lm){.kind = &GPT,
                   .self = p,
                   .caps = EID_LM_SCORE | EID_LM_GENERATE | EID_LM_MOMENTS,
                   .vocab = (int32_t)shape->vocab,
                   .bos = (int32_t)shape->bos,
                   .context = shape->context,
                   .parameters = eid_gpt_config_parameters(shape)};
    *out = lm;
    return EID_OK;
done:
    eid_free(p);
    return st;
}

eid_status eid_lm_open(eid_lm **out, eid_ctx *ctx, const char *dir)
{
    eid_status st = EID_OK;
    eid_gpt *m = NULL;

    EID_TRY(eid_gpt_load(&m, ctx, dir));
    EID_TRY(eid_lm_from_gpt(out, m));
    ((gpt_probe *)(*out)->self)->owned = true;
    m = NULL;
done:
    eid_gpt_free(m);
    return st;
}
