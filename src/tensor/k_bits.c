/* k_bits.c - how many bits rows of bits have in common, for many pairs of rows. */
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

void NAME(bits_into)(eid_kernel_table *t)
{
    t->common_bits = common_bits;
}
