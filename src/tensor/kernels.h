/* kernels.h - the inner loops of the decoder, one table of them per instruction set.
 *
 * Matrices are row-major floats with a leading dimension (ld, in floats).  Every function works on
 * rows of its own, in one thread, and a row's result does not depend on the other rows; none
 * allocates, none fails.  Each has a `_ref` twin (ref_*.c) in double, written from the definition.
 * The table is filled with the twins, then overwritten by the best set this processor has;
 * EID_KERNELS = ref, sse2, avx2 or avx512 in the environment chooses a lower one. */
#ifndef EID_SRC_KERNELS_H
#define EID_SRC_KERNELS_H
#include "base/status.h"

enum {
    EID_PANEL = 128,    /* rows of one product call */
    EID_PANEL_MIN = 16, /* the fewest: below, oneDNN takes another path and gives other bits */
    EID_BLOCK = 16      /* keys of one block of the attention's packed form */
};

/* Counts of 8 * 512 columns, up to 2^12 - 1 each. */
enum { EID_COUNT_ROWS = 8, EID_COUNT_PLANES = 12, EID_COUNT_BYTES = 512 };
typedef uint8_t eid_planes[EID_COUNT_PLANES][EID_COUNT_BYTES];

/* What a row of logits says about a target. */
typedef struct eid_row_scores {
    double logp, mean, var;
    int32_t argmax, rank;
} eid_row_scores;

/* One AdamW step's numbers (see adamw below). */
typedef struct eid_adamw_rates {
    float lr, beta1, beta2, eps, decay;
    float scale;         /* of the gradient: clipping */
    float l2;            /* scale g + l2 p takes the place of scale g */
    float first, second; /* 1 / (1 - beta^t), for both moments */
} eid_adamw_rates;

/* One SGD step's numbers (see sgd below). */
typedef struct eid_sgd_rates {
    float lr, momentum, decay;
    bool nesterov;
} eid_sgd_rates;

typedef struct eid_kernel_table {
    const char *name; /* "avx512" */

    /* C (m x n) = A (m x k) B (k x n) + beta C; `ta`: A is stored k x m. */
    void (*product)(bool ta, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda,
                    const float *b, int64_t ldb, float beta, float *c, int64_t ldc);

    /* y = (x - mean) * rstd * gain + bias; rstd = 1 / sqrt(variance + eps), kept per row with mean.
     */
    void (*layernorm)(float *y, int64_t ldy, const float *x, int64_t ldx, const float *gain,
                      const float *bias, float *mean, float *rstd, int64_t rows, int64_t n,
                      float eps);
    /* dx = pass + dL/dx (pass: what flows past the norm; NULL: nothing); dgain += , dbias += . */
    void (*layernorm_back)(float *dx, int64_t lddx, const float *pass, int64_t ldp, float *dgain,
                           float *dbias, const float *dy, int64_t lddy, const float *x, int64_t ldx,
                           const float *gain, const float *mean, const float *rstd, int64_t rows,
                           int64_t n);
    /* y += bias. */
    void (*add_bias)(float *y, int64_t ldy, const float *bias, int64_t rows, int64_t n);
    /* y = x + (t + bias); y may be x. */
    void (*residual)(float *y, int64_t ldy, const float *x, int64_t ldx, const float *t,
                     int64_t ldt, const float *bias, int64_t rows, int64_t n);
    /* x += bias, y = x / 2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). */
    void (*gelu)(float *y, int64_t ldy, float *x, int64_t ldx, const float *bias, int64_t rows,
                 int64_t n);
    /* d *= gelu'(x). */
    void (*gelu_back)(float *d, int64_t ldd, const float *x, int64_t ldx, int64_t rows, int64_t n);
    /* out[j] = sum_i x[i][j]. */
    void (*colsum)(float *out, const float *x, int64_t ldx, int64_t rows, int64_t n);
    double (*sumsq)(const float *x, int64_t n);
    /* dst (cols x rows) = src^T. */
    void (*transpose)(float *dst, int64_t ldd, const float *src, int64_t lds, int64_t rows,
                      int64_t cols);

    /* Keys and values of positions first .. first+rows-1 of one head into their packed form:
     *   keys:   [position / 16][hd][position % 16]
     *   values: [position][hd rounded up to 16], zeros at the end of a row */
    void (*attn_pack)(float *keys, float *values, const float *k, const float *v, int64_t ld,
                      int64_t first, int64_t rows, int64_t hd);
    /* out_i = sum_{j<=i} p_ij v_j,  p_i = softmax_{j<=i}(scale q_i . k_j), for the queries at
     * positions first .. first+rows-1.  The sums over j run upwards, so a row's bits depend on its
     * position only. stats (may be NULL): per row the maximum of scale q.k and 1 / the sum of
     * exponentials. */
    void (*attn)(float *out, int64_t ldo, const float *q, int64_t ldq, const float *keys,
                 const float *values, int64_t first, int64_t rows, int64_t hd, float scale,
                 float *stats, int64_t ldstats, float *scratch);
    /* The same for one query, at position n-1, of all heads: q and out hold them side by side, head
     * h's keys and values lie `stride` floats after those of head h-1.  The bits are attn's.
     * `next` (may be NULL): keys of a query to come, laid out alike, to be fetched meanwhile. */
    void (*attn_step)(float *out, const float *q, const float *keys, const float *values,
                      const float *next, int64_t stride, int64_t heads, int64_t n, int64_t hd,
                      float scale, float *scratch);
    /* Gradients of one head over a whole sequence of T positions, written (not added) to dq, dk,
     * dv. */
    void (*attn_back)(float *dq, float *dk, float *dv, int64_t ldd, const float *q, const float *k,
                      const float *v, int64_t ld, const float *dout, int64_t ldo,
                      const float *stats, int64_t ldstats, int64_t T, int64_t hd, float scale,
                      float *scratch);

    /* -log softmax(z)[target]; with grad, z becomes scale * (softmax(z) - onehot(target)). */
    double (*cross_entropy)(float *z, int64_t n, int32_t target, bool grad, float scale);
    /* Everything about a row of logits; ties of argmax go to the lowest id, rank counts z >
     * z[target]. */
    void (*score_row)(const float *z, int64_t n, int32_t target, bool moments, eid_row_scores *out);
    int32_t (*argmax)(const float *z, int64_t n);
    /* Adds the bits of eight rows of a, of b, and of a and b, to counts side by side: bit i of
     * plane p has the worth 2^p in the count of column i.  `bytes` of each row are there. */
    void (*add_bits)(const uint8_t *const a[EID_COUNT_ROWS], const uint8_t *const b[EID_COUNT_ROWS],
                     int64_t bytes, eid_planes planes[3]);
    /* count[i nb + j] = bits that rows i of a and j of b have in common; rows of `words` words. */
    void (*common_bits)(const uint64_t *a, int64_t na, const uint64_t *b, int64_t nb, int64_t words,
                        int32_t *count);
    /* out = exp((z - max z) * inv_temperature); answers the sum. */
    double (*exp_row)(float *out, const float *z, int64_t n, float inv_temperature);

    /* m = b1 m + (1-b1) g, v = b2 v + (1-b2) g^2,
     * p -= lr (m first / (sqrt(v second) + eps) + decay p), with g scaled; mask 0: p, m, v become
     * 0. */
    void (*adamw)(float *p, const float *g, float *m, float *v, const uint8_t *mask, int64_t n,
                  const eid_adamw_rates *r);

    /* dst = scale * src, exactly rounded once. */
    void (*widen)(float *dst, const uint8_t *src, int64_t n, float scale);
    /* y = max(y + bias, 0). */
    void (*bias_relu)(float *y, int64_t ldy, const float *bias, int64_t rows, int64_t n);
    /* d = 0 wherever y is not above 0. */
    void (*relu_back)(float *d, const float *y, int64_t n);
    /* With g: v = momentum v + (g + decay p).  Without (NULL), v holds momentum v + g already:
     * v += decay p.  Then p -= lr v; with nesterov (g needed) p -= lr (g + decay p + momentum v).
     * mask 0: p and v become 0. */
    void (*sgd)(float *p, float *v, const float *g, const uint8_t *mask, int64_t n,
                const eid_sgd_rates *r);
} eid_kernel_table;

/* The table in use; chosen on first call, the same for the life of the process. */
const eid_kernel_table *eid_k(void);
/* A named table ("ref", "sse2", "avx2", "avx512"), or NULL where the processor lacks it; for tests.
 */
const eid_kernel_table *eid_kernels_named(const char *name);
/* Floats of scratch that attn and attn_back need for sequences of T positions. */
int64_t eid_attn_scratch(int64_t T, int64_t hd);

static inline int64_t eid_round_up(int64_t n, int64_t to)
{
    return (n + to - 1) / to * to;
}
#endif
