/* k_isa.h - what the kernel sources share: vectors, ragged tails, their prototypes.  Each of them
 * is compiled once per instruction set, and table() gathers a set's kernels. */
#ifndef EID_SRC_K_ISA_H
#define EID_SRC_K_ISA_H
#include "tensor/kernels.h"
#include "tensor/vec.h"

/* Vector i of a row of n floats; lanes past the end are zeros. */
INLINE vf part(const float *p, int64_t i, int64_t n)
{
    return n - i >= VL ? v_load(p + i) : v_load_n(p + i, n - i);
}
INLINE void put(float *p, int64_t i, int64_t n, vf x)
{
    if (n - i >= VL)
        v_store(p + i, x);
    else
        v_store_n(p + i, x, n - i);
}
/* Zeroes the lanes past the end of the row. */
INLINE vf within(vf x, int64_t i, int64_t n)
{
    if (n - i >= VL)
        return x;
    float t[VL] = {0};
    v_store(t, x);
    memset(t + (n - i), 0, (size_t)(VL - (n - i)) * sizeof *t);
    return v_load(t);
}

void NAME(rows_into)(eid_kernel_table *t);
void NAME(attention_into)(eid_kernel_table *t);
void NAME(logits_into)(eid_kernel_table *t);
void NAME(net_into)(eid_kernel_table *t);
void NAME(bits_into)(eid_kernel_table *t);
#endif
