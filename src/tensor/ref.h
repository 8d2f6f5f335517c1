/* ref.h - the kernels' twins (kernels.h says what each does). */
#ifndef EID_SRC_REF_H
#define EID_SRC_REF_H
#include "tensor/kernels.h"

void eid_product_ref(bool ta, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda,
                     const float *b, int64_t ldb, float beta, float *c, int64_t ldc);
void eid_layernorm_ref(float *y, int64_t ldy, const float *x, int64_t ldx, const float *gain,
                       const float *bias, float *mean, float *rstd, int64_t rows, int64_t n,
                       float eps);
void eid_layernorm_back_ref(float *dx, int64_t lddx, const float *pass, int64_t ldp, float *dgain,
                            float *dbias, const float *dy, int64_t lddy, const float *x,
                            int64_t ldx, const float *gain, const float *mean, const float *rstd,
                            int64_t rows, int64_t n);
void eid_add_bias_ref(float *y, int64_t ldy, const float *bias, int64_t rows, int64_t n);
void eid_residual_ref(float *y, int64_t ldy, const float *x, int64_t ldx, const float *t,
                      int64_t ldt, const float *bias, int64_t rows, int64_t n);
void eid_gelu_ref(float *y, int64_t ldy, float *x, int64_t ldx, const float *bias, int64_t rows,
                  int64_t n);
void eid_gelu_back_ref(float *d, int64_t ldd, const float *x, int64_t ldx, int64_t rows, int64_t n);
void eid_colsum_ref(float *out, const float *x, int64_t ldx, int64_t rows, int64_t n);
double eid_sumsq_ref(const float *x, int64_t n);
void eid_transpose_ref(float *dst, int64_t ldd, const float *src, int64_t lds, int64_t rows,
                       int64_t cols);
void eid_adamw_ref(float *p, const float *g, float *m, float *v, const uint8_t *mask, int64_t n,
                   const eid_adamw_rates *r);
void eid_attn_pack_ref(float *keys, float *values, const float *k, const float *v, int64_t ld,
                       int64_t first, int64_t rows, int64_t hd);
void eid_attn_ref(float *out, int64_t ldo, const float *q, int64_t ldq, const float *keys,
                  const float *values, int64_t first, int64_t rows, int64_t hd, float scale,
                  float *stats, int64_t ldstats, float *scratch);
void eid_attn_step_ref(float *out, const float *q, const float *keys, const float *values,
                       const float *next, int64_t stride, int64_t heads, int64_t n, int64_t hd,
                       float scale, float *scratch);
void eid_attn_back_ref(float *dq, float *dk, float *dv, int64_t ldd, const float *q, const float *k,
                       const float *v, int64_t ld, const float *dout, int64_t ldo,
                       const float *stats, int64_t ldstats, int64_t T, int64_t hd, float scale,
                       float *scratch);
double eid_cross_entropy_ref(float *z, int64_t n, int32_t target, bool grad, float scale);
void eid_score_row_ref(const float *z, int64_t n, int32_t target, bool moments,
                       eid_row_scores *out);
int32_t eid_argmax_ref(const float *z, int64_t n);
void eid_add_bits_ref(const uint8_t *const a[EID_COUNT_ROWS],
                      const uint8_t *const b[EID_COUNT_ROWS], int64_t bytes, eid_planes planes[3]);
void eid_common_bits_ref(const uint64_t *a, int64_t na, const uint64_t *b, int64_t nb,
                         int64_t words, int32_t *count);
void eid_widen_ref(float *dst, const uint8_t *src, int64_t n, float scale);
void eid_bias_relu_ref(float *y, int64_t ldy, const float *bias, int64_t rows, int64_t n);
void eid_relu_back_ref(float *d, const float *y, int64_t n);
void eid_sgd_ref(float *p, float *v, const float *g, const uint8_t *mask, int64_t n,
                 const eid_sgd_rates *r);
double eid_exp_row_ref(float *out, const float *z, int64_t n, float inv_temperature);
#endif
