/* generate.c - continues thousands of prompts at once.
 *
 * Prompts go in groups of up to a panel; a group is one task: its prompts are read into a cache of
 * keys and values, then all of them advance by a token at a time, so that every product has a panel
 * of rows.  Finished prompts leave the panel.  What one prompt gives does not depend on its group.
 */
#include "nn/gpt.h"
#include "eidetic/rng.h"
#include "par/par.h"
#include <inttypes.h>
#include <string.h>

typedef struct job {
    eid_ctx *ctx;
    const eid_gpt *m;
    const eid_seq *prompts;
    size_t n;
    const int64_t *id;
    int64_t max_new;
    const eid_sampler *sampler;
    int32_t stop;
    int32_t *out;
    int64_t group, room; /* prompts of a group, positions of a cache */
    struct slot *slots;  /* one per worker */
    atomic_int_fast64_t done;
} job;

/* One worker's memory. */
typedef struct slot {
    eid_runner runner;
    eid_span *span;
    float *cache;
    eid_rng *rng;
    int64_t *live; /* prompts of the group still going, by their place in it */
} slot;

static eid_status check(const eid_gpt *m, const eid_seq *prompts, size_t n, int64_t max_new)
{
    for (size_t i = 0; i < n; i++) {
        const eid_seq *p = &prompts[i];
        if (p->n < 1)
            return eid_fail(EID_EINVAL, "prompt %zu: empty; a prompt has at least one token", i);
        if (p->n + max_new > m->cfg.context)
            return eid_fail(EID_EINVAL,
                            "prompt %zu: %" PRId32 " tokens and %" PRId64
                            " new ones, more than the context of %" PRId64,
                            i, p->n, max_new, m->cfg.context);
        eid_status st = eid_gpt_check_tokens(m, p->tok, p->n, "prompt", i);
        if (st != EID_OK)
            return st;
    }
    return EID_OK;
}

/* Reads prompts first.. of the group into the cache, as many as fill a panel, at least one; their
 * last rows, normed, go to hidden.  Answers how many. */
static int64_t read_some(const job *j, slot *s, size_t base, int64_t first, int64_t count)
{
    const eid_gpt *m = j->m;
    int64_t rows = 0, n = 0, ld = eid_ld(m->cfg.width), cache = eid_cache_floats(m, j->room);
    for (; first + n < count; n++) {
        const eid_seq *p = &j->prompts[base + (size_t)(first + n)];
        if (n && rows + p->n > EID_PANEL)
            break;
        eid_gpt_embed(m, s->runner.acts.in + rows * ld, p->tok, 0, p->n);
        s->span[n] = (eid_span){0, p->n, s->cache + (first + n) * cache, j->room};
        rows += p->n;
    }
    eid_runner_layers(&s->runner, m, s->span, (size_t)n);
    rows = 0;
    for (int64_t i = 0; i < n; i++) {
        rows += s->span[i].rows;
        eid_runner_norm(&s->runner, m, rows - 1, first + i);
    }
    return n;
}

/* Feeds the newest token of each live prompt; `made` tokens exist by now. */
static void advance(const job *j, slot *s, size_t base, int64_t live, int64_t made)
{
    const eid_gpt *m = j->m;
    int64_t ld = eid_ld(m->cfg.width), cache = eid_cache_floats(m, j->room);
    for (int64_t i = 0; i < live; i++) {
        size_t p = base + (size_t)s->live[i];
        int64_t pos = j->prompts[p].n + made - 1;
        eid_gpt_embed(m, s->runner.acts.in + i * ld, &j->out[(int64_t)p * j->max_new + made - 1],
                      pos, 1);
        s->span[i] = (eid_span){pos, 1, s->cache + s->live[i] * cache, j->room};
    }
    eid_runner_layers(&s->runner, m, s->span, (size_t)live);
    for (int64_t i = 0; i < live; i++)
        eid_runner_norm(&s->runner, m, i, i);
}

/* Picks token number `made` of each live prompt from its logits; answers how many go on. */
static int64_t pick(const job *j, slot *s, size_t base, int64_t live, int64_t made)
{
    int64_t V = j->m->cfg.vocab, on = 0;
    eid_runner_head(&s->runner, j->m, live);
    for (int64_t i = 0; i < live; i++) {
        int64_t at = s->live[i];
        double u = j->sampler->temperature > 0 ? eid_rng_unit(&s->rng[at]) : 0;
        int32_t tok = eid_sampler_pick(j->sampler, s->runner.logits + i * eid_ld(V), V, u,
                                       s->runner.p, s->runner.order);
        j->out[((int64_t)base + at) * j->max_new + made] = tok;
        if (j->stop < 0 || tok != j->stop)
            s->live[on++] = at;
    }
    return on;
}

static eid_status continue_group(void *arg, int64_t task, int worker)
{
    job *j = arg;
    slot *s = &j->slots[worker];
    size_t base = (size_t)(task * j->group);
    int64_t count = (int64_t)(j->n - base) < j->group ? (int64_t)(j->n - base) : j->group;
    int64_t live = count;

    for (int64_t i = 0; i < count; i++) {
        int64_t id = j->id ? j->id[base + (size_t)i] : (int64_t)base + i;
        s->rng[i] = eid_rng_stream((uint64_t)j->sampler->seed, (uint64_t)id);
        s->live[i] = i;
    }
    for (int64_t i = 0; i < count;) {
        if (eid_cancelled(j->ctx))
            return eid_fail(EID_ECANCELLED, "continuing prompts was cancelled");
        i += read_some(j, s, base, i, count);
    }
    for (int64_t made = 0; made < j->max_new && live > 0; made++) {
        if (eid_cancelled(j->ctx))
            return eid_fail(EID_ECANCELLED, "continuing prompts was cancelled");
        if (made)
            advance(j, s, base, live, made);
        live = pick(j, s, base, live, made);
    }
    int64_t done = atomic_fetch_add(&j->done, count) + count;
    return worker == 0 ? eid_tick(j->ctx, "continuing", "prompts", done, (int64_t)j->n) : EID_OK;
}

static void slot_free(slot *s)
{
    eid_runner_free(&s->runner);
    eid_free(s->span);
    eid_free(s->cache);
    eid_free(s->rng);
    eid_free(s->live);
}

static eid_status slot_new(slot *s, const job *j, int64_t rows)
{
    eid_status st = EID_OK;
    EID_TRY(eid_runner_new(&s->runner, j->m, rows, j->room > rows ? j->room : rows));
    EID_TRY(EID_NEW(s->span, rows));
    EID_TRY(EID_NEW(s->cache, j->group * eid_cache_floats(j->m, j->room)));
    EID_TRY(EID_NEW(s->rng, j->group));
    EID_TRY(EID_NEW(s->live, j->group));
done:
    return st;
}

/* A panel of prompts, less when there are too few for all threads or when their caches would take
 * more than half of the memory bound. */
static eid_status choose_group(job *j, int threads)
{
    int64_t each = eid_cache_floats(j->m, j->room) * (int64_t)sizeof(float);
    int64_t fit = eid_ctx_memory(j->ctx) / 2 / threads / each;
    int64_t share = ((int64_t)j->n + threads - 1) / threads;
    if (fit < 1)
        return eid_fail(EID_ENOMEM,
                        "the cache of one prompt takes %" PRId64
                        " MiB on each of %d threads, more than half of the memory bound of %" PRId64
                        " MiB",
                        each >> 20, threads, eid_ctx_memory(j->ctx) >> 20);
    j->group = share < EID_PANEL ? share : EID_PANEL;
    if (j->group < EID_PANEL_MIN)
        j->group = EID_PANEL_MIN;
    if (j->group > fit)
        j->group = fit;
    return EID_OK;
}

eid_status eid_gpt_generate(eid_ctx *ctx, eid_gpt *m, const eid_seq *prompts, size_t n,
                            const int64_t *id, int64_t max_new, const eid_sampler *sampler,
                            int32_t stop, int32_t *out)
{
    eid_status st = EID_OK;
    eid_sampler greedy = eid_sampler_greedy();
    int threads = eid_ctx_threads(ctx);
    int64_t longest = 1;
    int32_t *fresh = NULL; /* outputs are written only on success */
    job j = {.ctx = ctx,
             .m = m,
             .prompts = prompts,
             .n = n,
             .id = id,
             .max_new = max_new,
             .sampler = sampler ? sampler : &greedy,
             .stop = stop};

    if (max_new < 0)
        return eid_fail(EID_EINVAL, "a continuation has 0 tokens or more, not %" PRId64, max_new);
    EID_TRY(eid_sampler_check(j.sampler));
    EID_TRY(check(m, prompts, n, max_new));
    if (n == 0 || max_new == 0)
        goto done;
    EID_TRY(EID_NEW(fresh, n * (size_t)max_new));
    memset(fresh, 0xff, n * (size_t)max_new * sizeof *fresh); /* -1 */
    j.out = fresh;
    for (size_t i = 0; i < n; i++)
        longest = prompts[i].n > longest ? prompts[i].n : longest;
    j.room = eid_round_up(longest + max_new, EID_BLOCK);
    EID_TRY(choose_group(&j, threads));
    int64_t tasks = ((int64_t)n + j.group - 1) / j.group;
    EID_TRY(EID_NEW(j.slots, threads));
    for (int t = 0; t < threads && t < tasks; t++)
        EID_TRY(slot_new(&j.slots[t], &j, longest > EID_PANEL ? longest : EID_PANEL));
    EID_TRY(eid_par_for(ctx, tasks, continue_group, &j));
    memcpy(out, fresh, n * (size_t)max_new * sizeof *fresh);
done:
    for (int t = 0; t < threads && j.slots; t++)
        slot_free(&j.slots[t]);
    eid_free(j.slots);
    eid_free(fresh);
    return st;
}
