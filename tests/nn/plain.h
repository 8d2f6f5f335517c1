/* plain.h - the decoder once more: double precision, one token at a time, written from the
 * definition of GPT-2 alone.  It shares nothing with src/nn but parameters' names. */
#ifndef PLAIN_H
#define PLAIN_H
#include "check.h"
#include "eidetic/nn.h"

static inline const double *plain_find(eid_gpt *m, double *const *value, const char *name)
{
    eid_param *p;
    size_t n = eid_gpt_params(m, &p);
    for (size_t i = 0; i < n; i++)
        if (strcmp(p[i].name, name) == 0)
            return value[i];
    CHECK_FAIL("no parameter %s", name);
    exit(1);
}
static inline const double *plain_at(eid_gpt *m, double *const *value, int64_t layer,
                                     const char *name)
{
    char full[64];
    snprintf(full, sizeof full, "h.%d.%s", (int)layer, name);
    return plain_find(m, value, full);
}

/* Copies of all values in double; free with plain_free. */
static inline double **plain_values(eid_gpt *m)
{
    eid_param *p;
    size_t n = eid_gpt_params(m, &p);
    double **v = calloc(n + 1, sizeof *v);
    for (size_t i = 0; i < n; i++) {
        v[i] = malloc((size_t)(p[i].rows * p[i].cols) * sizeof **v);
        for (int64_t k = 0; k < p[i].rows * p[i].cols; k++)
            v[i][k] = p[i].value[k];
    }
    return v;
}
static inline void plain_free(double **v)
{
    for (size_t i = 0; v[i]; i++)
        free(v[i]);
    free(v);
}

static inline void plain_norm(double *y, const double *x, const double *g, const double *b,
                              int64_t n, double eps)
{
    double m = 0, v = 0;
    for (int64_t i = 0; i < n; i++)
        m += x[i] / (double)n;
    for (int64_t i = 0; i < n; i++)
        v += (x[i] - m) * (x[i] - m) / (double)n;
    for (int64_t i = 0; i < n; i++)
        y[i] = (x[i] - m) / sqrt(v + eps) * g[i] + b[i];
}
static inline void plain_linear(double *y, const double *x, const double *w, const double *b,
                                int64_t in, int64_t out)
{
    for (int64_t o = 0; o < out; o++) {
        y[o] = b[o];
        for (int64_t i = 0; i < in; i++)
            y[o] += x[i] * w[i * out + o];
    }
}

/* Logits (n x vocab) after each of tok[0..n). */
static inline void plain_logits(eid_gpt *m, double *const *v, const int32_t *tok, int64_t n,
                                double *out)
{
    const eid_gpt_config *c = eid_gpt_shape(m);
    int64_t d = c->width, V = c->vocab, H = c->heads, hd = d / H;
    const double *wte = plain_find(m, v, "wte.weight"), *wpe = plain_find(m, v, "wpe.weight");
    double *x = calloc((size_t)(n * d), sizeof *x), *h = calloc((size_t)(4 * d), sizeof *h);
    double *t = calloc((size_t)(4 * d), sizeof *t), *p = calloc((size_t)n, sizeof *p);
    double *qkv = calloc((size_t)(n * 3 * d), sizeof *qkv);
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < d; k++)
            x[i * d + k] = wte[tok[i] * d + k] + wpe[i * d + k];
    for (int64_t l = 0; l < c->layers; l++) {
        for (int64_t i = 0; i < n; i++) {
            plain_norm(h, x + i * d, plain_at(m, v, l, "ln_1.weight"),
                       plain_at(m, v, l, "ln_1.bias"), d, c->norm_eps);
            plain_linear(qkv + i * 3 * d, h, plain_at(m, v, l, "attn.c_attn.weight"),
                         plain_at(m, v, l, "attn.c_attn.bias"), d, 3 * d);
        }
        for (int64_t i = 0; i < n; i++) {
            for (int64_t a = 0; a < H; a++) {
                const double *q = qkv + i * 3 * d + a * hd;
                double sum = 0;
                for (int64_t j = 0; j <= i; j++) {
                    const double *k = qkv + j * 3 * d + d + a * hd;
                    p[j] = 0;
                    for (int64_t e = 0; e < hd; e++)
                        p[j] += q[e] * k[e];
                    p[j] = exp(p[j] / sqrt((double)hd));
                    sum += p[j];
                }
                for (int64_t e = 0; e < hd; e++) {
                    h[a * hd + e] = 0;
                    for (int64_t j = 0; j <= i; j++)
                        h[a * hd + e] += p[j] / sum * qkv[j * 3 * d + 2 * d + a * hd + e];
                }
            }
            plain_linear(t, h, plain_at(m, v, l, "attn.c_proj.weight"),
                         plain_at(m, v, l, "attn.c_proj.bias"), d, d);
            for (int64_t k = 0; k < d; k++)
                x[i * d + k] += t[k];
        }
        for (int64_t i = 0; i < n; i++) {
            plain_norm(h, x + i * d, plain_at(m, v, l, "ln_2.weight"),
                       plain_at(m, v, l, "ln_2.bias"), d, c->norm_eps);
            plain_linear(t, h, plain_at(m, v, l, "mlp.c_fc.weight"),
                         plain_at(m, v, l, "mlp.c_fc.bias"), d, 4 * d);
            for (int64_t k = 0; k < 4 * d; k++)
                t[k] = t[k] / 2 * (1 + tanh(sqrt(2 / acos(-1)) * (t[k] + 0.044715 * pow(t[k], 3))));
            plain_linear(h, t, plain_at(m, v, l, "mlp.c_proj.weight"),
                         plain_at(m, v, l, "mlp.c_proj.bias"), 4 * d, d);
            for (int64_t k = 0; k < d; k++)
                x[i * d + k] += h[k];
        }
    }
    for (int64_t i = 0; i < n; i++) {
        plain_norm(h, x + i * d, plain_find(m, v, "ln_f.weight"), plain_find(m, v, "ln_f.bias"), d,
                   c->norm_eps);
        for (int64_t o = 0; o < V; o++) {
            out[i * V + o] = 0;
            for (int64_t k = 0; k < d; k++)
                out[i * V + o] += h[k] * wte[o * d + k];
        }
    }
    free(x), free(h), free(t), free(p), free(qkv);
}

static inline double plain_logp(const double *z, int64_t n, int32_t target)
{
    double top = -INFINITY, sum = 0;
    for (int64_t i = 0; i < n; i++)
        top = fmax(top, z[i]);
    for (int64_t i = 0; i < n; i++)
        sum += exp(z[i] - top);
    return z[target] - top - log(sum);
}

/* The batch's weighted mean cross-entropy. */
static inline double plain_loss(eid_gpt *m, double *const *v, const eid_batch *b)
{
    int64_t V = eid_gpt_shape(m)->vocab;
    double *z = malloc((size_t)(b->cols * V) * sizeof *z), sum = 0, total = 0;
    for (int64_t r = 0; r < b->rows; r++) {
        plain_logits(m, v, b->x + r * b->cols, b->cols, z);
        for (int64_t i = 0; i < b->cols; i++) {
            int32_t y = b->y[r * b->cols + i];
            double w = b->weight ? b->weight[r * b->cols + i] : 1;
            if (y < 0)
                continue;
            sum -= w * plain_logp(z + i * V, V, y);
            total += w;
        }
    }
    free(z);
    return sum / total;
}
#endif
