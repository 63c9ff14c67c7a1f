/* Columns picked from every storage, features matched by name, and NULL or impossible descriptions
 * answered with ARGUMENT by everything that takes a matrix. */
#include "support.h"

#include <nmfkit/nmfkit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 3, COLUMNS = 4 };

static const float dense[ROWS * COLUMNS] = {2, 0, 1, 0, 0, 0, 0, 4, 3, 5, 0, 2};
static const float by_rows[] = {2, 1, 4, 3, 5, 2}, by_columns[] = {2, 3, 5, 1, 4, 2};
static const int64_t row_pointers[] = {0, 2, 3, 6}, column_pointers[] = {0, 2, 3, 4, 6};
static const int32_t in_columns[] = {0, 2, 3, 0, 1, 3}, in_rows[] = {0, 2, 2, 0, 1, 2};
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

static void columns_are_picked_from_every_storage(void **state)
{
    (void)state;
    static const int64_t picks[][5] = {{3, 2, 1, 0, -2}, {2, -1, 0, -2}, {1, -2}, {0, 1, 2, 3, -2}};
    for (size_t p = 0; p < sizeof picks / sizeof *picks; p++)
        for (int way = 0; way < 3; way++) {
            nmf_matrix *matrix = stored(way), *made = NULL;
            int64_t count = 0;
            int holes = 0;
            while (picks[p][count] > -2) holes |= picks[p][count++] < 0;
            assert_int_equal(nmf_matrix_select_columns(matrix, picks[p], count, &made, NULL),
                             NMF_OK);
            assert_int_equal(nmf_matrix_is_sparse(made), way > 0);
            for (int i = 0; i < ROWS; i++)
                for (int64_t j = 0; j < count; j++) {
                    const int64_t c = picks[p][j];
                    assert_true(nmf_matrix_at(made, i, j) ==
                                (c < 0 ? 0.0 : (double)dense[i * COLUMNS + c]));
                }
            if (!holes)
                assert_string_equal(nmf_matrix_name(made, NMF_FEATURE_NAMES, 0),
                                    words[picks[p][0]]);
            assert_int_equal(nmf_matrix_has_names(made, NMF_FEATURE_NAMES), !holes);
            nmf_matrix_free(made);
            nmf_matrix_free(matrix);
        }
    nmf_matrix *matrix = stored(1), *made = NULL;
    nmf_error error;
    const int64_t outside[] = {4}, twice[] = {1, 1};
    unit_failed(nmf_matrix_select_columns(matrix, outside, 1, &made, &error), &error,
                NMF_ERROR_ARGUMENT, "column 4");
    unit_failed(nmf_matrix_select_columns(matrix, twice, 2, &made, &error), &error,
                NMF_ERROR_ARGUMENT, "column 1 is selected twice");
    nmf_matrix_free(matrix);
}

static void features_are_matched_by_name(void **state)
{
    (void)state;
    nmf_options options = NMF_OPTIONS_INIT;
    nmf_feature_match match;
    nmf_model *model = NULL;
    nmf_matrix *X = stored(0), *right = NULL;
    options.k = 2;
    assert_int_equal(nmf_fit(X, &options, &model, NULL), NMF_OK);
    assert_int_equal(nmf_transform(model, X, NULL, &right, NULL), NMF_OK);
    for (int way = 0; way < 3; way++) {
        static const int64_t backwards[] = {3, 2, 1, 0};
        nmf_matrix *plain = stored(way), *other = NULL, *W = NULL;
        assert_int_equal(nmf_matrix_select_columns(plain, backwards, 4, &other, NULL), NMF_OK);
        assert_int_equal(nmf_match_features(model, other, NULL, &match, NULL), NMF_OK);
        assert_true(match.how == NMF_MATCH_NAME && match.reordered && match.shared == 4 &&
                    match.missing == 0 && match.surplus == 0);
        assert_int_equal(nmf_transform(model, other, NULL, &W, NULL), NMF_OK);
        for (int i = 0; i < ROWS * 2; i++)
            assert_true(nmf_matrix_at(W, i / 2, i % 2) == nmf_matrix_at(right, i / 2, i % 2));
        nmf_matrix_free(W);
        nmf_matrix_free(other);
        nmf_matrix_free(plain);
    }
    nmf_matrix_free(right);
    nmf_matrix_free(X);
    nmf_model_free(model);
}

static void null_is_an_argument(void **state)
{
    (void)state;
    nmf_error e;
    nmf_matrix *m = NULL, *X = stored(0);
    nmf_model *model = NULL;
    nmf_options options = NMF_OPTIONS_INIT;
    const nmf_dense d = {dense, NMF_F32, ROWS, COLUMNS, COLUMNS, 1};
    int64_t columns[4], found;
    double entries[4];
#define ANSWERS(call) assert_int_equal(call, NMF_ERROR_ARGUMENT)
    ANSWERS(nmf_matrix_borrow(NULL, &m, &e));
    ANSWERS(nmf_matrix_borrow(&d, NULL, &e));
    ANSWERS(nmf_matrix_borrow_sparse(NULL, &m, &e));
    ANSWERS(nmf_matrix_borrow_sparse(NULL, NULL, &e));
    ANSWERS(nmf_matrix_new(NMF_F32, 2, 2, NULL, &e));
    ANSWERS(nmf_matrix_validate(NULL, &e));
    ANSWERS(nmf_matrix_copy_rows(NULL, 0, 1, NMF_F64, entries, &e));
    ANSWERS(nmf_matrix_copy_rows(X, 0, 1, NMF_F64, NULL, &e));
    ANSWERS(nmf_matrix_select(X, NULL, 2, &m, &e));
    ANSWERS(nmf_matrix_select(NULL, columns, 2, &m, &e));
    ANSWERS(nmf_matrix_select_columns(X, NULL, 2, &m, &e));
    ANSWERS(nmf_matrix_top(NULL, 0, 2, columns, entries, &found, &e));
    ANSWERS(nmf_matrix_top(X, 0, 2, columns, entries, NULL, &e));
    ANSWERS(nmf_matrix_set_names(NULL, NMF_LABELS, NULL, &e));
    ANSWERS(nmf_matrix_copy_names(NULL, X, NMF_LABELS, &e));
    ANSWERS(nmf_matrix_set_image_shape(NULL, 1, 2, &e));
    ANSWERS(nmf_weigh(NULL, NMF_WEIGHTING_SQRT, NULL, &e));
    ANSWERS(nmf_weighting_idf(NULL, entries, &e));
    ANSWERS(nmf_model_new(NULL, &model, &e));
    ANSWERS(nmf_model_set_weighting(NULL, NMF_WEIGHTING_SQRT, NULL, &e));
    ANSWERS(nmf_model_component_shares(NULL, entries, &e));
    ANSWERS(nmf_model_sample_shares(NULL, NULL, &m, NULL, &e));
    ANSWERS(nmf_match_features(NULL, X, NULL, NULL, &e));
    ANSWERS(nmf_fit(NULL, &options, &model, &e));
    ANSWERS(nmf_fit(X, &options, NULL, &e));
    ANSWERS(nmf_transform(NULL, X, NULL, &m, &e));
    ANSWERS(nmf_transform_with(NULL, X, NULL, &m, &e));
    ANSWERS(nmf_reconstruct(NULL, NULL, &m, &e));
    ANSWERS(nmf_option_set(&options, nmf_option_table(NULL), NULL, &e));
    ANSWERS(nmf_option_set(NULL, nmf_option_table(NULL), "1", &e));
#undef ANSWERS
    nmf_matrix_transpose(NULL);
    assert_true(nmf_matrix_rows(NULL) == 0 && nmf_matrix_columns(NULL) == 0 &&
                nmf_matrix_stored(NULL) == 0 && !nmf_matrix_writable(NULL) &&
                !nmf_matrix_is_sparse(NULL) && !nmf_matrix_name(NULL, NMF_LABELS, 0) &&
                nmf_matrix_fingerprint(NULL) == 0 && !nmf_model_view(NULL) &&
                !nmf_model_components_f32(NULL));
    nmf_matrix_free(X);
}

/* Strides that memory cannot have, and places that the processor may not read. */
static void impossible_places_are_an_argument(void **state)
{
    (void)state;
    static const double room[8];
    static const int64_t strides[][2] = {
        {INT64_MAX, 1}, {1, INT64_MIN}, {INT64_MAX / 8, INT64_MAX / 8}, {INT64_MIN, 1}};
    nmf_matrix *m = NULL;
    nmf_error error;
    for (size_t i = 0; i < sizeof strides / sizeof *strides; i++) {
        const nmf_dense d = {room, NMF_F64, 3, 3, strides[i][0], strides[i][1]};
        unit_failed(nmf_matrix_borrow(&d, &m, &error), &error, NMF_ERROR_ARGUMENT, "strides");
    }
    const nmf_dense odd = {(const char *)room + 4, NMF_F64, 2, 2, 2, 1};
    unit_failed(nmf_matrix_borrow(&odd, &m, &error), &error, NMF_ERROR_ARGUMENT, "aligned");
    nmf_sparse sparse = {by_rows, NMF_F32, ROWS, COLUMNS, row_pointers, in_columns, 4, 0};
    sparse.values = (const char *)by_rows + 1;
    unit_failed(nmf_matrix_borrow_sparse(&sparse, &m, &error), &error, NMF_ERROR_ARGUMENT,
                "aligned");
    const nmf_dense backwards = {room + 7, NMF_F64, 2, 4, -4, -1}; /* possible, and fine */
    assert_int_equal(nmf_matrix_borrow(&backwards, &m, NULL), NMF_OK);
    nmf_matrix_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_picked_from_every_storage),
        cmocka_unit_test(features_are_matched_by_name),
        cmocka_unit_test(null_is_an_argument),
        cmocka_unit_test(impossible_places_are_an_argument),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
