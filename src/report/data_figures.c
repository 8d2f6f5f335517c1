/* data_figures.c - the figures of a training set's audit. */
#include "report/document.h"
#include <math.h>
#include <string.h>

static const fig blank[DOC_DATA] = {
    {.name = "labels.roc",
     .section = "roc",
     .title = "Finding the labels that were changed on purpose, by score",
     .x_title = "share of the other examples that is accused",
     .y_title = "share of changed labels that is found",
     .kind = FIG_STEPS,
     .x_kind = AXIS_LOG10,
     .y_kind = AXIS_LOG10,
     .x_as = AS_PERCENT,
     .y_as = AS_PERCENT,
     .x_unit = "of the others accused",
     .diagonal = true},
    {.name = "scores.el2n",
     .section = "labels",
     .title = "How the examples' EL2N is spread: high is hard",
     .x_title = "EL2N, mean over trainings",
     .y_title = "share of the examples",
     .x_as = AS_PLAIN,
     .y_as = AS_PERCENT,
     .x_unit = "EL2N",
     .whole = true},
    {.name = "scores.aum",
     .section = "labels",
     .title = "How the examples' AUM is spread: low is hard",
     .x_title = "area under the margin, mean over trainings",
     .y_title = "share of the examples",
     .x_as = AS_PLAIN,
     .y_as = AS_PERCENT,
     .x_unit = "AUM",
     .whole = true},
    {.name = "scores.mem",
     .section = "memorization",
     .title = "How memorization is spread over the examples",
     .x_title = "mem",
     .y_title = "share of the examples",
     .x_as = AS_PLAIN,
     .y_as = AS_PERCENT,
     .x_unit = "mem",
     .whole = true},
    {.name = "membership.roc",
     .section = "membership",
     .title = "Telling who was trained on",
     .x_title = "false-positive rate",
     .y_title = "true-positive rate",
     .kind = FIG_STEPS,
     .x_kind = AXIS_LOG10,
     .y_kind = AXIS_LOG10,
     .x_as = AS_PERCENT,
     .y_as = AS_PERCENT,
     .x_unit = "false positives",
     .diagonal = true},
    {.name = "dropping.hardest",
     .section = "dropping",
     .title = "Accuracy when the hardest examples are dropped, by score",
     .x_title = "share of the training set that is dropped",
     .y_title = "accuracy on the judging half of the test set",
     .x_as = AS_PERCENT,
     .y_as = AS_PERCENT,
     .x_unit = "dropped"},
    {.name = "dropping.easiest",
     .section = "dropping",
     .title = "Accuracy when the easiest examples are dropped",
     .x_title = "share of the training set that is dropped",
     .y_title = "accuracy on the judging half of the test set",
     .x_as = AS_PERCENT,
     .y_as = AS_PERCENT,
     .x_unit = "dropped"},
};

static const struct {
    const char *series, *label;
    int style;
} known[] = {
    {"el2n", "EL2N", 1},
    {"aum", "AUM", 2},
    {"self-confidence", "self-confidence", 3},
    {"mem", "mem", 4},
    {"random", "at random", 0},
    {"nothing dropped", "nothing dropped", 6},
    {"easiest", "the lowest EL2N", 1},
    {"wrong labels", "the changed labels", 5},
    {"lira", "LiRA", 1},
    {"loss", "loss", 2},
    {"labels as they came", "labels as they came", 1},
    {"labels changed on purpose", "labels changed on purpose", 2},
};

static bool fill(fig *f, const evidence *ev, int which)
{
    *f = blank[which];
    f->rule = NAN;
    const ev_curve *c = ev_find_curve(ev, f->name);
    for (size_t i = 0; c && i < c->n && f->n < FIG_SERIES; i++) {
        const ev_series *s = &c->at[i];
        if (s->n == 0)
            continue;
        fig_series *to = &f->series[f->n++];
        *to = (fig_series){s->name, s->name, 1 + (f->n - 1) % 6, s->at, s->n};
        for (size_t k = 0; k < sizeof known / sizeof *known; k++)
            if (strcmp(s->name, known[k].series) == 0) {
                to->label = known[k].label;
                to->style = known[k].style;
            }
    }
    return f->n > 0;
}

eid_status doc_data_figures(document *d, eid_status (*fn)(void *user, const fig *f), void *user)
{
    eid_status st = EID_OK;

    for (int i = 0; i < FIGURES; i++)
        d->figure[i].name = d->figure[i].section = "";
    for (int i = 0; i < DOC_DATA && st == EID_OK; i++) {
        d->has[i] = fill(&d->figure[i], &d->ev, i);
        if (d->has[i])
            st = fn(user, &d->figure[i]);
    }
    return st;
}
