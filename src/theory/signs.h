/* signs.h - examples from {-1, +1}^d / sqrt(d), a bit for each coordinate: 1 stands for +1 /
 * sqrt(d).
 *
 * Coordinates are independent; coordinate j is +1 with chance[j] / 2^64.  A row begins on a cache
 * line; bits past d are 0, and vectors over the coordinates are padded with zeros to 64 * words. */
#ifndef EID_SRC_THEORY_SIGNS_H
#define EID_SRC_THEORY_SIGNS_H
#include "base/ctx.h"

typedef struct eid_signs {
    int64_t rows, d, words; /* words of a row */
    uint64_t *bits;         /* [rows][words], coordinate j is bit j % 64 of word j / 64 */
} eid_signs;

/* Words of a row, and bytes of a matrix; INT64_MAX where they are too many to count. */
int64_t eid_signs_words(int64_t d);
int64_t eid_signs_bytes(int64_t rows, int64_t d);
eid_status eid_signs_new(eid_signs *s, int64_t rows, int64_t d);
void eid_signs_free(eid_signs *s);

/* Draws the first `rows` rows.  Word w of a row takes its numbers from stream + w, which no other
 * draw may use.  ones[j] (may be NULL): how many of the rows have a 1 at j. */
eid_status eid_signs_draw(eid_ctx *ctx, eid_signs *s, int64_t rows, const uint64_t *chance,
                          uint64_t seed, uint64_t stream, int64_t *ones);
/* 64 independent bits, each 1 with chance c / 2^64. */
uint64_t eid_signs_lanes(uint64_t c, uint64_t seed, uint64_t stream);

/* dot[i] = <v, z_i> for the first `rows` rows. */
eid_status eid_signs_dots(eid_ctx *ctx, const eid_signs *s, int64_t rows, const double *v,
                          double *dot);
void eid_signs_dots_ref(const eid_signs *s, int64_t rows, const double *v, double *dot);
/* <v, z_row>, and v += a z_row, w += b z_row, for one row after the other. */
double eid_signs_dot(const eid_signs *s, int64_t row, const double *v);
void eid_signs_add(const eid_signs *s, int64_t row, double a, double *v, double b, double *w);

static inline int eid_sign(const eid_signs *s, int64_t row, int64_t j)
{
    return s->bits[row * s->words + j / 64] >> (j % 64) & 1 ? 1 : -1;
}
#endif
