/* forgetting.c - how often an example that was right turned wrong (Toneva et al. 2019).  Who was
 * never right counts one forgetting per presentation, as their code does: more than anybody who
 * was.
 */
#include "measure/score.h"

eid_status score_forgetting(const eid_trajectory *t, double epoch, double *score)
{
    int64_t rows;
    const uint8_t *right = score_rights(t, &rows);

    (void)epoch;
    for (int64_t i = 0; i < t->examples; i++) {
        int64_t forgotten = 0, ever = 0;
        for (int64_t c = 0; c < rows; c++) {
            uint8_t now = right[c * t->examples + i];
            forgotten += c && right[(c - 1) * t->examples + i] && !now;
            ever += now;
        }
        score[i] = (double)(ever ? forgotten : rows);
    }
    return EID_OK;
}
