/* The kernels that touch factors only: gram, extrapolate, sum_slots, sum, add_constant, scale and the
 * conversions. */
#include "support.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void check_gram(const nmfi_kernels *t, int64_t k, int64_t count)
{
    const int64_t ld = kernel_padded(count);
    double *f = kernel_factor(k, count, ld, -1, 2), *G = kernel_doubles(k * k);
    void *F = kernel_block(t, f, k * ld);
    for (int64_t j = 0; j < k; j++)
        for (int64_t l = 0; l < k; l++)
            G[j * k + l] = (double)(j + l); /* what was there is added to */
    t->gram(F, ld, k, count, G);
    for (int64_t j = 0; j < k; j++)
        for (int64_t l = 0; l < k; l++) {
            double sum = (double)(j + l), magnitude = fabs(sum);
            for (int64_t i = 0; i < count; i++) {
                const double term = f[j * ld + i] * f[l * ld + i];
                sum += term;
                magnitude += fabs(term);
            }
            /* However long the factor, no chain in T is longer than 1024; the rest is f64. */
            const double bound =
                kernel_gamma(kernel_roundoff(t), (count < 1024 ? count : 1024) + 1) +
                2 * kernel_gamma(0x1p-53, count + 2);
            kernel_near(t, "gram", G[j * k + l], sum, bound * magnitude);
            assert_true(G[j * k + l] == G[l * k + j]);
        }
    free(f);
    free(G);
    free(F);
}

static void gram_adds_a_symmetric_matrix(void **state)
{
    (void)state;
    kernel_seed(1);
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i++) {
        for (int64_t n = 0; n <= 70; n++) check_gram(tables[i], 1 + n % 20, n);
        for (int64_t n = 1020; n <= 1030; n++) check_gram(tables[i], 3, n);
        check_gram(tables[i], 5, 5000);
        check_gram(tables[i], 70, 33);
    }
}

/* y = max(0, n + momentum (n - o)) with y a third array, or in the place of o as the HALS rule has it.
 * */
static void check_extrapolate(const nmfi_kernels *t, int64_t k, int64_t count, double momentum,
                              int in_place)
{
    const int64_t ld = kernel_padded(count);
    double *n = kernel_factor(k, count, ld, 0, 2), *o = kernel_factor(k, count, ld, 0, 2);
    void *N = kernel_block(t, n, k * ld), *O = kernel_block(t, o, k * ld);
    void *Y = in_place ? O : kernel_memory((size_t)(k * ld * t->element_bytes));
    t->extrapolate(Y, ld, N, ld, O, ld, k, count, momentum);
    for (int64_t j = 0; j < k; j++)
        for (int64_t i = 0; i < count; i++) {
            const double ahead = n[j * ld + i] + momentum * (n[j * ld + i] - o[j * ld + i]);
            const double magnitude = n[j * ld + i] + momentum * (n[j * ld + i] + o[j * ld + i]);
            kernel_near(t, "extrapolate", kernel_get(t, Y, j * ld + i), ahead > 0 ? ahead : 0,
                        kernel_bound(t, 4) * magnitude); /* momentum, -, *, + are rounded */
        }
    free(n);
    free(o);
    free(N);
    free(O);
    if (!in_place) free(Y);
}

static void extrapolate_goes_ahead_and_stays_non_negative(void **state)
{
    (void)state;
    kernel_seed(2);
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i++)
        for (int64_t n = 1; n <= 70; n++) {
            check_extrapolate(tables[i], 1 + n % 20, n, 0.0, 0);
            check_extrapolate(tables[i], 1 + n % 20, n, 0.7, 0);
            check_extrapolate(tables[i], 1 + n % 20, n, 0.7, 1);
        }
}

/* The same tree, by hand: what the last two sums are after each array. */
static double along_tree(const nmfi_kernels *t, const double *x, const unsigned char *merges,
                         int64_t count)
{
    double sums[64];
    int64_t open = 0;
    for (int64_t s = 0; s < count; s++) {
        sums[open++] = x[s];
        for (int m = 0; m < merges[s]; m++, open--) {
            const double sum = sums[open - 2] + sums[open - 1];
            sums[open - 2] = t->element_bytes == 4 ? (double)(float)sum : sum;
        }
    }
    return sums[0];
}

/* Arrays 0, 1, ... of a tree of 8 leaves, of which only the first `count` are there. */
static void check_sum_slots(const nmfi_kernels *t, int64_t k, int64_t lanes, int64_t count)
{
    static const unsigned char whole[8] = {0, 1, 0, 2, 0, 1, 0, 3};
    static const unsigned char more[9] = {0, 0, 1, 1, 2, 1, 2, 2, 3};
    const int64_t ldq = lanes + 16, first = 16;
    unsigned char merges[8];
    const void *Q[8];
    void *memory[8];
    double *q = kernel_factor(count * k, ldq, ldq, -1e6, 1e6), x[8];
    for (int64_t s = 0; s < count; s++) {
        merges[s] = whole[s];
        Q[s] = memory[s] = kernel_block(t, q + s * k * ldq, k * ldq);
    }
    merges[count - 1] = more[count];
    void *P = kernel_memory((size_t)(k * lanes * t->element_bytes));
    t->sum_slots(Q, merges, count, first, ldq, k, lanes, P);
    for (int64_t j = 0; j < k; j++)
        for (int64_t i = 0; i < lanes; i++) { /* the very same bits */
            for (int64_t s = 0; s < count; s++) x[s] = kernel_get(t, Q[s], j * ldq + first + i);
            assert_true(kernel_get(t, P, j * lanes + i) == along_tree(t, x, merges, count));
        }
    for (int64_t s = 0; s < count; s++) free(memory[s]);
    free(q);
    free(P);
}

static void slots_are_summed_along_their_tree(void **state)
{
    (void)state;
    kernel_seed(3);
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i++)
        for (int64_t lanes = 16; lanes <= NMFI_LANES_MAX; lanes += 16)
            for (int64_t k = 1; k <= 20; k++) check_sum_slots(tables[i], k, lanes, 1 + k * 3 % 8);
}

static void check_add(const nmfi_kernels *t, int64_t count)
{
    double *a = kernel_factor(1, count, count, -3, 3), *b = kernel_factor(1, count, count, -3, 3);
    void *to = kernel_block(t, a, count), *from = kernel_block(t, b, count);
    t->add(to, from, count);
    for (int64_t i = 0; i < count; i++) {
        const double sum = a[i] + b[i];
        const double rounded = t->element_bytes == 4 ? (double)(float)sum : sum;
        assert_true(kernel_get(t, to, i) == rounded);
    }
    free(a);
    free(b);
    free(to);
    free(from);
}

static void arrays_are_added_entry_by_entry(void **state)
{
    (void)state;
    kernel_seed(8);
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i++)
        for (int64_t n = 0; n <= 70; n++) check_add(tables[i], n);
}

static void check_row(const nmfi_kernels *t, int64_t count, double by)
{
    double *values = kernel_factor(1, count, count, -3, 3), *back = kernel_doubles(count);
    void *shifted = kernel_block(t, values, count), *scaled = kernel_block(t, values, count);
    t->add_constant(shifted, count, by);
    t->scale(scaled, count, by);
    const double rounded = t->element_bytes == 4 ? (double)(float)by : by;
    for (int64_t i = 0; i < count; i++) { /* one rounding each, so the result is known to the bit */
        const double sum = values[i] + rounded, product = values[i] * rounded;
        const int f32 = t->element_bytes == 4;
        assert_true(kernel_get(t, shifted, i) ==
                    (f32 ? (double)((float)values[i] + (float)by) : sum));
        assert_true(kernel_get(t, scaled, i) ==
                    (f32 ? (double)((float)values[i] * (float)by) : product));
    }
    void *converted = kernel_memory((size_t)(count * t->element_bytes));
    t->from_f64(values, converted, count);
    t->to_f64(converted, back, count);
    for (int64_t i = 0; i < count; i++) assert_true(back[i] == values[i]); /* they are floats */
    free(values);
    free(back);
    free(shifted);
    free(scaled);
    free(converted);
}

static void rows_are_shifted_scaled_and_converted_with_one_rounding(void **state)
{
    (void)state;
    kernel_seed(4);
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i++)
        for (int64_t n = 0; n <= 70; n++) check_row(tables[i], n, 0.1 * (double)(n - 35));
}

static void sum_leaves_out_the_padding(void **state)
{
    (void)state;
    kernel_seed(5);
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i++)
        for (int64_t n = 0; n <= 70; n++) {
            const int64_t k = 1 + n % 20, ld = kernel_padded(n) + 16;
            double *f = kernel_factor(k, ld, ld, 0, 1),
                   wanted = 0; /* the padding is full of numbers */
            void *F = kernel_block(tables[i], f, k * ld);
            for (int64_t j = 0; j < k; j++)
                for (int64_t c = 0; c < n; c++) wanted += f[j * ld + c];
            const double bound =
                kernel_gamma(kernel_roundoff(tables[i]), n) + /* a row's chains are in T */
                2 * kernel_gamma(0x1p-53, k * n + 1);
            kernel_near(tables[i], "sum", tables[i]->sum(F, ld, k, n), wanted, bound * wanted);
            free(f);
            free(F);
        }
}

/* x at least `least` times what it was; weights x^e before^(1 - e), 0 where nothing is left. */
static void check_carry(const nmfi_kernels *t, double beta)
{
    enum { K = 3, LANES = NMFI_LANES_MIN };
    const double p = beta < 2 ? beta - 1 : 1, q = beta > 1 ? beta : 1;
    const double least = p < 0 ? fmax(1e-6, pow(1e-6, -1 / p)) : 0;
    double old[K * LANES], new[K * LANES];
    for (int i = 0; i < K * LANES; i++) {
        old[i] = i % 7 == 3 ? 0 : kernel_uniform(0.1, 3);
        new[i] = i % 5 == 2 ? 0 : i % 11 == 4 ? 1e-9 * old[i] : kernel_uniform(0.2, 4) * old[i];
    }
    void *before = kernel_block(t, old, K * LANES), *x = kernel_block(t, new, K * LANES);
    void *of_R = kernel_block(t, old, K * LANES), *of_S = kernel_block(t, old, K * LANES);
    const nmfi_strip strip = {.x = x, .k = K, .lanes = LANES, .ld = LANES};
    t->strip_jmm_weights(&strip, before, beta, of_R, of_S);
    const double error = 8 * (fabs(beta) + 3) * kernel_roundoff(t);
    for (int i = 0; i < K * LANES; i++) {
        const double was = kernel_get(t, before, i), is = fmax(new[i], least * was);
        const double a = is > 0 ? was * pow(is / was, p) : 0;
        const double b = is > 0 ? was * pow(is / was, q) : 0;
        kernel_near(t, "x", kernel_get(t, x, i), is, 2 * kernel_roundoff(t) * is);
        kernel_near(t, "weight of R", kernel_get(t, of_R, i), a, error * a);
        kernel_near(t, "weight of S", kernel_get(t, of_S, i), b, error * b);
    }
    free(before);
    free(x);
    free(of_R);
    free(of_S);
}

static void joint_weights_are_powers_of_the_step(void **state)
{
    (void)state;
    static const double betas[] = {-2, 0, 0.5, 0.9, 1.5, 2, 2.7, 4};
    kernel_seed(7);
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i++)
        for (int b = 0; b < 8; b++) check_carry(tables[i], betas[b]);
}

static void tables_say_what_they_are(void **state)
{
    (void)state;
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i++) {
        assert_int_equal(tables[i]->element_bytes, i % 2 ? 8 : 4);
        assert_string_equal(tables[i]->name, tables[i - i % 2]->name);
        assert_in_range(tables[i]->vector_bytes, 16, 64);
        /* A vector of the widest type fits the smallest tile, or kernels would run past its end. */
        assert_true(tables[i]->vector_bytes / tables[i]->element_bytes <= NMFI_LANES_MIN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gram_adds_a_symmetric_matrix),
        cmocka_unit_test(extrapolate_goes_ahead_and_stays_non_negative),
        cmocka_unit_test(slots_are_summed_along_their_tree),
        cmocka_unit_test(arrays_are_added_entry_by_entry),
        cmocka_unit_test(rows_are_shifted_scaled_and_converted_with_one_rounding),
        cmocka_unit_test(sum_leaves_out_the_padding),
        cmocka_unit_test(joint_weights_are_powers_of_the_step),
        cmocka_unit_test(tables_say_what_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
