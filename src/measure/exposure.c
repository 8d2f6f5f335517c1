/* exposure.c - is a planted secret likelier than the secrets that might have been planted?
 *
 * Template by template: the rivals are scored once (the whole space, or a sample of it), then every
 * canary of that template takes its place among them. */
#include "measure/exposure.h"
#include "base/memory.h"
#include "eidetic/rng.h"
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* A fit that its own data reject at this level is not extrapolated from. */
#define FIT_HOLDS 0.01

eid_exposure_opts eid_exposure_opts_default(void)
{
    return (eid_exposure_opts){EID_EXPOSURE_AUTO, 10000, 10000, 1000, 1};
}

#define AT(field) offsetof(eid_exposure_opts, field)
const eid_opt eid_exposure_opt_table[] = {
    {EID_OPT_ENUM, "method", AT(method), 0, 0, "how secrets are ranked",
     "auto|exact|sampled|skew-normal", 0},
    {EID_OPT_I64, "exact", AT(exact), 10, 1e8, "largest space that is ranked as a whole", NULL, 0},
    {EID_OPT_I64, "rivals", AT(rivals), 10, 1e7, "rivals drawn from a larger space", NULL, 0},
    {EID_OPT_I64, "resamples", AT(resamples), 1, 1e6, "of the bootstrap", NULL, 0},
    {EID_OPT_I64, "seed", AT(seed), 0, 1e15, "random seed", NULL, 0},
    {0}};
#undef AT

/* A secret of the ledger, and where its result goes. */
typedef struct secret {
    const eid_canary *canary;
    uint64_t x;
    size_t group, out;
} secret;

/* One template: its secrets, and the rivals' Px in ascending order. */
typedef struct group {
    eid_space space;
    size_t secrets;
    bool exact;
    uint64_t *known, *planted; /* sorted: all secrets of the ledger; those with copies */
    size_t n_known, n_planted;
    double *rivals;
    size_t n_rivals;
    eid_skew_normal fit;
    bool fitted;
} group;

typedef struct exposure {
    const eid_exposure_opts *opts;
    eid_space_probe probe;
    secret *secrets;
    group *groups;
    size_t n_secrets, n_groups;
    eid_exposure_result *result;
} exposure;

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* ---- reading the ledger
 * --------------------------------------------------------------------------- */

static eid_status group_of(exposure *e, const eid_canary *c, size_t *at)
{
    for (size_t g = 0; g < e->n_groups; g++)
        if (strcmp(e->groups[g].space.tmpl, c->tmpl) == 0) {
            *at = g;
            return EID_OK;
        }
    group *g = &e->groups[e->n_groups];
    eid_status st = eid_space_of(&g->space, c->id, c->tmpl, c->secret);
    if (st == EID_OK)
        *at = e->n_groups++;
    return st;
}

static eid_status read_ledger(exposure *e, const eid_ledger *ledger)
{
    eid_status st = EID_OK;
    size_t n = eid_ledger_size(ledger);
    EID_TRY(EID_NEW(e->secrets, n));
    EID_TRY(EID_NEW(e->groups, n));
    for (size_t i = 0; i < n; i++) {
        const eid_canary *c = eid_ledger_at(ledger, i);
        if (c->kind != EID_CANARY_SECRET)
            continue;
        secret *s = &e->secrets[e->n_secrets];
        *s = (secret){.canary = c, .out = e->n_secrets};
        EID_TRY(group_of(e, c, &s->group));
        EID_TRY(eid_space_member(&e->groups[s->group].space, c->id, c->secret, &s->x));
        e->groups[s->group].secrets++;
        e->n_secrets++;
    }
    if (e->n_secrets == 0)
        st = eid_fail(EID_EINVAL, "exposure: the ledger holds no secrets");
done:
    return st;
}

static eid_status list_known(exposure *e, size_t at)
{
    eid_status st = EID_OK;
    group *g = &e->groups[at];
    EID_TRY(EID_NEW(g->known, g->secrets));
    EID_TRY(EID_NEW(g->planted, g->secrets));
    for (size_t i = 0; i < e->n_secrets; i++) {
        const secret *s = &e->secrets[i];
        if (s->group != at)
            continue;
        g->known[g->n_known++] = s->x;
        if (s->canary->copies > 0)
            g->planted[g->n_planted++] = s->x;
    }
    qsort(g->known, g->n_known, sizeof *g->known, by_number);
    qsort(g->planted, g->n_planted, sizeof *g->planted, by_number);
done:
    return st;
}

/* ---- scoring
 * -------------------------------------------------------------------------------------- */

/* Rivals of the whole space, and on the way the Px of the ledger's secrets into own[]. */
static eid_status score_space(exposure *e, size_t at, double *own)
{
    eid_status st = EID_OK;
    group *g = &e->groups[at];
    uint64_t *x = NULL;
    double *nats = NULL;
    size_t n = (size_t)g->space.size;

    EID_TRY(EID_NEW(x, n));
    EID_TRY(EID_NEW(nats, n));
    EID_TRY(EID_NEW(g->rivals, n));
    for (size_t i = 0; i < n; i++)
        x[i] = i;
    EID_TRY(eid_space_score(&e->probe, &g->space, x, n, nats));
    for (size_t i = 0; i < e->n_secrets; i++)
        if (e->secrets[i].group == at)
            own[i] = nats[e->secrets[i].x];
    for (size_t i = 0; i < n; i++)
        if (!eid_space_has(g->planted, g->n_planted, i))
            g->rivals[g->n_rivals++] = nats[i];
done:
    eid_free(nats);
    eid_free(x);
    return st;
}

static eid_status score_sample(exposure *e, size_t at, double *own)
{
    eid_status st = EID_OK;
    group *g = &e->groups[at];
    uint64_t *x = NULL;
    double *nats = NULL;
    size_t drawn = (size_t)e->opts->rivals;

    EID_TRY(EID_NEW(x, drawn + g->secrets));
    EID_TRY(EID_NEW(nats, drawn + g->secrets));
    eid_space_draw(&g->space, g->known, g->n_known, (uint64_t)e->opts->seed + at, x, &drawn);
    if (drawn == 0) {
        st = eid_fail(EID_EINVAL, "exposure: template \"%.60s\": no rivals are left to draw",
                      g->space.tmpl);
        goto done;
    }
    size_t n = drawn;
    for (size_t i = 0; i < e->n_secrets; i++)
        if (e->secrets[i].group == at)
            x[n++] = e->secrets[i].x;
    EID_TRY(eid_space_score(&e->probe, &g->space, x, n, nats));
    n = drawn;
    for (size_t i = 0; i < e->n_secrets; i++)
        if (e->secrets[i].group == at)
            own[i] = nats[n++];
    g->rivals = nats;
    g->n_rivals = drawn;
    nats = NULL;
done:
    eid_free(nats);
    eid_free(x);
    return st;
}

/* Fits a skew-normal to the rivals: to `rivals` of them, spread evenly over their order, where
 * there are more. */
static eid_status fit_rivals(group *g, size_t most)
{
    eid_status st = EID_OK;
    double *x = NULL;
    size_t n = g->n_rivals < most ? g->n_rivals : most;
    EID_TRY(EID_NEW(x, n));
    for (size_t i = 0; i < n; i++)
        x[i] = g->rivals[(size_t)(((double)i + 0.5) / (double)n * (double)g->n_rivals)];
    EID_TRY(eid_skew_normal_fit(x, n, &g->fit));
    g->fitted = true;
done:
    eid_free(x);
    return st;
}

/* ---- placing
 * -------------------------------------------------------------------------------------- */

static double extrapolated(const group *g, double nats)
{
    return fmin(-eid_skew_normal_log2_cdf(&g->fit, nats), log2((double)g->space.size));
}

static void place(const exposure *e, const secret *s, double nats, eid_exposed *out)
{
    const group *g = &e->groups[s->group];
    size_t rank = eid_count_up_to(g->rivals, g->n_rivals, nats), among = g->n_rivals;
    /* Of the whole space, a secret that was never planted is one of its own rivals. */
    if (!g->exact || eid_space_has(g->planted, g->n_planted, s->x)) {
        rank++;
        among++;
    }
    *out = (eid_exposed){.canary = s->canary->id,
                         .copies = s->canary->copies,
                         .rank = (int64_t)rank,
                         .bits = log2((double)among) - log2((double)rank),
                         .nats = nats,
                         .method = g->exact ? EID_EXPOSURE_EXACT : EID_EXPOSURE_SAMPLED};
    if (e->opts->method == EID_EXPOSURE_SKEW_NORMAL) {
        out->rank = -1;
        out->bits = extrapolated(g, nats);
        out->method = EID_EXPOSURE_SKEW_NORMAL;
    } else if (e->opts->method == EID_EXPOSURE_AUTO && !g->exact && rank == 1 && g->fitted &&
               g->fit.ks_p >= FIT_HOLDS) {
        out->bits = fmax(out->bits, extrapolated(g, nats));
        out->method = EID_EXPOSURE_SKEW_NORMAL;
    }
}

static eid_status measure_group(exposure *e, size_t at, double *own)
{
    eid_status st = EID_OK;
    group *g = &e->groups[at];
    EID_TRY(list_known(e, at));
    EID_TRY(g->exact ? score_space(e, at, own) : score_sample(e, at, own));
    qsort(g->rivals, g->n_rivals, sizeof *g->rivals, by_size);
    st = fit_rivals(g, (size_t)e->opts->rivals);
    /* Px that a skew-normal cannot be fitted to matter only where it was asked for. */
    if (st == EID_EINVAL && e->opts->method != EID_EXPOSURE_SKEW_NORMAL)
        st = EID_OK;
    EID_TRY(st);
    for (size_t i = 0; i < e->n_secrets; i++)
        if (e->secrets[i].group == at)
            place(e, &e->secrets[i], own[i], &e->result->canaries[e->secrets[i].out]);
    eid_free(g->rivals);
    g->rivals = NULL;
done:
    return st;
}

static eid_status plan(exposure *e)
{
    double space = 1;
    for (size_t i = 0; i < e->n_groups; i++) {
        group *g = &e->groups[i];
        bool small = g->space.size <= (uint64_t)e->opts->exact;
        if (e->opts->method == EID_EXPOSURE_EXACT && !small)
            return eid_fail(EID_EINVAL,
                            "exposure: template \"%.60s\" has %" PRIu64
                            " members, more than exact = %" PRId64,
                            g->space.tmpl, g->space.size, e->opts->exact);
        g->exact = small && e->opts->method != EID_EXPOSURE_SAMPLED &&
                   e->opts->method != EID_EXPOSURE_SKEW_NORMAL;
        e->probe.total += g->exact ? (int64_t)g->space.size : e->opts->rivals + (int64_t)g->secrets;
        space = fmax(space, (double)g->space.size);
    }
    e->result->space_bits = log2(space);
    return EID_OK;
}

/* ---- summing up
 * ----------------------------------------------------------------------------------- */

static int by_copies(const void *a, const void *b)
{
    const eid_exposed *x = a, *y = b;
    if (x->copies != y->copies)
        return x->copies < y->copies ? -1 : 1;
    return (x->canary > y->canary) - (x->canary < y->canary);
}

static eid_status sum_up(eid_exposure_result *r)
{
    eid_status st = EID_OK;
    eid_exposed *sorted = NULL;
    double *bits = NULL;
    size_t n = r->n_canaries;

    EID_TRY(EID_NEW(sorted, n));
    EID_TRY(EID_NEW(bits, n));
    EID_TRY(EID_NEW(r->rows, n));
    memcpy(sorted, r->canaries, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_copies);
    for (size_t i = 0; i < n; i++)
        bits[i] = sorted[i].bits;
    r->null = eid_estimate_none("unresolved: every secret was planted");
    for (size_t i = 0, j; i < n; i = j) {
        eid_estimate mean;
        for (j = i; j < n && sorted[j].copies == sorted[i].copies; j++)
            ;
        EID_TRY(eid_mean_bootstrap(bits + i, NULL, j - i, r->opts.resamples, (uint64_t)r->opts.seed,
                                   &mean));
        if (sorted[i].copies == 0)
            r->null = mean;
        else
            r->rows[r->n_rows++] = (eid_exposure_row){sorted[i].copies, (int64_t)(j - i), mean};
    }
done:
    eid_free(bits);
    eid_free(sorted);
    return st;
}

static void exposure_free(exposure *e)
{
    for (size_t g = 0; g < e->n_groups; g++) {
        eid_free(e->groups[g].known);
        eid_free(e->groups[g].planted);
        eid_free(e->groups[g].rivals);
    }
    eid_free(e->groups);
    eid_free(e->secrets);
    eid_exposure_result_free(e->result);
}

eid_status eid_exposure(eid_exposure_result **out, eid_ctx *ctx, eid_lm *lm, const eid_bpe *bpe,
                        const eid_ledger *ledger, const eid_exposure_opts *opts)
{
    eid_status st = EID_OK;
    exposure e = {.opts = opts};
    double *own = NULL;

    if (opts->exact < 1 || opts->rivals < 1 || opts->resamples < 1)
        return eid_fail(EID_EINVAL, "exposure: exact, rivals and resamples must be at least 1");
    EID_TRY(eid_space_probe_new(&e.probe, ctx, lm, bpe));
    EID_TRY(read_ledger(&e, ledger));
    EID_TRY(EID_NEW(e.result, 1));
    EID_TRY(EID_NEW(e.result->canaries, e.n_secrets));
    EID_TRY(EID_NEW(own, e.n_secrets));
    e.result->opts = *opts;
    e.result->n_canaries = e.n_secrets;
    EID_TRY(plan(&e));
    for (size_t g = 0; g < e.n_groups; g++)
        EID_TRY(measure_group(&e, g, own));
    e.result->fit =
        e.groups[0].fitted ? e.groups[0].fit : (eid_skew_normal){NAN, NAN, NAN, NAN, NAN};
    EID_TRY(sum_up(e.result));
    *out = e.result;
    e.result = NULL;
done:
    eid_free(own);
    exposure_free(&e);
    return st;
}

void eid_exposure_result_free(eid_exposure_result *r)
{
    if (!r)
        return;
    eid_free(r->rows);
    eid_free(r->canaries);
    eid_free(r);
}
