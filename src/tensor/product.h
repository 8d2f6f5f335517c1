/* product.h - matrix products in panels, so that results do not depend on batch or threads.
 *
 * One call multiplies the rows it is given in this thread, and a row gets the same bits whatever
 * stands beside it.  The libraries do not promise that; it was measured which calls keep it, and
 * tests/tensor/rows.h checks it:
 *
 *     oneDNN 2.6, AVX-512, AVX, SSE4.1   calls of at least 16 rows
 *     oneDNN 2.6, AVX2                   multiples of 6 rows, 18 to 72; the rest of a longer or
 *                                        uneven call goes through another kernel
 *     OpenBLAS 0.3.21                    calls of one size: 48 rows with AVX-512, 8 elsewhere
 *
 * So rows are cut into such calls, the last ones overlapping where that needs it: a row computed
 * twice gets the same bits.  Too few rows are copied into a padded panel in `pad`
 * (eid_product_pad floats); callers need not care. */
#ifndef EID_SRC_PRODUCT_H
#define EID_SRC_PRODUCT_H
#include "tensor/kernels.h"

/* C (m x n) = A (m x k) B (k x n); C is none of the factors. */
void eid_product(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b,
                 int64_t ldb, float *c, int64_t ldc, float *pad);
/* C (m x n) (+)= A^T B over k rows of both: a tile of a weight gradient. */
void eid_product_t(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b,
                   int64_t ldb, bool add, float *c, int64_t ldc);
int64_t eid_product_pad(int64_t n, int64_t k);
/* Rows of the next panel of `left`: 128, or less so that what follows has at least 16. */
static inline int64_t eid_panel_rows(int64_t left)
{
    if (left <= EID_PANEL)
        return left;
    return left < EID_PANEL + EID_PANEL_MIN ? left - EID_PANEL_MIN : EID_PANEL;
}
/* A leading dimension for n columns: 16 floats more than a multiple of 16, since powers of two fall
 * onto the same cache sets and cost 3 to 15% of a product. */
static inline int64_t eid_ld(int64_t n)
{
    return eid_round_up(n, 16) + 16;
}
/* The library's sgemm as it is, with one thread. */
void eid_sgemm(bool ta, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda,
               const float *b, int64_t ldb, float beta, float *c, int64_t ldc);
const char *eid_gemm_name(void);
#endif
