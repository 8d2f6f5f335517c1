/* outcome.h - what logits or probabilities say about one example. */
#ifndef EID_SRC_OUTCOME_H
#define EID_SRC_OUTCOME_H
#include <stdint.h>

typedef struct eid_outcome {
    double loss, probability, margin, el2n;
} eid_outcome;

/* z: log-probabilities up to a constant; y: the label; k classes. */
eid_outcome eid_outcome_of(const double *z, int32_t k, int32_t y);

/* log(p / (1 - p)), p of label y by k logits; also what p is above: margin z_y - max of the others
 * (NULL: not wanted). */
double eid_phi_of(const float *z, int64_t k, int32_t y, double *margin);
#endif
