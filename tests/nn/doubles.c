/* doubles.c - the twins of the kernels as the table, every float a double. */
#include "tensor/product.h"
#include "tensor/ref.h"

static const eid_kernel_table table = {
    .name = "double",
    .product = eid_product_ref,
    .add_bias = eid_add_bias_ref,
    .colsum = eid_colsum_ref,
    .sumsq = eid_sumsq_ref,
    .transpose = eid_transpose_ref,
    .cross_entropy = eid_cross_entropy_ref,
    .adamw = eid_adamw_ref,
    .widen = eid_widen_ref,
    .bias_relu = eid_bias_relu_ref,
    .relu_back = eid_relu_back_ref,
    .sgd = eid_sgd_ref,
};
const eid_kernel_table *eid_k(void)
{
    return &table;
}
void eid_product(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b,
                 int64_t ldb, float *c, int64_t ldc, float *pad)
{
    (void)pad;
    eid_product_ref(false, m, n, k, a, lda, b, ldb, 0, c, ldc);
}
void eid_product_t(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b,
                   int64_t ldb, bool add, float *c, int64_t ldc)
{
    eid_product_ref(true, m, n, k, a, lda, b, ldb, add, c, ldc);
}
int64_t eid_product_pad(int64_t n, int64_t k)
{
    (void)n, (void)k;
    return 16;
}
