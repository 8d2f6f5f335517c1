/* privacy.h - what noise buys: the Gaussian mechanism, exactly.
 *
 * A value that moves by at most Delta (in the 2-norm) when one example is replaced, released with
 * Gaussian noise of standard deviation s in every coordinate.  The noise multiplier is s / Delta;
 * nothing else about the value matters. */
#ifndef EID_PRIVACY_H
#define EID_PRIVACY_H
#include "eidetic/base.h"

/* The least delta for which the mechanism is (epsilon, delta)-private (Balle and Wang 2018, theorem
 * 8), with m the noise multiplier:
 *     delta(epsilon) = Phi(1 / 2m - epsilon m) - e^epsilon Phi(-1 / 2m - epsilon m)
 * It is met with equality.  m = 0 gives 1, epsilon < 0 is read as 0. */
EID_API double eid_gaussian_delta(double noise, double epsilon);
/* Its inverses, by bisection, to the last bits and on the safe side.
 * epsilon: the least for this noise and delta; infinite for noise 0.
 * noise: the least multiplier for this epsilon and delta.
 * EID_EINVAL: delta outside of (0, 1), epsilon or noise negative or not finite. */
EID_API EID_CHECKED eid_status eid_gaussian_epsilon(double noise, double delta, double *epsilon);
EID_API EID_CHECKED eid_status eid_gaussian_noise(double epsilon, double delta, double *noise);
#endif
