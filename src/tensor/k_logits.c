/* k_logits.c - kernels over one row of logits: cross-entropy, scores, maxima, exponentials.
 *
 * Sums run in float over runs of 512, and the runs' sums are added in double: at a vocabulary of
 * 50,000 the log of the sum is good to 1e-6. */
#include "tensor/k_isa.h"

enum { RUN = 512 };

static float row_max(const float *z, int64_t n)
{
    vf m = v_all(-INFINITY);
    int64_t i = 0;
    for (; i + VL <= n; i += VL)
        m = v_max(m, v_load(z + i));
    float top = v_top(m);
    for (; i < n; i++)
        top = z[i] > top ? z[i] : top;
    return top;
}

/* exp((z - top) k) into out (which may be z), and the sum. */
INLINE double exp_sum(float *out, const float *z, int64_t n, float top, float k)
{
    double sum = 0;
    for (int64_t b = 0; b < n; b += RUN) {
        int64_t end = n < b + RUN ? n : b + RUN;
        vf s = v_all(0);
        for (int64_t i = b; i < end; i += VL) {
            vf e = within(v_exp((part(z, i, end) - v_all(top)) * v_all(k)), i, end);
            if (out)
                put(out, i, end, e);
            s += e;
        }
        sum += v_sum(s);
    }
    return sum;
}

static double cross_entropy(float *z, int64_t n, int32_t target, bool grad, float scale)
{
    float top = row_max(z, n), zt = z[target];
    double sum = exp_sum(grad ? z : NULL, z, n, top, 1);
    if (grad) {
        vf k = v_all((float)(scale / sum));
        for (int64_t i = 0; i < n; i += VL)
            put(z, i, n, part(z, i, n) * k);
        z[target] -= scale;
    }
    return log(sum) - ((double)zt - top);
}

static int32_t argmax(const float *z, int64_t n)
{
    float top = row_max(z, n);
    for (int64_t i = 0; i < n; i++)
        if (z[i] == top)
            return (int32_t)i;
    return 0; /* a row of NaN */
}

static int32_t count_above(const float *z, int64_t n, float than)
{
    vi c = {0};
    int64_t i = 0, count = 0;
    for (; i + VL <= n; i += VL)
        c -= v_load(z + i) > v_all(than);
    for (int k = 0; k < VL; k++)
        count += c[k];
    for (; i < n; i++)
        count += z[i] > than;
    return (int32_t)count;
}

/* With d = z - max, S = sum e^d, a = sum d e^d / S:  logp = d - log S, so the mean of logp is
 * a - log S and its variance sum d^2 e^d / S - a^2. */
static void score_row(const float *z, int64_t n, int32_t target, bool moments, eid_row_scores *out)
{
    float top = row_max(z, n);
    double s0 = 0, s1 = 0, s2 = 0;
    for (int64_t b = 0; b < n; b += RUN) {
        int64_t end = n < b + RUN ? n : b + RUN;
        vf a0 = v_all(0), a1 = v_all(0), a2 = v_all(0);
        for (int64_t i = b; i < end; i += VL) {
            vf d = v_max(part(z, i, end) - v_all(top), v_all(-1e4f)); /* -inf * 0 would be NaN */
            vf e = within(v_exp(d), i, end);
            a0 += e;
            if (moments) {
                vf de = d * e;
                a1 += de;
                a2 = v_fma(d, de, a2);
            }
        }
        s0 += v_sum(a0);
        s1 += v_sum(a1);
        s2 += v_sum(a2);
    }
    double ls = log(s0), mean = s1 / s0;
    out->logp = ((double)z[target] - top) - ls;
    out->mean = mean - ls;
    out->var = s2 / s0 - mean * mean;
    if (out->var < 0)
        out->var = 0;
    out->rank = count_above(z, n, z[target]);
    out->argmax = argmax(z, n);
}

static double exp_row(float *out, const float *z, int64_t n, float inv_temperature)
{
    return exp_sum(out, z, n, row_max(z, n), inv_temperature);
}

void NAME(logits_into)(eid_kernel_table *t)
{
    t->cross_entropy = cross_entropy;
    t->score_row = score_row;
    t->argmax = argmax;
    t->exp_row = exp_row;
}
