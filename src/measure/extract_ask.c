/* extract_ask.c - what the model says: greedy continuations, and how likely the right one was. */
#include "base/ctx.h"
#include "measure/extract.h"
#include <math.h>
#include <string.h>

enum { BATCH = 2048 }; /* prompts a call: enough to keep the engine busy, and progress told */

static int64_t agreement(const int32_t *a, const int32_t *b, int64_t n)
{
    int64_t i = 0;
    while (i < n && a[i] == b[i])
        i++;
    return i;
}

/* seq[i]: `n` tokens that end `prompt` tokens into window i, counted back. */
static eid_status make_prompts(eid_extraction *x, const eid_cut *const *w, size_t n, int64_t k,
                               eid_seq **seq)
{
    if (EID_NEW(*seq, n) != EID_OK)
        return EID_ENOMEM;
    for (size_t i = 0; i < n; i++)
        (*seq)[i] = (eid_seq){w[i]->tok + x->opts->prompt - k, (int32_t)k, (int32_t)k};
    return EID_OK;
}

/* Greedy continuations of all windows' last k prompt tokens into out[i * match]. */
static eid_status continue_all(eid_extraction *x, const eid_cut *const *w, size_t n, int64_t k,
                               int32_t *out)
{
    eid_status st = EID_OK;
    eid_seq *seq = NULL;
    eid_sampler greedy = eid_sampler_greedy();

    EID_TRY(make_prompts(x, w, n, k, &seq));
    for (size_t i = 0; i < n; i += BATCH) {
        size_t m = n - i < BATCH ? n - i : BATCH;
        EID_TRY(eid_tick(x->ctx, "continuing prompts", "prompts", (int64_t)i, (int64_t)n));
        EID_TRY(eid_lm_generate(x->ctx, x->lm, seq + i, m, NULL, x->opts->match, &greedy, -1,
                                out + i * (size_t)x->opts->match));
    }
done:
    eid_free(seq);
    return st;
}

/* log p_z = sum of the log probabilities of the right tokens under the truncated sampler. */
static eid_status score_all(eid_extraction *x, eid_cuts *w)
{
    eid_status st = EID_OK;
    eid_seq *seq = NULL;
    eid_scores *s = NULL;
    eid_sampler sampler = {.temperature = 1, .top_p = 1, .top_k = x->opts->np_top_k};

    EID_TRY(EID_NEW(seq, w->n));
    for (size_t i = 0; i < w->n; i++)
        seq[i] = (eid_seq){w->at[i].tok, (int32_t)x->length, (int32_t)x->opts->prompt};
    for (size_t i = 0; i < w->n; i += BATCH) {
        size_t m = w->n - i < BATCH ? w->n - i : BATCH;
        EID_TRY(eid_tick(x->ctx, "scoring strings", "strings", (int64_t)i, (int64_t)w->n));
        EID_TRY(eid_lm_score(x->ctx, x->lm, seq + i, m, EID_WANT_SAMPLER, &sampler, &s));
        for (size_t k = 0; k < m; k++) {
            double sum = 0;
            for (int64_t t = s->start[k]; t < s->start[k + 1]; t++)
                sum += (double)s->sampler[t];
            w->at[i + k].log_pz = sum;
        }
        eid_scores_free(s);
        s = NULL;
    }
done:
    eid_scores_free(s);
    eid_free(seq);
    return st;
}

static eid_status pointers(const eid_cuts *w, const eid_cut ***out)
{
    if (EID_NEW(*out, w->n) != EID_OK)
        return EID_ENOMEM;
    for (size_t i = 0; i < w->n; i++)
        (*out)[i] = &w->at[i];
    return EID_OK;
}

eid_status eid_ask(eid_extraction *x, eid_cuts *w)
{
    eid_status st = EID_OK;
    const eid_cut **all = NULL;
    int64_t match = x->opts->match;

    EID_TRY(pointers(w, &all));
    EID_TRY(EID_NEW(w->output, w->n * (size_t)match));
    EID_TRY(continue_all(x, all, w->n, x->opts->prompt, w->output));
    for (size_t i = 0; i < w->n; i++) {
        eid_cut *v = &w->at[i];
        v->output = w->output + (int64_t)i * match;
        v->matched = agreement(v->output, v->tok + x->opts->prompt, match);
        /* Held-out strings stand nowhere by choice; there, tokens alone decide. */
        v->hit = v->matched == match && (v->copies > 0 || v->series == EID_HELDOUT);
        v->log_pz = NAN;
    }
    if (w->n > 0 && eid_lm_caps(x->lm) & EID_LM_SCORE)
        EID_TRY(score_all(x, w));
done:
    eid_free(all);
    return st;
}

eid_status eid_ask_prompt(eid_extraction *x, const eid_cut *const *w, size_t n, int64_t k,
                          double *hit)
{
    eid_status st = EID_OK;
    int32_t *out = NULL;
    int64_t match = x->opts->match;

    EID_TRY(EID_NEW(out, n * (size_t)match));
    EID_TRY(continue_all(x, w, n, k, out));
    for (size_t i = 0; i < n; i++)
        hit[i] = w[i]->copies > 0 &&
                 agreement(out + (int64_t)i * match, w[i]->tok + x->opts->prompt, match) == match;
done:
    eid_free(out);
    return st;
}
