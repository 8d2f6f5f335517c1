/* ref_rows.c - the row kernels' twins: double, one definition after the other.  Never optimise. */
#include "tensor/ref.h"
#include <math.h>

void eid_layernorm_ref(float *y, int64_t ldy, const float *x, int64_t ldx, const float *gain,
                       const float *bias, float *mean, float *rstd, int64_t rows, int64_t n,
                       float eps)
{
    for (int64_t r = 0; r < rows; r++) {
        double m = 0, var = 0;
        for (int64_t i = 0; i < n; i++)
            m += x[r * ldx + i];
        m /= (double)n;
        for (int64_t i = 0; i < n; i++)
            var += (x[r * ldx + i] - m) * (x[r * ldx + i] - m);
        double k = 1 / sqrt(var / (double)n + eps);
        for (int64_t i = 0; i < n; i++)
            y[r * ldy + i] = (float)((x[r * ldx + i] - m) * k * gain[i] + bias[i]);
        mean[r] = (float)m;
        rstd[r] = (float)k;
    }
}

void eid_layernorm_back_ref(float *dx, int64_t lddx, const float *pass, int64_t ldp, float *dgain,
                            float *dbias, const float *dy, int64_t lddy, const float *x,
                            int64_t ldx, const float *gain, const float *mean, const float *rstd,
                            int64_t rows, int64_t n)
{
    for (int64_t r = 0; r < rows; r++) {
        const double m = mean[r], k = rstd[r];
        double se = 0, seh = 0;
        for (int64_t i = 0; i < n; i++) {
            double h = (x[r * ldx + i] - m) * k, e = (double)dy[r * lddy + i] * gain[i];
            dgain[i] += (float)(dy[r * lddy + i] * h);
            dbias[i] += dy[r * lddy + i];
            se += e;
            seh += e * h;
        }
        for (int64_t i = 0; i < n; i++) {
            double h = (x[r * ldx + i] - m) * k, e = (double)dy[r * lddy + i] * gain[i];
            double t = (e - se / (double)n - h * seh / (double)n) * k;
            dx[r * lddx + i] = (float)((pass ? pass[r * ldp + i] : 0) + t);
        }
    }
}

void eid_add_bias_ref(float *y, int64_t ldy, const float *bias, int64_t rows, int64_t n)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < n; i++)
            y[r * ldy + i] += bias[i];
}

void eid_residual_ref(float *y, int64_t ldy, const float *x, int64_t ldx, const float *t,
                      int64_t ldt, const float *bias, int64_t rows, int64_t n)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < n; i++)
            y[r * ldy + i] = (float)((double)x[r * ldx + i] + t[r * ldt + i] + bias[i]);
}

static const double GELU_C = 0.79788456080286535588, GELU_A = 0.044715;

void eid_gelu_ref(float *y, int64_t ldy, float *x, int64_t ldx, const float *bias, int64_t rows,
                  int64_t n)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < n; i++) {
            double a = x[r * ldx + i] += bias[i];
            y[r * ldy + i] = (float)(a / 2 * (1 + tanh(GELU_C * (a + GELU_A * a * a * a))));
        }
}

void eid_gelu_back_ref(float *d, int64_t ldd, const float *x, int64_t ldx, int64_t rows, int64_t n)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < n; i++) {
            double a = x[r * ldx + i], t = tanh(GELU_C * (a + GELU_A * a * a * a));
            double slope = GELU_C * (1 + 3 * GELU_A * a * a);
            d[r * ldd + i] = (float)(d[r * ldd + i] * ((1 + t) / 2 + a / 2 * (1 - t * t) * slope));
        }
}

void eid_colsum_ref(float *out, const float *x, int64_t ldx, int64_t rows, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        double s = 0;
        for (int64_t r = 0; r < rows; r++)
            s += x[r * ldx + i];
        out[i] = (float)s;
    }
}

double eid_sumsq_ref(const float *x, int64_t n)
{
    double s = 0;
    for (int64_t i = 0; i < n; i++)
        s += (double)x[i] * x[i];
    return s;
}

void eid_transpose_ref(float *dst, int64_t ldd, const float *src, int64_t lds, int64_t rows,
                       int64_t cols)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j++)
            dst[j * ldd + i] = src[i * lds + j];
}

void eid_adamw_ref(float *p, const float *g, float *m, float *v, const uint8_t *mask, int64_t n,
                   const eid_adamw_rates *r)
{
    for (int64_t i = 0; i < n; i++) {
        double gi = (double)g[i] * r->scale + (double)r->l2 * p[i];
        m[i] = (float)((double)r->beta1 * m[i] + (1 - (double)r->beta1) * gi);
        v[i] = (float)((double)r->beta2 * v[i] + (1 - (double)r->beta2) * gi * gi);
        double step = m[i] * (double)r->first / (sqrt(v[i] * (double)r->second) + r->eps);
        p[i] = (float)(p[i] - r->lr * (step + (double)r->decay * p[i]));
        if (mask && !mask[i])
            p[i] = m[i] = v[i] = 0;
    }
}

void eid_product_ref(bool ta, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda,
                     const float *b, int64_t ldb, float beta, float *c, int64_t ldc)
{
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double s = 0;
            for (int64_t l = 0; l < k; l++)
                s += (double)(ta ? a[l * lda + i] : a[i * lda + l]) * b[l * ldb + j];
            c[i * ldc + j] = (float)(s + (beta != 0 ? (double)beta * c[i * ldc + j] : 0));
        }
}

/* Reads the count of a column, adds, writes it back. */
static void add_column(eid_planes planes, int64_t column, int add)
{
    int count = add;

    for (int p = 0; p < EID_COUNT_PLANES; p++)
        count += (planes[p][column / 8] >> column % 8 & 1) << p;
    for (int p = 0; p < EID_COUNT_PLANES; p++) {
        planes[p][column / 8] &= (uint8_t) ~(1u << column % 8);
        planes[p][column / 8] |= (uint8_t)((count >> p & 1) << column % 8);
    }
}

void eid_add_bits_ref(const uint8_t *const a[EID_COUNT_ROWS],
                      const uint8_t *const b[EID_COUNT_ROWS], int64_t bytes, eid_planes planes[3])
{
    for (int64_t i = 0; i < bytes * 8; i++)
        for (int r = 0; r < EID_COUNT_ROWS; r++) {
            int x = a[r][i / 8] >> i % 8 & 1, y = b[r][i / 8] >> i % 8 & 1;
            add_column(planes[0], i, x);
            add_column(planes[1], i, y);
            add_column(planes[2], i, x & y);
        }
}

void eid_common_bits_ref(const uint64_t *a, int64_t na, const uint64_t *b, int64_t nb,
                         int64_t words, int32_t *count)
{
    for (int64_t i = 0; i < na; i++)
        for (int64_t j = 0; j < nb; j++) {
            int32_t sum = 0;
            for (int64_t t = 0; t < words * 64; t++)
                sum += (a[i * words + t / 64] & b[j * words + t / 64]) >> t % 64 & 1;
            count[i * nb + j] = sum;
        }
}
