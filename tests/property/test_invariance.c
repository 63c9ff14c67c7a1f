/* What must not matter: the units of X, how it is stored, which side is called samples. And what is
 * known to be there must be found: the parts of the Swimmer set, the best known errors of the
 * faces. */
#include "support.h"

#include <math.h>
#include <nmfkit/io.h>
#include <stdio.h>
#include <stdlib.h>

static double relative_error(const nmf_matrix *X, const nmf_options *options)
{
    nmf_model *model = fit(X, options);
    const double error = nmf_model_view(model)->relative_error;
    nmf_model_free(model);
    return error;
}

static void expect_close(double a, double b, double most, const char *what)
{
    if (!(fabs(a - b) <= most)) fail_msg("%s: %.17g and %.17g", what, a, b);
}

/* --- units
 * ------------------------------------------------------------------------------------------ */

/* a = b times 2^power, bit for bit. */
static void expect_scaled_entries(const nmf_matrix *a, const nmf_matrix *b, int power)
{
    for (int64_t i = 0; i < nmf_matrix_rows(a); i++)
        for (int64_t j = 0; j < nmf_matrix_columns(a); j++)
            if (nmf_matrix_at(a, i, j) != ldexp(nmf_matrix_at(b, i, j), power))
                fail_msg("entry (%lld, %lld): %.17g is not 2^%d times %.17g", (long long)i,
                         (long long)j, nmf_matrix_at(a, i, j), power, nmf_matrix_at(b, i, j));
}

static void expect_scaled_model(const nmf_model *scaled, const nmf_model *plain, int power)
{
    const nmf_model_content *a = nmf_model_view(scaled), *b = nmf_model_view(plain);
    assert_int_equal(a->iterations, b->iterations);
    assert_int_equal(a->stopped, b->stopped);
    expect_scaled_entries(a->W, b->W, power);
    expect_scaled_entries(a->H, b->H, power);
    assert_true(a->relative_error == b->relative_error);
    assert_true(a->kkt == b->kkt);
}

/* A power of four divides evenly between W and H and rounds nothing, so all the arithmetic is the
 * same. (But for LAPACK's, whose eigenvalue iterations know absolute numbers: SVD starts come
 * close.) */
static void units_of_powers_of_four_change_no_bit(void **state)
{
    (void)state;
    static const int powers[] = {-50, -5, 5, 50}; /* X times 4^power: 1e-30 to 1e30 */
    const problem holes = {"holes", fill_holes, 90, 70, 6};
    nmf_matrix *X = matrix_of(&holes, NMF_F64, BY_ROWS);
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = holes.k;
    options.max_iter = 20;
    options.sketch = 0;
    for (int solver = 0; solver < 3; solver++)
        for (int init = NMF_INIT_RANDOM; init <= NMF_INIT_NNDSVDAR; init++) {
            options.solver = (nmf_solver)solver;
            options.init = (nmf_init)init;
            nmf_model *plain = fit(X, &options);
            const double error = nmf_model_view(plain)->relative_error;
            for (int64_t p = 0; p < COUNT(powers); p++) {
                nmf_matrix *scaled = matrix_like(X, ldexp(1, 2 * powers[p]), NMF_F64, BY_ROWS);
                nmf_model *other = fit(scaled, &options);
                expect_close(nmf_model_view(other)->relative_error, error, 1e-9 * error, "errors");
                if (init == NMF_INIT_RANDOM) expect_scaled_model(other, plain, powers[p]);
                nmf_model_free(other);
                nmf_matrix_free(scaled);
            }
            nmf_model_free(plain);
        }
    nmf_matrix_free(X);
}

/* Nor in f32 under the Kullback-Leibler divergence, one coordinate after the other: what is made of entries and of a
 * penalty of squares, whose weight is in the unit of X already, is as far from overflow as in any other unit. */
static void units_change_no_bit_of_coordinate_descent(void **state)
{
    (void)state;
    static const int powers[] = {-40, -33, 33, 40}; /* X times 4^power: 1e-24 to 1e24 */
    const problem holes = {"holes", fill_holes, 90, 70, 6};
    nmf_matrix *X = matrix_of(&holes, NMF_F32, SPARSE_ROWS);
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = holes.k;
    options.loss = NMF_LOSS_KL;
    options.solver = NMF_SOLVER_SCD;
    options.init = NMF_INIT_RANDOM;
    options.alpha_W = 0.01;
    options.l1_ratio = 0;
    options.max_iter = 30;
    nmf_model *plain = fit(X, &options);
    for (int64_t p = 0; p < COUNT(powers); p++) {
        nmf_matrix *scaled = matrix_like(X, ldexp(1, 2 * powers[p]), NMF_F32, SPARSE_ROWS);
        nmf_model *other = fit(scaled, &options);
        expect_scaled_model(other, plain, powers[p]);
        nmf_model_free(other);
        nmf_matrix_free(scaled);
    }
    nmf_model_free(plain);
    nmf_matrix_free(X);
}

/* The largest difference between the components of two models, each of length 1. */
static double component_difference(const nmf_model *a, const nmf_model *b)
{
    const nmf_matrix *A = nmf_model_view(a)->H, *B = nmf_model_view(b)->H;
    double largest = 0;
    for (int64_t l = 0; l < nmf_matrix_rows(A); l++) {
        double a2 = 0, b2 = 0;
        for (int64_t j = 0; j < nmf_matrix_columns(A); j++) {
            a2 += nmf_matrix_at(A, l, j) * nmf_matrix_at(A, l, j);
            b2 += nmf_matrix_at(B, l, j) * nmf_matrix_at(B, l, j);
        }
        for (int64_t j = 0; j < nmf_matrix_columns(A); j++)
            largest = fmax(largest, fabs(nmf_matrix_at(A, l, j) / sqrt(a2) -
                                         nmf_matrix_at(B, l, j) / sqrt(b2)));
    }
    return largest;
}

/* Pictures as bytes, the same divided by 255, and times 1000: the same faces. */
static void bytes_and_fractions_give_the_same_parts(void **state)
{
    (void)state;
    static const double factors[] = {1.0 / 255, 1000, 0.3};
    nmf_matrix *bytes = NULL;
    assert_int_equal(nmf_io_generate_faces(0, &bytes, NULL), NMF_OK);
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = 6;
    options.init = NMF_INIT_NNDSVDA;
    options.tol = 5e-3;
    nmf_model *of_bytes = fit(bytes, &options);
    for (int64_t f = 0; f < COUNT(factors); f++) {
        nmf_matrix *fractions = matrix_like(bytes, factors[f], NMF_F32, BY_ROWS);
        nmf_model *of_fractions = fit(fractions, &options);
        expect_close(nmf_model_view(of_bytes)->relative_error,
                     nmf_model_view(of_fractions)->relative_error, 1e-4, "relative errors");
        expect_close(component_difference(of_bytes, of_fractions), 0, 1e-3, "components");
        nmf_model_free(of_fractions);
        nmf_matrix_free(fractions);
    }
    nmf_model_free(of_bytes);
    nmf_matrix_free(bytes);
}

/* --- storage
 * ---------------------------------------------------------------------------------------- */

/* From the same start, the same iterations on other sums: no further apart than rounding grows in
 * 30 of them. */
static void the_layout_does_not_matter(void **state)
{
    (void)state;
    const problem parts = {"parts", fill_parts, 150, 90, 5};
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = parts.k;
    options.init = NMF_INIT_RANDOM;
    options.max_iter = 30;
    options.tol = 0;
    options.sketch = 0; /* which is another one of X' */
    for (nmf_dtype dtype = NMF_U8; dtype <= NMF_F64; dtype++)
        for (int solver = 0; solver < 3; solver++) {
            options.solver = (nmf_solver)solver;
            nmf_matrix *rows = matrix_of(&parts, dtype, BY_ROWS);
            const double expected = relative_error(rows, &options);
            for (layout how = BY_COLUMNS; how < LAYOUT_COUNT; how++) {
                nmf_matrix *X = matrix_like(rows, 1, dtype, how);
                const double most = dtype == NMF_F64 ? 1e-9 : 1e-4;
                expect_close(relative_error(X, &options), expected, most * expected,
                             "relative errors");
                nmf_matrix_free(X);
            }
            nmf_matrix_free(rows);
        }
}

/* X' ~ H' W' is the same problem; W and H are improved in the other order, so only the end agrees.
 */
static void the_transposed_problem_ends_at_the_same_error(void **state)
{
    (void)state;
    const problem parts = {"parts", fill_parts, 150, 90, 5};
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = parts.k;
    options.tol = 1e-6;
    for (layout how = BY_ROWS; how < LAYOUT_COUNT; how++) {
        nmf_matrix *X = matrix_of(&parts, NMF_F64, how);
        const double expected = relative_error(X, &options);
        nmf_matrix_transpose(X);
        expect_close(relative_error(X, &options), expected, 1e-3 * expected, "relative errors");
        nmf_matrix_free(X);
    }
}

/* --- known answers
 * ---------------------------------------------------------------------------------- */

static void swimmer_is_taken_apart(void **state)
{
    (void)state;
    nmf_matrix *swimmer = NULL;
    assert_int_equal(nmf_io_generate_swimmer(&swimmer, NULL), NMF_OK);
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = 17;
    options.precision = NMF_PRECISION_F64;
    options.init = NMF_INIT_RANDOM;
    options.starts = 10;
    const double error = relative_error(swimmer, &options);
    if (!(error < 1e-6)) fail_msg("relative error %g", error);
    nmf_matrix_free(swimmer);
}

/* The errors that long runs of other programs reach, and half a percent: from bytes, from fractions
 * of 256, which round nothing and so change nothing, and from fractions of 242, which round every
 * entry and may end in another of the many minima. */
static void olivetti_reaches_the_known_errors(void **state)
{
    (void)state;
    static const struct {
        int64_t k;
        double tol, most;
    } cases[] = {{6, 5e-3, 0.1603}, {6, 1e-4, 0.1594}, {16, 1e-4, 0.1280}, {49, 1e-4, 0.0920}};
    const char *directory = getenv("NMFKIT_TEST_DATA");
    if (!directory || !*directory) skip();
    char path[4096];
    snprintf(path, sizeof path, "%s/olivetti/olivetti.npy", directory);
    nmf_matrix *bytes = NULL;
    nmf_error error = {0};
    if (nmf_io_read(path, NULL, &bytes, &error) != NMF_OK) fail_msg("%s", error.message);
    nmf_matrix *exact = matrix_like(bytes, 1.0 / 256, NMF_F32, BY_ROWS);
    nmf_matrix *rounded = matrix_like(bytes, 1.0 / 242, NMF_F32, BY_ROWS);
    for (int64_t c = 0; c < COUNT(cases); c++) {
        nmf_options options = NMF_OPTIONS_INIT;
        options.k = cases[c].k;
        options.tol = cases[c].tol;
        options.init = NMF_INIT_NNDSVDA;
        const double of_bytes = relative_error(bytes, &options);
        const double of_rounded = relative_error(rounded, &options);
        if (!(of_bytes <= cases[c].most && of_rounded <= cases[c].most))
            fail_msg("k = %d: relative errors %g, %g", (int)cases[c].k, of_bytes, of_rounded);
        expect_close(relative_error(exact, &options), of_bytes, 0, "relative errors");
    }
    nmf_matrix_free(bytes);
    nmf_matrix_free(exact);
    nmf_matrix_free(rounded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_of_powers_of_four_change_no_bit),
        cmocka_unit_test(units_change_no_bit_of_coordinate_descent),
        cmocka_unit_test(bytes_and_fractions_give_the_same_parts),
        cmocka_unit_test(the_layout_does_not_matter),
        cmocka_unit_test(the_transposed_problem_ends_at_the_same_error),
        cmocka_unit_test(swimmer_is_taken_apart),
        cmocka_unit_test(olivetti_reaches_the_known_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
