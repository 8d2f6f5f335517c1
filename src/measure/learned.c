/* learned.c - when an example was first right, and when it was last forgotten. */
#include "measure/score.h"
#include <math.h>

eid_status score_first_learned(const eid_trajectory *t, double epoch, double *score)
{
    (void)epoch;
    for (int64_t i = 0; i < t->examples; i++) {
        int64_t c = 0;
        while (c < t->checkpoints && !t->correct[c * t->examples + i])
            c++;
        score[i] = c < t->checkpoints ? (double)t->step[c] : INFINITY;
    }
    return EID_OK;
}

eid_status score_last_forgotten(const eid_trajectory *t, double epoch, double *score)
{
    (void)epoch;
    for (int64_t i = 0; i < t->examples; i++) {
        int64_t c = t->checkpoints - 1;
        while (c > 0 &&
               !(t->correct[(c - 1) * t->examples + i] && !t->correct[c * t->examples + i]))
            c--;
        score[i] = c > 0 ? (double)t->step[c] : 0;
    }
    return EID_OK;
}
