/* lab_nets.c - many trainings at a time, and what can be said of their accuracies. */
#include "recipe/lab_nets.h"
#include "base/ctx.h"
#include "par/par.h"
#include "stats/special.h"
#include "train/fitting.h"
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

/* ---- one training ------------------------------------------------------------------------------
 */

typedef struct crowd {
    lab_training *t;
    size_t n;
    eid_ctx *ctx;
    const char *what;
    atomic_int_fast64_t done;
} crowd;

typedef struct watching {
    lab_training *t;
    crowd *all;
    int64_t steps;
} watching;

static eid_status ask(eid_net *m, eid_ctx *ctx, const eid_dataset *d, uint8_t **out)
{
    eid_status st = EID_OK;
    float *z = NULL;
    uint8_t *right = NULL;
    int32_t classes = (int32_t)eid_net_shape_of(m)->classes;

    EID_TRY(EID_NEW(z, d->n * classes));
    EID_TRY(EID_NEW(right, d->n));
    EID_TRY(eid_classifier_logits(m, ctx, d, NULL, d->n, z));
    for (int64_t i = 0; i < d->n; i++)
        right[i] = eid_classifier_right(z + i * classes, classes, d->label[i]);
    *out = right;
    right = NULL;
done:
    eid_free(z);
    eid_free(right);
    return st;
}

eid_status lab_accuracy_of(eid_net *m, eid_ctx *ctx, const eid_dataset *d, double *accuracy)
{
    uint8_t *right = NULL;
    eid_status st = ask(m, ctx, d, &right);
    int64_t sum = 0;

    for (int64_t i = 0; st == EID_OK && i < d->n; i++)
        sum += right[i];
    if (st == EID_OK)
        *accuracy = (double)sum / (double)d->n;
    eid_free(right);
    return st;
}

static eid_status moment(void *user, eid_ctx *ctx, const eid_moment *m)
{
    eid_status st = EID_OK;
    watching *w = user;
    lab_training *t = w->t;

    if (eid_cancelled(w->all->ctx))
        EID_TRY(eid_fail(EID_ECANCELLED, "stopped on request while training"));
    if (t->look)
        EID_TRY(t->look(t, ctx, m));
    if (!t->stop && m->step < w->steps)
        return EID_OK;
    t->epoch = m->epoch;
    for (int k = 0; k < 2; k++)
        if (t->judge[k])
            EID_TRY(ask(m->net, ctx, t->judge[k], &t->right[k]));
    if (t->stop)
        st = eid_fail(EID_ECANCELLED, "trained enough");
done:
    return st;
}

static eid_status presented(void *user, const eid_presented *p)
{
    lab_training *t = ((watching *)user)->t;

    return t->presented(t, p);
}

static eid_status one_training(void *arg, int64_t task, int worker)
{
    eid_status st = EID_OK;
    crowd *c = arg;
    lab_training *t = &c->t[task];
    watching w = {t, c, 0};
    eid_watch watch = {.moment = moment, .presented = t->presented ? presented : NULL, .user = &w};
    eid_ctx_opts o = {.threads = 1, .memory = eid_ctx_memory(c->ctx)};
    eid_dataset *part = NULL;
    eid_ctx *ctx = NULL;

    if (worker == 0) /* the calling thread: the one that may tell progress */
        EID_TRY(eid_tick(c->ctx, c->what, "trainings", c->done, (int64_t)c->n));
    EID_TRY(eid_ctx_new(&ctx, &o));
    if (t->part)
        EID_TRY(eid_dataset_pick(&part, ctx, t->data, t->part, t->n));
    w.steps = eid_classifier_steps(&t->opts, part ? t->n : t->data->n);
    st = eid_train_classifier(NULL, NULL, ctx, part ? part : t->data, NULL, &t->opts, &watch, NULL);
    if (st == EID_ECANCELLED && t->stop)
        st = EID_OK;
    c->done++;
done:
    eid_dataset_free(part);
    eid_ctx_free(ctx);
    return st;
}

eid_classifier_opts lab_memorizing(const lab_work *w)
{
    eid_classifier_opts o = eid_classifier_opts_default();

    o.model = "mlp:128";
    o.epochs = 50;
    o.batch = w->full ? 50 : 20;
    o.lr = 0.02;
    o.schedule = EID_SCHEDULE_COSINE;
    return o;
}

eid_status lab_train(lab_work *w, lab_training *t, size_t n, const char *what)
{
    crowd c = {.t = t, .n = n, .ctx = w->ctx, .what = what};
    eid_status st = eid_par_for(w->ctx, (int64_t)n, one_training, &c);

    return st == EID_OK ? eid_tick(w->ctx, what, "trainings", (int64_t)n, (int64_t)n) : st;
}

void lab_trainings_free(lab_training *t, size_t n)
{
    for (size_t i = 0; t && i < n; i++)
        for (int k = 0; k < 2; k++) {
            eid_free(t[i].right[k]);
            t[i].right[k] = NULL;
        }
}

/* ---- comparisons -------------------------------------------------------------------------------
 */

static double accuracy(const lab_training *t, int judge)
{
    int64_t n = t->judge[judge]->n, sum = 0;

    for (int64_t i = 0; i < n; i++)
        sum += t->right[judge][i];
    return (double)sum / (double)n;
}

lab_spread lab_spread_of(const lab_training *t, size_t groups, size_t replicas, int judge)
{
    double squares = 0, df = (double)(groups * (replicas - 1));

    for (size_t g = 0; g < groups; g++) {
        const lab_training *a = t + g * replicas;
        double mean = 0;
        for (size_t r = 0; r < replicas; r++)
            mean += accuracy(a + r, judge) / (double)replicas;
        for (size_t r = 0; r < replicas; r++)
            squares += pow(accuracy(a + r, judge) - mean, 2);
    }
    return (lab_spread){squares / df, df};
}

/* Mean over judged examples of (answers of a) - (answers of b), b NULL: none; and its standard
 * error, were other examples drawn. */
static double compare(const lab_training *a, const lab_training *b, size_t replicas, int judge,
                      double *error)
{
    int64_t n = a->judge[judge]->n;
    double sum = 0, squares = 0, r = (double)replicas;

    for (int64_t i = 0; i < n; i++) {
        double d = 0;
        for (size_t k = 0; k < replicas; k++)
            d += a[k].right[judge][i] - (b ? b[k].right[judge][i] : 0);
        sum += d / r;
        squares += d / r * d / r;
    }
    double mean = sum / (double)n;
    *error = sqrt((squares / (double)n - mean * mean) / (double)n);
    return mean;
}

static eid_estimate over_seeds(const lab_training *a, const lab_training *b, size_t replicas,
                               int judge, lab_spread s)
{
    double error, mean = compare(a, b, replicas, judge, &error);
    double half =
        eid_student_t_two_sided(0.95, s.df) * sqrt(s.variance * (b ? 2 : 1) / (double)replicas);

    return (eid_estimate){.value = mean,
                          .low = mean - half,
                          .high = mean + half,
                          .n = a->judge[judge]->n,
                          .method = "student's t over seeds, pooled"};
}

eid_estimate lab_accuracy(const lab_training *t, size_t replicas, int judge, lab_spread s)
{
    return over_seeds(t, NULL, replicas, judge, s);
}

eid_estimate lab_difference(const lab_training *a, const lab_training *b, size_t replicas,
                            int judge, lab_spread s)
{
    return over_seeds(a, b, replicas, judge, s);
}

double lab_open(const lab_training *a, const lab_training *b, size_t replicas, int judge)
{
    double error;

    compare(a, b, replicas, judge, &error);
    return EID_Z975 * error;
}

/* ---- small help --------------------------------------------------------------------------------
 */

eid_status lab_finds_flips(eid_estimate *out, const double *score, const eid_dataset *d)
{
    double *side[2] = {NULL, NULL};
    size_t n[2] = {0, 0};
    eid_roc *roc = NULL;
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(side[0], d->n));
    EID_TRY(EID_NEW(side[1], d->n));
    for (int64_t i = 0; i < d->n; i++) {
        int flipped = d->label[i] != d->clean[i];
        side[flipped][n[flipped]++] = score[i];
    }
    EID_TRY(eid_roc_new(&roc, side[1], n[1], side[0], n[0]));
    *out = eid_roc_auc(roc);
done:
    eid_roc_free(roc);
    eid_free(side[0]);
    eid_free(side[1]);
    return st;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Median with the interval between order statistics that a binomial gives, normally approximated.
 */
eid_estimate lab_median(double *x, int64_t n)
{
    double half = 0.98 * sqrt((double)n), mid = 0.5 * (double)n;
    int64_t low = (int64_t)floor(mid - half), high = (int64_t)ceil(mid + half);

    qsort(x, (size_t)n, sizeof *x, ascending);
    return (eid_estimate){.value = x[n / 2],
                          .low = x[low < 0 ? 0 : low],
                          .high = x[high >= n ? n - 1 : high],
                          .n = n,
                          .method = "order statistics"};
}

/* Pearson's correlation with Fisher's interval. */
eid_estimate lab_correlation(const double *x, const double *y, int64_t n)
{
    double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;

    for (int64_t i = 0; i < n; i++) {
        mx += x[i] / (double)n;
        my += y[i] / (double)n;
    }
    for (int64_t i = 0; i < n; i++) {
        xx += (x[i] - mx) * (x[i] - mx);
        yy += (y[i] - my) * (y[i] - my);
        xy += (x[i] - mx) * (y[i] - my);
    }
    double r = xy / sqrt(xx * yy), half = EID_Z975 / sqrt((double)n - 3);
    return (eid_estimate){.value = r,
                          .low = tanh(atanh(r) - half),
                          .high = tanh(atanh(r) + half),
                          .n = n,
                          .method = "fisher's z"};
}
