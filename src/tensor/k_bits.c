/* k_bits.c - counting bits: in columns of rows of bits, and in common to pairs of rows. */
#include "tensor/k_isa.h"

enum { TILE = 4 };

/* Each word is loaded once for four counts.  One instruction counts a word where the set has popcnt
 * (all that have AVX2). */
static void tile(const uint64_t *a, const uint64_t *b, int64_t words, int32_t *count, int64_t ld)
{
    uint64_t sum[TILE][TILE] = {{0}};

    for (int64_t w = 0; w < words; w++)
        for (int i = 0; i < TILE; i++)
            for (int j = 0; j < TILE; j++)
                sum[i][j] += (uint64_t)__builtin_popcountll(a[i * words + w] & b[j * words + w]);
    for (int i = 0; i < TILE; i++)
        for (int j = 0; j < TILE; j++)
            count[i * ld + j] = (int32_t)sum[i][j];
}

static void edge(const uint64_t *a, int64_t na, const uint64_t *b, int64_t nb, int64_t words,
                 int32_t *count, int64_t ld)
{
    for (int64_t i = 0; i < na; i++)
        for (int64_t j = 0; j < nb; j++) {
            uint64_t sum = 0;
            for (int64_t w = 0; w < words; w++)
                sum += (uint64_t)__builtin_popcountll(a[i * words + w] & b[j * words + w]);
            count[i * ld + j] = (int32_t)sum;
        }
}

static void common_bits(const uint64_t *a, int64_t na, const uint64_t *b, int64_t nb, int64_t words,
                        int32_t *count)
{
    for (int64_t i = 0; i < na; i += TILE)
        for (int64_t j = 0; j < nb; j += TILE) {
            int64_t ni = na - i < TILE ? na - i : TILE, nj = nb - j < TILE ? nb - j : TILE;
            const uint64_t *x = a + i * words, *y = b + j * words;
            int32_t *to = count + i * nb + j;
            if (ni == TILE && nj == TILE)
                tile(x, y, words, to, nb);
            else
                edge(x, ni, y, nj, words, to, nb);
        }
}

/* ---- columns ---------------------------------------------------------------------------------
 * Bits of one column are added in place: eight rows by seven full adders (Harley and Seal), whose
 * last carry ripples through the higher planes. */

typedef uint64_t vb __attribute__((vector_size(4 * VL)));
typedef uint64_t vb_any __attribute__((vector_size(4 * VL), aligned(1), may_alias));
enum { LANE = sizeof(vb), LOW = 3 };

/* carry, sum: the two digits of sum + a + b. */
#define ADD(sum, carry, a, b)                    \
    do {                                         \
        vb add_u = (sum) ^ (a);                  \
        (carry) = ((sum) & (a)) | (add_u & (b)); \
        (sum) = add_u ^ (b);                     \
    } while (0)

INLINE void add_eight(const vb x[EID_COUNT_ROWS], uint8_t (*plane)[EID_COUNT_BYTES])
{
    vb low[LOW], t[2], f[2], up;

    for (int p = 0; p < LOW; p++)
        low[p] = *(const vb_any *)plane[p];
    ADD(low[0], t[0], x[0], x[1]);
    ADD(low[0], t[1], x[2], x[3]);
    ADD(low[1], f[0], t[0], t[1]);
    ADD(low[0], t[0], x[4], x[5]);
    ADD(low[0], t[1], x[6], x[7]);
    ADD(low[1], f[1], t[0], t[1]);
    ADD(low[2], up, f[0], f[1]);
    for (int p = 0; p < LOW; p++)
        *(vb_any *)plane[p] = low[p];
    for (int p = LOW; p < EID_COUNT_PLANES; p++) {
        vb was = *(const vb_any *)plane[p];
        *(vb_any *)plane[p] = was ^ up;
        up &= was;
    }
}

INLINE vb bits_at(const uint8_t *row, int64_t left)
{
    vb x = {0};

    if (left >= LANE)
        return *(const vb_any *)row;
    memcpy(&x, row, (size_t)left);
    return x;
}

static void add_bits(const uint8_t *const a[EID_COUNT_ROWS], const uint8_t *const b[EID_COUNT_ROWS],
                     int64_t bytes, eid_planes planes[3])
{
    for (int64_t at = 0; at < bytes; at += LANE) {
        vb x[EID_COUNT_ROWS], y[EID_COUNT_ROWS];
        for (int r = 0; r < EID_COUNT_ROWS; r++) {
            x[r] = bits_at(a[r] + at, bytes - at);
            y[r] = bits_at(b[r] + at, bytes - at);
        }
        /* A plane's row begins `at` bytes on: the address of plane p is that of plane 0 and p rows.
         */
        add_eight(x, (uint8_t(*)[EID_COUNT_BYTES]) & planes[0][0][at]);
        add_eight(y, (uint8_t(*)[EID_COUNT_BYTES]) & planes[1][0][at]);
        for (int r = 0; r < EID_COUNT_ROWS; r++)
            x[r] &= y[r];
        add_eight(x, (uint8_t(*)[EID_COUNT_BYTES]) & planes[2][0][at]);
    }
}

void NAME(bits_into)(eid_kernel_table *t)
{
    t->add_bits = add_bits;
    t->common_bits = common_bits;
}
