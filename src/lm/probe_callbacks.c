/* probe_callbacks.c - an outside model: one function that gives logits, asked one prefix at a time,
 * always from the calling thread.  Everything else is worked out here, in double. */
#include "lm/distribution.h"
#include "lm/probe.h"
#include <string.h>

typedef struct outside {
    eid_lm_callbacks cb;
    float *logits;
    eid_dist *dist;
} outside;

/* The distribution of the token after tok[0..n). */
static eid_status ask(outside *o, const int32_t *tok, size_t n)
{
    eid_status st = o->cb.logits(o->cb.user, tok, n, o->logits);
    return st != EID_OK ? st : eid_dist_set(o->dist, o->logits);
}

static void put(const outside *o, eid_scores *s, int64_t at, int32_t token)
{
    double mean, var;
    if (s->logp)
        s->logp[at] = (float)eid_dist_logp(o->dist, token);
    if (s->argmax)
        s->argmax[at] = eid_dist_argmax(o->dist);
    if (s->rank)
        s->rank[at] = eid_dist_rank(o->dist, token);
    if (s->mean || s->var)
        eid_dist_moments(o->dist, &mean, &var);
    if (s->mean)
        s->mean[at] = (float)mean;
    if (s->var)
        s->var[at] = (float)var;
}

static eid_status outside_score(eid_ctx *ctx, void *self, const eid_seq *seqs, size_t n,
                                unsigned want, const eid_sampler *sampler, eid_scores **out)
{
    eid_status st = EID_OK;
    outside *o = self;
    eid_scores *s = NULL;

    EID_TRY(eid_scores_new(&s, seqs, n, want));
    for (size_t i = 0; i < n; i++) {
        int64_t at = s->start[i];
        for (int32_t t = seqs[i].from; t < seqs[i].n; t++, at++) {
            EID_TRY(ask(o, seqs[i].tok, (size_t)t));
            put(o, s, at, seqs[i].tok[t]);
            if (sampler) {
                eid_dist_cut(o->dist, sampler);
                s->sampler[at] = (float)eid_dist_logp_sampler(o->dist, seqs[i].tok[t]);
            }
        }
        EID_TRY(eid_tick(ctx, "scoring", "tokens", at, s->total));
    }
    *out = s;
    s = NULL;
done:
    eid_scores_free(s);
    return st;
}

static eid_status outside_generate(eid_ctx *ctx, void *self, const eid_seq *prompts, size_t n,
                                   const int64_t *id, int64_t max_new, const eid_sampler *sampler,
                                   int32_t stop, int32_t *out)
{
    eid_status st = EID_OK;
    outside *o = self;
    int32_t *tok = NULL, *all = NULL;

    EID_TRY(EID_NEW(tok, o->cb.context));
    EID_TRY(EID_NEW(all, n * (size_t)max_new));
    for (size_t i = 0; i < n; i++) {
        eid_rng rng = eid_rng_stream((uint64_t)sampler->seed, id ? (uint64_t)id[i] : i);
        size_t length = (size_t)prompts[i].n;
        int32_t *to = all + i * (size_t)max_new, token = -1;
        memcpy(tok, prompts[i].tok, length * sizeof *tok);
        for (int64_t t = 0; t < max_new; t++) {
            if (t > 0 && (token == -1 || token == stop)) {
                token = to[t] = -1;
                continue;
            }
            EID_TRY(ask(o, tok, length));
            eid_dist_cut(o->dist, sampler);
            token = to[t] = tok[length++] = eid_dist_draw(o->dist, &rng);
        }
        EID_TRY(eid_tick(ctx, "generating", "prompts", (int64_t)i + 1, (int64_t)n));
    }
    memcpy(out, all, n * (size_t)max_new * sizeof *out);
done:
    eid_free(tok);
    eid_free(all);
    return st;
}

static void outside_free(void *self)
{
    outside *o = self;
    if (!o)
        return;
    eid_dist_free(o->dist);
    eid_free(o->logits);
    eid_free(o);
}

static const eid_lm_kind OUTSIDE = {outside_score, outside_generate, outside_free};

eid_status eid_lm_from_callbacks(eid_lm **out, const eid_lm_callbacks *cb)
{
    eid_status st = EID_OK;
    eid_lm *lm = NULL;
    outside *o = NULL;

    if (!cb->logits || cb->vocab < 1 || cb->context < 1 || cb->context > INT32_MAX)
        return eid_fail(EID_EINVAL,
                        "callbacks: want a logits function, a vocabulary and a context");
    EID_TRY(EID_NEW(o, 1));
    o->cb = *cb;
    EID_TRY(EID_NEW(o->logits, cb->vocab));
    EID_TRY(eid_dist_new(&o->dist, cb->vocab));
    EID_TRY(EID_NEW(lm, 1));
    *lm = (eid_lm){.kind = &OUTSIDE,
                   .self = o,
                   .caps = EID_LM_SCORE | EID_LM_GENERATE | EID_LM_MOMENTS,
                   .vocab = cb->vocab,
                   .bos = -1,
                   .context = cb->context};
    *out = lm;
    return EID_OK;
done:
    outside_free(o);
    return st;
}
