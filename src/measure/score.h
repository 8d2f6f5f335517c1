/* score.h - scores of training examples: one function a measure, see eidetic/trajectory.h. */
#ifndef EID_SRC_MEASURE_SCORE_H
#define EID_SRC_MEASURE_SCORE_H
#include "base/memory.h"
#include "eidetic/trajectory.h"

/* Each writes the score of every example of one run. */
eid_status score_el2n(const eid_trajectory *t, double epoch, double *score);
eid_status score_grand(const eid_trajectory *t, double epoch, double *score);
eid_status score_forgetting(const eid_trajectory *t, double epoch, double *score);
eid_status score_aum(const eid_trajectory *t, double epoch, double *score);
eid_status score_confidence(const eid_trajectory *t, double epoch, double *score);
eid_status score_variability(const eid_trajectory *t, double epoch, double *score);
eid_status score_correctness(const eid_trajectory *t, double epoch, double *score);
eid_status score_first_learned(const eid_trajectory *t, double epoch, double *score);
eid_status score_last_forgotten(const eid_trajectory *t, double epoch, double *score);

/* The checkpoint nearest to the epoch; the last for a negative one. */
int64_t score_checkpoint(const eid_trajectory *t, double epoch);
/* The first checkpoint with something learned before it: the untrained network's answers are no
 * part of a training's averages. */
int64_t score_first(const eid_trajectory *t);
/* Rows of right and wrong, presentations where they were recorded. */
const uint8_t *score_rights(const eid_trajectory *t, int64_t *rows);
#endif
