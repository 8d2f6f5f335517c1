/* ref_attention.c - attention and rows of logits by their definitions, in double.  Never optimise.
 */
#include "tensor/ref.h"
#include <math.h>

void eid_attn_pack_ref(float *keys, float *values, const float *k, const float *v, int64_t ld,
                       int64_t first, int64_t rows, int64_t hd)
{
    int64_t w = eid_round_up(hd, EID_BLOCK);
    for (int64_t r = 0; r < rows; r++) {
        int64_t at = first + r;
        for (int64_t c = 0; c < hd; c++)
            keys[(at / EID_BLOCK * hd + c) * EID_BLOCK + at % EID_BLOCK] = k[r * ld + c];
        for (int64_t c = 0; c < w; c++)
            values[at * w + c] = c < hd ? v[r * ld + c] : 0;
    }
}

/* Key (position j, coordinate c) in the packed form. */
static double key(const float *keys, int64_t hd, int64_t j, int64_t c)
{
    return keys[(j / EID_BLOCK * hd + c) * EID_BLOCK + j % EID_BLOCK];
}

static double score(const float *q, const float *keys, int64_t hd, int64_t j, double scale)
{
    double s = 0;
    for (int64_t c = 0; c < hd; c++)
        s += q[c] * key(keys, hd, j, c);
    return s * scale;
}

enum { SOME = 64 };

void eid_attn_ref(float *out, int64_t ldo, const float *q, int64_t ldq, const float *keys,
                  const float *values, int64_t first, int64_t rows, int64_t hd, float scale,
                  float *stats, int64_t ldstats, float *scratch)
{
    int64_t w = eid_round_up(hd, EID_BLOCK);
    (void)scratch;
    for (int64_t i = 0; i < rows; i++) {
        int64_t n = first + i + 1;
        double top = -INFINITY, sum = 0;
        for (int64_t j = 0; j < n; j++)
            top = fmax(top, score(q + i * ldq, keys, hd, j, scale));
        for (int64_t j = 0; j < n; j++)
            sum += exp(score(q + i * ldq, keys, hd, j, scale) - top);
        for (int64_t from = 0; from < hd; from += SOME) { /* a few coordinates at a time */
            int64_t some = hd - from < SOME ? hd - from : SOME;
            double o[SOME] = {0};
            for (int64_t j = 0; j < n; j++) {
                double p = exp(score(q + i * ldq, keys, hd, j, scale) - top) / sum;
                for (int64_t c = 0; c < some; c++)
                    o[c] += p * values[j * w + from + c];
            }
            for (int64_t c = 0; c < some; c++)
                out[i * ldo + from + c] = (float)o[c];
        }
        if (stats) {
            stats[i * ldstats] = (float)top;
            stats[i * ldstats + 1] = (float)(1 / sum);
        }
    }
}

void eid_attn_step_ref(float *out, const float *q, const float *keys, const float *values,
                       const float *next, int64_t stride, int64_t heads, int64_t n, int64_t hd,
                       float scale, float *scratch)
{
    (void)next;
    for (int64_t h = 0; h < heads; h++)
        eid_attn_ref(out + h * hd, hd, q + h * hd, hd, keys + h * stride, values + h * stride,
                     n - 1, 1, hd, scale, NULL, 0, scratch);
}

static double dot(const float *a, const float *b, int64_t n)
{
    double s = 0;
    for (int64_t i = 0; i < n; i++)
        s += (double)a[i] * b[i];
    return s;
}

/* The probabilities come from the stored statistics, so they carry their rounding to float. */
void eid_attn_back_ref(float *dq, float *dk, float *dv, int64_t ldd, const float *q, const float *k,
                       const float *v, int64_t ld, const float *dout, int64_t ldo,
                       const float *stats, int64_t ldstats, int64_t T, int64_t hd, float scale,
                       float *scratch)
{
    (void)scratch;
    for (int64_t i = 0; i < T; i++)
        for (int64_t c = 0; c < hd; c++)
            dq[i * ldd + c] = dk[i * ldd + c] = dv[i * ldd + c] = 0;
    for (int64_t i = 0; i < T; i++) {
        const float *qi = q + i * ld, *oi = dout + i * ldo;
        double top = stats[i * ldstats], inv = stats[i * ldstats + 1], mean = 0;
        for (int64_t j = 0; j <= i; j++)
            mean += exp(scale * dot(qi, k + j * ld, hd) - top) * inv * dot(oi, v + j * ld, hd);
        for (int64_t j = 0; j <= i; j++) {
            double p = exp(scale * dot(qi, k + j * ld, hd) - top) * inv;
            double ds = scale * p * (dot(oi, v + j * ld, hd) - mean);
            for (int64_t c = 0; c < hd; c++) {
                dq[i * ldd + c] += (float)(ds * k[j * ld + c]);
                dk[j * ldd + c] += (float)(ds * qi[c]);
                dv[j * ldd + c] += (float)(p * oi[c]);
            }
        }
    }
}

double eid_cross_entropy_ref(float *z, int64_t n, int32_t target, bool grad, float scale)
{
    double top = -INFINITY, sum = 0;
    for (int64_t i = 0; i < n; i++)
        top = fmax(top, z[i]);
    for (int64_t i = 0; i < n; i++)
        sum += exp(z[i] - top);
    double loss = log(sum) + top - z[target];
    for (int64_t i = 0; grad && i < n; i++)
        z[i] = (float)(scale * (exp(z[i] - top) / sum - (i == target)));
    return loss;
}

void eid_score_row_ref(const float *z, int64_t n, int32_t target, bool moments, eid_row_scores *out)
{
    double top = -INFINITY, sum = 0, mean = 0, square = 0;
    (void)moments;
    out->rank = 0;
    for (int64_t i = 0; i < n; i++) {
        top = fmax(top, z[i]);
        out->rank += z[i] > z[target];
    }
    for (int64_t i = 0; i < n; i++)
        sum += exp(z[i] - top);
    for (int64_t i = 0; i < n; i++) {
        double logp = z[i] - top - log(sum), p = exp(logp);
        if (p > 0) {
            mean += p * logp;
            square += p * logp * logp;
        }
    }
    out->logp = z[target] - top - log(sum);
    out->mean = mean;
    out->var = fmax(0, square - mean * mean);
    out->argmax = eid_argmax_ref(z, n);
}

int32_t eid_argmax_ref(const float *z, int64_t n)
{
    int32_t best = 0;
    for (int64_t i = 1; i < n; i++)
        if (z[i] > z[best])
            best = (int32_t)i;
    return best;
}

double eid_exp_row_ref(float *out, const float *z, int64_t n, float inv_temperature)
{
    double top = -INFINITY, sum = 0;
    for (int64_t i = 0; i < n; i++)
        top = fmax(top, z[i]);
    for (int64_t i = 0; i < n; i++) {
        out[i] = (float)exp((z[i] - top) * inv_temperature);
        sum += out[i];
    }
    return sum;
}
