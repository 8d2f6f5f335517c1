/* k_rows.c - kernels that walk along rows: norms, gelu, sums, transposes, AdamW. */
#include "tensor/k_isa.h"

static void layernorm(float *y, int64_t ldy, const float *x, int64_t ldx, const float *gain,
                      const float *bias, float *mean, float *rstd, int64_t rows, int64_t n,
                      float eps)
{
    for (int64_t r = 0; r < rows; r++, x += ldx, y += ldy) {
        vf s = v_all(0);
        for (int64_t i = 0; i < n; i += VL)
            s += part(x, i, n);
        float m = v_sum(s) / (float)n;
        vf q = v_all(0);
        for (int64_t i = 0; i < n; i += VL) {
            vf c = within(part(x, i, n) - v_all(m), i, n);
            q = v_fma(c, c, q);
        }
        float k = 1.0f / sqrtf(v_sum(q) / (float)n + eps);
        for (int64_t i = 0; i < n; i += VL) {
            vf h = (part(x, i, n) - v_all(m)) * v_all(k);
            put(y, i, n, v_fma(h, part(gain, i, n), part(bias, i, n)));
        }
        mean[r] = m;
        rstd[r] = k;
    }
}

/* With h = (x - mean) rstd and e = gain dy:  dx = rstd (e - mean(e) - h mean(e h)). */
static void layernorm_back(float *dx, int64_t lddx, const float *pass, int64_t ldp, float *dgain,
                           float *dbias, const float *dy, int64_t lddy, const float *x, int64_t ldx,
                           const float *gain, const float *mean, const float *rstd, int64_t rows,
                           int64_t n)
{
    for (int64_t r = 0; r < rows; r++, x += ldx, dy += lddy, dx += lddx) {
        vf m = v_all(mean[r]), k = v_all(rstd[r]), se = v_all(0), seh = v_all(0);
        for (int64_t i = 0; i < n; i += VL) {
            vf d = part(dy, i, n), h = within((part(x, i, n) - m) * k, i, n);
            vf e = d * part(gain, i, n);
            put(dgain, i, n, v_fma(d, h, part(dgain, i, n)));
            put(dbias, i, n, part(dbias, i, n) + d);
            se += e;
            seh = v_fma(e, h, seh);
        }
        vf me = v_all(v_sum(se) / (float)n), meh = v_all(v_sum(seh) / (float)n);
        for (int64_t i = 0; i < n; i += VL) {
            vf h = (part(x, i, n) - m) * k, e = part(dy, i, n) * part(gain, i, n);
            vf t = (e - me - h * meh) * k;
            put(dx, i, n, pass ? part(pass + r * ldp, i, n) + t : t);
        }
    }
}

static void add_bias(float *y, int64_t ldy, const float *bias, int64_t rows, int64_t n)
{
    for (int64_t r = 0; r < rows; r++, y += ldy)
        for (int64_t i = 0; i < n; i += VL)
            put(y, i, n, part(y, i, n) + part(bias, i, n));
}

static void residual(float *y, int64_t ldy, const float *x, int64_t ldx, const float *t,
                     int64_t ldt, const float *bias, int64_t rows, int64_t n)
{
    for (int64_t r = 0; r < rows; r++, y += ldy, x += ldx, t += ldt)
        for (int64_t i = 0; i < n; i += VL)
            put(y, i, n, part(x, i, n) + (part(t, i, n) + part(bias, i, n)));
}

/* gelu(x) = x s with s = (1 + tanh u)/2 = 1 / (1 + exp(-2u)), u = c (x + a x^3). */
#define GELU_C 0.797884561f /* sqrt(2/pi) */
#define GELU_A 0.044715f

INLINE vf gelu_gate(vf x, vf x2)
{
    vf u = x * v_fma(x2, v_all(-2 * GELU_C * GELU_A), v_all(-2 * GELU_C));
    return v_all(1) / (v_all(1) + v_exp(u));
}

static void gelu(float *y, int64_t ldy, float *x, int64_t ldx, const float *bias, int64_t rows,
                 int64_t n)
{
    for (int64_t r = 0; r < rows; r++, y += ldy, x += ldx)
        for (int64_t i = 0; i < n; i += VL) {
            vf a = part(x, i, n) + part(bias, i, n);
            put(x, i, n, a);
            put(y, i, n, a * gelu_gate(a, a * a));
        }
}

/* gelu' = s + x s (1 - s) 2 u', u' = c (1 + 3 a x^2). */
static void gelu_back(float *d, int64_t ldd, const float *x, int64_t ldx, int64_t rows, int64_t n)
{
    for (int64_t r = 0; r < rows; r++, d += ldd, x += ldx)
        for (int64_t i = 0; i < n; i += VL) {
            vf a = part(x, i, n), a2 = a * a, s = gelu_gate(a, a2);
            vf slope = v_fma(a2, v_all(6 * GELU_C * GELU_A), v_all(2 * GELU_C));
            vf g = v_fma(a * slope, s - s * s, s);
            put(d, i, n, part(d, i, n) * g);
        }
}

/* Rows are added in runs of 64, and the runs' sums after each other: less rounding than one chain.
 */
static void colsum(float *out, const float *x, int64_t ldx, int64_t rows, int64_t n)
{
    for (int64_t i = 0; i < n; i += VL) {
        vf total = v_all(0);
        for (int64_t r = 0; r < rows; r += 64) {
            int64_t end = rows < r + 64 ? rows : r + 64;
            vf run = v_all(0);
            for (int64_t k = r; k < end; k++)
                run += part(x + k * ldx, i, n);
            total += run;
        }
        put(out, i, n, total);
    }
}

static double sumsq(const float *x, int64_t n)
{
    double sum = 0;
    for (int64_t b = 0; b < n; b += 1024) {
        int64_t end = n < b + 1024 ? n : b + 1024;
        vf s = v_all(0);
        for (int64_t i = b; i < end; i += VL) {
            vf a = part(x, i, end);
            s = v_fma(a, a, s);
        }
        sum += v_sum(s);
    }
    return sum;
}

static void transpose(float *dst, int64_t ldd, const float *src, int64_t lds, int64_t rows,
                      int64_t cols)
{
    for (int64_t i = 0; i < rows; i += 16)
        for (int64_t j = 0; j < cols; j += 16) {
            int64_t ie = rows < i + 16 ? rows : i + 16, je = cols < j + 16 ? cols : j + 16;
            for (int64_t b = j; b < je; b++)
                for (int64_t a = i; a < ie; a++)
                    dst[b * ldd + a] = src[a * lds + b];
        }
}

INLINE vf v_sqrt(vf x)
{
#if VL == 16
    return _mm512_sqrt_ps(x);
#elif VL == 8
    return _mm256_sqrt_ps(x);
#else
    for (int i = 0; i < VL; i++)
        x[i] = sqrtf(x[i]);
    return x;
#endif
}

static void adamw(float *p, const float *g, float *m, float *v, const uint8_t *mask, int64_t n,
                  const eid_adamw_rates *r)
{
    vf b1 = v_all(r->beta1), b2 = v_all(r->beta2), c1 = v_all(1 - r->beta1),
       c2 = v_all(1 - r->beta2);
    for (int64_t i = 0; i < n; i += VL) {
        vf w = part(p, i, n), gi = v_fma(v_all(r->l2), w, part(g, i, n) * v_all(r->scale));
        vf mi = v_fma(b1, part(m, i, n), c1 * gi), vi2 = v_fma(b2, part(v, i, n), c2 * gi * gi);
        vf step = (mi * v_all(r->first)) / (v_sqrt(vi2 * v_all(r->second)) + v_all(r->eps));
        w -= v_all(r->lr) * v_fma(v_all(r->decay), w, step);
        put(m, i, n, mi);
        put(v, i, n, vi2);
        put(p, i, n, w);
    }
    for (int64_t i = 0; mask && i < n; i++)
        if (!mask[i])
            p[i] = m[i] = v[i] = 0;
}

void NAME(rows_into)(eid_kernel_table *t)
{
    t->layernorm = layernorm;
    t->layernorm_back = layernorm_back;
    t->add_bias = add_bias;
    t->residual = residual;
    t->gelu = gelu;
    t->gelu_back = gelu_back;
    t->colsum = colsum;
    t->sumsq = sumsq;
    t->transpose = transpose;
    t->adamw = adamw;
}
