/* cmi.c - from runs on super-samples to information, its null, and bounds on the gap. */
#include "base/ctx.h"
#include "base/memory.h"
#include "eidetic/cmi.h"
#include "eidetic/rng.h"
#include "par/par.h"
#include "stats/estimate.h"
#include "theory/mi.h"
#include "theory/streams.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { F, L, DL, KINDS };               /* what is measured */
enum { PLUGIN, MADOW, ADJUSTED, WAYS }; /* how it is estimated */

/* Sums over the pairs of one super-sample, divided by how many had two sides. */
typedef struct sums {
    double mean[KINDS][WAYS], root[KINDS]; /* root: of sqrt(2 plugin) */
} sums;

/* Everything a super-sample's task writes. */
typedef struct work {
    const eid_cmi_runs *runs;
    int64_t permutations;
    uint64_t seed;
    const eid_factorials *factorials;
    sums *found, *null;  /* [super], [super][permutation] */
    int64_t *disordered; /* [super] */
    double *train, *test, *pooled;
} work;

/* A task's memory: the pairs' symbols under short names, and the joint counts. */
typedef struct desk {
    int32_t *name[KINDS]; /* [pair][mask] */
    int64_t *symbols[KINDS];
    double *expected[KINDS]; /* [pair]: of the plug-in under permutation; NaN until known */
    int64_t *symbol, *scratch, *order;
    int32_t (*count)[2];
} desk;

static void desk_free(desk *k)
{
    for (int i = 0; i < KINDS; i++) {
        eid_free(k->name[i]);
        eid_free(k->symbols[i]);
        eid_free(k->expected[i]);
    }
    eid_free(k->symbol);
    eid_free(k->scratch);
    eid_free(k->order);
    eid_free(k->count);
}

static eid_status desk_new(desk *k, const eid_cmi_runs *r)
{
    eid_status st = EID_OK;
    for (int i = 0; i < KINDS; i++) {
        EID_TRY(EID_NEW(k->name[i], r->pairs * r->masks));
        EID_TRY(EID_NEW(k->symbols[i], r->pairs));
        EID_TRY(EID_NEW(k->expected[i], r->pairs));
    }
    EID_TRY(EID_NEW(k->symbol, r->masks));
    EID_TRY(EID_NEW(k->scratch, r->masks));
    EID_TRY(EID_NEW(k->order, r->masks));
    EID_TRY(EID_NEW(k->count, r->masks));
done:
    return st;
}

/* Losses as integers, so that equal ones are equal: 2^20 steps. */
static int64_t loss_symbol(double loss)
{
    return llround(loss * 1048576);
}

static int64_t symbol_of(const eid_cmi_runs *r, int kind, int64_t at)
{
    const int32_t *p = r->prediction + 2 * at;
    int64_t a = loss_symbol(r->loss[2 * at]), b = loss_symbol(r->loss[2 * at + 1]);
    if (kind == F)
        return (int64_t)((uint64_t)(uint32_t)p[0] << 32 | (uint32_t)p[1]);
    return kind == L ? a << 32 | b : b - a;
}

/* Joint counts of a pair's symbols and sides, sides taken from mask order[m]. */
static eid_joint tally(const work *w, desk *k, int kind, int64_t super, int64_t pair,
                       const int64_t *order)
{
    const eid_cmi_runs *r = w->runs;
    const int32_t *name = k->name[kind] + pair * r->masks;
    const uint8_t *side = r->side + super * r->masks * r->pairs + pair;
    eid_joint j = {.n = r->masks, .symbols = k->symbols[kind][pair], .count = k->count};
    memset(k->count, 0, (size_t)j.symbols * sizeof *k->count);
    for (int64_t m = 0; m < r->masks; m++)
        k->count[name[m]][side[(order ? order[m] : m) * r->pairs]]++;
    return j;
}

static void measure(const work *w, desk *k, int64_t super, const int64_t *order, sums *out,
                    int64_t *disordered)
{
    int64_t used = 0;
    *out = (sums){0};
    for (int64_t pair = 0; pair < w->runs->pairs; pair++) {
        double plugin[KINDS], adjusted[KINDS], bias[KINDS];
        for (int i = 0; i < KINDS; i++) {
            eid_joint j = tally(w, k, i, super, pair, order);
            double *expected = &k->expected[i][pair];
            if (isnan(*expected)) /* margins stay as they are under permutation */
                *expected = eid_mi_expected(&j, w->factorials);
            plugin[i] = eid_mi_plugin(&j);
            bias[i] = eid_mi_bias(&j);
            adjusted[i] = eid_mi_adjusted(plugin[i], *expected, eid_mi_bit_entropy(&j));
        }
        if (isnan(adjusted[F])) /* the coin fell alike in every run */
            continue;
        used++;
        if (disordered)
            *disordered += plugin[F] < plugin[L] - 1e-12 || plugin[L] < plugin[DL] - 1e-12;
        for (int i = 0; i < KINDS; i++) {
            out->mean[i][PLUGIN] += plugin[i];
            out->mean[i][MADOW] += plugin[i] - bias[i];
            out->mean[i][ADJUSTED] += adjusted[i];
            out->root[i] += sqrt(2 * plugin[i]);
        }
    }
    for (int i = 0; i < KINDS; i++) {
        for (int way = 0; way < WAYS; way++)
            out->mean[i][way] /= (double)used;
        out->root[i] /= (double)used;
    }
}

/* Losses, and I(dL; U) with the sides exchanged so that the learned example comes first: given the
 * size of the difference, how sure is its sign? */
static int by_number(const void *a, const void *b)
{
    int64_t x = llabs(*(const int64_t *)a), y = llabs(*(const int64_t *)b);
    return (x > y) - (x < y);
}

static eid_status pool(const work *w, int64_t super)
{
    const eid_cmi_runs *r = w->runs;
    int64_t n = r->masks * r->pairs, *difference;
    eid_status st = EID_NEW(difference, n);
    if (st != EID_OK)
        return st;
    double train = 0, test = 0, information = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t at = super * n + i, side = r->side[at];
        double in = r->loss[2 * at + side], out = r->loss[2 * at + 1 - side];
        train += in;
        test += out;
        difference[i] = loss_symbol(out) - loss_symbol(in);
    }
    qsort(difference, (size_t)n, sizeof *difference, by_number);
    for (int64_t i = 0, end; i < n; i = end) {
        double more = 0, less = 0;
        for (end = i; end < n && llabs(difference[end]) == llabs(difference[i]); end++) {
            more += difference[end] > 0;
            less += difference[end] < 0;
        }
        double all = more + less;
        if (all > 0)
            information += all / (double)n *
                           (M_LN2 + (more > 0 ? more / all * log(more / all) : 0) +
                            (less > 0 ? less / all * log(less / all) : 0));
    }
    w->train[super] = train / (double)n;
    w->test[super] = test / (double)n;
    w->pooled[super] = information;
    eid_free(difference);
    return EID_OK;
}

static eid_status measure_super(void *arg, int64_t super, int worker)
{
    const work *w = arg;
    const eid_cmi_runs *r = w->runs;
    eid_status st = EID_OK;
    desk k = {0};
    (void)worker;
    EID_TRY(desk_new(&k, r));
    EID_TRY(pool(w, super));
    for (int i = 0; i < KINDS; i++)
        for (int64_t pair = 0; pair < r->pairs; pair++) {
            for (int64_t m = 0; m < r->masks; m++)
                k.symbol[m] = symbol_of(r, i, (super * r->masks + m) * r->pairs + pair);
            k.symbols[i][pair] =
                eid_mi_rename(k.symbol, r->masks, k.name[i] + pair * r->masks, k.scratch);
            k.expected[i][pair] = NAN;
        }
    measure(w, &k, super, NULL, &w->found[super], &w->disordered[super]);
    for (int64_t p = 0; p < w->permutations; p++) {
        eid_rng rng =
            eid_rng_stream(w->seed, eid_stream(EID_FOR_PERMUTATIONS, super, 0) + (uint64_t)p);
        for (int64_t m = 0; m < r->masks; m++)
            k.order[m] = m;
        eid_rng_shuffle(&rng, k.order, (size_t)r->masks);
        measure(w, &k, super, k.order, &w->null[super * w->permutations + p], NULL);
    }
done:
    desk_free(&k);
    return st;
}

/* ---- estimates --------------------------------------------------------------------------------
 */

/* Between super-samples; a single one shows no spread. */
static eid_estimate average(const double *x, int64_t n)
{
    eid_estimate e = eid_mean_t(x, (size_t)n);
    if (n == 1 && isfinite(x[0]))
        e.value = x[0], e.why[0] = 0, e.method = "one super-sample";
    return e;
}

static eid_estimate root_of(const eid_estimate *e)
{
    eid_estimate r = *e;
    r.value = sqrt(2 * fmax(0, e->value));
    r.low = sqrt(2 * fmax(0, e->low));
    r.high = sqrt(2 * fmax(0, e->high));
    return r;
}

/* A permutation's value is the mean over super-samples, each permuted on its own. */
static eid_estimate null_of(const work *w, int kind, int way, double *values)
{
    int64_t supers = w->runs->supers;
    eid_estimate e = {.n = w->permutations, .method = "permutations, central 95% of them"};
    for (int64_t p = 0; p < w->permutations; p++) {
        values[p] = 0;
        for (int64_t s = 0; s < supers; s++)
            values[p] += w->null[s * w->permutations + p].mean[kind][way] / (double)supers;
        e.value += values[p] / (double)w->permutations;
    }
    if (w->permutations < 1)
        return eid_estimate_none("no permutations");
    eid_percentile_interval(values, (size_t)w->permutations, &e.low, &e.high);
    return e;
}

static void fill_measure(const work *w, int kind, double *values, eid_cmi_measure *m)
{
    eid_estimate *found[WAYS] = {&m->plugin, &m->miller_madow, &m->adjusted};
    eid_estimate *null[WAYS] = {&m->null_plugin, &m->null_miller_madow, &m->null_adjusted};
    int64_t supers = w->runs->supers, above = 0;
    for (int way = 0; way < WAYS; way++) {
        for (int64_t s = 0; s < supers; s++)
            values[s] = w->found[s].mean[kind][way];
        *found[way] = average(values, supers);
    }
    for (int64_t s = 0; s < supers; s++)
        values[s] = w->found[s].root[kind];
    m->bound_plugin = average(values, supers);
    m->bound = root_of(&m->miller_madow);
    for (int way = WAYS - 1; way >= 0; way--) /* the plug-in's last: its values are counted */
        *null[way] = null_of(w, kind, way, values);
    for (int64_t p = 0; p < w->permutations; p++)
        above += values[p] >= m->plugin.value - 1e-12;
    m->p = (double)(above + 1) / (double)(w->permutations + 1);
}

static void fill(const work *w, double *values, eid_cmi_result *r)
{
    int64_t supers = w->runs->supers;
    double n = (double)r->pairs;
    fill_measure(w, F, values, &r->f);
    fill_measure(w, L, values, &r->l);
    fill_measure(w, DL, values, &r->dl);
    for (int64_t s = 0; s < supers; s++) {
        r->disordered += w->disordered[s];
        values[s] = w->test[s] - w->train[s];
    }
    r->gap = average(values, supers);
    r->train = average(w->train, supers);
    r->test = average(w->test, supers);
    r->dl_pooled = average(w->pooled, supers);
    for (int64_t s = 0; s < supers; s++)
        values[s] = w->pooled[s] / M_LN2;
    r->interpolating = average(values, supers);
    r->cmi_low = r->dl_pooled.value > r->f.adjusted.value ? r->dl_pooled : r->f.adjusted;
    r->cmi_low.value *= n;
    r->cmi_low.low *= n;
    r->cmi_low.high *= n;
    r->cmi_cap = r->cmi_high = n * M_LN2;
    r->cmi_bound = sqrt(2 * M_LN2);
    r->xu_raginsky = eid_estimate_none("no bound on I(W; S) is known of this learner");
}

static eid_status check_runs(const eid_cmi_runs *r, const eid_cmi_opts *o)
{
    if (r->supers < 1 || r->pairs < 1)
        return eid_fail(EID_EINVAL,
                        "cmi: %" PRId64 " super-samples of %" PRId64
                        " pairs: want at least one of each",
                        r->supers, r->pairs);
    if (r->masks < 2 || r->masks > EID_MOST_DRAWS)
        return eid_fail(EID_EINVAL,
                        "cmi: %" PRId64 " masks tell nothing about a coin: want 2 to %d", r->masks,
                        EID_MOST_DRAWS);
    if (o->permutations < 0 || o->permutations > 1 << 20)
        return eid_fail(EID_EINVAL, "cmi: %" PRId64 " permutations: want 0 to %d", o->permutations,
                        1 << 20);
    for (int64_t i = 0; i < r->supers * r->masks * r->pairs; i++) {
        if (r->side[i] > 1)
            return eid_fail(EID_EINVAL, "cmi: side[%" PRId64 "] is %d, want 0 or 1", i, r->side[i]);
        for (int s = 0; s < 2; s++)
            if (!(r->loss[2 * i + s] >= 0 && r->loss[2 * i + s] <= 1))
                return eid_fail(EID_EINVAL, "cmi: loss[%" PRId64 "] is %g, outside of [0, 1]",
                                2 * i + s, r->loss[2 * i + s]);
    }
    return EID_OK;
}

eid_status eid_cmi_measure_runs(eid_cmi_result **out, eid_ctx *ctx, const eid_cmi_runs *runs,
                                const eid_cmi_opts *opts)
{
    eid_status st = EID_OK;
    eid_factorials *factorials = NULL;
    eid_cmi_result *r = NULL;
    double *values = NULL;
    work w = {.runs = runs, .permutations = opts->permutations, .seed = (uint64_t)opts->seed};
    EID_TRY(check_runs(runs, opts));
    EID_TRY(EID_NEW(factorials, 1));
    eid_factorials_fill(factorials);
    w.factorials = factorials;
    EID_TRY(EID_NEW(r, 1));
    EID_TRY(EID_NEW(w.found, runs->supers));
    EID_TRY(EID_NEW(w.null, runs->supers * w.permutations));
    EID_TRY(EID_NEW(w.disordered, runs->supers));
    EID_TRY(EID_NEW(w.train, runs->supers));
    EID_TRY(EID_NEW(w.test, runs->supers));
    EID_TRY(EID_NEW(w.pooled, runs->supers));
    EID_TRY(EID_NEW(values, runs->supers > w.permutations ? runs->supers : w.permutations));
    EID_TRY(eid_par_for(ctx, runs->supers, measure_super, &w));
    *r = (eid_cmi_result){
        .learner = "", .pairs = runs->pairs, .supers = runs->supers, .masks = runs->masks};
    fill(&w, values, r);
    *out = r;
    r = NULL;
done:
    eid_free(w.found);
    eid_free(w.null);
    eid_free(w.disordered);
    eid_free(w.train);
    eid_free(w.test);
    eid_free(w.pooled);
    eid_free(values);
    eid_free(factorials);
    eid_free(r);
    return st;
}

void eid_cmi_result_free(eid_cmi_result *r)
{
    eid_free(r);
}
