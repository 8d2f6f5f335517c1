/* signs.c - bit-packed signs: drawing 64 at once, and sums against them by table. */
#include "theory/signs.h"
#include "base/memory.h"
#include "eidetic/rng.h"
#include "par/par.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum {
    BLOCK = 8,   /* words of a task that draws: a cache line of each row */
    ROWS = 64,   /* rows of a task that multiplies */
    GROUPS = 16, /* tables of a word: one for each 4 coordinates */
    ENTRIES = 16
};

int64_t eid_signs_words(int64_t d)
{
    return d / 64 / BLOCK * BLOCK + (d % (64 * BLOCK) ? BLOCK : 0);
}

int64_t eid_signs_bytes(int64_t rows, int64_t d)
{
    int64_t words = eid_signs_words(d);
    return rows > 0 && words > INT64_MAX / 8 / rows ? INT64_MAX : rows * words * 8;
}

eid_status eid_signs_new(eid_signs *s, int64_t rows, int64_t d)
{
    uint64_t *bits;
    if (eid_signs_bytes(rows, d) == INT64_MAX)
        return eid_fail(EID_ENOMEM, "%" PRId64 " rows of %" PRId64 " signs are too many", rows, d);
    eid_status st = EID_NEW(bits, rows * eid_signs_words(d));
    if (st == EID_OK)
        *s = (eid_signs){rows, d, eid_signs_words(d), bits};
    return st;
}

void eid_signs_free(eid_signs *s)
{
    eid_free(s->bits);
    *s = (eid_signs){0};
}

/* ---- drawing -------------------------------------------------------------------------------- */

/* In every lane a uniform number's binary digits are compared with those of c from the top; a lane
 * is settled by the first that differs.  About 8 words settle all 64 lanes, and no digit of c is
 * lost. */
static uint64_t lanes(eid_rng *r, uint64_t c)
{
    uint64_t open = ~(uint64_t)0, ones = 0;
    for (; open && c; c <<= 1) {
        uint64_t digit = eid_rng_u64(r);
        if (c >> 63) {
            ones |= open & ~digit;
            open &= digit;
        } else {
            open &= ~digit;
        }
    }
    return ones;
}

uint64_t eid_signs_lanes(uint64_t c, uint64_t seed, uint64_t stream)
{
    eid_rng r = eid_rng_stream(seed, stream);
    return lanes(&r, c);
}

/* a[i] bit j <-> a[j] bit i: quadrants are swapped, then their quadrants. */
static void transpose(uint64_t a[64])
{
    uint64_t low = 0xFFFFFFFF;
    for (int half = 32; half; half >>= 1, low ^= low << half)
        for (int i = 0; i < 64; i = ((i | half) + 1) & ~half) {
            uint64_t swap = ((a[i] >> half) ^ a[i | half]) & low;
            a[i] ^= swap << half;
            a[i | half] ^= swap;
        }
}

typedef struct draw_work {
    eid_signs *s;
    int64_t rows;
    const uint64_t *chance;
    uint64_t seed, stream;
    int64_t *ones;
} draw_work;

static void draw_word(const draw_work *d, int64_t word)
{
    eid_rng rng = eid_rng_stream(d->seed, d->stream + (uint64_t)word);
    eid_signs *s = d->s;
    int64_t here = s->d - word * 64 < 64 ? s->d - word * 64 : 64;
    for (int64_t row = 0; row < d->rows; row += 64) {
        int64_t left = d->rows - row < 64 ? d->rows - row : 64;
        uint64_t keep = left < 64 ? ((uint64_t)1 << left) - 1 : ~(uint64_t)0, tile[64] = {0};
        for (int64_t j = 0; j < here; j++) {
            tile[j] = lanes(&rng, d->chance[word * 64 + j]) & keep;
            if (d->ones)
                d->ones[word * 64 + j] += __builtin_popcountll(tile[j]);
        }
        transpose(tile);
        for (int64_t i = 0; i < left; i++)
            s->bits[(row + i) * s->words + word] = tile[i];
    }
}

static eid_status draw_block(void *arg, int64_t task, int worker)
{
    const draw_work *d = arg;
    int64_t used = (d->s->d + 63) / 64;
    (void)worker;
    for (int64_t word = task * BLOCK; word < (task + 1) * BLOCK && word < used; word++)
        draw_word(d, word);
    return EID_OK;
}

eid_status eid_signs_draw(eid_ctx *ctx, eid_signs *s, int64_t rows, const uint64_t *chance,
                          uint64_t seed, uint64_t stream, int64_t *ones)
{
    draw_work d = {s, rows, chance, seed, stream, ones};
    if (ones)
        memset(ones, 0, (size_t)s->d * sizeof *ones);
    return eid_par_for(ctx, s->words / BLOCK, draw_block, &d);
}

/* ---- products: many rows against one vector ---------------------------------------------------
 */

/* The 16 sums of 4 coordinates with signs by the digits of v. */
static void fill_table(double *t, const double *v)
{
    t[0] = -(((v[0] + v[1]) + v[2]) + v[3]);
    for (unsigned e = 1; e < ENTRIES; e++)
        t[e] = t[e & (e - 1)] + 2 * v[__builtin_ctz(e)];
}

typedef struct dots_work {
    const eid_signs *s;
    int64_t rows;
    const double *table; /* [words][GROUPS][ENTRIES] */
    double scale, *dot;
} dots_work;

static double row_sum(const uint64_t *bits, int64_t words, const double *t)
{
    double a = 0, b = 0, c = 0, d = 0;
    for (int64_t w = 0; w < words; w++) {
        uint64_t x = bits[w];
        for (int g = 0; g < GROUPS; g += 4, x >>= 16, t += 4 * ENTRIES) {
            a += t[x & 15];
            b += t[ENTRIES + (x >> 4 & 15)];
            c += t[2 * ENTRIES + (x >> 8 & 15)];
            d += t[3 * ENTRIES + (x >> 12 & 15)];
        }
    }
    return (a + b) + (c + d);
}

static eid_status dots_rows(void *arg, int64_t task, int worker)
{
    const dots_work *d = arg;
    (void)worker;
    for (int64_t i = task * ROWS; i < (task + 1) * ROWS && i < d->rows; i++)
        d->dot[i] = d->scale * row_sum(d->s->bits + i * d->s->words, d->s->words, d->table);
    return EID_OK;
}

eid_status eid_signs_dots(eid_ctx *ctx, const eid_signs *s, int64_t rows, const double *v,
                          double *dot)
{
    double *table;
    eid_status st = EID_NEW(table, s->words * GROUPS * ENTRIES);
    if (st != EID_OK)
        return st;
    for (int64_t g = 0; g < s->words * GROUPS; g++)
        fill_table(table + g * ENTRIES, v + 4 * g);
    dots_work d = {s, rows, table, 1 / sqrt((double)s->d), dot};
    st = eid_par_for(ctx, (rows + ROWS - 1) / ROWS, dots_rows, &d);
    eid_free(table);
    return st;
}

void eid_signs_dots_ref(const eid_signs *s, int64_t rows, const double *v, double *dot)
{
    for (int64_t i = 0; i < rows; i++) {
        double sum = 0;
        for (int64_t j = 0; j < s->d; j++)
            sum += eid_sign(s, i, j) * v[j];
        dot[i] = sum / sqrt((double)s->d);
    }
}

/* ---- one row after the other: what a learner does that sees examples in turn ------------------
 */

/* The 8 signs of a byte, as numbers. */
#define S(b, k) ((b) >> (k)&1 ? 1.0 : -1.0)
#define B(b)                                                                   \
    {                                                                          \
        S(b, 0), S(b, 1), S(b, 2), S(b, 3), S(b, 4), S(b, 5), S(b, 6), S(b, 7) \
    }
#define B4(b)  B(b), B((b) + 1), B((b) + 2), B((b) + 3)
#define B16(b) B4(b), B4((b) + 4), B4((b) + 8), B4((b) + 12)
#define B64(b) B16(b), B16((b) + 16), B16((b) + 32), B16((b) + 48)
static const double signs_of[256][8] = {B64(0), B64(64), B64(128), B64(192)};

double eid_signs_dot(const eid_signs *s, int64_t row, const double *v)
{
    const uint64_t *bits = s->bits + row * s->words;
    double sum[8] = {0};
    for (int64_t w = 0; w < s->words; w++)
        for (int byte = 0; byte < 8; byte++, v += 8) {
            const double *sign = signs_of[bits[w] >> (8 * byte) & 255];
            for (int k = 0; k < 8; k++)
                sum[k] += sign[k] * v[k];
        }
    return (((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]))) /
           sqrt((double)s->d);
}

void eid_signs_add(const eid_signs *s, int64_t row, double a, double *v, double b, double *w)
{
    const uint64_t *bits = s->bits + row * s->words;
    int64_t whole = s->d / 8;
    a /= sqrt((double)s->d);
    b /= sqrt((double)s->d);
    for (int64_t i = 0; i < whole; i++) {
        const double *sign = signs_of[bits[i / 8] >> (8 * (i % 8)) & 255];
        for (int k = 0; k < 8; k++) {
            v[8 * i + k] += a * sign[k];
            w[8 * i + k] += b * sign[k];
        }
    }
    for (int64_t j = 8 * whole; j < s->d; j++) {
        v[j] += a * eid_sign(s, row, j);
        w[j] += b * eid_sign(s, row, j);
    }
}
