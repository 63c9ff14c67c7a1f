/* The kernels of rows whose entries have weights (weighted.inc): observed, weigh_row, weighted_residual,
 * weighted_squares; and clamp and squares, each against its formula in f64. */
#include "support.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static double *numbers(int64_t count, double low, double high)
{
    double *made = kernel_doubles(count);
    for (int64_t i = 0; i < count; i++) made[i] = kernel_uniform(low, high);
    return made;
}

/* What does not count holds what would show. */
static void check_weigh_row(const nmfi_kernels *t, int64_t k, int64_t columns, int all)
{
    double *x = numbers(columns, 0, 9), *u = numbers(columns, 0.5, 2),
           *f = numbers(k * columns, 0, 3);
    for (int64_t c = 0; c < columns && !all; c += 3) u[c] = 0, x[c] = NAN;
    void *X = kernel_block(t, x, columns), *U = kernel_block(t, u, columns),
         *F = kernel_block(t, f, k * columns);
    int32_t *indices = kernel_memory((size_t)columns * sizeof *indices);
    const int64_t count = t->observed(U, columns, indices), ldb = kernel_padded(count);
    void *a = kernel_memory((size_t)(ldb * t->element_bytes));
    void *B = kernel_memory((size_t)(k * ldb * t->element_bytes));
    t->weigh_row(X, U, all ? NULL : indices, count, F, columns, k, a, B, ldb);
    int64_t e = 0;
    for (int64_t c = 0; c < columns; c++) {
        if (!(u[c] > 0)) continue;
        assert_int_equal(indices[e], c);
        kernel_near(t, "weigh_row: a", kernel_get(t, a, e), x[c] * u[c],
                    kernel_bound(t, 1) * x[c] * u[c]);
        for (int64_t j = 0; j < k; j++)
            kernel_near(t, "weigh_row: B", kernel_get(t, B, j * ldb + e), f[j * columns + c] * u[c],
                        kernel_bound(t, 1) * f[j * columns + c] * u[c]);
        e++;
    }
    assert_int_equal(count, e);
    for (; e < ldb; e++) {
        assert_true(kernel_get(t, a, e) == 0);
        for (int64_t j = 0; j < k; j++) assert_true(kernel_get(t, B, j * ldb + e) == 0);
    }
    const void *const made[] = {x, u, f, X, U, F, indices, a, B};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) kernel_free(made[i]);
}

static void check_residual(const nmfi_kernels *t, int64_t columns)
{
    const double scale = 0.25;
    double *x = numbers(columns, 0, 9), *u = numbers(columns, 0, 2), *v = numbers(columns, 0, 3);
    void *X = kernel_block(t, x, columns), *U = kernel_block(t, u, columns),
         *V = kernel_block(t, v, columns);
    const double squares = t->weighted_squares(U, V, columns);
    const double got = t->weighted_residual(X, U, columns, scale, V);
    double wanted = 0, magnitudes = 0, all = 0;
    for (int64_t c = 0; c < columns; c++) {
        const double off = u[c] * (scale * x[c] - v[c]), magnitude = u[c] * (scale * x[c] + v[c]);
        wanted += off * off;
        all += u[c] * v[c] * u[c] * v[c];
        magnitudes += magnitude * magnitude;
        kernel_near(t, "weighted_residual: v", kernel_get(t, V, c), u[c] * off,
                    kernel_bound(t, 4) * u[c] * magnitude);
    }
    /* No chain in T is longer than 1024 entries. */
    kernel_near(t, "weighted_residual", got, wanted,
                kernel_bound(t, (columns < 1024 ? columns : 1024) + 8) * magnitudes);
    kernel_near(t, "weighted_squares", squares, all,
                kernel_bound(t, (columns < 1024 ? columns : 1024) + 8) * all);
    const void *const made[] = {x, u, v, X, U, V};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) kernel_free(made[i]);
}

static void weighted_rows_are_made_of_what_counts(void **state)
{
    (void)state;
    kernel_seed(21);
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i++) {
        for (int64_t columns = 1; columns <= 70; columns++) {
            check_weigh_row(tables[i], 1 + columns % 9, columns, 0);
            check_weigh_row(tables[i], 1 + columns % 9, columns, 1);
            check_residual(tables[i], columns);
        }
        for (int64_t columns = 1020; columns <= 1060; columns += 7)
            check_residual(tables[i], columns);
    }
}

/* --- clamp and squares ------------------------------------------------------------------------- */

static void check_clamp(const nmfi_kernels *t, int64_t k, int64_t count)
{
    const int64_t entries = k * count;
    double *x = numbers(entries, -2, 3), *low = numbers(entries, 0, 0.5),
           *high = numbers(entries, 0.5, 2);
    void *X = kernel_block(t, x, entries), *L = kernel_block(t, low, entries),
         *H = kernel_block(t, high, entries);
    t->clamp(X, count, L, H, count, k, count, 0);
    for (int64_t i = 0; i < entries; i++)
        assert_true(kernel_get(t, X, i) == fmin(fmax(x[i], low[i]), high[i]));
    const void *const made[] = {x, low, high, X, L, H};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) kernel_free(made[i]);
}

/* The nearest point of given sum: every entry moved by the same, as far as its bounds let it. */
static void check_clamp_to_sum(const nmfi_kernels *t, int64_t k, int64_t count)
{
    const int64_t entries = k * count;
    const double sum = 0.75 * (double)k; /* between what lower and upper bounds add up to */
    double *x = numbers(entries, -2, 3), *low = numbers(entries, 0, 0.5),
           *high = numbers(entries, 1, 2);
    void *X = kernel_block(t, x, entries), *L = kernel_block(t, low, entries),
         *H = kernel_block(t, high, entries);
    t->clamp(X, count, L, H, count, k, count, sum);
    const double rounding = 16 * (double)k * kernel_bound(t, k + 4);
    for (int64_t i = 0; i < count; i++) {
        double all = 0, least = -INFINITY, most = INFINITY; /* of the move */
        for (int64_t j = 0; j < k; j++) {
            const int64_t at = j * count + i;
            const double got = kernel_get(t, X, at), by = got - x[at];
            assert_true(got >= low[at] && got <= high[at]);
            all += got;
            if (got < high[at]) most = fmin(most, by);
            if (got > low[at]) least = fmax(least, by);
        }
        kernel_near(t, "clamp: sum", all, sum, rounding);
        /* What could still rise was moved by no less than what could still fall. */
        if (!(least <= most + rounding))
            fail_msg("%s: not the nearest: %g, %g", t->name, least, most);
    }
    const void *const made[] = {x, low, high, X, L, H};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) kernel_free(made[i]);
}

static void check_squares(const nmfi_kernels *t, int64_t k, int64_t count)
{
    const int64_t ld = count + 5, entries = (k - 1) * ld + count;
    double *f = numbers(entries, -3, 3), *to = numbers(2 * k - 1, 1, 2),
           *was = kernel_doubles(2 * k - 1);
    void *F = kernel_block(t, f, entries);
    for (int64_t i = 0; i < 2 * k - 1; i++) was[i] = to[i];
    t->squares(F, ld, k, count, to, 2);
    for (int64_t j = 0; j < k; j++) {
        double wanted = was[2 * j];
        for (int64_t i = 0; i < count; i++) wanted += f[j * ld + i] * f[j * ld + i];
        kernel_near(t, "squares", to[2 * j], wanted,
                    2 * kernel_gamma(0x1p-53, count + 10) * wanted);
        if (j + 1 < k) assert_true(to[2 * j + 1] == was[2 * j + 1]);
    }
    kernel_free(f);
    kernel_free(to);
    kernel_free(was);
    kernel_free(F);
}

static void factors_are_clamped_and_their_squares_summed(void **state)
{
    (void)state;
    kernel_seed(22);
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i++)
        for (int64_t n = 1; n <= 70; n++) {
            check_clamp(tables[i], 1 + n % 20, n);
            check_clamp_to_sum(tables[i], 1 + n % 20, n);
            check_squares(tables[i], 1 + n % 20, n);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weighted_rows_are_made_of_what_counts),
        cmocka_unit_test(factors_are_clamped_and_their_squares_summed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
