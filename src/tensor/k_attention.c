/* k_attention.c - causal attention of one head, by register-blocked products.
 *
 * Every element of every product is one chain of fused multiply-adds over the inner index, upwards
 * from zero, so its bits do not depend on how the tiles lie; a masked place contributes p = 0,
 * which leaves a chain as it is.  That is why one query at a time (decoding) gives the bits of all
 * at once (scoring). */
#include "tensor/k_isa.h"

enum {
    B = EID_BLOCK,
    NV = B / VL,             /* vectors of a block of 16 columns */
    ROWS = VL == 16 ? 8 : 4, /* rows of a register tile */
    WIDE = VL == 16 ? 2 : 1, /* blocks of a register tile */
    QUERIES = 64             /* rows of probabilities that are kept at once */
};

/* The right factor, in blocks of 16 columns: element (k, column) at
 * at[column / 16 * block + k * row + column % 16]. */
typedef struct blocks {
    const float *at;
    int64_t block, row;
} blocks;

/* C (m x 16 nb) (+)= A (m x k) B, m and nb constants after inlining; element (i, l) of A at
 * a[i * ar + l * ac]. */
INLINE void tile(const int m, const int nb, int64_t k, const float *a, int64_t ar, int64_t ac,
                 const blocks b, float *c, int64_t ldc, bool add)
{
    vf acc[8][8];
#pragma GCC unroll 8
    for (int i = 0; i < m; i++)
#pragma GCC unroll 8
        for (int v = 0; v < nb * NV; v++)
            acc[i][v] = add ? v_load(c + i * ldc + v * VL) : v_all(0);
    for (int64_t l = 0; l < k; l++) {
        vf y[8];
#pragma GCC unroll 8
        for (int v = 0; v < nb * NV; v++)
            y[v] = v_load(b.at + (v / NV) * b.block + l * b.row + (v % NV) * VL);
#pragma GCC unroll 8
        for (int i = 0; i < m; i++) {
            vf x = v_all(a[i * ar + l * ac]);
#pragma GCC unroll 8
            for (int v = 0; v < nb * NV; v++)
                acc[i][v] = v_fma(x, y[v], acc[i][v]);
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < m; i++)
#pragma GCC unroll 8
        for (int v = 0; v < nb * NV; v++)
            v_store(c + i * ldc + v * VL, acc[i][v]);
}

/* The same for any m and any number of blocks; loops over tiles. */
static void multiply(int64_t m, int64_t nb, int64_t k, const float *a, int64_t ar, int64_t ac,
                     blocks b, float *c, int64_t ldc, bool add)
{
    for (int64_t j = 0; j < nb;) {
        int64_t i = 0, wide = nb - j >= WIDE ? WIDE : 1;
        blocks bj = {b.at + j * b.block, b.block, b.row};
        float *cj = c + j * B;
        if (wide == WIDE) {
            for (; i + ROWS <= m; i += ROWS)
                tile(ROWS, WIDE, k, a + i * ar, ar, ac, bj, cj + i * ldc, ldc, add);
            for (; i + 2 <= m; i += 2)
                tile(2, WIDE, k, a + i * ar, ar, ac, bj, cj + i * ldc, ldc, add);
            for (; i < m; i++)
                tile(1, WIDE, k, a + i * ar, ar, ac, bj, cj + i * ldc, ldc, add);
        } else {
            for (; i + ROWS <= m; i += ROWS)
                tile(ROWS, 1, k, a + i * ar, ar, ac, bj, cj + i * ldc, ldc, add);
            for (; i < m; i++)
                tile(1, 1, k, a + i * ar, ar, ac, bj, cj + i * ldc, ldc, add);
        }
        j += wide;
    }
}

/* Columns of rows: n floats wide (padded to 16), ld apart. */
INLINE blocks of_rows(const float *at, int64_t ld)
{
    return (blocks){at, B, ld};
}
/* Keys in packed form, as the right factor hd x positions. */
INLINE blocks of_keys(const float *at, int64_t hd)
{
    return (blocks){at, hd * B, B};
}

static void pack_keys(float *keys, const float *k, int64_t ld, int64_t first, int64_t rows,
                      int64_t hd)
{
    for (int64_t r = 0; r < rows; r++) {
        float *to = keys + (first + r) / B * B * hd + (first + r) % B;
        for (int64_t c = 0; c < hd; c++)
            to[c * B] = k[r * ld + c];
    }
}

static void pack_rows(float *to, const float *x, int64_t ld, int64_t rows, int64_t hd)
{
    int64_t w = eid_round_up(hd, B);
    for (int64_t r = 0; r < rows; r++, to += w, x += ld) {
        memcpy(to, x, (size_t)hd * sizeof *to);
        memset(to + hd, 0, (size_t)(w - hd) * sizeof *to);
    }
}

static void unpack_rows(float *to, int64_t ld, const float *x, int64_t rows, int64_t hd)
{
    int64_t w = eid_round_up(hd, B);
    for (int64_t r = 0; r < rows; r++, to += ld, x += w)
        memcpy(to, x, (size_t)hd * sizeof *to);
}

static void attn_pack(float *keys, float *values, const float *k, const float *v, int64_t ld,
                      int64_t first, int64_t rows, int64_t hd)
{
    pack_keys(keys, k, ld, first, rows, hd);
    pack_rows(values + first * eid_round_up(hd, B), v, ld, rows, hd);
}

/* Turns s[0..n) into exp(scale s - max), zeros up to `end` (both multiples of nothing; end of 16).
 * stats: the maximum, and 1 / the sum. */
INLINE void soften(float *s, int64_t n, int64_t end, float scale, float stats[2])
{
    vf m = v_all(-INFINITY), sum = v_all(0);
    int64_t whole = eid_round_up(n, VL);
    for (int64_t j = n; j < whole; j++)
        s[j] = -INFINITY;
    for (int64_t j = 0; j < whole; j += VL)
        m = v_max(m, v_load(s + j));
    float top = scale * v_top(m);
    for (int64_t j = 0; j < whole; j += VL) {
        vf e = v_exp(v_fma(v_load(s + j), v_all(scale), v_all(-top)));
        v_store(s + j, e);
        sum += e;
    }
    for (int64_t j = whole; j < end; j += VL)
        v_store(s + j, v_all(0));
    stats[0] = top;
    stats[1] = 1.0f / v_sum(sum);
}

static void attn(float *out, int64_t ldo, const float *q, int64_t ldq, const float *keys,
                 const float *values, int64_t first, int64_t rows, int64_t hd, float scale,
                 float *stats, int64_t ldstats, float *scratch)
{
    int64_t w = eid_round_up(hd, B), lds = eid_round_up(first + rows, B) + B;
    float *s = scratch, *o = scratch + ROWS * lds;

    for (int64_t i = 0; i < rows; i += ROWS) {
        int64_t m = rows - i < ROWS ? rows - i : ROWS;
        int64_t seen = first + i + m, end = eid_round_up(seen, B); /* keys 0 .. seen-1 matter */
        float st[ROWS][2];
        multiply(m, end / B, hd, q + i * ldq, ldq, 1, of_keys(keys, hd), s, lds, false);
        for (int64_t r = 0; r < m; r++)
            soften(s + r * lds, first + i + r + 1, end, scale, st[r]);
        multiply(m, w / B, seen, s, lds, 1, of_rows(values, w), o, w, false);
        for (int64_t r = 0; r < m; r++) {
            for (int64_t c = 0; c < hd; c++)
                out[(i + r) * ldo + c] = o[r * w + c] * st[r][1];
            if (stats) {
                stats[(i + r) * ldstats] = st[r][0];
                stats[(i + r) * ldstats + 1] = st[r][1];
            }
        }
    }
}

/* Vector-matrix products of nh heads at once: c_h (16 nb) = a_h (k) B_h.  The heads' chains run
 * side by side, which hides the latency that a single query's would show. */
INLINE void tile_heads(const int nh, const int nb, int64_t k, const float *a, int64_t ah,
                       const blocks b, int64_t bh, float *c, int64_t ch)
{
    vf acc[8][8];
#pragma GCC unroll 8
    for (int h = 0; h < nh; h++)
#pragma GCC unroll 8
        for (int v = 0; v < nb * NV; v++)
            acc[h][v] = v_all(0);
    for (int64_t l = 0; l < k; l++) {
#pragma GCC unroll 8
        for (int h = 0; h < nh; h++) {
            vf x = v_all(a[h * ah + l]);
#pragma GCC unroll 8
            for (int v = 0; v < nb * NV; v++)
                acc[h][v] =
                    v_fma(x, v_load(b.at + h * bh + (v / NV) * b.block + l * b.row + (v % NV) * VL),
                          acc[h][v]);
        }
    }
#pragma GCC unroll 8
    for (int h = 0; h < nh; h++)
#pragma GCC unroll 8
        for (int v = 0; v < nb * NV; v++)
            v_store(c + h * ch + v * VL, acc[h][v]);
}

/* The same for any number of blocks, of HEADS heads or one. */
INLINE void multiply_heads(const int nh, int64_t nb, int64_t k, const float *a, int64_t ah,
                           blocks b, int64_t bh, float *c, int64_t ch)
{
    int64_t j = 0;
    for (; j + WIDE <= nb; j += WIDE)
        tile_heads(nh, WIDE, k, a, ah, (blocks){b.at + j * b.block, b.block, b.row}, bh, c + j * B,
                   ch);
    for (; j < nb; j++)
        tile_heads(nh, 1, k, a, ah, (blocks){b.at + j * b.block, b.block, b.row}, bh, c + j * B,
                   ch);
}

enum { HEADS = 4 };

/* A cache of keys and values is read once per token from far away: ask for it early. */
INLINE void fetch(const float *at, int64_t n)
{
    for (int64_t i = 0; i < n; i += 16)
        __builtin_prefetch(at + i, 0, 2);
}

/* One query of nh heads. */
INLINE void step_heads(const int nh, float *out, const float *q, const float *keys,
                       const float *values, const float *next, int64_t stride, int64_t n,
                       int64_t hd, float scale, float *scratch)
{
    int64_t w = eid_round_up(hd, B), end = eid_round_up(n, B), lds = end + B;
    float *s = scratch, *o = scratch + HEADS * lds, st[HEADS][2];
    for (int h = 0; next && h < nh; h++) {
        fetch(next + h * stride, end * hd);
        fetch(next + h * stride + (values - keys), n * w);
    }
    multiply_heads(nh, end / B, hd, q, hd, of_keys(keys, hd), stride, s, lds);
    for (int h = 0; h < nh; h++)
        soften(s + h * lds, n, end, scale, st[h]);
    multiply_heads(nh, w / B, n, s, lds, of_rows(values, w), stride, o, w);
    for (int h = 0; h < nh; h++)
        for (int64_t c = 0; c < hd; c++)
            out[h * hd + c] = o[h * w + c] * st[h][1];
}

static void attn_step(float *out, const float *q, const float *keys, const float *values,
                      const float *next, int64_t stride, int64_t heads, int64_t n, int64_t hd,
                      float scale, float *scratch)
{
    for (int64_t h = 0; h < heads;) {
        int64_t at = h * stride;
        const float *ahead = next ? next + at : NULL;
        if (heads - h >= HEADS) {
            step_heads(HEADS, out + h * hd, q + h * hd, keys + at, values + at, ahead, stride, n,
                       hd, scale, scratch);
            h += HEADS;
        } else {
            step_heads(1, out + h * hd, q + h * hd, keys + at, values + at, ahead, stride, n, hd,
                       scale, scratch);
            h++;
        }
    }
}

/* Rows of p: probabilities again from scores, and the gradient of the scores into d:
 * ds = scale p (dp - sum p dp). */
INLINE void soften_back(float *p, float *d, int64_t n, int64_t end, float scale, float top,
                        float inv)
{
    vf dot = v_all(0);
    int64_t whole = eid_round_up(n, VL);
    for (int64_t j = n; j < whole; j++) {
        p[j] = -INFINITY;
        d[j] = 0;
    }
    for (int64_t j = 0; j < whole; j += VL) {
        vf e = v_exp(v_fma(v_load(p + j), v_all(scale), v_all(-top))) * v_all(inv);
        v_store(p + j, e);
        dot = v_fma(e, v_load(d + j), dot);
    }
    vf mean = v_all(v_sum(dot)), k = v_all(scale);
    for (int64_t j = 0; j < whole; j += VL)
        v_store(d + j, (v_load(d + j) - mean) * v_load(p + j) * k);
    for (int64_t j = whole; j < end; j += VL) {
        v_store(p + j, v_all(0));
        v_store(d + j, v_all(0));
    }
}

static void attn_back(float *dq, float *dk, float *dv, int64_t ldd, const float *q, const float *k,
                      const float *v, int64_t ld, const float *dout, int64_t ldo,
                      const float *stats, int64_t ldstats, int64_t T, int64_t hd, float scale,
                      float *scratch)
{
    int64_t w = eid_round_up(hd, B), tp = eid_round_up(T, B), lds = tp + B;
    float *kt = scratch, *vt = kt + tp * hd, *krow = vt + tp * hd, *qrow = krow + tp * w,
          *orow = qrow + tp * w, *gq = orow + tp * w, *gk = gq + tp * w, *gv = gk + tp * w,
          *p = gv + tp * w, *d = p + QUERIES * lds;

    pack_keys(kt, k, ld, 0, T, hd);
    pack_keys(vt, v, ld, 0, T, hd);
    pack_rows(krow, k, ld, T, hd);
    pack_rows(qrow, q, ld, T, hd);
    pack_rows(orow, dout, ldo, T, hd);
    memset(gk, 0, (size_t)(2 * tp * w) * sizeof *gk);
    for (int64_t i = 0; i < T; i += QUERIES) {
        int64_t m = T - i < QUERIES ? T - i : QUERIES;
        for (int64_t r = 0; r < m; r += ROWS) {
            int64_t mr = m - r < ROWS ? m - r : ROWS, seen = i + r + mr,
                    nb = eid_round_up(seen, B) / B;
            float *pr = p + r * lds, *dr = d + r * lds;
            multiply(mr, nb, hd, qrow + (i + r) * w, w, 1, of_keys(kt, hd), pr, lds, false);
            multiply(mr, nb, hd, orow + (i + r) * w, w, 1, of_keys(vt, hd), dr, lds, false);
            for (int64_t a = 0; a < mr; a++) {
                const float *s = stats + (i + r + a) * ldstats;
                soften_back(pr + a * lds, dr + a * lds, i + r + a + 1, eid_round_up(i + m, B),
                            scale, s[0], s[1]);
            }
            multiply(mr, w / B, seen, dr, lds, 1, of_rows(krow, w), gq + (i + r) * w, w, false);
        }
        /* Keys before this run of queries see all of it; those beside it only what follows them. */
        for (int64_t j = 0; j < i + m; j += ROWS) {
            int64_t mj = i + m - j < ROWS ? i + m - j : ROWS, from = j > i ? j - i : 0;
            multiply(mj, w / B, m - from, p + from * lds + j, 1, lds,
                     of_rows(orow + (i + from) * w, w), gv + j * w, w, true);
            multiply(mj, w / B, m - from, d + from * lds + j, 1, lds,
                     of_rows(qrow + (i + from) * w, w), gk + j * w, w, true);
        }
    }
    unpack_rows(dq, ldd, gq, T, hd);
    unpack_rows(dk, ldd, gk, T, hd);
    unpack_rows(dv, ldd, gv, T, hd);
}

void NAME(attention_into)(eid_kernel_table *t)
{
    t->attn_pack = attn_pack;
    t->attn = attn;
    t->attn_step = attn_step;
    t->attn_back = attn_back;
}
