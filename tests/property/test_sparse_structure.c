/* Sparse X of the worst structure: one entry, empty lines, more components than the rank; and the
 * memory that a fit plans. */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void a_single_entry_is_found(void **state)
{
    (void)state;
    const float value = 7;
    const int64_t index = 3;
    int64_t pointers[41] = {0};
    for (int i = 18; i <= 40; i++) pointers[i] = 1;
    const nmf_sparse s = {&value, NMF_F32, 40, 30, pointers, &index, 8, 0};
    nmf_matrix *X = NULL;
    assert_int_equal(nmf_matrix_borrow_sparse(&s, &X, NULL), NMF_OK);
    for (int64_t k = 1; k <= 35; k += 17) { /* beyond the rank, beyond both sides */
        nmf_options options = NMF_OPTIONS_INIT;
        options.k = k;
        nmf_model *model = fit(X, &options);
        const nmf_model_content *c = nmf_model_view(model);
        double sum = 0;
        for (int64_t j = 0; j < k; j++)
            sum += nmf_matrix_at(c->W, 17, j) * nmf_matrix_at(c->H, j, 3);
        assert_true(fabs(sum - 7) <= 1e-4);
        assert_true(c->relative_error <= 1e-4);
        nmf_model_free(model);
    }
    nmf_matrix_free(X);
}

static void k_beyond_the_rank_and_empty_lines_are_fitted(void **state)
{
    (void)state;
    static const problem problems[] = {{"exact rank", fill_exact_rank, 60, 50, 9},
                                       {"holes", fill_holes, 90, 70, 40},
                                       {"mostly zeros", fill_sparse, 50, 400, 30}};
    for (int64_t p = 0; p < COUNT(problems); p++)
        for (layout how = SPARSE_ROWS; how < LAYOUT_COUNT; how++) {
            nmf_matrix *X = matrix_of(&problems[p], NMF_F32, how);
            nmf_options options = NMF_OPTIONS_INIT;
            options.k = problems[p].k;
            options.max_iter = 50;
            nmf_model *model = fit(X, &options);
            const nmf_model_content *c = nmf_model_view(model);
            const double measured = distance(X, c->W, c->H) / norm(X);
            assert_true(fabs(c->relative_error - measured) <= 1e-5);
            nmf_model_free(model);
            nmf_matrix_free(X);
        }
}

/* A million rows with nothing in them around a few that have something. */
static void empty_rows_cost_little_and_stay_empty(void **state)
{
    (void)state;
    enum { ROWS = 1000000, FULL = 30, COLUMNS = 20, K = 3 };
    int64_t *pointers = calloc(ROWS + 1, sizeof *pointers);
    int32_t indices[FULL * COLUMNS];
    uint8_t values[FULL * COLUMNS];
    assert_non_null(pointers);
    for (int i = 0; i < FULL * COLUMNS; i++) {
        indices[i] = i % COLUMNS;
        values[i] = (uint8_t)(1 + (i / COLUMNS % 3 == i % COLUMNS % 3) * 100);
    }
    for (int64_t i = 0; i < ROWS; i++) {
        const int full = i % (ROWS / FULL) == 5 && pointers[i] < FULL * COLUMNS;
        pointers[i + 1] = pointers[i] + (full ? COLUMNS : 0);
    }
    const nmf_sparse s = {values, NMF_U8, ROWS, COLUMNS, pointers, indices, 4, 0};
    nmf_matrix *X = NULL;
    assert_int_equal(nmf_matrix_borrow_sparse(&s, &X, NULL), NMF_OK);
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = K;
    options.max_iter = 10;
    for (nmf_loss loss = NMF_LOSS_FROBENIUS; loss <= NMF_LOSS_KL; loss++) {
        options.loss = loss;
        nmf_model *model = fit(X, &options);
        const nmf_model_content *c = nmf_model_view(model);
        assert_true(c->relative_error < 0.01);
        for (int64_t i = 0; i < ROWS; i += 999)
            for (int64_t j = 0; j < K && pointers[i] == pointers[i + 1]; j++)
                assert_true(nmf_matrix_at(c->W, i, j) == 0);
        nmf_model_free(model);
    }
    nmf_matrix_free(X);
    free(pointers);
}

static void the_plan_is_one_orientation_and_a_few_factors(void **state)
{
    (void)state;
    enum { ROWS = 20000, COLUMNS = 10000, EACH = 60, K = 20 };
    int64_t *pointers = calloc(ROWS + 1, sizeof *pointers);
    int32_t *indices = calloc(ROWS * EACH, sizeof *indices);
    float *values = calloc(ROWS * EACH, sizeof *values);
    assert_true(pointers && indices && values);
    for (int64_t i = 0; i < ROWS; i++) {
        pointers[i + 1] = (i + 1) * EACH;
        for (int64_t e = 0; e < EACH; e++) {
            indices[i * EACH + e] = (int32_t)((i * 7) % 100 + e * (COLUMNS / EACH));
            values[i * EACH + e] = (float)(1 + (i + e) % 9);
        }
    }
    const nmf_sparse s = {values, NMF_F32, ROWS, COLUMNS, pointers, indices, 4, 0};
    nmf_matrix *X = NULL;
    nmf_model *model = NULL;
    nmf_error error = {0};
    assert_int_equal(nmf_matrix_borrow_sparse(&s, &X, NULL), NMF_OK);
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = K;
    options.init = NMF_INIT_RANDOM;
    options.threads = 2;
    options.memory_limit_bytes = 1;
    assert_int_equal(nmf_fit(X, &options, &model, &error), NMF_ERROR_MEMORY);
    const char *number = strpbrk(error.message, "0123456789");
    assert_non_null(number);
    const double bytes = strtod(number, NULL);
    const double orientation = ROWS * EACH * 8.0 + (COLUMNS + 1) * 8.0;
    const double factors = (ROWS + COLUMNS) * K * 4.0;
    const double packed = 2.0 * ROWS * 24 * 4; /* the other factor and the products, row by row */
    if (!(bytes <= 1.1 * (orientation + 3 * factors + packed)))
        fail_msg("%.0f bytes for %.0f + 3 x %.0f + %.0f", bytes, orientation, factors, packed);
    nmf_matrix_free(X);
    free(pointers);
    free(indices);
    free(values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_single_entry_is_found),
        cmocka_unit_test(k_beyond_the_rank_and_empty_lines_are_fitted),
        cmocka_unit_test(empty_rows_cost_little_and_stay_empty),
        cmocka_unit_test(the_plan_is_one_orientation_and_a_few_factors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
