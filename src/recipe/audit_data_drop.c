/* audit_data_drop.c - what it costs, or gains, to train without the examples that a score names.
 *
 * Every part is trained on for as many steps as the whole, with the same seeds.  Chosen is by one
 * half of the test set, told by the other. */
#include "recipe/audit_data.h"
#include "recipe/diet.h"
#include "recipe/lab_nets.h"
#include "stats/special.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double HARD[] = {0.05, 0.1, 0.2, 0.3}, EASY[] = {0.1, 0.2, 0.3, 0.5};

int data_cells(const data_audit *a, data_cell *cell)
{
    static const struct {
        const char *name;
        int score;
    } scores[] = {{"el2n", EID_SCORE_EL2N},
                  {"aum", EID_SCORE_AUM},
                  {"self-confidence", DATA_SELF},
                  {"mem", DATA_MEM}};
    int n = 0;

    if (!a->set[1])
        return 0;
    cell[n++] = (data_cell){"all", -3, false, 0};
    for (int k = 0; k < 4; k++)
        cell[n++] = (data_cell){"random", -1, false, HARD[k]};
    cell[n++] = (data_cell){"random", -1, false, 0.5};
    for (int s = 0; s < 4; s++)
        for (int k = 0; k < 4; k++)
            cell[n++] = (data_cell){scores[s].name, scores[s].score, false, HARD[k]};
    for (int k = 0; k < 4; k++)
        cell[n++] = (data_cell){"easiest", EID_SCORE_EL2N, true, EASY[k]};
    if (a->flips)
        cell[n++] = (data_cell){"wrong labels", -2, false, (double)a->flips / (double)a->set[0]->n};
    return n;
}

/* ---- training -------------------------------------------------------------------------------- */

typedef struct dropping {
    data_audit *a;
    data_cell cell[DATA_CELLS];
    int cells;
    int64_t *order;
    double accuracy[2][DATA_CELLS][100]; /* to choose by, to judge by */
} dropping;

/* Places kept, ascending. */
static int by_place(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

    return (a > b) - (a < b);
}

static eid_status kept_of(dropping *d, const data_cell *c, int64_t *kept, int64_t *n)
{
    eid_status st = EID_OK;
    const eid_dataset *s = d->a->set[0];
    int64_t drop = llround(c->share * (double)s->n);

    *n = 0;
    if (c->score == -2) {
        for (int64_t i = 0; i < s->n; i++)
            if (s->label[i] == s->clean[i])
                kept[(*n)++] = i;
        return EID_OK;
    }
    EID_TRY(diet_order(d->order, s->n, c->score >= 0 ? d->a->score[c->score] : NULL,
                       c->score >= 0 ? data_score_hard(c->score) : 1, s->id,
                       (uint64_t)d->a->opts->seed));
    *n = s->n - drop;
    memcpy(kept, d->order + (c->easy ? drop : 0), (size_t)*n * sizeof *kept);
    qsort(kept, (size_t)*n, sizeof *kept, by_place);
done:
    return st;
}

static double share_right(const lab_training *t, int judge)
{
    int64_t n = t->judge[judge]->n, right = 0;

    for (int64_t i = 0; i < n; i++)
        right += t->right[judge][i];
    return (double)right / (double)n;
}

/* Cells from .. from + n - 1, side by side; each is a unit of its own: how often its networks are
 * right. */
static eid_status train_cells(dropping *d, int from, int n)
{
    eid_status st = EID_OK;
    data_audit *a = d->a;
    int replicas = (int)a->opts->replicas;
    lab_work w = {.ctx = a->ctx};
    lab_training *t = NULL;
    int64_t **kept = NULL;
    eid_buf b = {0};

    EID_TRY(EID_NEW(t, n * replicas));
    EID_TRY(EID_NEW(kept, n));
    for (int c = 0; c < n; c++) {
        int64_t many;
        EID_TRY(EID_NEW(kept[c], a->set[0]->n));
        EID_TRY(kept_of(d, &d->cell[from + c], kept[c], &many));
        for (int r = 0; r < replicas; r++) {
            lab_training *one = &t[c * replicas + r];
            *one = (lab_training){.data = a->set[0], .part = kept[c], .n = many};
            one->opts = a->training;
            one->opts.seed += 3000 + r;
            one->opts.steps = eid_classifier_steps(&a->training, a->set[0]->n);
            one->judge[0] = a->judge[0];
            one->judge[1] = a->judge[1];
        }
    }
    EID_TRY(lab_train(&w, t, (size_t)(n * replicas), "training on parts"));
    for (int c = 0; c < n; c++) {
        char unit[32];
        bool done;
        b.n = 0;
        for (int r = 0; r < replicas; r++)
            EID_TRY(eid_buf_printf(&b, "%.17g %.17g ", share_right(&t[c * replicas + r], 0),
                                   share_right(&t[c * replicas + r], 1)));
        snprintf(unit, sizeof unit, "part.%d", from + c);
        EID_TRY(eid_store_begin(a->store, unit, &done));
        if (!done) {
            EID_TRY(eid_store_text(a->store, unit, (const char *)b.at));
            EID_TRY(eid_store_end(a->store));
        }
    }
done:
    if (st != EID_OK)
        eid_store_abandon(a->store);
    lab_trainings_free(t, t ? (size_t)(n * replicas) : 0);
    for (int c = 0; kept && c < n; c++)
        eid_free(kept[c]);
    eid_free(kept);
    eid_free(t);
    eid_buf_free(&b);
    return st;
}

typedef struct reading {
    dropping *d;
    int cell;
    char name[32];
    bool found;
} reading;

static eid_status read_cell(void *user, const char *name, const char *value)
{
    reading *r = user;

    if (strcmp(name, r->name) != 0)
        return EID_OK;
    for (int k = 0; k < r->d->a->opts->replicas; k++) {
        int used = 0;
        if (sscanf(value, "%lf %lf %n", &r->d->accuracy[0][r->cell][k],
                   &r->d->accuracy[1][r->cell][k], &used) != 2)
            return eid_fail(EID_EFORMAT, "the run's %s \"%.60s\" cannot be read", name, value);
        value += used;
    }
    r->found = true;
    return EID_OK;
}

static eid_status find_cell(dropping *d, int cell, bool *found)
{
    reading r = {.d = d, .cell = cell};

    snprintf(r.name, sizeof r.name, "part.%d", cell);
    eid_status st = eid_store_texts(d->a->store, r.name, read_cell, &r);
    *found = r.found;
    return st;
}

/* ---- telling --------------------------------------------------------------------------------- */

static double mean_of(const dropping *d, int judge, int cell)
{
    double sum = 0;

    for (int r = 0; r < d->a->opts->replicas; r++)
        sum += d->accuracy[judge][cell][r];
    return sum / (double)d->a->opts->replicas;
}

/* Variance between seeds, pooled over the cells: two or three replicas of each tell little. */
static double spread(const dropping *d, double *df)
{
    double squares = 0;

    *df = (double)d->cells * (double)(d->a->opts->replicas - 1);
    for (int c = 0; c < d->cells; c++)
        for (int r = 0; r < d->a->opts->replicas; r++)
            squares += pow(d->accuracy[1][c][r] - mean_of(d, 1, c), 2);
    return *df > 0 ? squares / *df : NAN;
}

/* Accuracy of `cell`, less that of `other` (-1: of nothing). */
static eid_estimate told(const dropping *d, int cell, int other)
{
    double df, variance = spread(d, &df), r = (double)d->a->opts->replicas;
    double value = mean_of(d, 1, cell) - (other < 0 ? 0 : mean_of(d, 1, other));
    double half =
        df > 0 ? eid_student_t_two_sided(0.95, df) * sqrt(variance * (other < 0 ? 1 : 2) / r) : NAN;
    return (eid_estimate){.value = value,
                          .low = value - half,
                          .high = value + half,
                          .n = d->a->opts->replicas,
                          .method = df > 0 ? "student's t over seeds, pooled" : "one training"};
}

static int find(const dropping *d, const char *series, double share)
{
    for (int c = 0; c < d->cells; c++)
        if (strcmp(d->cell[c].series, series) == 0 && fabs(d->cell[c].share - share) < 1e-9)
            return c;
    return 0;
}

/* The part that the choosing half likes best; the first of equals. */
static int choose(const dropping *d)
{
    int best = 0;

    for (int c = 1; c < d->cells; c++)
        if (d->cell[c].score >= 0 && !d->cell[c].easy && mean_of(d, 0, c) > mean_of(d, 0, best))
            best = c;
    return best;
}

static eid_status keep_best(dropping *d)
{
    eid_status st = EID_OK;
    eid_store *s = d->a->store;
    int best = choose(d), free_share = 0;
    eid_estimate e = told(d, 0, -1);

    EID_TRY(eid_store_metric(s, "dropping.all", &e));
    EID_TRY(eid_store_text(s, "dropping.best.score", d->cell[best].series));
    EID_TRY(eid_store_number(s, "dropping.best.share", d->cell[best].share));
    e = told(d, best, -1);
    EID_TRY(eid_store_metric(s, "dropping.best", &e));
    e = best ? told(d, best, 0) : eid_estimate_none("nothing is dropped");
    EID_TRY(eid_store_metric(s, "dropping.best.gain", &e));
    e = best ? told(d, best, find(d, "random", d->cell[best].share))
             : eid_estimate_none("nothing is dropped");
    EID_TRY(eid_store_metric(s, "dropping.best.over_random", &e));
    /* The easy share that the choosing half says costs at most half a point. */
    for (int c = 1; c < d->cells; c++)
        if (d->cell[c].easy && mean_of(d, 0, c) >= mean_of(d, 0, 0) - 0.005 &&
            d->cell[c].share > (free_share ? d->cell[free_share].share : 0))
            free_share = c;
    EID_TRY(eid_store_number(s, "redundant.share", free_share ? d->cell[free_share].share : 0));
    e = free_share ? told(d, free_share, 0) : eid_estimate_none("no share costs that little");
    EID_TRY(eid_store_metric(s, "redundant.cost", &e));
done:
    return st;
}

static eid_status keep_curves(dropping *d)
{
    eid_status st = EID_OK;

    for (int c = 0; c < d->cells; c++) {
        const data_cell *x = &d->cell[c];
        eid_estimate e = told(d, c, -1);
        if (x->score == -3) {
            EID_TRY(eid_store_point(d->a->store, "dropping.hardest", "nothing dropped", 0, &e));
            EID_TRY(eid_store_point(d->a->store, "dropping.easiest", "nothing dropped", 0, &e));
        } else if (x->easy) {
            EID_TRY(eid_store_point(d->a->store, "dropping.easiest", x->series, x->share, &e));
        } else {
            if (x->share < 0.4)
                EID_TRY(eid_store_point(d->a->store, "dropping.hardest", x->series, x->share, &e));
            if (x->score == -1 && x->share > 0.06)
                EID_TRY(eid_store_point(d->a->store, "dropping.easiest", x->series, x->share, &e));
        }
    }
done:
    return st;
}

eid_status data_drop(data_audit *a)
{
    eid_status st = EID_OK;
    dropping *d = NULL;
    bool done = false, found = false;
    int at_once = eid_ctx_threads(a->ctx) / (int)a->opts->replicas + 1;

    EID_TRY(EID_NEW(d, 1));
    d->a = a;
    d->cells = data_cells(a, d->cell);
    EID_TRY(EID_NEW(d->order, a->set[0]->n));
    for (int c = 0; c < d->cells; c += at_once) {
        int n = d->cells - c < at_once ? d->cells - c : at_once;
        for (int k = 0; k < n; k++) {
            EID_TRY(find_cell(d, c + k, &found));
            if (!found)
                break;
        }
        if (!found) {
            EID_TRY(train_cells(d, c, n));
            for (int k = 0; k < n; k++)
                EID_TRY(find_cell(d, c + k, &found));
        }
    }
    EID_TRY(eid_store_begin(a->store, "dropping", &done));
    if (done)
        goto done;
    if (d->cells) {
        EID_TRY(keep_best(d));
        EID_TRY(keep_curves(d));
    } else {
        EID_TRY(eid_store_text(a->store, "missing.dropping",
                               "there is no test set; --test-share makes one"));
    }
    EID_TRY(eid_store_end(a->store));
done:
    if (st != EID_OK)
        eid_store_abandon(a->store);
    if (d)
        eid_free(d->order);
    eid_free(d);
    return st;
}
