/* rows.h - the rule that everything stands on: a row's bits depend on the row alone. */
#ifndef ROWS_H
#define ROWS_H
#include "base/memory.h"
#include "check.h"
#include "eidetic/rng.h"
#include "tensor/product.h"

static float *matrix(int64_t rows, int64_t ld, uint64_t seed)
{
    float *x = NULL;
    eid_rng rng = eid_rng_seed(seed);
    CHECK_OK(EID_NEW(x, rows * ld));
    for (int64_t i = 0; i < rows * ld; i++)
        x[i] = (float)eid_rng_normal(&rng);
    return x;
}

/* Every number of rows from 1 to 290, from different places, against one panel of the middle. */
static void rows_have_the_same_bits_in_every_company(void)
{
    static const int64_t shape[][2] = {{128, 384}, {128, 2048}, {512, 128}, {64, 100},
                                       {130, 257}, {20, 37},    {256, 768}, {1024, 256}};
    enum { R = 300 };
    for (size_t s = 0; s < sizeof shape / sizeof shape[0]; s++) {
        int64_t k = shape[s][0], n = shape[s][1], lda = eid_ld(k), ldb = eid_ld(n);
        float *a = matrix(R, lda, 1), *b = matrix(k, ldb, 2), *all = matrix(R, ldb, 3);
        float *c = matrix(R, ldb, 4), *pad = NULL;
        CHECK_OK(EID_NEW(pad, eid_product_pad(n, k)));
        eid_product(R, n, k, a, lda, b, ldb, all, ldb, pad);
        for (int64_t m = 1; m <= 290; m += m < 40 ? 1 : 9) {
            int64_t from = (m * 7) % (R - m + 1);
            eid_product(m, n, k, a + from * lda, lda, b, ldb, c, ldb, pad);
            for (int64_t i = 0; i < m; i++)
                if (memcmp(c + i * ldb, all + (from + i) * ldb, (size_t)n * sizeof *c) != 0) {
                    CHECK_FAIL("%" PRId64 " x %" PRId64 ": row %" PRId64 " of %" PRId64, k, n, i,
                               m);
                    break;
                }
        }
        eid_free(a), eid_free(b), eid_free(c), eid_free(all), eid_free(pad);
    }
}
#endif
