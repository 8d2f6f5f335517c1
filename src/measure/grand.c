/* grand.c - the norm of an example's gradient over all parameters (Paul et al. 2021).  At
 * initialization it says nothing of the example's use: the paper's figures to the contrary came
 * from a wrongly restored checkpoint (its erratum). */
#include "measure/score.h"
#include <math.h>

eid_status score_grand(const eid_trajectory *t, double epoch, double *score)
{
    int64_t c = score_checkpoint(t, epoch);

    if (!t->grand)
        return eid_fail(EID_EINVAL, "grand: gradient norms were not recorded");
    for (int64_t i = 0; i < t->examples; i++) {
        score[i] = (double)t->grand[c * t->examples + i];
        if (isnan(score[i]))
            return eid_fail(EID_EINVAL,
                            "grand: gradient norms were not recorded at epoch %g, the checkpoint "
                            "nearest to the one asked for",
                            t->epoch[c]);
    }
    return EID_OK;
}
