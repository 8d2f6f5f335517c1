/* lab_diet_scores.c - EL2N and GraNd by epoch and seed, and whom they find. */
#include "recipe/lab_diet.h"
#include "train/outcome.h"
#include <math.h>
#include <stdio.h>

typedef struct scoring {
    diet_scored *s;
    int seed; /* its place; DIET_SEEDS and on: a network of another kind */
} scoring;

/* One product gives both: gradient norms, and the logits that EL2N is read from. */
static eid_status ask(const scoring *a, eid_ctx *ctx, eid_net *m, int epoch)
{
    eid_status st = EID_OK;
    const eid_dataset *d = a->s->d;
    float *z = NULL;
    double *norm2 = NULL, *el2n = NULL, x[64];

    if (d->classes > 64)
        return eid_fail(EID_EUNSUPPORTED, "%s has %d classes, this lab takes 64", d->name,
                        (int)d->classes);
    EID_TRY(EID_NEW(z, d->n * d->classes));
    EID_TRY(EID_NEW(el2n, d->n));
    if (a->seed < DIET_SEEDS) {
        EID_TRY(EID_NEW(norm2, d->n));
        EID_TRY(eid_classifier_norms(m, ctx, d, NULL, d->n, norm2, NULL, z));
        for (int64_t i = 0; i < d->n; i++)
            norm2[i] = sqrt(norm2[i]);
    } else {
        EID_TRY(eid_classifier_logits(m, ctx, d, NULL, d->n, z));
    }
    for (int64_t i = 0; i < d->n; i++) {
        for (int32_t c = 0; c < d->classes; c++)
            x[c] = (double)z[i * d->classes + c];
        el2n[i] = eid_outcome_of(x, d->classes, d->label[i]).el2n;
    }
    if (a->seed < DIET_SEEDS) {
        a->s->score[DIET_GRAND][a->seed][epoch] = norm2;
        a->s->score[DIET_EL2N][a->seed][epoch] = el2n;
        norm2 = NULL;
    } else {
        a->s->other[a->seed - DIET_SEEDS] = el2n;
    }
    el2n = NULL;
done:
    eid_free(z);
    eid_free(norm2);
    eid_free(el2n);
    return st;
}

static eid_status look(lab_training *t, eid_ctx *ctx, const eid_moment *m)
{
    const scoring *a = t->user;
    int epoch = (int)m->epoch; /* the end of epoch 1 may be 1.0005 */

    if (epoch > DIET_EPOCHS || (a->seed >= DIET_SEEDS && epoch < DIET_EPOCHS))
        return EID_OK;
    t->stop = epoch == DIET_EPOCHS;
    return ask(a, ctx, m->net, epoch);
}

/* Networks begin as those of the comparisons do, and stop early. */
eid_status diet_score(diet_scored *out, lab_work *w, const eid_dataset *d, const diet_recipe *r,
                      bool others)
{
    lab_training t[DIET_SEEDS + 2];
    scoring of[DIET_SEEDS + 2];
    size_t n = DIET_SEEDS + (others ? 2 : 0);

    *out = (diet_scored){.d = d};
    for (size_t k = 0; k < n; k++) {
        of[k] = (scoring){out, (int)k};
        t[k] = (lab_training){.data = d, .opts = r->training, .look = look, .user = &of[k]};
        t[k].opts.seed += 100 + (int64_t)k;
        if (k >= DIET_SEEDS) {
            t[k].opts.model = r->other;
            t[k].opts.lr = r->other_lr;
        }
    }
    eid_status st = lab_train(w, t, n, "scoring examples");
    lab_trainings_free(t, n);
    return st;
}

void diet_scored_free(diet_scored *s)
{
    for (int kind = 0; kind < DIET_SCORES; kind++)
        for (int k = 0; k < DIET_SEEDS; k++)
            for (int e = 0; e <= DIET_EPOCHS; e++)
                eid_free(s->score[kind][k][e]);
    eid_free(s->other[0]);
    eid_free(s->other[1]);
    *s = (diet_scored){0};
}

void diet_mean(double *out, const diet_scored *s, int kind, int from, int n, int epoch)
{
    for (int64_t i = 0; i < s->d->n; i++) {
        double sum = 0;
        for (int k = from; k < from + n; k++)
            sum += s->score[kind][k][epoch][i];
        out[i] = sum / n;
    }
}

/* ---- wrong labels ------------------------------------------------------------------------------
 */

typedef struct found {
    eid_estimate all, one; /* area under the ROC by the mean of all seeds; by one, mean over them */
    eid_estimate gain;     /* all less one */
} found;

static eid_status find(found *out, const diet_scored *s, int kind, int epoch, double *mean)
{
    eid_status st = EID_OK;
    eid_estimate e;
    double one[DIET_SEEDS], gain[DIET_SEEDS];

    diet_mean(mean, s, kind, 0, DIET_SEEDS, epoch);
    EID_TRY(lab_finds_flips(&out->all, mean, s->d));
    for (int k = 0; k < DIET_SEEDS; k++) {
        EID_TRY(lab_finds_flips(&e, s->score[kind][k][epoch], s->d));
        one[k] = e.value;
        gain[k] = out->all.value - e.value;
    }
    out->one = eid_mean_t(one, DIET_SEEDS);
    out->gain = eid_mean_t(gain, DIET_SEEDS);
done:
    return st;
}

static eid_status finding_rows(lab_work *w, found f[DIET_SCORES][DIET_EPOCHS + 1])
{
    eid_status st = EID_OK;
    char row[128];
    double el2n = w->full ? 0.985 : 0.9, grand = w->full ? 0.97 : 0.88;

    for (int e = 1; e <= DIET_EPOCHS; e++) {
        snprintf(row, sizeof row, "wrong labels: area under the ROC of EL2N, epoch %d, %d seeds", e,
                 DIET_SEEDS);
        EID_TRY(lab_measured(w, row, &f[DIET_EL2N][e].all, lab_at_least(el2n)));
    }
    for (int e = 2; e <= DIET_EPOCHS; e++) {
        snprintf(row, sizeof row, "wrong labels: area under the ROC of GraNd, epoch %d, %d seeds",
                 e, DIET_SEEDS);
        EID_TRY(lab_measured(w, row, &f[DIET_GRAND][e].all, lab_at_least(grand)));
    }
    EID_TRY(lab_measured(w, "wrong labels: EL2N by one seed, epoch 5, mean over seeds",
                         &f[DIET_EL2N][5].one, lab_any()));
    EID_TRY(lab_measured(w, "wrong labels: EL2N by all seeds less by one, epoch 5",
                         &f[DIET_EL2N][5].gain, lab_at_least(0)));
    EID_TRY(lab_measured(w, "wrong labels: GraNd by all seeds less by one, epoch 5",
                         &f[DIET_GRAND][5].gain, lab_at_least(0)));
    EID_TRY(lab_control(w, "wrong labels: GraNd at initialization, 5 seeds", &f[DIET_GRAND][0].all,
                        lab_about(0.5, w->full ? 0.05 : 0.15)));
done:
    return st;
}

eid_status diet_show_finding(lab_work *w, const diet_scored *noisy)
{
    static const char *const name[DIET_SCORES] = {"EL2N", "GraNd"};
    eid_status st = EID_OK;
    found f[DIET_SCORES][DIET_EPOCHS + 1];
    eid_lab_figure *figure;
    double *mean = NULL;
    char series[64];

    EID_TRY(EID_NEW(mean, noisy->d->n));
    EID_TRY(lab_figure(&figure, w,
                       &(eid_chart){.name = "wrong-labels",
                                    .title = "How well a score finds the tenth of the labels that "
                                             "is wrong, by epoch",
                                    .x_title = "epoch of the score",
                                    .x_unit = "epochs",
                                    .y_title = "area under the ROC",
                                    .rule = 0.5,
                                    .rule_label = "chance"}));
    for (int kind = 0; kind < DIET_SCORES; kind++)
        for (int e = 0; e <= DIET_EPOCHS; e++) {
            EID_TRY(find(&f[kind][e], noisy, kind, e, mean));
            snprintf(series, sizeof series, "%s, mean of %d seeds", name[kind], DIET_SEEDS);
            EID_TRY(lab_point(figure, series, e, &f[kind][e].all));
            snprintf(series, sizeof series, "%s, one seed", name[kind]);
            EID_TRY(lab_point(figure, series, e, &f[kind][e].one));
        }
    EID_TRY(finding_rows(w, f));
done:
    eid_free(mean);
    return st;
}

/* ---- agreement ---------------------------------------------------------------------------------
 */

eid_status diet_show_agreement(lab_work *w, const diet_scored *s, const diet_recipe *r,
                               const double *forgotten)
{
    eid_status st = EID_OK;
    size_t n = (size_t)s->d->n;
    double *a = NULL, *b = NULL;
    eid_estimate e;
    char row[128];

    EID_TRY(EID_NEW(a, n));
    EID_TRY(EID_NEW(b, n));
    diet_mean(a, s, DIET_EL2N, 0, 1, DIET_EPOCHS);
    diet_mean(b, s, DIET_EL2N, 1, 1, DIET_EPOCHS);
    EID_TRY(eid_spearman(a, b, n, &e));
    EID_TRY(
        lab_measured(w, "rank correlation of EL2N, one seed with another", &e, lab_at_least(0.6)));
    diet_mean(a, s, DIET_EL2N, 0, 2, DIET_EPOCHS);
    diet_mean(b, s, DIET_EL2N, 2, 2, DIET_EPOCHS);
    EID_TRY(eid_spearman(a, b, n, &e));
    EID_TRY(lab_measured(w, "rank correlation of EL2N, mean of two seeds with that of two others",
                         &e, lab_at_least(w->full ? 0.7 : 0.55)));
    diet_mean(a, s, DIET_EL2N, 0, DIET_SEEDS, DIET_EPOCHS);
    for (size_t i = 0; i < n; i++)
        b[i] = (s->other[0][i] + s->other[1][i]) / 2;
    EID_TRY(eid_spearman(a, b, n, &e));
    snprintf(row, sizeof row, "rank correlation of EL2N, %.40s with %.40s", r->training.model,
             r->other);
    EID_TRY(lab_measured(w, row, &e, lab_at_least(0.6)));
    EID_TRY(eid_spearman(a, forgotten, n, &e));
    EID_TRY(lab_measured(w, "rank correlation of EL2N with times forgotten in a full training", &e,
                         lab_at_least(0.5)));
    diet_mean(b, s, DIET_GRAND, 0, DIET_SEEDS, 0);
    EID_TRY(eid_spearman(a, b, n, &e));
    EID_TRY(lab_control(w, "rank correlation of EL2N with GraNd at initialization", &e,
                        lab_between(-0.6, 0.6)));
done:
    eid_free(a);
    eid_free(b);
    return st;
}
