/* draw.h - which examples a step takes, and their numbers: pure functions of (seed, step).
 *
 * All epochs stand in one long row, each in an order of its own; step s takes places
 * s * batch .. s * batch + batch - 1. */
#ifndef EID_SRC_DRAW_H
#define EID_SRC_DRAW_H
#include "base/memory.h"
#include "eidetic/classifier.h"
#include "eidetic/dataset.h"

typedef struct eid_draw {
    int64_t n;
    uint64_t seed;
    int64_t epoch; /* that `order` is of; -1: of none */
    int64_t *order;
} eid_draw;

eid_status eid_draw_new(eid_draw **out, int64_t n, uint64_t seed);
void eid_draw_free(eid_draw *d);
void eid_draw_seed(eid_draw *d, uint64_t seed); /* another row */
/* Places (n of them) in [0, d->n), and the epoch of each. */
void eid_draw_step(eid_draw *d, int64_t step, int64_t batch, int64_t *index, int64_t *epoch);

/* Examples index[0..n) of d as rows of floats. */
void eid_gather(const eid_dataset *d, const int64_t *index, int64_t n, float *x);
#endif
