/* neighbour.c - exact search by products: |q - x|^2 = |q|^2 - 2 q.x + |x|^2.
 *
 * The products are single precision, so their answer is only a bound: with u = 2^-24 a product of
 * d terms is off by at most about d u |q||x| in whatever order it was summed (Higham 2002,
 * sec. 3.1). An example whose lower bound does not beat the best distance so far is passed over;
 * the others are compared in double.  That are a few for each query, and the answer is the
 * definition's. */
#include "theory/neighbour.h"
#include "base/memory.h"
#include "par/par.h"
#include "tensor/product.h"
#include <inttypes.h>
#include <math.h>

enum { BLOCK = 512, PANEL = EID_PANEL };

double eid_distance2(const float *a, const float *b, int64_t d)
{
    double sum = 0;
    for (int64_t k = 0; k < d; k++) {
        double t = (double)a[k] - (double)b[k];
        sum += t * t;
    }
    return sum;
}

void eid_nearest_ref(int64_t *index, double *distance, const float *example, int64_t n,
                     const float *query, int64_t m, int64_t d)
{
    for (int64_t i = 0; i < m; i++) {
        double best = INFINITY;
        for (int64_t j = 0; j < n; j++) {
            double t = eid_distance2(query + i * d, example + j * d, d);
            if (t < best) {
                best = t;
                index[i] = j;
            }
        }
        if (distance)
            distance[i] = best;
    }
}

typedef struct search {
    int64_t n, m, d, blocks;
    const float *example, *query;
    float *turned; /* [block][d][BLOCK + 16]: examples as columns */
    double *norm;  /* [n]: |x| */
    int64_t *index;
    double *distance;
} search;

static double norm_of(const float *x, int64_t d)
{
    double sum = 0;
    for (int64_t k = 0; k < d; k++)
        sum += (double)x[k] * (double)x[k];
    return sqrt(sum);
}

/* Single precision must hold every product: numbers beyond that are refused with the infinite. */
static bool fits(double norm)
{
    return norm < 1e18;
}

static eid_status turn_block(void *arg, int64_t block, int worker)
{
    const search *s = arg;
    int64_t from = block * BLOCK, ld = eid_ld(BLOCK);
    int64_t rows = s->n - from < BLOCK ? s->n - from : BLOCK;
    float *to = s->turned + block * s->d * ld;

    (void)worker;
    for (int64_t j = 0; j < rows; j++) {
        const float *x = s->example + (from + j) * s->d;
        s->norm[from + j] = norm_of(x, s->d);
        if (!fits(s->norm[from + j]))
            return eid_fail(EID_EINVAL, "nearest: example %" PRId64 " is not finite or too large",
                            from + j);
        for (int64_t k = 0; k < s->d; k++)
            to[k * ld + j] = x[k];
    }
    return EID_OK;
}

/* One query against one block's products. */
static void look(const search *s, const float *q, double q_norm, const float *dot, int64_t from,
                 int64_t rows, int64_t *index, double *best)
{
    const double slack = 1.01 * (double)(s->d + 8) * 0x1p-24 * 2 * q_norm;

    for (int64_t j = 0; j < rows; j++) {
        double x_norm = s->norm[from + j];
        double about = (q_norm * q_norm + x_norm * x_norm) - 2 * (double)dot[j];
        if (about - slack * x_norm - 1e-14 * (q_norm * q_norm + x_norm * x_norm) > *best)
            continue;
        double t = eid_distance2(q, s->example + (from + j) * s->d, s->d);
        if (t < *best) {
            *best = t;
            *index = from + j;
        }
    }
}

static eid_status search_panel(void *arg, int64_t panel, int worker)
{
    const search *s = arg;
    eid_status st = EID_OK;
    int64_t first = panel * PANEL, rows = s->m - first < PANEL ? s->m - first : PANEL;
    int64_t ld = eid_ld(BLOCK), index[PANEL];
    double best[PANEL], norm[PANEL];
    float *dot = NULL, *pad = NULL;

    (void)worker;
    EID_TRY(EID_NEW(dot, PANEL * ld));
    EID_TRY(EID_NEW(pad, eid_product_pad(BLOCK, s->d)));
    for (int64_t i = 0; i < rows; i++) {
        norm[i] = norm_of(s->query + (first + i) * s->d, s->d);
        if (!fits(norm[i])) {
            st = eid_fail(EID_EINVAL, "nearest: query %" PRId64 " is not finite or too large",
                          first + i);
            goto done;
        }
        index[i] = 0;
        best[i] = INFINITY;
    }
    for (int64_t b = 0; b < s->blocks; b++) {
        int64_t from = b * BLOCK, here = s->n - from < BLOCK ? s->n - from : BLOCK;
        eid_product(rows, BLOCK, s->d, s->query + first * s->d, s->d, s->turned + b * s->d * ld, ld,
                    dot, ld, pad);
        for (int64_t i = 0; i < rows; i++)
            look(s, s->query + (first + i) * s->d, norm[i], dot + i * ld, from, here, &index[i],
                 &best[i]);
    }
    for (int64_t i = 0; i < rows; i++) {
        s->index[first + i] = index[i];
        if (s->distance)
            s->distance[first + i] = best[i];
    }
done:
    eid_free(dot);
    eid_free(pad);
    return st;
}

eid_status eid_nearest(int64_t *index, double *distance, eid_ctx *ctx, const float *example,
                       int64_t n, const float *query, int64_t m, int64_t d)
{
    eid_status st = EID_OK;
    search s = {.n = n,
                .m = m,
                .d = d,
                .example = example,
                .query = query,
                .index = index,
                .distance = distance};

    if (n < 1 || m < 1 || d < 1 || d > 1000000 || n > INT64_MAX / 8 / (d + BLOCK))
        return eid_fail(
            EID_EINVAL,
            "nearest: want examples, queries and 1 to 1,000,000 dimensions, got %" PRId64
            ", %" PRId64 " and %" PRId64,
            n, m, d);
    s.blocks = (n + BLOCK - 1) / BLOCK;
    int64_t bytes = s.blocks * d * eid_ld(BLOCK) * 4;
    if (bytes > eid_ctx_memory(ctx))
        return eid_fail(EID_ENOMEM,
                        "nearest: %" PRId64 " examples need %" PRId64 " MB, allowed %" PRId64, n,
                        bytes >> 20, eid_ctx_memory(ctx) >> 20);
    EID_TRY(EID_NEW(s.turned, s.blocks * d * eid_ld(BLOCK)));
    EID_TRY(EID_NEW(s.norm, n));
    EID_TRY(eid_par_for(ctx, s.blocks, turn_block, &s));
    EID_TRY(eid_par_for(ctx, (m + PANEL - 1) / PANEL, search_panel, &s));
done:
    eid_free(s.turned);
    eid_free(s.norm);
    return st;
}
