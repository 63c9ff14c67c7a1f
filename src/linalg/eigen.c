/* Leading eigenpairs of a symmetric matrix by LAPACK's dsyevr. */
#include "linalg/linalg.h"

#include <lapacke.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

/* OpenBLAS splits sums by its number of threads; other BLAS libraries do not have these and link
 * all the same. */
int openblas_get_num_threads(void) __attribute__((weak));
void openblas_set_num_threads(int threads) __attribute__((weak));

static int blas_hold(void)
{
    if (!openblas_get_num_threads || !openblas_set_num_threads) return 0;
    const int before = openblas_get_num_threads();
    if (before > 1) openblas_set_num_threads(1);
    return before;
}

static void blas_release(int before)
{
    if (before > 1) openblas_set_num_threads(before);
}

/* With workspace of our own: LAPACKE's convenience call prints when it finds no memory for it. */
static lapack_int call_dsyevr(double *A, lapack_int order, lapack_int wanted, double *w, double *z,
                              lapack_int *support, lapack_int *found)
{
    const char range = wanted == order ? 'A' : 'I';
    double best_work = 0;
    lapack_int best_iwork = 0;
    lapack_int info = LAPACKE_dsyevr_work(LAPACK_COL_MAJOR, 'V', range, 'L', order, A, order, 0.0,
                                          0.0, order - wanted + 1, order, 0.0, found, w, z, order,
                                          support, &best_work, -1, &best_iwork, -1);
    if (info != 0) return info;
    double *work = malloc((size_t)best_work * sizeof *work);
    lapack_int *iwork = malloc((size_t)best_iwork * sizeof *iwork);
    info = LAPACK_WORK_MEMORY_ERROR;
    if (work && iwork)
        info = LAPACKE_dsyevr_work(LAPACK_COL_MAJOR, 'V', range, 'L', order, A, order, 0.0, 0.0,
                                   order - wanted + 1, order, 0.0, found, w, z, order, support,
                                   work, (lapack_int)best_work, iwork, best_iwork);
    free(work);
    free(iwork);
    return info;
}

nmf_status nmfi_eigen(double *A, int64_t n, int64_t count, double *values, double *vectors,
                      nmf_error *error)
{
    if (n > INT_MAX)
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "an eigenproblem of order %lld; the limit is %d", (long long)n, INT_MAX);
    const lapack_int order = (lapack_int)n, wanted = (lapack_int)count;
    double *w = malloc((size_t)n * sizeof *w), *z = malloc((size_t)n * (size_t)count * sizeof *z);
    lapack_int *support = malloc(2 * (size_t)n * sizeof *support);
    nmf_status status = NMF_OK;
    lapack_int found = 0;
    int finite = 1;
    for (int64_t i = 0; i < n * n; i++) finite &= isfinite(A[i]) != 0;
    if (!finite) {
        status =
            nmf_fail(error, NMF_ERROR_NUMERICAL,
                     "a matrix of order %lld has entries beyond the range of double", (long long)n);
        goto done;
    }
    if (!w || !z || !support) {
        status = nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: an eigenproblem of order %lld",
                          (long long)n);
        goto done;
    }
    const int threads = blas_hold();
    const lapack_int info = call_dsyevr(A, order, wanted, w, z, support, &found);
    blas_release(threads);
    if (info == LAPACK_WORK_MEMORY_ERROR) {
        status = nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: an eigenproblem of order %lld",
                          (long long)n);
        goto done;
    }
    if (info != 0 || found != wanted) {
        status = nmf_fail(error, NMF_ERROR_NUMERICAL,
                          "the eigenvalues of a matrix of order %lld did not converge (dsyevr: %d)",
                          (long long)n, (int)info);
        goto done;
    }
    for (int64_t j = 0; j < count; j++) { /* LAPACK's order is ascending */
        values[j] = w[count - 1 - j];
        for (int64_t i = 0; i < n; i++) vectors[i * count + j] = z[(count - 1 - j) * n + i];
    }
done:
    free(w);
    free(z);
    free(support);
    return status;
}
