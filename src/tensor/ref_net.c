/* ref_net.c - the twins of k_net.c.  Never optimise. */
#include "tensor/ref.h"

void eid_widen_ref(float *dst, const uint8_t *src, int64_t n, float scale)
{
    for (int64_t i = 0; i < n; i++)
        dst[i] = (float)((double)src[i] * scale);
}

void eid_bias_relu_ref(float *y, int64_t ldy, const float *bias, int64_t rows, int64_t n)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < n; i++) {
            double x = (double)y[r * ldy + i] + bias[i];
            y[r * ldy + i] = x > 0 ? (float)x : 0;
        }
}

void eid_relu_back_ref(float *d, const float *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!(y[i] > 0))
            d[i] = 0;
}

void eid_sgd_ref(float *p, float *v, const float *g, const uint8_t *mask, int64_t n,
                 const eid_sgd_rates *r)
{
    for (int64_t i = 0; i < n; i++) {
        double d = (g ? (double)g[i] : 0) + (double)r->decay * p[i];
        double now = (g ? (double)r->momentum : 1) * v[i] + d;
        v[i] = (float)now;
        p[i] = (float)(p[i] - r->lr * (r->nesterov ? d + (double)r->momentum * now : now));
        if (mask && !mask[i])
            p[i] = v[i] = 0;
    }
}
