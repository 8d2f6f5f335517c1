/* score.c - the probabilities that a decoder gives to sequences. */
#include "nn/gpt.h"
#include "par/par.h"
#include <inttypes.h>
#include <limits.h>
#include <string.h>

enum { WANT_MOMENTS = EID_WANT_MEAN | EID_WANT_VAR };

void eid_scores_free(eid_scores *s)
{
    if (!s)
        return;
    eid_free(s->start);
    eid_free(s->logp);
    eid_free(s->mean);
    eid_free(s->var);
    eid_free(s->sampler);
    eid_free(s->argmax);
    eid_free(s->rank);
    eid_free(s);
}

eid_status eid_gpt_check_tokens(const eid_gpt *m, const int32_t *tok, int64_t n, const char *what,
                                size_t number)
{
    for (int64_t i = 0; i < n; i++)
        if (tok[i] < 0 || tok[i] >= m->cfg.vocab)
            return eid_fail(EID_EINVAL,
                            "%s %zu: token %" PRId64 " is %" PRId32
                            ", outside the vocabulary of %" PRId64,
                            what, number, i, tok[i], m->cfg.vocab);
    return EID_OK;
}

static eid_status check(const eid_gpt *m, const eid_seq *seqs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const eid_seq *s = &seqs[i];
        if (s->from < 1 || s->from > s->n)
            return eid_fail(EID_EINVAL,
                            "sequence %zu: scoring starts at 1 to its length %" PRId32
                            ", not at %" PRId32,
                            i, s->n, s->from);
        if (s->n > m->cfg.context)
            return eid_fail(EID_EINVAL,
                            "sequence %zu: %" PRId32 " tokens, more than the context of %" PRId64,
                            i, s->n, m->cfg.context);
        eid_status st = eid_gpt_check_tokens(m, s->tok, s->n, "sequence", i);
        if (st != EID_OK)
            return st;
    }
    return EID_OK;
}

typedef struct job {
    eid_ctx *ctx;
    const eid_gpt *m;
    const eid_seq *seqs;
    const size_t *group; /* groups + 1: where each begins in seqs */
    int64_t groups;
    unsigned want;
    const eid_sampler *sampler;
    eid_scores *out;
    eid_runner *runner; /* one per worker */
    eid_span **span;    /* likewise: sequences of a group */
    atomic_int_fast64_t done;
} job;

static int64_t inputs(const eid_seq *s)
{
    return s->from < s->n ? s->n - 1 : 0; /* the last token is only predicted */
}

static void write_row(const job *j, eid_runner *r, const float *z, int32_t target, int64_t at)
{
    const eid_scores *o = j->out;
    eid_row_scores s;
    int64_t V = j->m->cfg.vocab;
    eid_k()->score_row(z, V, target, j->want & WANT_MOMENTS, &s);
    if (o->logp)
        o->logp[at] = (float)s.logp;
    if (o->argmax)
        o->argmax[at] = s.argmax;
    if (o->rank)
        o->rank[at] = s.rank;
    if (o->mean)
        o->mean[at] = (float)s.mean;
    if (o->var)
        o->var[at] = (float)s.var;
    if (o->sampler)
        o->sampler[at] = (float)eid_sampler_logp(j->sampler, z, V, target, r->p, r->order);
}

/* Rows of `hidden` wait until a panel is full: which sequence, which token they predict. */
typedef struct panel {
    int64_t n, at[EID_PANEL];
    int32_t target[EID_PANEL];
} panel;

static void flush(const job *j, eid_runner *r, panel *p)
{
    eid_runner_head(r, j->m, p->n);
    for (int64_t i = 0; i < p->n; i++)
        write_row(j, r, r->logits + i * eid_ld(j->m->cfg.vocab), p->target[i], p->at[i]);
    p->n = 0;
}

static eid_status score_group(void *arg, int64_t task, int worker)
{
    job *j = arg;
    eid_runner *r = &j->runner[worker];
    eid_span *span = j->span[worker];
    size_t from = j->group[task], to = j->group[task + 1], spans = 0;
    int64_t ld = eid_ld(j->m->cfg.width), row = 0;
    panel p = {.n = 0};

    if (eid_cancelled(j->ctx))
        return eid_fail(EID_ECANCELLED, "scoring was cancelled");
    for (size_t i = from; i < to; i++) {
        int64_t n = inputs(&j->seqs[i]);
        if (n == 0)
            continue;
        eid_gpt_embed(j->m, r->acts.in + row * ld, j->seqs[i].tok, 0, n);
        span[spans++] = (eid_span){.rows = n};
        row += n;
    }
    if (spans)
        eid_runner_layers(r, j->m, span, spans);
    row = 0;
    for (size_t i = from; i < to; i++) {
        const eid_seq *s = &j->seqs[i];
        for (int32_t t = s->from; t < s->n; t++) {
            eid_runner_norm(r, j->m, row + t - 1, p.n);
            p.at[p.n] = j->out->start[i] + (t - s->from);
            p.target[p.n++] = s->tok[t];
            if (p.n == EID_PANEL)
                flush(j, r, &p);
        }
        row += inputs(s);
    }
    if (p.n)
        flush(j, r, &p);
    int64_t done = atomic_fetch_add(&j->done, 1) + 1;
    return worker == 0 ? eid_tick(j->ctx, "scoring", "batches", done, j->groups) : EID_OK;
}

/* Cuts the sequences into groups of about a panel of rows, each at least one sequence. */
static int64_t cut(const eid_seq *seqs, size_t n, size_t *group, int64_t *most_rows)
{
    int64_t groups = 0, rows = 0;
    *most_rows = 1;
    for (size_t i = 0; i < n; i++) {
        int64_t r = inputs(&seqs[i]);
        if (i == 0 || rows + r > EID_PANEL) {
            group[groups++] = i;
            rows = 0;
        }
        rows += r;
        if (rows > *most_rows)
            *most_rows = rows;
    }
    group[groups] = n;
    return groups;
}

static eid_status results_new(eid_scores **out, const eid_seq *seqs, size_t n, unsigned want)
{
    eid_status st = EID_OK;
    eid_scores *o = NULL;
    EID_TRY(EID_NEW(o, 1));
    EID_TRY(EID_NEW(o->start, n + 1));
    for (size_t i = 0; i < n; i++)
        o->start[i + 1] = o->start[i] + (seqs[i].n - seqs[i].from);
    o->total = o->start[n];
    if (want & EID_WANT_LOGP)
        EID_TRY(EID_NEW(o->logp, o->total));
    if (want & EID_WANT_ARGMAX)
        EID_TRY(EID_NEW(o->argmax, o->total));
    if (want & EID_WANT_RANK)
        EID_TRY(EID_NEW(o->rank, o->total));
    if (want & EID_WANT_MEAN)
        EID_TRY(EID_NEW(o->mean, o->total));
    if (want & EID_WANT_VAR)
        EID_TRY(EID_NEW(o->var, o->total));
    if (want & EID_WANT_SAMPLER)
        EID_TRY(EID_NEW(o->sampler, o->total));
    *out = o;
    o = NULL;
done:
    eid_scores_free(o);
    return st;
}

eid_status eid_gpt_score(eid_ctx *ctx, eid_gpt *m, const eid_seq *seqs, size_t n, unsigned want,
                         const eid_sampler *sampler, eid_scores **out)
{
    eid_status st = EID_OK;
    size_t *group = NULL, longest = 1;
    int threads = eid_ctx_threads(ctx);
    int64_t rows;
    job j = {.ctx = ctx, .m = m, .seqs = seqs, .want = want, .sampler = sampler};

    if (want & EID_WANT_SAMPLER) {
        if (!sampler)
            return eid_fail(EID_EINVAL, "the log probability under a sampler needs the sampler");
        EID_TRY(eid_sampler_check(sampler));
    }
    EID_TRY(check(m, seqs, n));
    EID_TRY(results_new(&j.out, seqs, n, want));
    EID_TRY(EID_NEW(group, n + 1));
    j.groups = cut(seqs, n, group, &rows);
    j.group = group;
    for (int64_t g = 0; g < j.groups; g++)
        if (group[g + 1] - group[g] > longest)
            longest = group[g + 1] - group[g];
    EID_TRY(EID_NEW(j.runner, threads));
    EID_TRY(EID_NEW(j.span, threads));
    for (int t = 0; t < threads && t < j.groups; t++) {
        EID_TRY(eid_runner_new(&j.runner[t], m, rows, rows));
        EID_TRY(EID_NEW(j.span[t], longest));
    }
    EID_TRY(eid_par_for(ctx, j.groups, score_group, &j));
    *out = j.out;
    j.out = NULL;
done:
    for (int t = 0; t < threads && j.runner; t++)
        eid_runner_free(&j.runner[t]);
    for (int t = 0; t < threads && j.span; t++)
        eid_free(j.span[t]);
    eid_free(j.runner);
    eid_free(j.span);
    eid_free(group);
    eid_scores_free(j.out);
    return st;
}
