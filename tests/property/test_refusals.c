/* What cannot be done is refused with the right status and one sentence that names the value, its
 * place and the limit; the output is NULL. */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static char something; /* outputs start as its address, so that NULL is the library's doing */

static void expect_refusal(nmf_status status, nmf_status expected, const void *output,
                           const nmf_error *error, const char *fragment)
{
    if (status != expected || error->status != expected || !strstr(error->message, fragment))
        fail_msg("status %d, \"%s\"; expected %d and \"%s\"", (int)status, error->message,
                 (int)expected, fragment);
    assert_null(output);
    assert_null(strchr(error->message, '\n'));
}

static void fit_refuses(const nmf_matrix *X, const nmf_options *options, nmf_status expected,
                        const char *fragment)
{
    nmf_model *model = (nmf_model *)(void *)&something;
    nmf_error error = {0};
    const nmf_status status = nmf_fit(X, options, &model, &error);
    expect_refusal(status, expected, model, &error, fragment);
    model = (nmf_model *)(void *)&something;
    assert_int_equal(nmf_fit(X, options, &model, NULL), expected); /* nobody needs the sentence */
    assert_null(model);
}

static void pca_refuses(const nmf_matrix *X, const nmf_options *options, nmf_status expected,
                        const char *fragment)
{
    nmf_model *model = (nmf_model *)(void *)&something;
    nmf_error error = {0};
    const nmf_status status = nmf_pca(X, options, &model, &error);
    expect_refusal(status, expected, model, &error, fragment);
}

static void transform_refuses(const nmf_model *model, const nmf_matrix *X, nmf_status expected,
                              const char *fragment)
{
    nmf_matrix *W = (nmf_matrix *)(void *)&something;
    nmf_error error = {0};
    const nmf_status status = nmf_transform(model, X, NULL, &W, &error);
    expect_refusal(status, expected, W, &error, fragment);
}

enum { ROWS = 20, COLUMNS = 30 };

static nmf_options options_with(int64_t k)
{
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = k;
    return options;
}

static nmf_matrix *good(layout how)
{
    const problem parts = {"parts", fill_parts, ROWS, COLUMNS, 3};
    return matrix_of(&parts, NMF_F64, how);
}

static nmf_matrix *with_entry(int64_t row, int64_t column, double value, nmf_dtype dtype,
                              layout how)
{
    double values[ROWS * COLUMNS];
    fill_parts(values, ROWS, COLUMNS);
    values[row * COLUMNS + column] = value;
    if (row < ROWS - 1) values[(ROWS - 1) * COLUMNS] = value; /* a later one, which is not named */
    return matrix_from(values, ROWS, COLUMNS, dtype, how);
}

/* --- options
 * ----------------------------------------------------------------------------------------- */

static void options_outside_their_range(void **state)
{
    (void)state;
    nmf_matrix *X = good(BY_ROWS);
    nmf_options options = options_with(0);
    fit_refuses(X, &options, NMF_ERROR_ARGUMENT, "components = 0: must be an integer from 1 to");
    fit_refuses(X, NULL, NMF_ERROR_ARGUMENT, "components = 0");
    pca_refuses(X, &options, NMF_ERROR_ARGUMENT, "components = 0");
    options.k = -7;
    fit_refuses(X, &options, NMF_ERROR_ARGUMENT, "components = -7");
    options.k = INT64_MAX;
    fit_refuses(X, &options, NMF_ERROR_ARGUMENT, "components = 9223372036854775807");
    options = options_with(2);
    options.tol = -0.5;
    fit_refuses(X, &options, NMF_ERROR_ARGUMENT, "tol = -0.5: must be a number from 0 to 1");
    options.tol = NAN;
    fit_refuses(X, &options, NMF_ERROR_ARGUMENT, "tol = nan");
    options = options_with(2);
    options.alpha_W = INFINITY;
    fit_refuses(X, &options, NMF_ERROR_ARGUMENT, "alpha-W = inf");
    options = options_with(2);
    options.l1_ratio = 1.5;
    fit_refuses(X, &options, NMF_ERROR_ARGUMENT, "l1-ratio = 1.5: must be a number from 0 to 1");
    options = options_with(2);
    options.init = (nmf_init)77;
    fit_refuses(X, &options, NMF_ERROR_ARGUMENT, "init = ");
    options = options_with(2);
    options.max_iter = 0;
    fit_refuses(X, &options, NMF_ERROR_ARGUMENT, "max-iter = 0");
    options = options_with(2);
    options.struct_bytes = 0;
    fit_refuses(X, &options, NMF_ERROR_ARGUMENT, "NMF_OPTIONS_INIT");
    nmf_matrix_free(X);
}

static void options_of_an_older_caller_keep_the_defaults(void **state)
{
    (void)state;
    nmf_matrix *X = good(BY_ROWS);
    nmf_options shorter = options_with(3);
    shorter.struct_bytes = offsetof(nmf_options, k) + sizeof shorter.k;
    shorter.max_iter = -1; /* beyond what the caller knows: not looked at */
    const nmf_options plain = options_with(3);
    nmf_model *first = fit(X, &shorter), *second = fit(X, &plain);
    expect_same_model(first, second);
    nmf_model_free(first);
    nmf_model_free(second);
    nmf_matrix_free(X);
}

static void more_components_than_an_svd_has(void **state)
{
    (void)state;
    nmf_matrix *X = good(BY_ROWS);
    nmf_options options = options_with(ROWS + 1);
    for (int init = NMF_INIT_NNDSVD; init <= NMF_INIT_NNDSVDAR; init++) {
        options.init = (nmf_init)init;
        fit_refuses(X, &options, NMF_ERROR_ARGUMENT, "components = 21");
        fit_refuses(X, &options, NMF_ERROR_ARGUMENT, "min(samples, features) = 20");
    }
    options.init = NMF_INIT_LRC; /* two from each triplet but the first */
    options.k = 2 * ROWS;
    fit_refuses(X, &options, NMF_ERROR_ARGUMENT, "2 min(samples, features) - 1 = 39");
    options.k = ROWS + 1;
    pca_refuses(X, &options, NMF_ERROR_ARGUMENT, "min(samples, features) = 20");
    nmf_matrix_free(X);
}

static void a_dense_copy_of_much_that_is_sparse(void **state)
{
    (void)state;
    enum { SIDE = 30000 };
    static int64_t pointers[SIDE + 1];
    static const int32_t columns[] = {0, SIDE - 1};
    static const float values[] = {1, 2};
    nmf_options options = options_with(1);
    nmf_matrix *X = NULL;
    for (int64_t i = 1; i <= SIDE; i++) pointers[i] = i < 7 ? 1 : 2;
    const nmf_sparse s = {values, NMF_F32, SIDE, SIDE, pointers, columns, 4, 0};
    assert_int_equal(nmf_matrix_borrow_sparse(&s, &X, NULL), NMF_OK);
    nmf_model_free(pca(X, &options));
    options.pca_solver = NMF_PCA_SOLVER_EXACT;
    pca_refuses(X, &options, NMF_ERROR_MEMORY, "dense one of 7.2e+09 bytes");
    options.memory_limit_bytes = 1000000;
    pca_refuses(X, &options, NMF_ERROR_MEMORY, "the limit is 1000000");
    nmf_matrix_free(X);
}

/* Sizes that no memory holds are refused before anything is multiplied wrongly. */
static void sizes_that_overflow(void **state)
{
    (void)state;
    static const int64_t ks[] = {INT64_C(1) << 20, INT64_C(1000003), INT64_C(1) << 19};
    static const uint8_t one = 1;
    const nmf_dense everywhere = {&one, NMF_U8, INT64_C(1) << 50, 2, 0, 0};
    nmf_matrix *X = good(BY_ROWS), *broadcast = NULL;
    assert_int_equal(nmf_matrix_borrow(&everywhere, &broadcast, NULL), NMF_OK);
    for (int64_t i = 0; i < COUNT(ks); i++)
        for (int solver = 0; solver < 3; solver++) {
            nmf_options options = options_with(ks[i]);
            options.solver = (nmf_solver)solver;
            options.memory_limit_bytes = INT64_C(1) << 40; /* or the system may promise it */
            fit_refuses(X, &options, NMF_ERROR_MEMORY, "memory");
            nmf_matrix_transpose(X);
            fit_refuses(X, &options, NMF_ERROR_MEMORY, "memory");
            fit_refuses(broadcast, &options, NMF_ERROR_MEMORY, "memory");
        }
    nmf_matrix_free(broadcast);
    nmf_matrix_free(X);
}

/* --- data
 * -------------------------------------------------------------------------------------------- */

/* The first in row order is named, however X is stored. */
static void entries_that_are_no_amounts(void **state)
{
    (void)state;
    static const struct {
        int64_t row, column;
        double value;
        const char *sentence;
    } cases[] = {
        {3, 4, NAN, "X[3,4] = nan: entries must be finite numbers"},
        {0, 29, INFINITY, "X[0,29] = inf: entries must be finite numbers"},
        {19, 0, -INFINITY, "X[19,0] = -inf: entries must be finite numbers"},
        {17, 23, -0.5, "X[17,23] = -0.5: entries must be >= 0"},
        {0, 0, -1e-30, "X[0,0] = -1e-30: entries must be >= 0"},
    };
    const nmf_options options = options_with(3);
    nmf_matrix *clean = good(BY_ROWS);
    nmf_model *nmf = fit(clean, &options), *of_pca = pca(clean, &options);
    for (int64_t c = 0; c < COUNT(cases); c++)
        for (nmf_dtype dtype = NMF_F32; dtype <= NMF_F64; dtype++)
            for (layout how = BY_ROWS; how < LAYOUT_COUNT; how++) {
                nmf_matrix *X =
                    with_entry(cases[c].row, cases[c].column, cases[c].value, dtype, how);
                fit_refuses(X, &options, NMF_ERROR_DATA, cases[c].sentence);
                transform_refuses(nmf, X, NMF_ERROR_DATA, cases[c].sentence);
                if (!isfinite(cases[c].value)) {
                    pca_refuses(X, &options, NMF_ERROR_DATA, cases[c].sentence);
                    transform_refuses(of_pca, X, NMF_ERROR_DATA, cases[c].sentence);
                }
                nmf_matrix_free(X);
            }
    nmf_model_free(nmf);
    nmf_model_free(of_pca);
    nmf_matrix_free(clean);
}

static void negative_zero_is_zero(void **state)
{
    (void)state;
    const nmf_options options = options_with(3);
    nmf_matrix *X = with_entry(4, 4, -0.0, NMF_F64, BY_ROWS);
    nmf_model_free(fit(X, &options));
    nmf_matrix_free(X);
}

static void nothing_to_factorize(void **state)
{
    (void)state;
    static const double zeros[12] = {0};
    static const int64_t shapes[][2] = {{0, 5}, {5, 0}, {0, 0}};
    const nmf_options options = options_with(1);
    for (nmf_dtype dtype = NMF_U8; dtype <= NMF_F64; dtype++) {
        nmf_matrix *zero = matrix_from(zeros, 3, 4, dtype, BY_ROWS);
        fit_refuses(zero, &options, NMF_ERROR_DATA, "X is all zero");
        nmf_matrix_free(zero);
        for (int64_t s = 0; s < COUNT(shapes); s++) {
            nmf_matrix *empty = matrix_from(zeros, shapes[s][0], shapes[s][1], dtype, BY_ROWS);
            fit_refuses(empty, &options, NMF_ERROR_DATA, "X is empty");
            pca_refuses(empty, &options, NMF_ERROR_DATA, "X is empty");
            nmf_matrix_free(empty);
        }
    }
}

static void rows_a_model_cannot_transform(void **state)
{
    (void)state;
    const nmf_options options = options_with(2);
    nmf_matrix *X = good(BY_ROWS);
    nmf_model *model = fit(X, &options);
    nmf_matrix_transpose(X);
    transform_refuses(model, X, NMF_ERROR_SHAPE, "X has 20 features; the model was fitted to 30");
    nmf_matrix_free(X);
    X = matrix_from((const double[]){0}, 0, COLUMNS, NMF_F32, BY_ROWS);
    transform_refuses(model, X, NMF_ERROR_DATA, "no samples");
    nmf_matrix_free(X);
    nmf_model_free(model);
}

/* --- starts and arguments
 * ---------------------------------------------------------------------------- */

static void starts_that_do_not_fit(void **state)
{
    (void)state;
    nmf_matrix *X = good(BY_ROWS);
    const problem shapes[] = {{"W", fill_random, ROWS, 3, 0},
                              {"H", fill_random, 3, COLUMNS, 0},
                              {"narrow H", fill_random, 3, COLUMNS - 1, 0}};
    nmf_matrix *W = matrix_of(&shapes[0], NMF_F64, BY_ROWS),
               *H = matrix_of(&shapes[1], NMF_F64, BY_ROWS);
    nmf_matrix *narrow = matrix_of(&shapes[2], NMF_F64, BY_ROWS);
    nmf_matrix *zero = matrix_like(W, 0, NMF_F64, BY_ROWS),
               *negative = matrix_like(H, -1, NMF_F64, BY_ROWS);
    nmf_options options = options_with(3);
    options.init = NMF_INIT_CUSTOM;
    fit_refuses(X, &options, NMF_ERROR_ARGUMENT, "init custom needs both start_W and start_H");
    options.start_W = W;
    fit_refuses(X, &options, NMF_ERROR_ARGUMENT, "init custom needs both start_W and start_H");
    options.start_H = narrow;
    fit_refuses(X, &options, NMF_ERROR_SHAPE, "start_H is 3 x 29; it must be 3 x 30");
    options.start_H = negative;
    fit_refuses(X, &options, NMF_ERROR_DATA, "start_H[0,0] = -");
    options.start_H = H;
    options.start_W = zero;
    fit_refuses(X, &options, NMF_ERROR_DATA, "start_W is full of zeros");
    options.start_W = W;
    nmf_model_free(fit(X, &options));
    nmf_matrix *const all[] = {X, W, H, narrow, zero, negative};
    for (int64_t i = 0; i < COUNT(all); i++) nmf_matrix_free(all[i]);
}

static void arguments_that_are_missing(void **state)
{
    (void)state;
    const nmf_options options = options_with(2);
    nmf_matrix *X = good(BY_ROWS), *W = NULL;
    nmf_model *model = fit(X, &options);
    nmf_error error = {0};
    fit_refuses(NULL, &options, NMF_ERROR_ARGUMENT, "X is NULL");
    pca_refuses(NULL, &options, NMF_ERROR_ARGUMENT, "X is NULL");
    transform_refuses(model, NULL, NMF_ERROR_ARGUMENT, "X is NULL");
    transform_refuses(NULL, X, NMF_ERROR_ARGUMENT, "model is NULL");
    assert_int_equal(nmf_fit(X, &options, NULL, &error), NMF_ERROR_ARGUMENT);
    assert_string_equal(error.message, "model is NULL");
    assert_int_equal(nmf_transform(model, X, NULL, NULL, &error), NMF_ERROR_ARGUMENT);
    assert_int_equal(nmf_reconstruct(NULL, NULL, &W, &error), NMF_ERROR_ARGUMENT);
    assert_int_equal(nmf_reconstruct(model, X, &W, &error), NMF_ERROR_SHAPE);
    assert_string_equal(error.message, "W has 30 columns; the model has 2 components");
    assert_null(W);
    nmf_model_free(model);
    nmf_model_free(NULL);
    nmf_matrix_free(X);
    nmf_matrix_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_outside_their_range),
        cmocka_unit_test(options_of_an_older_caller_keep_the_defaults),
        cmocka_unit_test(more_components_than_an_svd_has),
        cmocka_unit_test(a_dense_copy_of_much_that_is_sparse),
        cmocka_unit_test(sizes_that_overflow),
        cmocka_unit_test(entries_that_are_no_amounts),
        cmocka_unit_test(negative_zero_is_zero),
        cmocka_unit_test(nothing_to_factorize),
        cmocka_unit_test(rows_a_model_cannot_transform),
        cmocka_unit_test(starts_that_do_not_fit),
        cmocka_unit_test(arguments_that_are_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
