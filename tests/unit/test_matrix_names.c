/* What a matrix carries beside its numbers, names, labels and the shape of pictures, and where
 * transpose and select leave them. */
#include <nmfkit/matrix.h>

#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const samples[] = {"ann", "", "\xe8\x84\xb8"};
static const char *const features[] = {"f0", "f1", "f2", "f3"};
static const char *const labels[] = {"cat", "dog", "cat"};

/* 3 x 4, entry 4 i + j, rows a stride of 5 apart, with everything on it. */
static nmf_matrix *furnished(void)
{
    static uint16_t data[15];
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 4; j++) data[5 * i + j] = (uint16_t)(4 * i + j);
    const nmf_dense dense = {data, NMF_U16, 3, 4, 5, 1};
    nmf_matrix *m = NULL;
    assert_int_equal(nmf_matrix_borrow(&dense, &m, NULL), NMF_OK);
    assert_int_equal(nmf_matrix_set_names(m, NMF_SAMPLE_NAMES, samples, NULL), NMF_OK);
    assert_int_equal(nmf_matrix_set_names(m, NMF_FEATURE_NAMES, features, NULL), NMF_OK);
    assert_int_equal(nmf_matrix_set_names(m, NMF_LABELS, labels, NULL), NMF_OK);
    assert_int_equal(nmf_matrix_set_image_shape(m, 2, 2, NULL), NMF_OK);
    return m;
}

static void check_names(const nmf_matrix *m, nmf_names which, const char *const *wanted,
                        int64_t count)
{
    assert_int_equal(nmf_matrix_has_names(m, which), wanted != NULL);
    for (int64_t i = 0; wanted && i < count; i++)
        assert_string_equal(nmf_matrix_name(m, which, i), wanted[i]);
    assert_null(nmf_matrix_name(m, which, count));
    assert_null(nmf_matrix_name(m, which, -1));
}

static void names_are_copied(void **state)
{
    (void)state;
    char changing[] = "before";
    const char *const list[] = {changing, changing};
    nmf_matrix *m = NULL;
    assert_int_equal(nmf_matrix_new(NMF_F32, 2, 3, &m, NULL), NMF_OK);
    check_names(m, NMF_SAMPLE_NAMES, NULL, 2);
    assert_int_equal(nmf_matrix_set_names(m, NMF_SAMPLE_NAMES, list, NULL), NMF_OK);
    memcpy(changing, "after!", 6);
    const char *const kept[] = {"before", "before"};
    check_names(m, NMF_SAMPLE_NAMES, kept, 2);
    check_names(m, NMF_LABELS, NULL, 2);
    nmf_matrix_free(m);
}

static void names_may_be_replaced_by_themselves_and_removed(void **state)
{
    (void)state;
    nmf_matrix *m = furnished();
    const char *own[] = {nmf_matrix_name(m, NMF_SAMPLE_NAMES, 2),
                         nmf_matrix_name(m, NMF_SAMPLE_NAMES, 0),
                         nmf_matrix_name(m, NMF_LABELS, 1)};
    assert_int_equal(nmf_matrix_set_names(m, NMF_SAMPLE_NAMES, own, NULL), NMF_OK);
    const char *const wanted[] = {"\xe8\x84\xb8", "ann", "dog"};
    check_names(m, NMF_SAMPLE_NAMES, wanted, 3);
    assert_int_equal(nmf_matrix_set_names(m, NMF_SAMPLE_NAMES, NULL, NULL), NMF_OK);
    check_names(m, NMF_SAMPLE_NAMES, NULL, 3);
    check_names(m, NMF_FEATURE_NAMES, features, 4);
    nmf_matrix_free(m);
}

static void there_are_three_kinds_of_names(void **state)
{
    (void)state;
    nmf_error error = {0};
    nmf_matrix *m = furnished();
    unit_failed(nmf_matrix_set_names(m, (nmf_names)3, labels, &error), &error, NMF_ERROR_ARGUMENT,
                "3");
    assert_null(nmf_matrix_name(m, (nmf_names)3, 0));
    assert_null(nmf_matrix_name(m, (nmf_names)-1, 0));
    assert_int_equal(nmf_matrix_has_names(m, (nmf_names)3), 0);
    nmf_matrix_free(m);
}

static void an_image_shape_must_have_as_many_pixels_as_columns(void **state)
{
    (void)state;
    nmf_matrix *m = NULL;
    assert_int_equal(nmf_matrix_new(NMF_U8, 2, 12, &m, NULL), NMF_OK);
    assert_int_equal(nmf_matrix_image_height(m), 0);
    assert_int_equal(nmf_matrix_image_width(m), 0);
    assert_int_equal(nmf_matrix_set_image_shape(m, 3, 4, NULL), NMF_OK);
    static const int64_t bad[][2] = {{3, 5},
                                     {0, 12},
                                     {12, 0},
                                     {-3, -4},
                                     {-12, 1},
                                     {0, 0},
                                     {INT64_MAX, INT64_MAX},
                                     {INT64_C(1) << 62, 4}};
    for (int i = 0; i < 8; i++) {
        nmf_error error = {0};
        unit_failed(nmf_matrix_set_image_shape(m, bad[i][0], bad[i][1], &error), &error,
                    NMF_ERROR_SHAPE, "12 features");
        assert_int_equal(nmf_matrix_image_height(m), 3); /* as it was */
        assert_int_equal(nmf_matrix_image_width(m), 4);
    }
    nmf_matrix_free(m);
}

static void transpose_changes_strides_and_names_over(void **state)
{
    (void)state;
    nmf_matrix *m = furnished();
    const void *data = nmf_matrix_dense(m).data;
    nmf_matrix_transpose(m);
    const nmf_dense dense = nmf_matrix_dense(m);
    assert_ptr_equal(dense.data, data);
    assert_true(dense.rows == 4 && dense.columns == 3 && dense.row_stride == 1 &&
                dense.column_stride == 5);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 3; j++) assert_true(nmf_matrix_at(m, i, j) == 4 * j + i);
    check_names(m, NMF_SAMPLE_NAMES, features, 4);
    check_names(m, NMF_FEATURE_NAMES, samples, 3);
    check_names(m, NMF_LABELS, NULL, 4);
    assert_int_equal(nmf_matrix_image_height(m), 0);
    assert_int_equal(nmf_matrix_image_width(m), 0);
    nmf_matrix_transpose(m);
    check_names(m, NMF_SAMPLE_NAMES, samples, 3);
    assert_true(nmf_matrix_at(m, 2, 3) == 11);
    nmf_matrix_free(m);
}

static void selected_rows_are_packed_and_keep_everything(void **state)
{
    (void)state;
    static const int64_t rows[] = {2, 0, 2, 2};
    const char *const picked[] = {samples[2], samples[0], samples[2], samples[2]};
    nmf_matrix *m = furnished(), *selected = NULL;
    assert_int_equal(nmf_matrix_select(m, rows, 4, &selected, NULL), NMF_OK);
    nmf_matrix_free(m); /* nothing of it is needed any more */
    const nmf_dense dense = nmf_matrix_dense(selected);
    assert_true(dense.rows == 4 && dense.columns == 4 && dense.row_stride == 4 &&
                dense.column_stride == 1);
    assert_int_equal(dense.dtype, NMF_U16);
    assert_non_null(nmf_matrix_writable(selected));
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            assert_true(nmf_matrix_at(selected, i, j) == (double)(4 * rows[i] + j));
    check_names(selected, NMF_SAMPLE_NAMES, picked, 4);
    check_names(selected, NMF_FEATURE_NAMES, features, 4);
    const char *const picked_labels[] = {"cat", "cat", "cat", "cat"};
    check_names(selected, NMF_LABELS, picked_labels, 4);
    assert_int_equal(nmf_matrix_image_height(selected), 2);
    assert_int_equal(nmf_matrix_image_width(selected), 2);
    nmf_matrix_free(selected);
}

static void no_rows_and_wrong_rows_can_be_told(void **state)
{
    (void)state;
    nmf_matrix *m = furnished(), *selected = NULL;
    assert_int_equal(nmf_matrix_select(m, NULL, 0, &selected, NULL), NMF_OK);
    assert_int_equal(nmf_matrix_rows(selected), 0);
    nmf_matrix_free(selected);
    static const int64_t wrong[] = {3, -1, INT64_MAX, INT64_MIN};
    for (int i = 0; i < 4; i++) {
        const int64_t rows[] = {0, wrong[i]};
        nmf_error error = {0};
        char text[32];
        snprintf(text, sizeof text, "row %lld ", (long long)wrong[i]);
        unit_failed(nmf_matrix_select(m, rows, 2, &selected, &error), &error, NMF_ERROR_ARGUMENT,
                    text);
        assert_null(selected);
    }
    nmf_matrix_free(m);
}

static void a_turned_matrix_is_selected_from_by_its_new_rows(void **state)
{
    (void)state;
    static const int64_t rows[] = {3};
    nmf_matrix *m = furnished(), *selected = NULL;
    nmf_matrix_transpose(m);
    assert_int_equal(nmf_matrix_select(m, rows, 1, &selected, NULL), NMF_OK);
    for (int j = 0; j < 3; j++) assert_true(nmf_matrix_at(selected, 0, j) == 4 * j + 3);
    check_names(selected, NMF_SAMPLE_NAMES, features + 3, 1);
    check_names(selected, NMF_FEATURE_NAMES, samples, 3);
    nmf_matrix_free(m);
    nmf_matrix_free(selected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_copied),
        cmocka_unit_test(names_may_be_replaced_by_themselves_and_removed),
        cmocka_unit_test(there_are_three_kinds_of_names),
        cmocka_unit_test(an_image_shape_must_have_as_many_pixels_as_columns),
        cmocka_unit_test(transpose_changes_strides_and_names_over),
        cmocka_unit_test(selected_rows_are_packed_and_keep_everything),
        cmocka_unit_test(no_rows_and_wrong_rows_can_be_told),
        cmocka_unit_test(a_turned_matrix_is_selected_from_by_its_new_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
