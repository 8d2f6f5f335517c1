#include "tensor/double.h"
#include <cblas.h>
#include <inttypes.h>
#include <pthread.h>

/* LAPACK as OpenBLAS carries it; declared here since its header comes with another package. */
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);
void dpotrs_(const char *uplo, const int *n, const int *nrhs, const double *a, const int *lda,
             double *b, const int *ldb, int *info);
void openblas_set_num_threads(int n);

static void choose_one_thread(void)
{
    openblas_set_num_threads(1);
}

static void alone(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, choose_one_thread);
}

void eid_double_gram(int64_t n, int64_t p, const double *x, double *g)
{
    alone();
    cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, (int)n, (int)p, 1, x, (int)n, 0, g,
                (int)n);
}

eid_status eid_double_cholesky(int64_t n, double *g)
{
    int size = (int)n, info = 0;

    alone();
    dpotrf_("L", &size, g, &size, &info);
    if (info != 0)
        return eid_fail(EID_EINVAL,
                        "cholesky: a matrix of %" PRId64 " rows is not positive definite", n);
    return EID_OK;
}

void eid_double_solve(int64_t n, const double *factor, int64_t columns, double *b)
{
    int size = (int)n, right = (int)columns, info = 0;

    alone();
    dpotrs_("L", &size, &right, factor, &size, b, &size, &info);
}

void eid_double_turn(int64_t n, int64_t p, int64_t columns, const double *x, const double *b,
                     double *c)
{
    alone();
    cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, (int)p, (int)columns, (int)n, 1, x, (int)n,
                b, (int)n, 0, c, (int)p);
}
