/* el2n.c - the error's L2 norm early in training (Paul et al. 2021). */
#include "measure/score.h"

eid_status score_el2n(const eid_trajectory *t, double epoch, double *score)
{
    const float *row = t->el2n + score_checkpoint(t, epoch) * t->examples;

    for (int64_t i = 0; i < t->examples; i++)
        score[i] = (double)row[i];
    return EID_OK;
}
