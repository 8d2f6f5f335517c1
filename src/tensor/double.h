/* double.h - products and factorizations in double precision, from OpenBLAS and its LAPACK.
 *
 * Every call runs in the calling thread alone: bits do not depend on how many threads there are,
 * and our own tasks may call from several at once.  Matrices are column-major, as LAPACK has them.
 */
#ifndef EID_SRC_TENSOR_DOUBLE_H
#define EID_SRC_TENSOR_DOUBLE_H
#include "base/status.h"

/* The lower half of G (n x n) = X X^T for X (n x p). */
void eid_double_gram(int64_t n, int64_t p, const double *x, double *g);
/* L (lower) with L L^T = G, in place of G's lower half.  EID_EINVAL when G is not positive
 * definite. */
eid_status eid_double_cholesky(int64_t n, double *g);
/* B (n x columns) becomes G^-1 B, from the factor of G. */
void eid_double_solve(int64_t n, const double *factor, int64_t columns, double *b);
/* C (p x columns) = X^T B for X (n x p), B (n x columns). */
void eid_double_turn(int64_t n, int64_t p, int64_t columns, const double *x, const double *b,
                     double *c);
#endif
