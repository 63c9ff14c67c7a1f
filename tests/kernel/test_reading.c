/* The kernels that look at X and the factors without improving anything: distance, scan, model_row. */
#include "support.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* (sum_j R[j,r] F[j,c], the sum of magnitudes) of one entry. */
static double product_entry(const double *R, int64_t ldr, const double *F, int64_t ldf, int64_t k,
                            int64_t row, int64_t column, double *magnitude)
{
    double sum = 0;
    *magnitude = 0;
    for (int64_t j = 0; j < k; j++) {
        const double term = R[j * ldr + row] * F[j * ldf + column];
        sum += term;
        *magnitude += fabs(term);
    }
    return sum;
}

static void check_expand(const nmfi_kernels *t, int64_t columns, int64_t k)
{
    const int64_t ldr = 16, row = kernel_integer(0, 15), ldf = kernel_padded(columns);
    double *r = kernel_factor(k, 16, ldr, -1, 2), *f = kernel_factor(k, columns, ldf, -1, 2);
    void *R = kernel_block(t, r, k * ldr), *F = kernel_block(t, f, k * ldf);
    void *V = kernel_memory((size_t)(columns * t->element_bytes)); /* not padded */
    t->model_row(kernel_at(t, R, row), ldr, F, ldf, k, columns, V);
    for (int64_t c = 0; c < columns; c++) {
        double magnitude;
        const double wanted = product_entry(r, ldr, f, ldf, k, row, c, &magnitude);
        kernel_near(t, "model_row", kernel_get(t, V, c), wanted,
                    kernel_bound(t, k + 1) * magnitude);
    }
    free(r);
    free(f);
    free(R);
    free(F);
    free(V);
}

static void expand_is_one_row_of_the_product_of_the_factors(void **state)
{
    (void)state;
    kernel_seed(1);
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i++) {
        for (int64_t columns = 1; columns <= 140; columns++)
            check_expand(tables[i], columns, 1 + columns % 20);
        for (int64_t columns = 1023; columns <= 1025; columns++)
            check_expand(tables[i], columns, 130);
    }
}

/* What distance should add, and how far rounding may take it from there: an entry's difference d is
 * known to e = gamma_{k+2} (|x| + sum |rf|), its square to 2 |d| e + e^2, and the sum over a row
 * adds gamma_n. */
static double naive_distance(const nmfi_kernels *t, const nmfi_rows *X, nmf_dtype dtype,
                             const double *r, int64_t ldr, const double *f, int64_t ldf, int64_t k,
                             double *bound)
{
    double total = 0;
    *bound = 0;
    for (int64_t i = 0; i < X->rows; i++)
        for (int64_t c = 0; c < X->columns; c++) {
            double magnitude;
            const double x = kernel_entry(X, dtype, i, c);
            const double d = x - product_entry(r, ldr, f, ldf, k, i, c, &magnitude);
            const double e = kernel_bound(t, k + 3) * (fabs(x) + magnitude);
            total += d * d;
            *bound += 2 * fabs(d) * e + e * e +
                      kernel_bound(t, X->columns + X->rows + 2) * (fabs(d) + e) * (fabs(d) + e);
        }
    return total;
}

static void check_distance(const nmfi_kernels *t, nmf_dtype dtype, int64_t rows, int64_t columns,
                           int64_t k)
{
    const int64_t ldr = kernel_padded(rows), ldf = kernel_padded(columns);
    const nmfi_rows X = kernel_rows(dtype, rows, columns, columns + kernel_integer(0, 3));
    double *r = kernel_factor(k, rows, ldr, -1, 2), *f = kernel_factor(k, columns, ldf, -1, 2);
    void *R = kernel_block(t, r, k * ldr), *F = kernel_block(t, f, k * ldf);
    void *scratch = kernel_memory((size_t)(columns * t->element_bytes));
    double bound, total = 1000;
    const double wanted = naive_distance(t, &X, dtype, r, ldr, f, ldf, k, &bound);
    t->distance[dtype](&X, R, ldr, F, ldf, k, scratch, 1.0, &total);
    kernel_near(t, "distance", total, 1000 + wanted,
                bound + kernel_gamma(0x1p-53, rows + 1) * (1000 + wanted));
    free((void *)(uintptr_t)X.data);
    free(r);
    free(f);
    free(R);
    free(F);
    free(scratch);
}

static void distance_is_added_to_the_total(void **state)
{
    (void)state;
    kernel_seed(2);
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i++)
        for (int dtype = 0; dtype < 4; dtype++) {
            for (int64_t columns = 1; columns <= 70; columns++)
                check_distance(tables[i], (nmf_dtype)dtype, 1 + columns % 9, columns,
                               1 + columns % 20);
            check_distance(tables[i], (nmf_dtype)dtype, 3, 1025, 7);
            check_distance(tables[i], (nmf_dtype)dtype, 2, 4097, 130);
        }
}

static nmfi_scan scan_of(const nmfi_kernels *t, const nmfi_rows *X, nmf_dtype dtype, int signed_ok)
{
    nmfi_scan scan = {.lowest = DBL_MAX, .highest = -DBL_MAX};
    t->scan[dtype](X, signed_ok, 1.0, &scan);
    return scan;
}

static void check_scan_sums(const nmfi_kernels *t, nmf_dtype dtype, int64_t rows, int64_t columns)
{
    const nmfi_rows X = kernel_rows(dtype, rows, columns, columns + 2);
    double sum = 0, magnitude = 0, squares = 0, low = DBL_MAX, high = -DBL_MAX;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++) {
            const double x = kernel_entry(&X, dtype, r, c);
            sum += x;
            magnitude += fabs(x);
            squares += x * x;
            low = fmin(low, x);
            high = fmax(high, x);
        }
    const nmfi_scan scan = scan_of(t, &X, dtype, 1);
    const double bound =
        2 * kernel_gamma(0x1p-53, rows * columns + 1); /* both sides are f64 sums */
    kernel_near(t, "scan sum", scan.sum, sum, bound * magnitude);
    kernel_near(t, "scan sum of squares", scan.sum_of_squares, squares, bound * squares);
    assert_true(scan.lowest == low && scan.highest == high);
    assert_true(scan.bad == 0);
    assert_true((scan_of(t, &X, dtype, 0).bad > 0) == (low < 0));
    free((void *)(uintptr_t)X.data);
}

static void scan_sums_and_finds_the_ends(void **state)
{
    (void)state;
    kernel_seed(3);
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i++)
        for (int dtype = 0; dtype < 4; dtype++)
            for (int64_t columns = 1; columns <= 40; columns++)
                check_scan_sums(tables[i], (nmf_dtype)dtype, 1 + columns % 9, columns);
}

/* One entry of an otherwise good block is `value`: is it seen? */
static void check_bad(const nmfi_kernels *t, nmf_dtype dtype, double value, int bad,
                      int bad_if_signed)
{
    enum { ROWS = 3, COLUMNS = 21, STRIDE = 23, COUNT = (ROWS - 1) * STRIDE + COLUMNS };
    float as_f32[COUNT];
    double as_f64[COUNT];
    for (int at = 0; at < COUNT; at++) {
        if (at % STRIDE >= COLUMNS) continue; /* between the rows */
        for (int i = 0; i < COUNT; i++) {
            as_f64[i] = i == at                 ? value
                        : i % STRIDE >= COLUMNS ? -NAN
                                                : 0.5; /* nobody reads there */
            as_f32[i] = (float)as_f64[i];
        }
        const void *data = dtype == NMF_F32 ? (const void *)as_f32 : as_f64;
        const nmfi_rows X = {data, STRIDE, ROWS, COLUMNS};
        assert_int_equal(scan_of(t, &X, dtype, 0).bad > 0, bad);
        assert_int_equal(scan_of(t, &X, dtype, 1).bad > 0, bad_if_signed);
    }
}

static void scan_finds_nan_infinite_and_negative_entries_at_every_place(void **state)
{
    (void)state;
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i++)
        for (int real = NMF_F32; real <= NMF_F64; real++) {
            const nmf_dtype dtype = (nmf_dtype)real;
            const double largest = dtype == NMF_F32 ? (double)FLT_MAX : DBL_MAX;
            const double tiny = dtype == NMF_F32 ? 0x1p-149 : 0x1p-1074; /* the smallest denormal */
            check_bad(tables[i], dtype, NAN, 1, 1);
            check_bad(tables[i], dtype, -NAN, 1, 1);
            check_bad(tables[i], dtype, INFINITY, 1, 1);
            check_bad(tables[i], dtype, -INFINITY, 1, 1);
            check_bad(tables[i], dtype, -1, 1, 0);
            check_bad(tables[i], dtype, -tiny, 1, 0);
            check_bad(tables[i], dtype, -largest, 1, 0);
            check_bad(tables[i], dtype, largest, 0, 0);
            check_bad(tables[i], dtype, tiny, 0, 0);
            check_bad(tables[i], dtype, -0.0, 0, 0);
        }
}

static void scan_adds_up_over_calls(void **state)
{
    (void)state;
    const double bad[] = {1, NAN, 2}, good[] = {5, 0.25, 3};
    const nmfi_rows first = {bad, 3, 1, 3}, second = {good, 3, 1, 3};
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i++) {
        nmfi_scan scan = {.lowest = DBL_MAX, .highest = -DBL_MAX};
        tables[i]->scan[NMF_F64](&second, 0, 1.0, &scan);
        assert_true(scan.bad == 0 && scan.sum == 8.25);
        tables[i]->scan[NMF_F64](&first, 0, 1.0, &scan);
        assert_true(scan.bad == 1 && scan.lowest == 0.25 && scan.highest == 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expand_is_one_row_of_the_product_of_the_factors),
        cmocka_unit_test(distance_is_added_to_the_total),
        cmocka_unit_test(scan_sums_and_finds_the_ends),
        cmocka_unit_test(scan_finds_nan_infinite_and_negative_entries_at_every_place),
        cmocka_unit_test(scan_adds_up_over_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
