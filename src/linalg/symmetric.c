/* What is asked of a small symmetric matrix: its leading eigenpairs, by LAPACK's dsyevr, and its Cholesky
 * factorization, by hand, since that goes on where LAPACK's stops, at components that depend on others. */
#include "linalg/linalg.h"

#include <lapacke.h>
#include <limits.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* --- eigenpairs -------------------------------------------------------------------------------- */

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

/* OpenBLAS takes a buffer at its first call, and asks for it for ever where the system has none to give: whether it
 * has, where a limit may be why not, is tried before. */
static nmf_status find_room(nmf_error *error)
{
    enum { BUFFER_MB = 128 }; /* of version 0.3 for x86, the largest */
    static atomic_int found;
    struct rlimit of_data, of_addresses;
    if (!openblas_get_num_threads || atomic_load(&found)) return NMF_OK;
    if (getrlimit(RLIMIT_DATA, &of_data) == 0 && getrlimit(RLIMIT_AS, &of_addresses) == 0 &&
        (of_data.rlim_cur != RLIM_INFINITY || of_addresses.rlim_cur != RLIM_INFINITY)) {
        const size_t bytes = (size_t)BUFFER_MB << 20;
        void *const room =
            mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (room == MAP_FAILED)
            return nmf_fail(
                error, NMF_ERROR_MEMORY,
                "out of memory: OpenBLAS needs %d MB for itself, which the limits of this process "
                "(ulimit -d, ulimit -v) do not leave",
                BUFFER_MB);
        munmap(room, bytes);
    }
    atomic_store(&found, 1);
    return NMF_OK;
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
    status = find_room(error);
    if (status != NMF_OK) goto done;
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

/* --- Cholesky ---------------------------------------------------------------------------------- */

double nmfi_cholesky_turn(const double *gram, int64_t r, double *L, double *rotation)
{
    static const double dependent = 1e-12; /* of the component's squared norm */
    double least = 1.0;
    for (int64_t i = 0; i < r; i++)
        for (int64_t j = 0; j <= i; j++) {
            double sum = gram[i * r + j];
            for (int64_t l = 0; l < j; l++) sum -= L[i * r + l] * L[j * r + l];
            if (i != j)
                L[i * r + j] = L[j * r + j] > 0 ? sum / L[j * r + j] : 0.0;
            else
                L[i * r + i] = sum > dependent * gram[i * r + i] ? sqrt(sum) : 0.0;
            if (i == j && sum < least * gram[i * r + i]) least = sum / gram[i * r + i];
        }
    for (int64_t i = r - 1; i >= 0; i--) { /* rows of L^-T, the last one first */
        double *row = rotation + i * r;
        for (int64_t j = 0; j < r; j++) row[j] = i == j && L[i * r + i] > 0 ? 1.0 : 0.0;
        for (int64_t l = i + 1; l < r; l++)
            for (int64_t j = l; j < r; j++) row[j] -= L[l * r + i] * rotation[l * r + j];
        for (int64_t j = i; j < r; j++) row[j] = L[i * r + i] > 0 ? row[j] / L[i * r + i] : 0.0;
    }
    return least;
}
