/* lab_diet.h - the parts of the lab about a data diet: scores of two training sets, one clean and
 * one with wrong labels, by several seeds at several epochs. */
#ifndef EID_SRC_RECIPE_LAB_DIET_H
#define EID_SRC_RECIPE_LAB_DIET_H
#include "recipe/lab_nets.h"

enum { DIET_EPOCHS = 5, DIET_SEEDS = 5 };
enum { DIET_EL2N, DIET_GRAND, DIET_SCORES };

/* What a lab's networks are trained with. */
typedef struct diet_recipe {
    eid_classifier_opts training; /* of the comparisons: all epochs */
    const char *other;            /* a network of another kind */
    double other_lr;
} diet_recipe;

typedef struct diet_scored {
    const eid_dataset *d;
    /* score[kind][seed][epoch] of every example; epoch 0: at initialization */
    double *score[DIET_SCORES][DIET_SEEDS][DIET_EPOCHS + 1];
    double *other[2]; /* EL2N of networks of another kind at the last epoch; NULL: not trained */
} diet_scored;

/* Trains DIET_SEEDS networks for DIET_EPOCHS epochs on `d`, each with its own seed, and keeps what
 * they say at every epoch; `others`: two of another kind, too. */
eid_status diet_score(diet_scored *out, lab_work *w, const eid_dataset *d, const diet_recipe *r,
                      bool others);
void diet_scored_free(diet_scored *s);
/* Mean of a score over seeds from .. from + n - 1. */
void diet_mean(double *out, const diet_scored *s, int kind, int from, int n, int epoch);

/* Rows and a figure: who finds wrong labels, how well seeds agree. */
eid_status diet_show_finding(lab_work *w, const diet_scored *noisy);
/* forgotten: how often each example was, in a full training. */
eid_status diet_show_agreement(lab_work *w, const diet_scored *clean, const diet_recipe *r,
                               const double *forgotten);

/* ---- subsets that are trained on, all with as many steps ------------------------------------ */

enum { CLEAN, NOISY };
enum { ALL, HALF, HALF_AT_RANDOM, LOWEST_HALF, FEW, FEW_AT_RANDOM, HALF_BY_GRAND };
enum { ALL_NOISY = HALF_BY_GRAND + 1, DROP_5, DROP_10, DROP_15, DROP_20, HALF_NOISY, TRUE_FLIPS };
enum { AS_MANY_AT_RANDOM = TRUE_FLIPS + 1, PARTS };
enum { EL2N_ORDER, GRAND_ORDER, RANDOM_ORDER, FLIPS_ORDER, ORDERS };

typedef struct subset {
    const char *name;
    int set, order;  /* easy first */
    double from, to; /* shares of the order */
} subset;
extern const subset diet_subsets[PARTS];

enum { MOST_REPLICAS = 4 };

typedef struct diet_lab {
    lab_work *w;
    diet_recipe r;
    int64_t replicas;
    eid_dataset *train, *test;
    eid_dataset *learn[2], *validate[2]; /* clean, noisy */
    diet_scored scored[2];
    int64_t *order[2][ORDERS];
    lab_training t[PARTS * MOST_REPLICAS];
    uint8_t *last;     /* of each training on all clean examples: right when presented last */
    double *forgotten; /* times, summed over those trainings */
    int window;        /* DROP_5 .. DROP_20, or ALL_NOISY */
    lab_spread spread[2];
} diet_lab;

/* Splits, scores and orders both training sets. */
eid_status diet_prepare(diet_lab *l);
/* Trains on every subset, and chooses the window. */
eid_status diet_compare_subsets(diet_lab *l);
/* "half, highest EL2N". */
enum { DIET_NAME = 64 };
void diet_name(char name[DIET_NAME], const diet_lab *l, int part);
static inline lab_training *diet_of(diet_lab *l, int part)
{
    return &l->t[part * l->replicas];
}
#endif
