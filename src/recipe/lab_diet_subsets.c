/* lab_diet_subsets.c - trainings on parts of a training set, and which part is chosen. */
#include "recipe/diet.h"
#include "recipe/lab_diet.h"
#include <math.h>
#include <stdio.h>

/* A tenth of the labels is wrong where they are; a tenth of the examples chooses the window. */
static const double WRONG = 0.1, HELD_OUT = 0.1;

const subset diet_subsets[PARTS] = {
    {"all", CLEAN, EL2N_ORDER, 0, 1},
    {"half, highest EL2N", CLEAN, EL2N_ORDER, 0.5, 1},
    {"half, at random", CLEAN, RANDOM_ORDER, 0.5, 1},
    {"half, lowest EL2N", CLEAN, EL2N_ORDER, 0, 0.5},
    {"few, highest EL2N", CLEAN, EL2N_ORDER, 0.7, 1},
    {"few, at random", CLEAN, RANDOM_ORDER, 0.7, 1},
    {"half, by GraNd at start", CLEAN, GRAND_ORDER, 0.5, 1},
    {"all", NOISY, EL2N_ORDER, 0, 1},
    {"5% with the highest EL2N dropped", NOISY, EL2N_ORDER, 0, 0.95},
    {"10% with the highest EL2N dropped", NOISY, EL2N_ORDER, 0, 0.9},
    {"15% with the highest EL2N dropped", NOISY, EL2N_ORDER, 0, 0.85},
    {"20% with the highest EL2N dropped", NOISY, EL2N_ORDER, 0, 0.8},
    {"half, highest EL2N", NOISY, EL2N_ORDER, 0.5, 1},
    {"the wrong labels dropped", NOISY, FLIPS_ORDER, 0, 0.9},
    {"as many dropped at random", NOISY, RANDOM_ORDER, 0, 1}, /* as many as the window drops */
};

/* ---- data and orders ---------------------------------------------------------------------------
 */

static eid_status hold_out(diet_lab *l, int set, const eid_dataset *d)
{
    eid_status st = EID_OK;
    const double share[2] = {1 - HELD_OUT, HELD_OUT};
    eid_dataset **to[2] = {&l->learn[set], &l->validate[set]};
    uint8_t *side = NULL;
    int64_t *place = NULL;

    EID_TRY(EID_NEW(side, d->n));
    EID_TRY(EID_NEW(place, d->n));
    EID_TRY(eid_dataset_split(l->train, share, 2, l->w->seed, side)); /* the same for both */
    for (int p = 0; p < 2; p++) {
        int64_t n = 0;
        for (int64_t i = 0; i < d->n; i++)
            if (side[i] == p)
                place[n++] = i;
        EID_TRY(eid_dataset_pick(to[p], l->w->ctx, d, place, n));
    }
done:
    eid_free(side);
    eid_free(place);
    return st;
}

static eid_status make_order(diet_lab *l, int set, int order)
{
    eid_status st = EID_OK;
    const eid_dataset *d = l->learn[set];
    double *score = NULL;

    EID_TRY(EID_NEW(l->order[set][order], d->n));
    EID_TRY(EID_NEW(score, d->n));
    if (order == EL2N_ORDER)
        diet_mean(score, &l->scored[set], DIET_EL2N, 0, DIET_SEEDS, DIET_EPOCHS);
    else if (order == GRAND_ORDER)
        diet_mean(score, &l->scored[set], DIET_GRAND, 0, DIET_SEEDS, 0);
    for (int64_t i = 0; i < d->n && order == FLIPS_ORDER; i++)
        score[i] = d->label[i] != d->clean[i];
    EID_TRY(diet_order(l->order[set][order], d->n, order == RANDOM_ORDER ? NULL : score, 1, d->id,
                       l->w->seed));
done:
    eid_free(score);
    return st;
}

eid_status diet_prepare(diet_lab *l)
{
    eid_status st = EID_OK;
    eid_dataset *noisy = NULL;

    EID_TRY(
        eid_dataset_noise(&noisy, l->w->ctx, l->train, EID_NOISE_WRONG, WRONG, l->w->seed, NULL));
    EID_TRY(hold_out(l, CLEAN, l->train));
    EID_TRY(hold_out(l, NOISY, noisy));
    for (int set = CLEAN; set <= NOISY; set++) {
        EID_TRY(diet_score(&l->scored[set], l->w, l->learn[set], &l->r, set == CLEAN));
        for (int order = 0; order < ORDERS; order++)
            EID_TRY(make_order(l, set, order));
    }
done:
    eid_dataset_free(noisy);
    return st;
}

/* ---- trainings ------------------------------------------------------------------------------- */

/* Forgetting events of one training on all clean examples (Toneva et al. 2019). */
static eid_status presented(lab_training *t, const eid_presented *p)
{
    diet_lab *l = t->user;
    int64_t n = t->data->n, k = t - l->t;
    int32_t classes = t->data->classes;
    uint8_t *last = l->last + k * n;
    double *forgotten = l->forgotten + k * n;

    for (int64_t i = 0; i < p->n; i++) {
        const float *z = p->logits + i * classes;
        int64_t at = p->index[i];
        int right = 1;
        for (int32_t c = 0; c < classes; c++)
            right &= c == t->data->label[at] || z[c] < z[t->data->label[at]];
        forgotten[at] += last[at] && !right;
        last[at] = (uint8_t)right;
    }
    return EID_OK;
}

/* Few are 30%; of the drawn points, which are more alike, a tenth. */
static double from_of(const diet_lab *l, int part)
{
    bool few = part == FEW || part == FEW_AT_RANDOM;

    return few && !l->w->full ? 0.9 : diet_subsets[part].from;
}

void diet_name(char name[DIET_NAME], const diet_lab *l, int part)
{
    bool few = part == FEW || part == FEW_AT_RANDOM;

    if (few)
        snprintf(name, DIET_NAME, part == FEW ? "%.0f%%, highest EL2N" : "%.0f%%, at random",
                 100 * (1 - from_of(l, part)));
    else
        snprintf(name, DIET_NAME, "%s", diet_subsets[part].name);
}

static void plan(diet_lab *l, int part, double to)
{
    const subset *s = &diet_subsets[part];
    const eid_dataset *d = l->learn[s->set];
    int64_t from = llround(from_of(l, part) * (double)d->n);

    for (int64_t k = 0; k < l->replicas; k++) {
        lab_training *t = &l->t[part * l->replicas + k];
        *t = (lab_training){.data = d,
                            .part = l->order[s->set][s->order] + from,
                            .n = llround(to * (double)d->n) - from,
                            .opts = l->r.training,
                            .judge = {l->test, l->validate[s->set]},
                            .user = l};
        if (part == ALL) {
            t->part = NULL;
            t->presented = presented;
        }
        t->opts.seed += 1000 * (part + 1) + k;
        t->opts.steps = eid_classifier_steps(&l->r.training, d->n);
    }
}

/* The share to drop with the best accuracy on examples held out, whose labels are as noisy; the
 * smallest of equals.  The test set has no say. */
static void choose_window(diet_lab *l)
{
    static const int candidate[] = {ALL_NOISY, DROP_5, DROP_10, DROP_15, DROP_20};
    double best = -1;

    for (size_t i = 0; i < sizeof candidate / sizeof *candidate; i++) {
        eid_estimate e =
            lab_accuracy(diet_of(l, candidate[i]), (size_t)l->replicas, 1, (lab_spread){0, 1});
        if (e.value > best) {
            best = e.value;
            l->window = candidate[i];
        }
    }
}

eid_status diet_compare_subsets(diet_lab *l)
{
    eid_status st = EID_OK;
    int64_t n = l->learn[CLEAN]->n, r = l->replicas;

    EID_TRY(EID_NEW(l->last, n * r));
    EID_TRY(EID_NEW(l->forgotten, n * r));
    for (int p = 0; p < AS_MANY_AT_RANDOM; p++)
        plan(l, p, diet_subsets[p].to);
    EID_TRY(lab_train(l->w, l->t, (size_t)(AS_MANY_AT_RANDOM * r), "training on subsets"));
    choose_window(l);
    plan(l, AS_MANY_AT_RANDOM, diet_subsets[l->window].to);
    EID_TRY(
        lab_train(l->w, diet_of(l, AS_MANY_AT_RANDOM), (size_t)r, "training on a random subset"));
    for (int judge = 0; judge < 2; judge++)
        l->spread[judge] = lab_spread_of(l->t, PARTS, (size_t)r, judge);
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 1; k < r; k++)
            l->forgotten[i] += l->forgotten[k * n + i];
done:
    return st;
}
