/* conv.c - a convolution as a product: its input unfolded into one row per position. */
#include "nn/net.h"
#include <string.h>

void net_unfold(const net_map *in, const net_map *out, const net_layer *l, const float *x,
                int64_t first, int64_t rows, float *row)
{
    int64_t run = l->window * in->c;
    for (int64_t t = first; t < first + rows; t++) {
        int64_t top = t / out->w * l->stride - l->pad, left = t % out->w * l->stride - l->pad;
        int64_t from = left < 0 ? -left : 0;
        int64_t to = left + l->window > in->w ? in->w - left : l->window;
        for (int64_t k = 0; k < l->window; k++, row += run) {
            const float *src = x + ((top + k) * in->w + left) * in->c;
            if (top + k < 0 || top + k >= in->h || to <= from) {
                memset(row, 0, (size_t)run * sizeof *row);
                continue;
            }
            for (int64_t i = 0; i < from * in->c; i++)
                row[i] = 0;
            for (int64_t i = from * in->c; i < to * in->c; i++)
                row[i] = src[i];
            for (int64_t i = to * in->c; i < run; i++)
                row[i] = 0;
        }
    }
}

void net_fold(const net_map *in, const net_map *out, const net_layer *l, const float *row,
              int64_t first, int64_t rows, float *dx)
{
    int64_t run = l->window * in->c;
    for (int64_t t = first; t < first + rows; t++) {
        int64_t top = t / out->w * l->stride - l->pad, left = t % out->w * l->stride - l->pad;
        int64_t from = left < 0 ? -left : 0;
        int64_t to = left + l->window > in->w ? in->w - left : l->window;
        for (int64_t k = 0; k < l->window; k++, row += run) {
            float *dst = dx + ((top + k) * in->w + left) * in->c;
            if (top + k < 0 || top + k >= in->h)
                continue;
            for (int64_t i = from * in->c; i < to * in->c; i++)
                dst[i] += row[i];
        }
    }
}
