/* longtail_run.c - samples, learners, and what they pay. */
#include "par/par.h"
#include "theory/longtail.h"
#include "theory/streams.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

eid_tail_opts eid_tail_opts_default(void)
{
    return (eid_tail_opts){.n = 1000, .classes = 2, .trials = 200, .seed = 1};
}

#define FIELD(f) offsetof(eid_tail_opts, f)
const eid_opt eid_tail_opt_table[] = {
    {EID_OPT_I64, "n", FIELD(n), 1, 1e8, "examples of a sample", NULL, 0},
    {EID_OPT_I64, "classes", FIELD(classes), 2, 1e6, "labels", NULL, 0},
    {EID_OPT_I64, "trials", FIELD(trials), 2, EID_MOST_TRIALS - 1, "samples to draw", NULL, 0},
    {EID_OPT_I64, "seed", FIELD(seed), 0, 1e15, "random seed", NULL, 0},
    {0},
};
#undef FIELD

/* What one sample gave. */
typedef struct outcome {
    double excess, formula, singletons, unseen, group[EID_TAIL_GROUPS];
} outcome;

typedef struct work {
    const eid_tail_prior *prior;
    const eid_tail_learner *learner;
    const eid_tail_opts *opts;
    const double *tau; /* [n + 1] */
    outcome *out;
} work;

/* Scratch of one sample. */
typedef struct sample {
    double *share, *below; /* share of each point, descending; sum of the shares up to it */
    int64_t *seen;
    bool *kept; /* by a learner with little room */
    int64_t *order;
} sample;

/* Gamma(a) up to its scale (Marsaglia and Tsang 2000); a < 1 by the power of a uniform number. */
static double draw_gamma(eid_rng *r, double a)
{
    double boost = a < 1 ? pow(1 - eid_rng_unit(r), 1 / a) : 1;
    double d = (a < 1 ? a + 1 : a) - 1.0 / 3, c = 1 / sqrt(9 * d);

    for (;;) {
        double x = eid_rng_normal(r), v = 1 + c * x;
        if (v <= 0)
            continue;
        v = v * v * v;
        if (log(1 - eid_rng_unit(r)) < 0.5 * x * x + d - d * v + d * log(v))
            return boost * d * v;
    }
}

static int descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

static eid_status set_shares(const work *w, sample *s, int64_t trial)
{
    const eid_tail_prior *p = w->prior;
    double sum = 0;
    int64_t at = 0;

    if (p->dirichlet > 0) {
        eid_rng r = eid_rng_stream((uint64_t)w->opts->seed, eid_stream(EID_FOR_PRIOR, trial, 0));
        for (int64_t i = 0; i < p->points; i++)
            sum += s->share[i] = draw_gamma(&r, p->dirichlet);
        if (!(sum > 0))
            return eid_fail(EID_EINVAL, "dirichlet: every share underflows at parameter %g",
                            p->dirichlet);
        for (int64_t i = 0; i < p->points; i++)
            s->share[i] /= sum;
        qsort(s->share, (size_t)p->points, sizeof *s->share, descending);
    } else {
        for (size_t i = 0; i < p->n; i++)
            for (int64_t k = 0; k < p->many[i]; k++)
                s->share[at++] = p->share[i];
    }
    sum = 0;
    for (int64_t i = 0; i < p->points; i++)
        s->below[i] = sum += s->share[i];
    return EID_OK;
}

static void draw_examples(const work *w, sample *s, int64_t trial)
{
    eid_rng r = eid_rng_stream((uint64_t)w->opts->seed, eid_stream(EID_FOR_MEMBERS, trial, 0));
    int64_t points = w->prior->points;

    for (int64_t i = 0; i < w->opts->n; i++) {
        double u = eid_rng_unit(&r) * s->below[points - 1];
        int64_t low = 0, high = points - 1;
        while (low < high) {
            int64_t middle = low + (high - low) / 2;
            if (u < s->below[middle])
                high = middle;
            else
                low = middle + 1;
        }
        s->seen[low]++;
    }
}

/* The `capacity` points seen most often; among equals chance decides, for shares are not known. */
static void keep_most_seen(const work *w, sample *s, eid_rng *r)
{
    int64_t points = w->prior->points, left = w->learner->capacity;

    for (int64_t i = 0; i < points; i++)
        s->order[i] = i;
    eid_rng_shuffle(r, s->order, (size_t)points);
    for (int64_t count = w->opts->n; count > 0 && left > 0;) { /* levels that occur, downwards */
        int64_t next = 0;
        for (int64_t k = 0; k < points && left > 0; k++) {
            int64_t x = s->order[k];
            if (s->seen[x] == count) {
                s->kept[x] = true;
                left--;
            } else if (s->seen[x] < count && s->seen[x] > next) {
                next = s->seen[x];
            }
        }
        count = next;
    }
}

static double laplace(eid_rng *r, double scale)
{
    double u = eid_rng_unit(r) - 0.5;
    return (u < 0 ? 1 : -1) * scale * log1p(-2 * fabs(u));
}

/* Does the learner predict point x, of label 0 without loss of generality, wrongly? */
static bool misses(const work *w, const sample *s, int64_t x, eid_rng *r)
{
    const eid_tail_learner *a = w->learner;
    int64_t classes = w->opts->classes;
    bool fits = a->kind == EID_TAIL_MEMORIZE ||
                (a->kind == EID_TAIL_AT_LEAST && s->seen[x] >= a->least) ||
                (a->kind == EID_TAIL_COMPRESS && s->kept[x]);

    if (a->kind == EID_TAIL_PRIVATE) {
        double own = (double)s->seen[x] + laplace(r, 1 / a->epsilon);
        bool lost = false;
        for (int64_t k = 1; k < classes; k++) /* every vote draws: the stream stays in step */
            lost = laplace(r, 1 / a->epsilon) > own || lost;
        return lost;
    }
    return !fits && eid_rng_below(r, (uint64_t)classes) != 0;
}

static void judge(const work *w, sample *s, int64_t trial)
{
    eid_rng r = eid_rng_stream((uint64_t)w->opts->seed, eid_stream(EID_FOR_NOISE, trial, 0));
    outcome *o = &w->out[trial];
    int64_t points = w->prior->points;
    double mass[EID_TAIL_GROUPS] = {0};

    if (w->learner->kind == EID_TAIL_COMPRESS)
        keep_most_seen(w, s, &r);
    for (int64_t x = 0; x < points; x++) {
        double middle = (s->below[x] - s->share[x] / 2) / s->below[points - 1];
        int g = (int)(middle * EID_TAIL_GROUPS);
        g = g < EID_TAIL_GROUPS ? g : EID_TAIL_GROUPS - 1;
        mass[g] += s->share[x];
        if (!s->seen[x]) {
            o->unseen += s->share[x];
            continue;
        }
        if (!misses(w, s, x, &r))
            continue;
        o->excess += s->share[x];
        o->formula += w->tau[s->seen[x]];
        o->singletons += s->seen[x] == 1;
        o->group[g] += s->share[x];
    }
    for (int g = 0; g < EID_TAIL_GROUPS; g++)
        o->group[g] = mass[g] > 0 ? o->group[g] / mass[g] : 0;
}

static eid_status one_sample(void *arg, int64_t trial, int worker)
{
    const work *w = arg;
    eid_status st = EID_OK;
    sample s = {0};
    int64_t points = w->prior->points;

    (void)worker;
    EID_TRY(EID_NEW(s.share, points));
    EID_TRY(EID_NEW(s.below, points));
    EID_TRY(EID_NEW(s.seen, points));
    EID_TRY(EID_NEW(s.kept, points));
    EID_TRY(EID_NEW(s.order, points));
    EID_TRY(set_shares(w, &s, trial));
    draw_examples(w, &s, trial);
    judge(w, &s, trial);
done:
    eid_free(s.share);
    eid_free(s.below);
    eid_free(s.seen);
    eid_free(s.kept);
    eid_free(s.order);
    return st;
}

eid_status eid_tail_check(const eid_tail_prior *p, const eid_tail_learner *a,
                          const eid_tail_opts *o)
{
    if (o->n < 1 || o->n > 100000000 || o->classes < 2 || o->trials < 2 ||
        o->trials >= EID_MOST_TRIALS)
        return eid_fail(EID_EINVAL,
                        "long tail: want 1 to 1e8 examples, 2 or more classes and 2 to %d samples, "
                        "got %" PRId64 ", %" PRId64 " and %" PRId64,
                        EID_MOST_TRIALS - 1, o->n, o->classes, o->trials);
    if (a->kind == EID_TAIL_PRIVATE && !(a->epsilon > 0 && a->epsilon < 1e6))
        return eid_fail(EID_EINVAL, "long tail: epsilon is %g, want a positive number", a->epsilon);
    if (a->kind == EID_TAIL_COMPRESS && (a->capacity < 0 || a->capacity > p->points))
        return eid_fail(EID_EINVAL, "long tail: room for %" PRId64 " points, want 0 to %" PRId64,
                        a->capacity, p->points);
    return EID_OK;
}

/* The mean of one field over samples. */
#define MEAN(field, expression)                     \
    do {                                            \
        for (int64_t t = 0; t < trials; t++) {      \
            const outcome *o = &w.out[t];           \
            x[t] = (expression);                    \
        }                                           \
        out->field = eid_mean_t(x, (size_t)trials); \
    } while (0)

eid_status eid_tail_run(eid_tail_result *out, eid_ctx *ctx, const eid_tail_prior *p,
                        const eid_tail_learner *a, const eid_tail_opts *opts)
{
    eid_status st = EID_OK;
    int64_t trials = opts->trials;
    work w = {.prior = p, .learner = a, .opts = opts};
    double *tau = NULL, *x = NULL;

    EID_TRY(eid_tail_check(p, a, opts));
    EID_TRY(EID_NEW(w.out, trials));
    EID_TRY(EID_NEW(x, trials));
    EID_TRY(EID_NEW(tau, opts->n + 1));
    for (int64_t l = 1; l <= opts->n; l++)
        tau[l] = eid_tail_tau(p, opts->n, l);
    w.tau = tau;
    EID_TRY(eid_tick(ctx, "long tail", "samples", 0, trials));
    EID_TRY(eid_par_for(ctx, trials, one_sample, &w));
    MEAN(excess, o->excess);
    MEAN(formula, o->formula);
    MEAN(difference, o->excess - o->formula);
    MEAN(singletons, o->singletons);
    MEAN(unseen, o->unseen);
    for (int g = 0; g < EID_TAIL_GROUPS; g++)
        MEAN(group[g], o->group[g]);
    MEAN(rare_over_frequent, o->group[EID_TAIL_GROUPS - 1] - o->group[0]);
done:
    eid_free(w.out);
    eid_free(x);
    eid_free(tau);
    return st;
}
