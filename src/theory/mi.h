/* mi.h - mutual information of a symbol and a bit, from few joint draws. */
#ifndef EID_SRC_THEORY_MI_H
#define EID_SRC_THEORY_MI_H
#include "base/status.h"

enum { EID_MOST_DRAWS = 4096 };

/* log k! for k up to EID_MOST_DRAWS, to be filled once. */
typedef struct eid_factorials {
    double log[EID_MOST_DRAWS + 1];
} eid_factorials;
void eid_factorials_fill(eid_factorials *f);

/* Joint counts of n draws: symbol k came with bit b count[k][b] times. */
typedef struct eid_joint {
    int64_t n, symbols;
    int32_t (*count)[2];
} eid_joint;

/* Entropies of the counts, in nats: H(A) + H(U) - H(A, U); and H(U). */
double eid_mi_plugin(const eid_joint *j);
double eid_mi_bit_entropy(const eid_joint *j);
/* What Miller and Madow subtract: (symbols - 1)(bits - 1) / 2n, of those that were seen. */
double eid_mi_bias(const eid_joint *j);
/* Mean of the plug-in when the bits are permuted against the symbols, both margins kept: each count
 * is hypergeometric. */
double eid_mi_expected(const eid_joint *j, const eid_factorials *f);
/* The plug-in moved and stretched so that this mean is 0 and H(U) is log 2; NaN where the bits all
 * agree. */
double eid_mi_adjusted(double plugin, double expected, double bit_entropy);

/* Renames symbol[0..n) to 0, 1, ..., by order of size; answers how many there are.  `scratch`: n.
 */
int64_t eid_mi_rename(const int64_t *symbol, int64_t n, int32_t *name, int64_t *scratch);
#endif
