/* nmf_matrix: what matrix.h says about layout and ownership. */
#include <nmfkit/matrix.h>

#include "support.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static nmf_matrix *borrow(const nmf_dense *dense)
{
    nmf_matrix *matrix = NULL;
    nmf_error error = {0};
    if (nmf_matrix_borrow(dense, &matrix, &error) != NMF_OK) fail_msg("%s", error.message);
    return matrix;
}

static nmf_matrix *packed(const void *data, nmf_dtype dtype, int64_t rows, int64_t columns)
{
    const nmf_dense dense = {data, dtype, rows, columns, columns, 1};
    return borrow(&dense);
}

static void types_have_sizes_and_the_names_of_numpy(void **state)
{
    (void)state;
    static const char *const names[] = {"uint8", "uint16", "float32", "float64"};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(nmf_dtype_bytes((nmf_dtype)i), 1 << i);
        assert_string_equal(nmf_dtype_name((nmf_dtype)i), names[i]);
    }
    assert_int_equal(nmf_dtype_bytes(NMF_I32), 4);
    assert_string_equal(nmf_dtype_name(NMF_I32), "int32");
    assert_int_equal(nmf_dtype_bytes((nmf_dtype)5), 0);
    assert_int_equal(nmf_dtype_bytes((nmf_dtype)-1), 0);
    assert_string_equal(nmf_dtype_name((nmf_dtype)5), "unknown");
}

static void borrowing_copies_nothing(void **state)
{
    (void)state;
    const double data[] = {1, 2, 3, 4, 5, 6};
    nmf_matrix *m = packed(data, NMF_F64, 2, 3);
    const nmf_dense dense = nmf_matrix_dense(m);
    assert_ptr_equal(dense.data, data);
    assert_null(nmf_matrix_writable(m));
    assert_int_equal(nmf_matrix_rows(m), 2);
    assert_int_equal(nmf_matrix_columns(m), 3);
    assert_int_equal(nmf_matrix_dtype(m), NMF_F64);
    assert_true(nmf_matrix_at(m, 1, 2) == 6);
    nmf_matrix_free(m);
    nmf_matrix_free(NULL);
}

static void strides_may_be_anything(void **state)
{
    (void)state;
    uint16_t data[60];
    for (int i = 0; i < 60; i++) data[i] = (uint16_t)i;
    static const struct {
        int64_t first, row, column;
    } layouts[] = {{0, 4, 1},   {0, 1, 3}, {0, 13, 4}, {59, -4, -1}, {40, -7, 2},
                   {20, 5, -3}, {7, 0, 1}, {7, 3, 0},  {7, 0, 0}};
    for (int l = 0; l < 9; l++) {
        const nmf_dense dense = {data + layouts[l].first, NMF_U16,          3, 4,
                                 layouts[l].row,          layouts[l].column};
        nmf_matrix *m = borrow(&dense);
        uint16_t copy[12];
        double wide[12];
        assert_int_equal(nmf_matrix_copy_rows(m, 0, 3, NMF_U16, copy, NULL), NMF_OK);
        assert_int_equal(nmf_matrix_copy_rows(m, 0, 3, NMF_F64, wide, NULL), NMF_OK);
        nmf_matrix *same = packed(copy, NMF_U16, 3, 4);
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 4; j++) {
                const int64_t wanted =
                    layouts[l].first + i * layouts[l].row + j * layouts[l].column;
                assert_true(nmf_matrix_at(m, i, j) == (double)wanted);
                assert_int_equal(copy[4 * i + j], wanted);
                assert_true(wide[4 * i + j] == (double)wanted);
            }
        assert_true(nmf_matrix_fingerprint(m) == nmf_matrix_fingerprint(same));
        nmf_matrix_free(m);
        nmf_matrix_free(same);
    }
}

static void count_release(void *context)
{
    ++*(int *)context;
}

static void adopted_memory_is_released_once_when_freed_or_refused(void **state)
{
    (void)state;
    const float data[] = {1, 2};
    int released = 0;
    nmf_matrix *m = NULL;
    nmf_error error = {0};
    nmf_dense dense = {data, NMF_F32, 1, 2, 2, 1};
    assert_int_equal(nmf_matrix_adopt(&dense, count_release, &released, &m, NULL), NMF_OK);
    assert_int_equal(released, 0);
    nmf_matrix_transpose(m);
    nmf_matrix_free(m);
    assert_int_equal(released, 1);
    dense.rows = -1;
    unit_failed(nmf_matrix_adopt(&dense, count_release, &released, &m, &error), &error,
                NMF_ERROR_SHAPE, "-1");
    assert_null(m);
    assert_int_equal(released, 2);
    unit_failed(nmf_matrix_adopt(NULL, count_release, &released, &m, &error), &error,
                NMF_ERROR_ARGUMENT, "NULL");
    assert_int_equal(released, 3);
}

static void check_refused(nmf_dense dense, nmf_status wanted, const char *fragment)
{
    nmf_error error = {0};
    nmf_matrix *m = (nmf_matrix *)(uintptr_t)&error;
    unit_failed(nmf_matrix_borrow(&dense, &m, &error), &error, wanted, fragment);
    assert_null(m);
}

static void descriptions_that_cannot_be_are_refused(void **state)
{
    (void)state;
    const uint8_t byte = 1;
    check_refused((nmf_dense){NULL, NMF_U8, 2, 3, 3, 1}, NMF_ERROR_ARGUMENT, "2 x 3");
    check_refused((nmf_dense){&byte, (nmf_dtype)7, 1, 1, 1, 1}, NMF_ERROR_ARGUMENT, "7");
    check_refused((nmf_dense){&byte, (nmf_dtype)-1, 1, 1, 1, 1}, NMF_ERROR_ARGUMENT, "-1");
    check_refused((nmf_dense){&byte, NMF_U8, -2, 3, 3, 1}, NMF_ERROR_SHAPE, "-2 x 3");
    check_refused((nmf_dense){&byte, NMF_U8, 2, -3, 3, 1}, NMF_ERROR_SHAPE, "2 x -3");
    check_refused((nmf_dense){&byte, NMF_U8, INT64_MAX, 3, 3, 1}, NMF_ERROR_SHAPE, "overflow");
    check_refused((nmf_dense){&byte, NMF_U8, INT64_C(1) << 32, INT64_C(1) << 32, 1, 1},
                  NMF_ERROR_SHAPE, "overflow");
    check_refused((nmf_dense){&byte, NMF_F64, INT64_C(1) << 31, INT64_C(1) << 30, 1, 1},
                  NMF_ERROR_SHAPE, "overflow"); /* the entries can be counted, their bytes cannot */
}

static void empty_shapes_are_accepted(void **state)
{
    (void)state;
    static const int64_t shapes[][2] = {{0, 0}, {0, 5}, {5, 0}};
    for (int i = 0; i < 3; i++) {
        nmf_error error = {0};
        nmf_matrix *m = packed(NULL, NMF_F32, shapes[i][0], shapes[i][1]), *made = NULL;
        assert_int_equal(nmf_matrix_copy_rows(m, 0, shapes[i][0], NMF_F64, &error, NULL), NMF_OK);
        unit_failed(nmf_matrix_validate(m, &error), &error, NMF_ERROR_DATA, "empty");
        (void)nmf_matrix_fingerprint(m);
        nmf_matrix_free(m);
        assert_int_equal(nmf_matrix_new(NMF_F32, shapes[i][0], shapes[i][1], &made, NULL), NMF_OK);
        assert_non_null(nmf_matrix_writable(made));
        nmf_matrix_free(made);
    }
}

static void new_matrices_are_zero_aligned_and_writable(void **state)
{
    (void)state;
    for (int dtype = 0; dtype < 4; dtype++) {
        nmf_matrix *m = NULL;
        assert_int_equal(nmf_matrix_new((nmf_dtype)dtype, 5, 7, &m, NULL), NMF_OK);
        const nmf_dense dense = nmf_matrix_dense(m);
        assert_ptr_equal(nmf_matrix_writable(m), dense.data);
        assert_true((uintptr_t)dense.data % 64 == 0);
        assert_true(dense.row_stride == 7 && dense.column_stride == 1);
        for (int i = 0; i < 35; i++) assert_true(nmf_matrix_at(m, i / 7, i % 7) == 0);
        nmf_matrix_free(m);
    }
    nmf_error error = {0};
    nmf_matrix *m = NULL;
    unit_failed(nmf_matrix_new(NMF_F64, INT64_MAX, INT64_MAX, &m, &error), &error, NMF_ERROR_SHAPE,
                "overflow");
    unit_failed(nmf_matrix_new(NMF_F64, -1, 1, &m, &error), &error, NMF_ERROR_SHAPE, "-1");
    unit_failed(nmf_matrix_new((nmf_dtype)9, 1, 1, &m, &error), &error, NMF_ERROR_ARGUMENT, "9");
    /* 2^59 doubles: their bytes can be counted but not had. */
    unit_failed(nmf_matrix_new(NMF_F64, INT64_C(1) << 59, 1, &m, &error), &error, NMF_ERROR_MEMORY,
                "bytes");
    assert_null(m);
}

/* What a value becomes in each type: clamped to its range, then converted as C does. */
static void copied_rows_are_clamped_and_converted(void **state)
{
    (void)state;
    const double data[] = {-5, 0.99, 254.6, 255.5, 65535.9, 1e9, -INFINITY, INFINITY, NAN};
    static const uint8_t as_u8[] = {0, 0, 254, 255, 255, 255, 0, 255, 0};
    static const uint16_t as_u16[] = {0, 0, 254, 255, 65535, 65535, 0, 65535, 0};
    nmf_matrix *m = packed(data, NMF_F64, 3, 3);
    uint8_t u8[9];
    uint16_t u16[9];
    float f32[9];
    double f64[9];
    assert_int_equal(nmf_matrix_copy_rows(m, 0, 3, NMF_U8, u8, NULL), NMF_OK);
    assert_int_equal(nmf_matrix_copy_rows(m, 0, 3, NMF_U16, u16, NULL), NMF_OK);
    assert_int_equal(nmf_matrix_copy_rows(m, 0, 3, NMF_F32, f32, NULL), NMF_OK);
    assert_int_equal(nmf_matrix_copy_rows(m, 0, 3, NMF_F64, f64, NULL), NMF_OK);
    assert_memory_equal(u8, as_u8, sizeof u8);
    assert_memory_equal(u16, as_u16, sizeof u16);
    assert_memory_equal(f64, data, sizeof f64);
    for (int i = 0; i < 8; i++) assert_true(f32[i] == (float)data[i]);
    assert_true(isnan(f32[8]));
    nmf_matrix_free(m);
}

static void doubles_beyond_the_floats_become_the_largest_float(void **state)
{
    (void)state;
    const double data[] = {1e300, -1e300, (double)FLT_MAX, 1e-300};
    const float wanted[] = {FLT_MAX, -FLT_MAX, FLT_MAX, 0};
    float f32[4];
    nmf_matrix *m = packed(data, NMF_F64, 1, 4);
    assert_int_equal(nmf_matrix_copy_rows(m, 0, 1, NMF_F32, f32, NULL), NMF_OK);
    for (int i = 0; i < 4; i++) assert_true(f32[i] == wanted[i]);
    nmf_matrix_free(m);
}

static void rows_are_not_copied_as_a_type_that_is_none(void **state)
{
    (void)state;
    const double data[] = {1, 2};
    double out[2];
    nmf_error error = {0};
    nmf_matrix *m = packed(data, NMF_F64, 1, 2);
    unit_failed(nmf_matrix_copy_rows(m, 0, 1, (nmf_dtype)4, out, &error), &error,
                NMF_ERROR_ARGUMENT, "4");
    nmf_matrix_free(m);
}

static void rows_that_are_not_all_inside_are_not_copied(void **state)
{
    (void)state;
    const uint8_t data[6] = {1, 2, 3, 4, 5, 6};
    nmf_matrix *m = packed(data, NMF_U8, 3, 2);
    static const int64_t bad[][2] = {{-1, 1},       {0, 4}, {3, 1},         {4, 0},
                                     {0, -1},       {2, 2}, {2, INT64_MAX}, {INT64_MAX, INT64_MAX},
                                     {0, INT64_MIN}};
    for (int i = 0; i < 9; i++) {
        uint8_t out[8] = {9, 9, 9, 9, 9, 9, 9, 9};
        nmf_error error = {0};
        unit_failed(nmf_matrix_copy_rows(m, bad[i][0], bad[i][1], NMF_U8, out, &error), &error,
                    NMF_ERROR_ARGUMENT, "0 to 2");
        for (int b = 0; b < 8; b++) assert_int_equal(out[b], 9);
    }
    uint8_t last[2];
    assert_int_equal(nmf_matrix_copy_rows(m, 2, 1, NMF_U8, last, NULL), NMF_OK);
    assert_true(last[0] == 5 && last[1] == 6);
    assert_int_equal(nmf_matrix_copy_rows(m, 3, 0, NMF_U8, last, NULL), NMF_OK);
    nmf_matrix_free(m);
}

static void validation_names_the_first_bad_entry(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *sentence;
    } bad[] = {{-0.5, "X[1,2] = -0.5: entries must be >= 0"},
               {NAN, "X[1,2] = nan: entries must be finite"},
               {INFINITY, "X[1,2] = inf: entries must be finite"},
               {-INFINITY, "X[1,2] = -inf"}};
    for (int i = 0; i < 4; i++) {
        double data[12] = {1, 2, 3, 4, 0, 0, bad[i].value, -7, NAN, 3, 4, 5};
        nmf_error error = {0};
        nmf_matrix *m = packed(data, NMF_F64, 3, 4);
        unit_failed(nmf_matrix_validate(m, &error), &error, NMF_ERROR_DATA, bad[i].sentence);
        nmf_matrix_transpose(m); /* rows are now columns: another entry is the first */
        unit_failed(nmf_matrix_validate(m, &error), &error, NMF_ERROR_DATA, "X[0,2] = nan");
        nmf_matrix_free(m);
    }
}

static void validation_refuses_zero_and_accepts_the_rest(void **state)
{
    (void)state;
    nmf_error error = {0};
    double data[4] = {0, -0.0, 0, 0};
    nmf_matrix *m = packed(data, NMF_F64, 2, 2);
    unit_failed(nmf_matrix_validate(m, &error), &error, NMF_ERROR_DATA, "all zero");
    data[3] = 0x1p-1074;
    assert_int_equal(nmf_matrix_validate(m, NULL), NMF_OK);
    data[3] = 1e308;
    assert_int_equal(nmf_matrix_validate(m, NULL), NMF_OK);
    nmf_matrix_free(m);
    const uint8_t bytes[] = {0, 0, 0, 1};
    m = packed(bytes, NMF_U8, 2, 2);
    assert_int_equal(nmf_matrix_validate(m, NULL), NMF_OK);
    nmf_matrix_free(m);
}

static void the_fingerprint_sees_shape_type_and_every_entry(void **state)
{
    (void)state;
    uint8_t data[24] = {0};
    nmf_matrix *m = packed(data, NMF_U8, 4, 6);
    const uint64_t zero = nmf_matrix_fingerprint(m);
    assert_true(nmf_matrix_fingerprint(m) == zero);
    uint64_t seen[24];
    for (int i = 0; i < 24; i++) {
        data[i] = 0x80;
        seen[i] = nmf_matrix_fingerprint(m);
        data[i] = 0;
        assert_true(seen[i] != zero);
        for (int j = 0; j < i; j++) assert_true(seen[i] != seen[j]);
    }
    nmf_matrix *other[] = {packed(data, NMF_U8, 6, 4), packed(data, NMF_U8, 3, 8),
                           packed(data, NMF_U8, 4, 5), packed(data, NMF_U16, 4, 3)};
    for (int i = 0; i < 4; i++) {
        assert_true(nmf_matrix_fingerprint(other[i]) != zero);
        nmf_matrix_free(other[i]);
    }
    nmf_matrix_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_have_sizes_and_the_names_of_numpy),
        cmocka_unit_test(borrowing_copies_nothing),
        cmocka_unit_test(strides_may_be_anything),
        cmocka_unit_test(adopted_memory_is_released_once_when_freed_or_refused),
        cmocka_unit_test(descriptions_that_cannot_be_are_refused),
        cmocka_unit_test(empty_shapes_are_accepted),
        cmocka_unit_test(new_matrices_are_zero_aligned_and_writable),
        cmocka_unit_test(copied_rows_are_clamped_and_converted),
        cmocka_unit_test(doubles_beyond_the_floats_become_the_largest_float),
        cmocka_unit_test(rows_are_not_copied_as_a_type_that_is_none),
        cmocka_unit_test(rows_that_are_not_all_inside_are_not_copied),
        cmocka_unit_test(validation_names_the_first_bad_entry),
        cmocka_unit_test(validation_refuses_zero_and_accepts_the_rest),
        cmocka_unit_test(the_fingerprint_sees_shape_type_and_every_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
