/* extract_sum.c - from hits to shares with intervals, curves and the log-linear fit. */
#include "measure/extract.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

eid_status eid_mean_of(eid_extraction *x, const eid_cut *const *w, const double *v, size_t n,
                       eid_estimate *e)
{
    eid_status st = EID_OK;
    int64_t *cluster = NULL;

    EID_TRY(EID_NEW(cluster, n));
    for (size_t i = 0; i < n; i++)
        cluster[i] = w[i]->cluster;
    EID_TRY(eid_mean_bootstrap(v, cluster, n, x->opts->resamples, (uint64_t)x->opts->seed, e));
done:
    eid_free(cluster);
    return st;
}

typedef double (*value_fn)(const eid_cut *w, const void *arg);

static double value_hit(const eid_cut *w, const void *arg)
{
    (void)arg;
    return w->hit;
}

static double value_matched(const eid_cut *w, const void *match)
{
    return (double)w->matched / (double)*(const int64_t *)match;
}

/* 1 - (1 - p_z)^n >= p, in logarithms, where tiny p_z and p_z = 1 are both fine. */
static double value_np(const eid_cut *w, const void *point)
{
    const eid_np_point *np = point;
    double none = (double)np->n * log1p(-exp(fmin(w->log_pz, 0.0))); /* log chance of no success */
    return none <= log1p(-np->p);
}

static eid_status mean_value(eid_extraction *x, const eid_cut *const *w, size_t n, value_fn fn,
                             const void *arg, eid_estimate *e)
{
    eid_status st = EID_OK;
    double *v = NULL;

    EID_TRY(EID_NEW(v, n));
    for (size_t i = 0; i < n; i++)
        v[i] = fn(w[i], arg);
    EID_TRY(eid_mean_of(x, w, v, n, e));
done:
    eid_free(v);
    return st;
}

/* Those of w[0..n) that `keep` wants; at most all of them. */
static eid_status choose(const eid_cuts *w,
                         bool (*keep)(const eid_cut *w, int64_t low, int64_t high), int64_t low,
                         int64_t high, const eid_cut ***out, size_t *n)
{
    *n = 0;
    if (EID_NEW(*out, w->n) != EID_OK)
        return EID_ENOMEM;
    for (size_t i = 0; i < w->n; i++)
        if (keep(&w->at[i], low, high))
            (*out)[(*n)++] = &w->at[i];
    return EID_OK;
}

static bool keep_all(const eid_cut *w, int64_t low, int64_t high)
{
    (void)w, (void)low, (void)high;
    return true;
}

static bool keep_copies(const eid_cut *w, int64_t low, int64_t high)
{
    return w->copies >= low && w->copies < high;
}

static bool keep_passages(const eid_cut *w, int64_t low, int64_t high)
{
    return w->series == EID_PLANTED && w->planted >= low && w->planted < high;
}

static bool keep_random(const eid_cut *w, int64_t low, int64_t high)
{
    return w->series == EID_RANDOM && w->planted >= low && w->planted < high;
}

static bool keep_novel(const eid_cut *w, int64_t low, int64_t high)
{
    (void)low, (void)high;
    return w->novel;
}

/* ---- by copies
 * -------------------------------------------------------------------------------------- */

static eid_status add_bucket(eid_extraction *x, const eid_cuts *w,
                             bool (*keep)(const eid_cut *, int64_t, int64_t), eid_bucket b,
                             eid_extract_result *r)
{
    eid_status st = EID_OK;
    const eid_cut **some = NULL;
    size_t n, cap = r->buckets;

    EID_TRY(choose(w, keep, b.low, b.high, &some, &n));
    b.strings = (int64_t)n;
    if (n == 0)
        goto done;
    EID_TRY(mean_value(x, some, n, value_hit, NULL, &b.extracted));
    EID_TRY(EID_GROW(r->by_copies, &cap, r->buckets + 1));
    r->by_copies[r->buckets++] = b;
done:
    eid_free(some);
    return st;
}

/* The log-linear law holds in the middle of the S-curve only, so saturated buckets stay out. */
static eid_status fit_planted(eid_extract_result *r)
{
    eid_status st = EID_OK;
    double *x = NULL, *y = NULL;
    size_t n = 0;

    EID_TRY(EID_NEW(x, r->buckets));
    EID_TRY(EID_NEW(y, r->buckets));
    for (size_t i = 0; i < r->buckets; i++) {
        double rate = r->by_copies[i].extracted.value;
        if (r->by_copies[i].planted && rate > 0.05 && rate < 0.95) {
            x[n] = log2((double)r->by_copies[i].low);
            y[n++] = rate;
        }
    }
    r->fit = (eid_line){.slope = eid_estimate_none("unresolved: fewer than 3 unsaturated buckets"),
                        .intercept = NAN,
                        .r2 = NAN,
                        .points = (int64_t)n};
    if (n >= 3)
        EID_TRY(eid_line_fit(x, y, n, &r->fit));
done:
    eid_free(x);
    eid_free(y);
    return st;
}

static int by_number(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

eid_status eid_sum_planted(eid_extraction *x, const eid_cuts *w, eid_extract_result *r)
{
    eid_status st = EID_OK;
    int64_t *copies = NULL;

    EID_TRY(EID_NEW(copies, w->n));
    for (size_t i = 0; i < w->n; i++)
        copies[i] = w->at[i].planted;
    qsort(copies, w->n, sizeof *copies, by_number);
    for (int random = 0; random < 2; random++)
        for (size_t i = 0; i < w->n; i++) {
            if (i > 0 && copies[i] == copies[i - 1])
                continue;
            eid_bucket b = {.low = copies[i],
                            .high = copies[i] + 1,
                            .series = random ? "random" : "planted",
                            .planted = !random};
            EID_TRY(add_bucket(x, w, random ? keep_random : keep_passages, b, r));
        }
    EID_TRY(fit_planted(r));
done:
    eid_free(copies);
    return st;
}

eid_status eid_sum_natural(eid_extraction *x, const eid_cuts *w, const eid_bucket *b, size_t n,
                           eid_extract_result *r)
{
    eid_status st = EID_OK;

    for (size_t i = 0; i < n; i++)
        EID_TRY(add_bucket(x, w, keep_copies, b[i], r));
done:
    return st;
}

/* ---- the whole training set, and its baseline
 * ------------------------------------------------------- */

static eid_status sum_np(eid_extraction *x, const eid_cut *const *w, size_t n, bool scored,
                         eid_extract_result *r)
{
    eid_status st = EID_OK;
    const int64_t samples[] = {1, 10, 100, 1000, 10000, 100000};
    const size_t points = sizeof samples / sizeof *samples;

    EID_TRY(EID_NEW(r->np, points));
    for (r->nps = 0; r->nps < points; r->nps++) {
        eid_np_point *np = &r->np[r->nps];
        np->n = samples[r->nps];
        np->p = x->opts->np_p;
        np->discoverable = eid_estimate_none("the probe cannot score");
        if (scored)
            EID_TRY(mean_value(x, w, n, value_np, np, &np->discoverable));
    }
done:
    return st;
}

eid_status eid_sum_uniform(eid_extraction *x, const eid_cuts *w, eid_extract_result *r)
{
    eid_status st = EID_OK;
    const eid_cut **all = NULL;
    size_t n;

    EID_TRY(choose(w, keep_all, 0, 0, &all, &n));
    EID_TRY(EID_NEW(r->matches, x->opts->match + 1));
    r->uniform = r->matched = eid_estimate_none(
        x->opts->uniform ? "no training document is long enough" : "not asked for");
    if (n == 0)
        goto done;
    for (size_t i = 0; i < n; i++)
        r->matches[all[i]->matched]++;
    EID_TRY(mean_value(x, all, n, value_hit, NULL, &r->uniform));
    EID_TRY(mean_value(x, all, n, value_matched, &x->opts->match, &r->matched));
    EID_TRY(sum_np(x, all, n, (eid_lm_caps(x->lm) & EID_LM_SCORE) != 0, r));
done:
    eid_free(all);
    return st;
}

eid_status eid_sum_heldout(eid_extraction *x, const eid_cuts *w, eid_extract_result *r)
{
    eid_status st = EID_OK;
    const eid_cut **some = NULL;
    size_t n;

    r->heldout = r->heldout_novel =
        eid_estimate_none(x->in->heldout ? "no held-out sequence is absent from training"
                                         : "no held-out text was given");
    EID_TRY(choose(w, keep_all, 0, 0, &some, &n));
    if (n > 0)
        EID_TRY(mean_value(x, some, n, value_hit, NULL, &r->heldout));
    eid_free(some);
    some = NULL;
    EID_TRY(choose(w, keep_novel, 0, 0, &some, &n));
    if (n > 0)
        EID_TRY(mean_value(x, some, n, value_hit, NULL, &r->heldout_novel));
done:
    eid_free(some);
    return st;
}
