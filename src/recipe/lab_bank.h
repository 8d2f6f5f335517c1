/* lab_bank.h - a small bank in memory: networks trained on random parts of a training set, what
 * each says about every example, and what differs between those that had it and those that had not.
 *
 * (eidetic/bank.h makes large ones, on disk; a lab may have no folder.) */
#ifndef EID_SRC_RECIPE_LAB_BANK_H
#define EID_SRC_RECIPE_LAB_BANK_H
#include "eidetic/bank.h"
#include "recipe/lab_nets.h"

typedef struct lab_bank {
    const eid_dataset *d;
    int64_t models;
    uint8_t *in;     /* models x n: trained on the example */
    uint8_t *right;  /* models x n */
    float *phi;      /* models x n: log(p / (1 - p)), p of the label */
    double accuracy; /* on what each was trained on, mean */
} lab_bank;

/* design, models, fraction and seed of `o` are read; seeds of trainings follow from o->seed. */
eid_status lab_bank_make(lab_bank *out, lab_work *w, const eid_dataset *d, const eid_bank_opts *o,
                         const eid_classifier_opts *training);
void lab_bank_free(lab_bank *b);

/* mem of every example by models from .. from + n - 1 (Feldman and Zhang 2020): share of those that
 * had it that are right about it, less that of the others.  NaN where one side has no model. */
void lab_bank_mem(double *mem, const lab_bank *b, int64_t from, int64_t n);
/* How far apart phi lies in models that had the example and in those that had not, in units of the
 * spread within either, which is pooled over all examples. */
eid_status lab_bank_separation(double *d, const lab_bank *b, int64_t from, int64_t n);

enum { LAB_LIRA, LAB_LOSS };
/* Each of those models in turn is attacked with the others' help about the examples flagged in
 * `about` (NULL: all).  LAB_LIRA: likelihood ratio of phi, normal with the two means over the other
 * models and the two pooled variances (Carlini et al. 2022, fixed variance); LAB_LOSS: phi itself.
 */
eid_status lab_bank_attack(eid_roc **out, const lab_bank *b, int64_t from, int64_t n,
                           const uint8_t *about, int attack);
/* Deals each example's memberships out anew among the models: a bank that knows nothing. */
void lab_bank_shuffle(lab_bank *b, uint64_t seed);
#endif
