#include "tensor/product.h"
#include <string.h>

#if defined EID_GEMM_DNNL
#include <dnnl.h>

/* oneDNN's threads are OpenMP's.  Declared here since clang may lack omp.h; weak since oneDNN may
 * be built for other threads. */
int omp_get_max_threads(void) __attribute__((weak));
void omp_set_num_threads(int n) __attribute__((weak));

void eid_sgemm(bool ta, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda,
               const float *b, int64_t ldb, float beta, float *c, int64_t ldc)
{
    /* The setting belongs to the calling thread, which may be the user's: hand it back. */
    int was = omp_get_max_threads && omp_set_num_threads ? omp_get_max_threads() : 1;
    if (was != 1)
        omp_set_num_threads(1);
    dnnl_sgemm(ta ? 'T' : 'N', 'N', m, n, k, 1.0f, a, lda, b, ldb, beta, c, ldc);
    if (was != 1)
        omp_set_num_threads(was);
}
const char *eid_gemm_name(void)
{
    return "dnnl";
}
#else
#include <cblas.h>

void openblas_set_num_threads_local(int n) __attribute__((weak));
void openblas_set_num_threads(int n) __attribute__((weak));

void eid_sgemm(bool ta, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda,
               const float *b, int64_t ldb, float beta, float *c, int64_t ldc)
{
    if (openblas_set_num_threads)
        openblas_set_num_threads(1);
    cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, CblasNoTrans, (int)m, (int)n, (int)k,
                1.0f, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
}
const char *eid_gemm_name(void)
{
    return "cblas";
}
#endif

int64_t eid_product_pad(int64_t n, int64_t k)
{
    return EID_PANEL_MIN * (eid_ld(n) + eid_ld(k));
}

static void padded_panel(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda,
                         const float *b, int64_t ldb, float *c, int64_t ldc, float *pad)
{
    float *pa = pad, *pc = pad + EID_PANEL_MIN * eid_ld(k);
    memset(pa, 0, (size_t)(EID_PANEL_MIN * eid_ld(k)) * sizeof *pa);
    for (int64_t i = 0; i < m; i++)
        memcpy(pa + i * eid_ld(k), a + i * lda, (size_t)k * sizeof *pa);
    eid_k()->product(false, EID_PANEL_MIN, n, k, pa, eid_ld(k), b, ldb, 0, pc, eid_ld(n));
    for (int64_t i = 0; i < m; i++)
        memcpy(c + i * ldc, pc + i * eid_ld(n), (size_t)n * sizeof *pc);
}

void eid_product(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b,
                 int64_t ldb, float *c, int64_t ldc, float *pad)
{
    if (m < EID_PANEL_MIN) {
        if (m > 0)
            padded_panel(m, n, k, a, lda, b, ldb, c, ldc, pad);
        return;
    }
    for (int64_t i = 0; i < m;) {
        int64_t rows = eid_panel_rows(m - i);
        eid_k()->product(false, rows, n, k, a + i * lda, lda, b, ldb, 0, c + i * ldc, ldc);
        i += rows;
    }
}

void eid_product_t(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b,
                   int64_t ldb, bool add, float *c, int64_t ldc)
{
    eid_k()->product(true, m, n, k, a, lda, b, ldb, add ? 1.0f : 0.0f, c, ldc);
}
