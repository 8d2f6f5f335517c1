/* norm.c - group norm (Wu and He 2018): mean and variance over the positions and the channels of a
 * group of one example.
 *
 * With h = (x - mean) rstd, y = gain h + bias and e = gain dy:
 *     dx = rstd (e - mean(e) - h mean(e h)),  dgain = sum dy h,  dbias = sum dy. */
#include "nn/net.h"
#include <math.h>

static const double EPS = 1e-5;

/* `sum` has room for 4 numbers per channel. */
void net_norm(const net_map *map, int64_t groups, const float *x, const float *gain,
              const float *bias, bool relu, float *y, float *mean, float *rstd, double *sum)
{
    int64_t T = map->h * map->w, C = map->c, per = C / groups;
    double *s1 = sum, *s2 = sum + C, count = (double)(T * per);

    for (int64_t c = 0; c < C; c++)
        s1[c] = s2[c] = 0;
    for (int64_t t = 0; t < T; t++)
        for (int64_t c = 0; c < C; c++)
            s1[c] += x[t * C + c];
    for (int64_t g = 0; g < groups; g++) {
        double m = 0;
        for (int64_t c = g * per; c < (g + 1) * per; c++)
            m += s1[c];
        mean[g] = (float)(m / count);
    }
    for (int64_t c = 0; c < C; c++)
        s1[c] = mean[c / per];
    for (int64_t t = 0; t < T; t++)
        for (int64_t c = 0; c < C; c++)
            s2[c] += (x[t * C + c] - s1[c]) * (x[t * C + c] - s1[c]);
    for (int64_t g = 0; g < groups; g++) {
        double v = 0;
        for (int64_t c = g * per; c < (g + 1) * per; c++)
            v += s2[c];
        rstd[g] = (float)(1 / sqrt(v / count + EPS));
    }
    float *scale = (float *)(sum + 2 * C), *shift = scale + C;
    for (int64_t c = 0; c < C; c++) {
        scale[c] = gain[c] * rstd[c / per];
        shift[c] = bias[c] - mean[c / per] * scale[c];
    }
    for (int64_t t = 0; t < T; t++)
        for (int64_t c = 0; c < C; c++) {
            float v = x[t * C + c] * scale[c] + shift[c];
            y[t * C + c] = relu && !(v > 0) ? 0 : v;
        }
}

void net_norm_back(const net_map *map, int64_t groups, const float *x, const float *dy,
                   const float *gain, const float *mean, const float *rstd, float *dx,
                   double *dgain, double *dbias, double *sum)
{
    int64_t T = map->h * map->w, C = map->c, per = C / groups;
    double *sd = sum, *sdh = sum + C, count = (double)(T * per);
    float *mid = (float *)(sum + 2 * C), *k = mid + C, *add = k + C, *slope = add + C;

    for (int64_t c = 0; c < C; c++) {
        sd[c] = sdh[c] = 0;
        mid[c] = mean[c / per];
        k[c] = rstd[c / per];
    }
    for (int64_t t = 0; t < T; t++)
        for (int64_t c = 0; c < C; c++) {
            sd[c] += dy[t * C + c];
            sdh[c] += (double)dy[t * C + c] * ((x[t * C + c] - mid[c]) * k[c]);
        }
    for (int64_t c = 0; dgain && c < C; c++) {
        dgain[c] = sdh[c];
        dbias[c] = sd[c];
    }
    for (int64_t g = 0; dx && g < groups; g++) {
        double e = 0, eh = 0;
        for (int64_t c = g * per; c < (g + 1) * per; c++) {
            e += gain[c] * sd[c];
            eh += gain[c] * sdh[c];
        }
        for (int64_t c = g * per; c < (g + 1) * per; c++) {
            add[c] = (float)(e / count) * k[c];
            slope[c] = (float)(eh / count) * k[c];
        }
    }
    for (int64_t t = 0; dx && t < T; t++)
        for (int64_t c = 0; c < C; c++) {
            float h = (x[t * C + c] - mid[c]) * k[c];
            dx[t * C + c] = dy[t * C + c] * gain[c] * k[c] - add[c] - h * slope[c];
        }
}
