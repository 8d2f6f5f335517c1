/* benign.h - spectra from inside. */
#ifndef EID_SRC_THEORY_BENIGN_H
#define EID_SRC_THEORY_BENIGN_H
#include "eidetic/benign.h"

enum { EID_MOST_DIRECTIONS = 10000000 };
eid_status eid_spectrum_check(const double *lambda, int64_t p);

/* tr C for one matrix, X stored as p columns of n (column-major n x p), by explicit inversion in
 * plain loops: the definition.  n at most 64. */
double eid_benign_trace_ref(const double *lambda, int64_t n, int64_t p, const double *x);
/* The same through the Cholesky factor; scratch is made and freed. */
eid_status eid_benign_trace(const double *lambda, int64_t n, int64_t p, const double *x,
                            double *trace);
#endif
