/* probe.c - one door to every model: arguments are checked here, the kinds do the work. */
#include "lm/probe.h"
#include "nn/gpt.h"
#include <inttypes.h>

static const unsigned ALL_WANTS = EID_WANT_LOGP | EID_WANT_ARGMAX | EID_WANT_RANK | EID_WANT_MEAN |
                                  EID_WANT_VAR | EID_WANT_SAMPLER;

void eid_lm_free(eid_lm *lm)
{
    if (!lm)
        return;
    if (lm->kind)
        lm->kind->free(lm->self);
    eid_free(lm);
}

unsigned eid_lm_caps(const eid_lm *lm)
{
    return lm->caps;
}

int32_t eid_lm_vocab(const eid_lm *lm)
{
    return lm->vocab;
}

int64_t eid_lm_context(const eid_lm *lm)
{
    return lm->context;
}

int64_t eid_lm_parameters(const eid_lm *lm)
{
    return lm->parameters;
}

int32_t eid_lm_bos(const eid_lm *lm)
{
    return lm->bos;
}

static eid_status check_tokens(const eid_lm *lm, const char *what, size_t i, const eid_seq *s)
{
    for (int32_t t = 0; t < s->n; t++)
        if (s->tok[t] < 0 || s->tok[t] >= lm->vocab)
            return eid_fail(EID_EINVAL,
                            "%s %zu: token %d at place %d is outside the vocabulary of %d", what, i,
                            (int)s->tok[t], (int)t, (int)lm->vocab);
    return EID_OK;
}

eid_status eid_lm_score(eid_ctx *ctx, eid_lm *lm, const eid_seq *seqs, size_t n, unsigned want,
                        const eid_sampler *sampler, eid_scores **out)
{
    eid_status st = EID_OK;

    if (!(lm->caps & EID_LM_SCORE))
        return eid_fail(EID_EUNSUPPORTED, "this model cannot score tokens");
    if (want & ~ALL_WANTS)
        return eid_fail(EID_EINVAL, "score: unknown wants %#x", want & ~ALL_WANTS);
    if (!(lm->caps & EID_LM_MOMENTS) && (want & ~(unsigned)EID_WANT_LOGP))
        return eid_fail(EID_EUNSUPPORTED, "this model does not show its whole distribution");
    if ((want & EID_WANT_SAMPLER) && !sampler)
        EID_TRY(eid_fail(EID_EINVAL, "score: no sampler given"));
    if (want & EID_WANT_SAMPLER)
        EID_TRY(eid_sampler_check(sampler));
    for (size_t i = 0; i < n; i++) {
        if (seqs[i].from < 1 || seqs[i].from > seqs[i].n || seqs[i].n > lm->context)
            EID_TRY(eid_fail(EID_EINVAL,
                             "sequence %zu: %d tokens scored from %d on; the context is %" PRId64,
                             i, (int)seqs[i].n, (int)seqs[i].from, lm->context));
        EID_TRY(check_tokens(lm, "sequence", i, &seqs[i]));
    }
    st = lm->kind->score(ctx, lm->self, seqs, n, want, want & EID_WANT_SAMPLER ? sampler : NULL,
                         out);
done:
    return st;
}

eid_status eid_lm_generate(eid_ctx *ctx, eid_lm *lm, const eid_seq *prompts, size_t n,
                           const int64_t *id, int64_t max_new, const eid_sampler *sampler,
                           int32_t stop, int32_t *out)
{
    eid_status st = EID_OK;

    if (!(lm->caps & EID_LM_GENERATE))
        return eid_fail(EID_EUNSUPPORTED, "this model cannot continue prompts");
    EID_TRY(eid_sampler_check(sampler));
    if (max_new < 0)
        EID_TRY(eid_fail(EID_EINVAL, "generate: want 0 new tokens or more, got %" PRId64, max_new));
    for (size_t i = 0; i < n; i++) {
        if (prompts[i].n < 1)
            EID_TRY(eid_fail(EID_EINVAL, "prompt %zu is empty", i));
        if (max_new > lm->context - prompts[i].n)
            EID_TRY(eid_fail(EID_EINVAL,
                             "prompt %zu: %d tokens and %" PRId64
                             " new ones exceed the context of %" PRId64,
                             i, (int)prompts[i].n, max_new, lm->context));
        EID_TRY(check_tokens(lm, "prompt", i, &prompts[i]));
    }
    st = lm->kind->generate(ctx, lm->self, prompts, n, id, max_new, sampler, stop, out);
done:
    return st;
}
