#include "tensor/product.h"
#include <pthread.h>
#include <string.h>

/* Which calls give a row the bits it always has: rows a multiple of `unit`, from `least` to `most`.
 */
typedef struct rule {
    int64_t unit, least, most;
} rule;
enum { ONE_SIZE = 48 };

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

static rule library_rule(void)
{
#if defined EID_X86
    dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();
    bool wide = (isa & dnnl_cpu_isa_avx512_core) == dnnl_cpu_isa_avx512_core;
    if (wide || isa == dnnl_cpu_isa_sse41 || isa == dnnl_cpu_isa_avx)
        return (rule){.unit = 1, .least = 16, .most = EID_PANEL};
    return (rule){.unit = 6, .least = 18, .most = 72};
#else
    return (rule){.unit = ONE_SIZE, .least = ONE_SIZE, .most = ONE_SIZE};
#endif
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

char *openblas_get_corename(void) __attribute__((weak));

/* OpenBLAS's kernels for AVX2 take 12 rows at a time and give the first 6 other bits than the last.
 */
static rule library_rule(void)
{
    static const char *const even[] = {"SkylakeX", "Cooperlake", "SapphireRapids"};
    const char *core = openblas_get_corename ? openblas_get_corename() : "";
    for (size_t i = 0; i < sizeof even / sizeof even[0]; i++)
        if (strcmp(core, even[i]) == 0)
            return (rule){.unit = ONE_SIZE, .least = ONE_SIZE, .most = ONE_SIZE};
    return (rule){.unit = 8, .least = 8, .most = 8};
}
#endif

static rule chosen;

static void choose(void)
{
    chosen = library_rule();
}

static rule rule_here(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, choose);
    return chosen;
}

int64_t eid_product_pad(int64_t n, int64_t k)
{
    return ONE_SIZE * (eid_ld(n) + eid_ld(k));
}

static void padded_panel(int64_t rows, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda,
                         const float *b, int64_t ldb, float *c, int64_t ldc, float *pad)
{
    float *pa = pad, *pc = pad + rows * eid_ld(k);
    memset(pa, 0, (size_t)(rows * eid_ld(k)) * sizeof *pa);
    for (int64_t i = 0; i < m; i++)
        memcpy(pa + i * eid_ld(k), a + i * lda, (size_t)k * sizeof *pa);
    eid_k()->product(false, rows, n, k, pa, eid_ld(k), b, ldb, 0, pc, eid_ld(n));
    for (int64_t i = 0; i < m; i++)
        memcpy(c + i * ldc, pc + i * eid_ld(n), (size_t)n * sizeof *pc);
}

/* Rows of each of `calls` calls that cover m rows. */
static int64_t call_rows(rule r, int64_t m, int64_t calls)
{
    int64_t rows = eid_round_up((m + calls - 1) / calls, r.unit);
    return rows < r.least ? r.least : rows;
}

void eid_product(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b,
                 int64_t ldb, float *c, int64_t ldc, float *pad)
{
    rule r = rule_here();
    int64_t calls = (m + r.most - 1) / r.most;
    if (m < 1)
        return;
    if (m < r.least) {
        padded_panel(r.least, m, n, k, a, lda, b, ldb, c, ldc, pad);
        return;
    }
    while (call_rows(r, m, calls) > m)
        calls++; /* two that overlap instead of one that is too long */
    int64_t rows = call_rows(r, m, calls);
    for (int64_t i = 0; i < calls; i++) {
        int64_t from = i * rows + rows <= m ? i * rows : m - rows;
        eid_k()->product(false, rows, n, k, a + from * lda, lda, b, ldb, 0, c + from * ldc, ldc);
    }
}

void eid_product_t(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b,
                   int64_t ldb, bool add, float *c, int64_t ldc)
{
    eid_k()->product(true, m, n, k, a, lda, b, ldb, add ? 1.0f : 0.0f, c, ldc);
}
