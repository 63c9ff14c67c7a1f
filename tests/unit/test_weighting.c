/* Weightings and top entries: the same whichever way a matrix is stored, names kept, and what is
 * wrong said in words with the matrix left as it was. Values against scikit-learn: tests/parity. */
#include "support.h"

#include <math.h>
#include <nmfkit/nmfkit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 3, COLUMNS = 4 };

static const float dense[ROWS * COLUMNS] = {2, 0, 1, 0, 0, 0, 0, 0, 3, 5, 0, 2};
static const float by_rows[] = {2, 1, 3, 5, 2}, by_columns[] = {2, 3, 5, 1, 2};
static const int64_t row_pointers[] = {0, 2, 2, 5}, column_pointers[] = {0, 2, 3, 4, 5};
static const int32_t in_columns[] = {0, 2, 0, 1, 3}, in_rows[] = {0, 2, 2, 0, 2};
static const char *const words[COLUMNS] = {"a", "b", "c", "d"};

/* 0: dense, 1: CSR, 2: CSC. */
static nmf_matrix *stored(int way)
{
    nmf_matrix *matrix = NULL;
    const nmf_dense plain = {dense, NMF_F32, ROWS, COLUMNS, COLUMNS, 1};
    const nmf_sparse sparse = {way == 1 ? by_rows : by_columns,
                               NMF_F32,
                               ROWS,
                               COLUMNS,
                               way == 1 ? row_pointers : column_pointers,
                               way == 1 ? in_columns : in_rows,
                               4,
                               way == 2};
    const nmf_status status = way == 0 ? nmf_matrix_borrow(&plain, &matrix, NULL)
                                       : nmf_matrix_borrow_sparse(&sparse, &matrix, NULL);
    assert_int_equal(status, NMF_OK);
    assert_int_equal(nmf_matrix_set_names(matrix, NMF_FEATURE_NAMES, words, NULL), NMF_OK);
    return matrix;
}

static void every_storage_is_weighted_alike(void **state)
{
    (void)state;
    for (int w = NMF_WEIGHTING_NONE; w <= NMF_WEIGHTING_RAW; w++) {
        nmf_matrix *first = stored(0);
        double idf[COLUMNS], other[COLUMNS];
        assert_int_equal(nmf_weighting_idf(first, idf, NULL), NMF_OK);
        assert_int_equal(nmf_weigh(&first, (nmf_weighting)w, idf, NULL), NMF_OK);
        for (int way = 1; way <= 2; way++) {
            nmf_matrix *matrix = stored(way);
            assert_int_equal(nmf_weighting_idf(matrix, other, NULL), NMF_OK);
            assert_memory_equal(other, idf, sizeof idf);
            assert_int_equal(nmf_weigh(&matrix, (nmf_weighting)w, idf, NULL), NMF_OK);
            assert_true(nmf_matrix_is_sparse(matrix));
            assert_int_equal(nmf_matrix_dtype(matrix), NMF_F32);
            assert_string_equal(nmf_matrix_name(matrix, NMF_FEATURE_NAMES, 2), "c");
            for (int i = 0; i < ROWS * COLUMNS; i++)
                assert_true(nmf_matrix_at(matrix, i / COLUMNS, i % COLUMNS) ==
                            nmf_matrix_at(first, i / COLUMNS, i % COLUMNS));
            nmf_matrix_free(matrix);
        }
        nmf_matrix_free(first);
    }
}

static void rows_of_tfidf_have_norm_1_and_empty_ones_stay_empty(void **state)
{
    (void)state;
    const double idf[COLUMNS] = {1, 2, 0.5, 1};
    nmf_matrix *matrix = stored(1);
    assert_int_equal(nmf_weigh(&matrix, NMF_WEIGHTING_TFIDF, idf, NULL), NMF_OK);
    for (int i = 0; i < ROWS; i++) {
        double squares = 0;
        for (int j = 0; j < COLUMNS; j++) squares += pow(nmf_matrix_at(matrix, i, j), 2);
        assert_true(i == 1 ? squares == 0 : fabs(squares - 1) < 1e-6);
    }
    assert_true(fabs(nmf_matrix_at(matrix, 0, 2) / nmf_matrix_at(matrix, 0, 0) - 0.25) < 1e-6);
    nmf_matrix_free(matrix);
}

static void without_idf_the_data_s_own_is_taken(void **state)
{
    (void)state;
    for (int way = 0; way <= 2; way++) {
        double idf[COLUMNS];
        nmf_matrix *given = stored(way), *own = stored(way);
        assert_int_equal(nmf_weighting_idf(given, idf, NULL), NMF_OK);
        assert_int_equal(nmf_weigh(&given, NMF_WEIGHTING_TFIDF, idf, NULL), NMF_OK);
        assert_int_equal(nmf_weigh(&own, NMF_WEIGHTING_TFIDF, NULL, NULL), NMF_OK);
        for (int i = 0; i < ROWS * COLUMNS; i++)
            assert_true(nmf_matrix_at(own, i / COLUMNS, i % COLUMNS) ==
                        nmf_matrix_at(given, i / COLUMNS, i % COLUMNS));
        nmf_matrix_free(given);
        nmf_matrix_free(own);
    }
}

/* A fit that weighs by itself is the fit of weighted data, bit for bit, and so is its transform. */
static void fits_and_transforms_weigh_by_themselves(void **state)
{
    (void)state;
    for (int w = NMF_WEIGHTING_NONE; w <= NMF_WEIGHTING_SUM; w++)
        for (int way = 0; way <= 2; way++) {
            nmf_matrix *raw = stored(way), *weighted = stored(way), *W = NULL;
            nmf_model *plain = NULL, *model = NULL;
            nmf_options options = NMF_OPTIONS_INIT;
            options.k = 2;
            assert_int_equal(nmf_weigh(&weighted, (nmf_weighting)w, NULL, NULL), NMF_OK);
            assert_int_equal(nmf_fit(weighted, &options, &plain, NULL), NMF_OK);
            options.weighting = (nmf_weighting)w;
            assert_int_equal(nmf_fit(raw, &options, &model, NULL), NMF_OK);
            assert_int_equal(nmf_model_view(model)->weighting, w);
            assert_int_equal(nmf_model_view(model)->options.weighting, w);
            const size_t bytes = 2 * COLUMNS * sizeof(float);
            assert_memory_equal(nmf_model_components_f32(model), nmf_model_components_f32(plain),
                                bytes);
            assert_int_equal(nmf_transform(model, raw, NULL, &W, NULL), NMF_OK);
            for (int i = 0; i < ROWS * 2; i++)
                assert_true(nmf_matrix_at(W, i / 2, i % 2) ==
                            nmf_matrix_at(nmf_model_view(plain)->W, i / 2, i % 2));
            nmf_matrix_free(W);
            nmf_matrix_free(raw);
            nmf_matrix_free(weighted);
            nmf_model_free(plain);
            nmf_model_free(model);
        }
}

static void what_cannot_be_weighted_is_left_as_it_was(void **state)
{
    (void)state;
    static const double entries[] = {1, -2, 3, NAN};
    nmf_error error;
    double idf[2] = {1, 1};
    for (int row = 0; row < 2; row++) {
        const nmf_dense plain = {entries + 2 * row, NMF_F64, 1, 2, 2, 1};
        nmf_matrix *matrix, *before;
        assert_int_equal(nmf_matrix_borrow(&plain, &matrix, NULL), NMF_OK);
        before = matrix;
        unit_failed(nmf_weigh(&matrix, NMF_WEIGHTING_SQRT, NULL, &error), &error, NMF_ERROR_DATA,
                    row == 0 ? "X[0,1] = -2" : "X[0,1] = nan");
        unit_failed(nmf_weighting_idf(matrix, idf, &error), &error, NMF_ERROR_DATA, "X[0,1]");
        assert_ptr_equal(matrix, before);
        nmf_matrix_free(matrix);
    }
    nmf_matrix *matrix = stored(1), *none = NULL;
    unit_failed(nmf_weigh(&matrix, (nmf_weighting)6, NULL, &error), &error, NMF_ERROR_ARGUMENT,
                "weighting 6 is not one of 0 to 5");
    unit_failed(nmf_weigh(&none, NMF_WEIGHTING_SQRT, NULL, &error), &error, NMF_ERROR_ARGUMENT,
                "needs a matrix");
    nmf_matrix_free(matrix);
}

static void the_largest_entries_come_in_order(void **state)
{
    (void)state;
    static const double entries[] = {0, -7, 3, 7, 0, 3, 1};
    const nmf_dense plain = {entries, NMF_F64, 1, 7, 7, 1};
    int64_t columns[7], found;
    double values[7];
    nmf_error error;
    nmf_matrix *matrix;
    assert_int_equal(nmf_matrix_borrow(&plain, &matrix, NULL), NMF_OK);
    static const int64_t wanted[] = {1, 3, 2, 5, 6};
    for (int64_t count = 1; count <= 7; count++) {
        assert_int_equal(nmf_matrix_top(matrix, 0, count, columns, values, &found, NULL), NMF_OK);
        assert_int_equal(found, count < 5 ? count : 5); /* zeros are not among them */
        for (int64_t i = 0; i < found; i++) {
            assert_int_equal(columns[i], wanted[i]);
            assert_true(values[i] == entries[wanted[i]]);
        }
    }
    unit_failed(nmf_matrix_top(matrix, 0, 0, columns, values, &found, &error), &error,
                NMF_ERROR_ARGUMENT, "count = 0");
    unit_failed(nmf_matrix_top(matrix, 1, 2, columns, values, &found, &error), &error,
                NMF_ERROR_ARGUMENT, "1");
    assert_int_equal(found, 0);
    nmf_matrix_free(matrix);
}

/* A model keeps how its samples were weighted, in memory of its own. */
static void a_model_keeps_its_idf(void **state)
{
    (void)state;
    nmf_matrix *X = stored(0);
    nmf_options options = NMF_OPTIONS_INIT;
    nmf_model *model = NULL, *copy = NULL;
    nmf_error error;
    double idf[COLUMNS] = {1, 2, 3, 4};
    options.k = 1;
    assert_int_equal(nmf_fit(X, &options, &model, NULL), NMF_OK);
    assert_int_equal(nmf_model_view(model)->weighting, NMF_WEIGHTING_NONE);
    assert_int_equal(nmf_model_set_weighting(model, NMF_WEIGHTING_TFIDF, idf, NULL), NMF_OK);
    idf[2] = -1;
    unit_failed(nmf_model_set_weighting(model, NMF_WEIGHTING_TFIDF, idf, &error), &error,
                NMF_ERROR_DATA, "idf[2] = -1");
    unit_failed(nmf_model_set_weighting(model, NMF_WEIGHTING_TFIDF, NULL, &error), &error,
                NMF_ERROR_ARGUMENT, "lacks its idf");
    assert_int_equal(nmf_model_new(nmf_model_view(model), &copy, NULL), NMF_OK);
    nmf_model_free(model);
    assert_int_equal(nmf_model_view(copy)->weighting, NMF_WEIGHTING_TFIDF);
    assert_true(nmf_model_view(copy)->idf[2] == 3);
    assert_int_equal(nmf_model_set_weighting(copy, NMF_WEIGHTING_SQRT, NULL, NULL), NMF_OK);
    assert_null(nmf_model_view(copy)->idf);
    nmf_model_free(copy);
    nmf_matrix_free(X);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_storage_is_weighted_alike),
        cmocka_unit_test(rows_of_tfidf_have_norm_1_and_empty_ones_stay_empty),
        cmocka_unit_test(without_idf_the_data_s_own_is_taken),
        cmocka_unit_test(fits_and_transforms_weigh_by_themselves),
        cmocka_unit_test(what_cannot_be_weighted_is_left_as_it_was),
        cmocka_unit_test(the_largest_entries_come_in_order),
        cmocka_unit_test(a_model_keeps_its_idf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
