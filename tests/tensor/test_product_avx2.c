/* test_product_avx2.c - the same where the processor has AVX2 but no AVX-512, as most do. */
#include "rows.h"

int main(void)
{
    setenv("DNNL_MAX_CPU_ISA", "AVX2", 1); /* oneDNN reads it at the first call; 3.x the second */
    setenv("ONEDNN_MAX_CPU_ISA", "AVX2", 1);
    RUN(rows_have_the_same_bits_in_every_company);
    return DONE();
}
