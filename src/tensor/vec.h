/* vec.h - one vector type for every instruction set, for the kernel sources only.
 *
 * Each kernel source is compiled once per instruction set with its own flags; VL is the number of
 * floats that a register of that set holds, and NAME(f) gives each copy its own symbol.  A fused
 * multiply-add is written out (v_fma), never left to the compiler, so that two loops that form the
 * same sum give the same bits.  Sets without one multiply and add. */
#ifndef EID_VEC_H
#define EID_VEC_H
#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined __AVX512F__
#include <immintrin.h>
#define VL      16
#define NAME(f) eid_avx512_##f
#elif defined __AVX2__ && defined __FMA__
#include <immintrin.h>
#define VL      8
#define NAME(f) eid_avx2_##f
#else
#ifdef __SSE2__
#include <emmintrin.h>
#endif
#define VL      4
#define NAME(f) eid_base_##f
#endif

typedef float vf __attribute__((vector_size(4 * VL)));
typedef int32_t vi __attribute__((vector_size(4 * VL)));
typedef float vf_any __attribute__((vector_size(4 * VL), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))

INLINE vf v_load(const float *p)
{
    return *(const vf_any *)p;
}
INLINE void v_store(float *p, vf x)
{
    *(vf_any *)p = x;
}
INLINE vf v_all(float x)
{
    return x - (vf){0}; /* broadcasts; x - 0 is x, sign of zero and all */
}
/* The first n < VL floats, zeros behind them. */
#if VL == 16
INLINE vf v_load_n(const float *p, int64_t n)
{
    return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
}
INLINE void v_store_n(float *p, vf x, int64_t n)
{
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), x);
}
#else
INLINE vf v_load_n(const float *p, int64_t n)
{
    float t[VL] = {0};
    memcpy(t, p, (size_t)n * sizeof *t);
    return v_load(t);
}
INLINE void v_store_n(float *p, vf x, int64_t n)
{
    float t[VL];
    v_store(t, x);
    memcpy(p, t, (size_t)n * sizeof *t);
}
#endif
INLINE vf v_pick(vi mask, vf yes, vf no)
{
    return (vf)((mask & (vi)yes) | (~mask & (vi)no));
}

#if VL == 16
INLINE vf v_fma(vf a, vf b, vf c)
{
    return _mm512_fmadd_ps(a, b, c);
}
INLINE vf v_max(vf a, vf b)
{
    return _mm512_max_ps(a, b);
}
INLINE vf v_min(vf a, vf b)
{
    return _mm512_min_ps(a, b);
}
#elif VL == 8
INLINE vf v_fma(vf a, vf b, vf c)
{
    return _mm256_fmadd_ps(a, b, c);
}
INLINE vf v_max(vf a, vf b)
{
    return _mm256_max_ps(a, b);
}
INLINE vf v_min(vf a, vf b)
{
    return _mm256_min_ps(a, b);
}
#else
INLINE vf v_fma(vf a, vf b, vf c)
{
    return a * b + c;
}
INLINE vf v_max(vf a, vf b)
{
    return v_pick(a > b, a, b);
}
INLINE vf v_min(vf a, vf b)
{
    return v_pick(a < b, a, b);
}
#endif

/* Sum and maximum over the lanes, halves folded onto each other: a fixed tree. */
#if VL >= 8
INLINE float fold_sum(__m128 x)
{
    x = _mm_add_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_add_ss(x, _mm_shuffle_ps(x, x, 1)));
}
INLINE float fold_top(__m128 x)
{
    x = _mm_max_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_max_ss(x, _mm_shuffle_ps(x, x, 1)));
}
#endif
#if VL == 16
INLINE __m256 upper(vf x)
{
    return _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(x), 1));
}
INLINE float v_sum(vf x)
{
    __m256 y = _mm256_add_ps(_mm512_castps512_ps256(x), upper(x));
    return fold_sum(_mm_add_ps(_mm256_castps256_ps128(y), _mm256_extractf128_ps(y, 1)));
}
INLINE float v_top(vf x)
{
    __m256 y = _mm256_max_ps(_mm512_castps512_ps256(x), upper(x));
    return fold_top(_mm_max_ps(_mm256_castps256_ps128(y), _mm256_extractf128_ps(y, 1)));
}
#elif VL == 8
INLINE float v_sum(vf x)
{
    return fold_sum(_mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1)));
}
INLINE float v_top(vf x)
{
    return fold_top(_mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1)));
}
#else
INLINE float v_sum(vf x)
{
    return (x[0] + x[2]) + (x[1] + x[3]);
}
INLINE float v_top(vf x)
{
    float a = x[0] > x[2] ? x[0] : x[2], b = x[1] > x[3] ? x[1] : x[3];
    return a > b ? a : b;
}
#endif

/* exp(x) within 1.5 ulp for x in [-87.3, 88.7]; 0 below, infinity above.
 * x = n log 2 + r with |r| <= log(2)/2, e^r by a polynomial of degree 6 (Taylor's coefficients
 * leave 2e-8 at that range, below half an ulp), 2^n by the exponent bits, in two halves so that n =
 * 128 is in reach. */
INLINE vf v_exp(vf x)
{
    const vf magic = v_all(12582912.0f); /* 1.5 * 2^23: adding it rounds to an integer */
    vf clip = v_min(v_max(x, v_all(-87.5f)), v_all(89.0f));
    vf t = v_fma(clip, v_all(1.44269504f), magic);
    vf n = t - magic;
    vf r = v_fma(n, v_all(-0.693359375f), clip);
    r = v_fma(n, v_all(2.12194440e-4f), r);
    vf p = v_all(1.0f / 720);
    p = v_fma(p, r, v_all(1.0f / 120));
    p = v_fma(p, r, v_all(1.0f / 24));
    p = v_fma(p, r, v_all(1.0f / 6));
    p = v_fma(p, r, v_all(0.5f));
    p = v_fma(p, r, v_all(1.0f));
    p = v_fma(p, r, v_all(1.0f));
    vi k = (vi)t - (vi)magic, half = k >> 1;
    vf e = p * (vf)((half + 127) << 23) * (vf)((k - half + 127) << 23);
    return v_pick(x < v_all(-87.3f), v_all(0.0f), e);
}
/* tanh by exp: 1 - 2 / (e^2x + 1); absolute error 1e-7, which is what gelu and its gradient need.
 */
INLINE vf v_tanh(vf x)
{
    vf e = v_exp(x + x);
    return v_all(1.0f) - v_all(2.0f) / (e + v_all(1.0f));
}
#endif
