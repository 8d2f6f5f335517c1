/* lab_nets.h - what labs about classifiers share: the data, many trainings at a time, and
 * accuracies compared where both networks were asked about the same examples.
 *
 * Trainings are small, so each is done by one thread, and several at once: what comes out depends
 * on the training alone. */
#ifndef EID_SRC_RECIPE_LAB_NETS_H
#define EID_SRC_RECIPE_LAB_NETS_H
#include "eidetic/train.h"
#include "recipe/lab.h"

/* ---- data ---------------------------------------------------------------------------------- */

/* Points of R^features in subpopulations, each with a centre and a class of its own, whose shares
 * fall as 1 / rank: a few are seen often, most hardly ever.  Coordinates have unit variance around
 * the centre, centres `spread` times that around 0. */
typedef struct lab_tail_opts {
    int64_t n, features, groups;
    int32_t classes, part; /* part: as eid_dataset's; training and test share the centres */
    double exponent, spread;
    uint64_t seed;
} lab_tail_opts;
eid_status lab_tail(eid_dataset **out, eid_ctx *ctx, const lab_tail_opts *o);

/* The data that a lab was asked to use.  `data` NULL: Fashion-MNIST at full scale, and at check
 * scale subpopulations drawn here (`small`, its test set of 2,000).  `n`: a stratified subset at
 * full scale, 0: all.  *train is NULL where Fashion-MNIST is not on this machine: a row says so. */
eid_status lab_examples(lab_work *w, const char *data, int64_t n, const lab_tail_opts *small,
                        eid_dataset **train, eid_dataset **test);

/* Takes the training set's mean example away from both sets and brings the mean variance of a
 * number to 1.  Bytes scaled to 0 to 1 all point the same way, and a network then takes several
 * times the epochs to fit its last examples. */
eid_status lab_centre(eid_ctx *ctx, eid_dataset **train, eid_dataset **test);

/* ---- trainings ------------------------------------------------------------------------------- */

typedef struct lab_training lab_training;
struct lab_training {
    const eid_dataset *data;
    const int64_t *part; /* places trained on, NULL: all */
    int64_t n;
    eid_classifier_opts opts;
    /* At step 0 and the end of every epoch; setting t->stop ends the training there.  May be NULL;
     * called from the training's own thread with that thread's context. */
    eid_status (*look)(lab_training *t, eid_ctx *ctx, const eid_moment *m);
    eid_status (*presented)(lab_training *t, const eid_presented *p); /* may be NULL */
    void *user;
    const eid_dataset *judge[2]; /* asked about at the end; may be NULL */
    /* told */
    bool stop;
    double epoch;      /* at the end */
    uint8_t *right[2]; /* of every example of judge[i]; freed by lab_trainings_free */
};
/* How a lab trains that wants every example fitted: the learning rate must fall for the last ones.
 */
eid_classifier_opts lab_memorizing(const lab_work *w);
eid_status lab_train(lab_work *w, lab_training *t, size_t n, const char *what);
void lab_trainings_free(lab_training *t, size_t n);
/* Share of right answers of `m` on d. */
eid_status lab_accuracy_of(eid_net *m, eid_ctx *ctx, const eid_dataset *d, double *accuracy);

/* ---- comparisons ------------------------------------------------------------------------------
 * Replicas of one training differ by their seeds.  How much is pooled over all trainings of a
 * table, since few replicas of each tell little.  Intervals are of other seeds, on the examples
 * that were asked about; what other examples would change is told apart, by lab_open. */

typedef struct lab_spread {
    double variance; /* of an accuracy, between seeds */
    double df;
} lab_spread;
/* t[0 .. groups * replicas), a group's replicas side by side; judge: 0 or 1. */
lab_spread lab_spread_of(const lab_training *t, size_t groups, size_t replicas, int judge);
eid_estimate lab_accuracy(const lab_training *t, size_t replicas, int judge, lab_spread s);
/* Accuracy of a less that of b. */
eid_estimate lab_difference(const lab_training *a, const lab_training *b, size_t replicas,
                            int judge, lab_spread s);
/* Half the width of a 95% interval of that difference, were other examples drawn to judge by. */
double lab_open(const lab_training *a, const lab_training *b, size_t replicas, int judge);

/* ---- small help --------------------------------------------------------------------------------
 */

/* Area under the ROC of `score` for the examples whose label is not the clean one. */
eid_status lab_finds_flips(eid_estimate *out, const double *score, const eid_dataset *d);
/* Sorts x. */
eid_estimate lab_median(double *x, int64_t n);
/* Pearson's, with Fisher's interval. */
eid_estimate lab_correlation(const double *x, const double *y, int64_t n);
#endif
