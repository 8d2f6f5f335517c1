/* k_net.c - kernels of classifiers: bytes to floats, ReLU, SGD. */
#include "tensor/k_isa.h"

INLINE vf v_bytes(const uint8_t *p)
{
#if VL == 16
    return _mm512_cvtepi32_ps(
        _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p)));
#elif VL == 8
    return _mm256_cvtepi32_ps(
        _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p)));
#else
    vf x;
    for (int i = 0; i < VL; i++)
        x[i] = p[i];
    return x;
#endif
}

static void widen(float *dst, const uint8_t *src, int64_t n, float scale)
{
    int64_t i = 0;
    for (; i + VL <= n; i += VL)
        v_store(dst + i, v_bytes(src + i) * v_all(scale));
    for (; i < n; i++)
        dst[i] = (float)src[i] * scale;
}

static void bias_relu(float *y, int64_t ldy, const float *bias, int64_t rows, int64_t n)
{
    for (int64_t r = 0; r < rows; r++, y += ldy)
        for (int64_t i = 0; i < n; i += VL)
            put(y, i, n, v_max(part(y, i, n) + part(bias, i, n), v_all(0)));
}

static void relu_back(float *d, const float *y, int64_t n)
{
    for (int64_t i = 0; i < n; i += VL)
        put(d, i, n, v_pick(part(y, i, n) > v_all(0), part(d, i, n), v_all(0)));
}

static void sgd_plain(float *p, float *v, const float *g, int64_t n, const eid_sgd_rates *r)
{
    vf lr = v_all(r->lr), decay = v_all(r->decay), momentum = v_all(r->momentum);
    for (int64_t i = 0; i < n; i += VL) {
        vf w = part(p, i, n), old = part(v, i, n);
        vf now = v_fma(decay, w, g ? v_fma(momentum, old, part(g, i, n)) : old);
        put(v, i, n, now);
        put(p, i, n, w - lr * now);
    }
}

/* The common case of sgd_plain, that of a product that has the momentum in it: v is only read. */
static void sgd_folded(float *p, const float *v, int64_t n, float rate)
{
    vf lr = v_all(rate);
    for (int64_t i = 0; i < n; i += VL)
        put(p, i, n, part(p, i, n) - lr * part(v, i, n));
}

static void sgd_nesterov(float *p, float *v, const float *g, int64_t n, const eid_sgd_rates *r)
{
    vf lr = v_all(r->lr), decay = v_all(r->decay), momentum = v_all(r->momentum);
    for (int64_t i = 0; i < n; i += VL) {
        vf w = part(p, i, n), d = v_fma(decay, w, part(g, i, n));
        vf now = v_fma(momentum, part(v, i, n), d);
        put(v, i, n, now);
        put(p, i, n, w - lr * v_fma(momentum, now, d));
    }
}

static void sgd(float *p, float *v, const float *g, const uint8_t *mask, int64_t n,
                const eid_sgd_rates *r)
{
    if (r->nesterov)
        sgd_nesterov(p, v, g, n, r);
    else if (!g && r->decay == 0)
        sgd_folded(p, v, n, r->lr);
    else
        sgd_plain(p, v, g, n, r);
    for (int64_t i = 0; mask && i < n; i++)
        if (!mask[i])
            p[i] = v[i] = 0;
}

void NAME(net_into)(eid_kernel_table *t)
{
    t->widen = widen;
    t->bias_relu = bias_relu;
    t->relu_back = relu_back;
    t->sgd = sgd;
}
