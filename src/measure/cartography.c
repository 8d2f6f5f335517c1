/* cartography.c - where an example lies on the map of a training (Swayamdipta et al. 2020): how
 * confident the network is in its label on average, how much that varies, how often it is right. */
#include "measure/score.h"
#include <math.h>

/* Mean and standard deviation (over the checkpoints there are, not a sample of more) of p_y. */
static void moments(const eid_trajectory *t, int64_t i, double *mean, double *deviation)
{
    int64_t first = score_first(t);
    double n = (double)(t->checkpoints - first), sum = 0, squares = 0;

    for (int64_t c = first; c < t->checkpoints; c++)
        sum += (double)t->probability[c * t->examples + i];
    *mean = sum / n;
    for (int64_t c = first; c < t->checkpoints; c++) {
        double d = (double)t->probability[c * t->examples + i] - *mean;
        squares += d * d;
    }
    *deviation = sqrt(squares / n);
}

eid_status score_confidence(const eid_trajectory *t, double epoch, double *score)
{
    double deviation;

    (void)epoch;
    for (int64_t i = 0; i < t->examples; i++)
        moments(t, i, &score[i], &deviation);
    return EID_OK;
}

eid_status score_variability(const eid_trajectory *t, double epoch, double *score)
{
    double mean;

    (void)epoch;
    for (int64_t i = 0; i < t->examples; i++)
        moments(t, i, &mean, &score[i]);
    return EID_OK;
}

eid_status score_correctness(const eid_trajectory *t, double epoch, double *score)
{
    int64_t first = score_first(t);

    (void)epoch;
    for (int64_t i = 0; i < t->examples; i++) {
        int64_t right = 0;
        for (int64_t c = first; c < t->checkpoints; c++)
            right += t->correct[c * t->examples + i];
        score[i] = (double)right / (double)(t->checkpoints - first);
    }
    return EID_OK;
}
