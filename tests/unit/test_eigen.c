/* Leading eigenpairs of symmetric matrices. */
#include "linalg/linalg.h"
#include "support.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static double *doubles(int64_t count)
{
    double *block = calloc((size_t)count + 1, sizeof *block);
    assert_non_null(block);
    return block;
}

/* A V = V diag(values) and V'V = I to n epsilon, on the scale of A; descending. */
static void check_pairs(const double *A, int64_t n, int64_t count, const double *values,
                        const double *vectors)
{
    double norm = 0; /* the largest sum of magnitudes in a row; squares would underflow here */
    for (int64_t i = 0; i < n; i++) {
        double row = 0;
        for (int64_t j = 0; j < n; j++) row += fabs(A[i * n + j]);
        norm = fmax(norm, row);
    }
    const double rounding = 50 * (double)n * DBL_EPSILON; /* the threshold of LAPACK's own tests */
    for (int64_t j = 0; j < count; j++) {
        if (j > 0) assert_true(values[j] <= values[j - 1]);
        for (int64_t i = 0; i < n; i++) {
            double product = 0;
            for (int64_t l = 0; l < n; l++) product += A[i * n + l] * vectors[l * count + j];
            const double residual = fabs(product - values[j] * vectors[i * count + j]);
            if (!(residual <= rounding * norm))
                fail_msg("vector %d of order %d: residual %g", (int)j, (int)n, residual);
        }
        for (int64_t other = 0; other <= j; other++) {
            double dot = 0;
            for (int64_t i = 0; i < n; i++)
                dot += vectors[i * count + j] * vectors[i * count + other];
            if (!(fabs(dot - (j == other)) <= rounding))
                fail_msg("vectors %d and %d of order %d: product off by %g", (int)j, (int)other,
                         (int)n, dot - (j == other));
        }
    }
}

/* B B' of rank at most `rank`: positive semidefinite as every Gram matrix here. */
static double *gram_matrix(uint64_t *seed, int64_t n, int64_t rank, double scale)
{
    double *B = doubles(n * rank), *A = doubles(n * n);
    for (int64_t i = 0; i < n * rank; i++) B[i] = unit_uniform(seed, -scale, scale);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            for (int64_t l = 0; l < rank; l++) A[i * n + j] += B[i * rank + l] * B[j * rank + l];
    free(B);
    return A;
}

/* The largest `count` pairs are right, and they are the largest: all n eigenvalues add up to the
 * trace. */
static void check_matrix(const double *A, int64_t n, int64_t count)
{
    double *copy = doubles(n * n), *values = doubles(n), *vectors = doubles(n * n),
           *all = doubles(n);
    double trace = 0, sum = 0, magnitude = 0;
    memcpy(copy, A, (size_t)(n * n) * sizeof *A);
    assert_int_equal(nmfi_eigen(copy, n, n, all, vectors, NULL), NMF_OK);
    check_pairs(A, n, n, all, vectors);
    memcpy(copy, A, (size_t)(n * n) * sizeof *A);
    assert_int_equal(nmfi_eigen(copy, n, count, values, vectors, NULL), NMF_OK);
    check_pairs(A, n, count, values, vectors);
    for (int64_t i = 0; i < n; i++) {
        trace += A[i * n + i];
        sum += all[i];
        magnitude += fabs(all[i]);
    }
    const double rounding = 50 * (double)n * DBL_EPSILON * magnitude;
    assert_true(fabs(trace - sum) <= rounding);
    for (int64_t j = 0; j < count; j++) assert_true(fabs(values[j] - all[j]) <= rounding);
    free(copy);
    free(values);
    free(vectors);
    free(all);
}

static void residuals_and_orthogonality_are_at_rounding(void **state)
{
    (void)state;
    uint64_t seed = 1;
    static const int64_t orders[] = {1, 2, 3, 5, 8, 17, 33, 64, 100};
    for (int i = 0; i < 9; i++) {
        const int64_t n = orders[i];
        for (int64_t count = 1; count <= n; count += 1 + n / 4) {
            double *A = gram_matrix(&seed, n, n + 3, 1);
            check_matrix(A, n, count);
            free(A);
        }
    }
}

static void singular_repeated_and_scaled_spectra_are_no_trouble(void **state)
{
    (void)state;
    uint64_t seed = 2;
    enum { N = 20 };
    /* Squares of the entries of A stay inside double, which is all an emulator has for BLAS norms.
     * */
    static const double scales[] = {1e-60, 1e-8, 1, 1e8, 1e60};
    for (int i = 0; i < 5; i++) {
        double *A = gram_matrix(&seed, N, 3, scales[i]); /* 17 zeros */
        check_matrix(A, N, 6);
        free(A);
    }
    double *A = doubles(N * N);
    check_matrix(A, N, 4); /* all zero */
    for (int i = 0; i < N; i++) A[i * N + i] = 2.5;
    check_matrix(A, N, 4); /* all the same */
    A[7 * N + 7] = -3;
    check_matrix(A, N, 20); /* indefinite: largest means largest, not farthest from zero */
    free(A);
}

static void nan_is_a_numerical_error(void **state)
{
    (void)state;
    double A[] = {1, 0, 0, NAN}, values[2], vectors[4];
    nmf_error error = {0};
    unit_failed(nmfi_eigen(A, 2, 2, values, vectors, &error), &error, NMF_ERROR_NUMERICAL,
                "order 2");
}

static void an_order_that_lapack_cannot_count_is_refused(void **state)
{
    (void)state;
    double none = 0;
    nmf_error error = {0};
    unit_failed(nmfi_eigen(&none, INT64_C(1) << 31, 1, &none, &none, &error), &error,
                NMF_ERROR_UNSUPPORTED, "2147483648");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(residuals_and_orthogonality_are_at_rounding),
        cmocka_unit_test(singular_repeated_and_scaled_spectra_are_no_trouble),
        cmocka_unit_test(nan_is_a_numerical_error),
        cmocka_unit_test(an_order_that_lapack_cannot_count_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
