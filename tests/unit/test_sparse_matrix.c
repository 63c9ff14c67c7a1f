/* Sparse matrices: what matrix.h says about structure, ownership and looking inside. Each is held
 * against the same entries in a dense array. */
#include <nmfkit/matrix.h>

#include "support.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 9, COLUMNS = 7, MOST = ROWS * COLUMNS };

/* The entries of a dense array as compressed lines, in arrays of the test's own. */
typedef struct arrays {
    int64_t pointers[ROWS + COLUMNS];
    int32_t narrow[MOST];
    int64_t wide[MOST];
    float values[MOST];
} arrays;

static void fill_dense(float *dense, uint64_t seed)
{
    for (int i = 0; i < MOST; i++)
        dense[i] = unit_uniform(&seed, 0, 1) < 0.4 ? (float)unit_integer(&seed, 1, 99) : 0.0F;
}

static nmf_sparse compress(const float *dense, arrays *to, int by_columns, int index_bytes)
{
    const int lines = by_columns ? COLUMNS : ROWS, across = by_columns ? ROWS : COLUMNS;
    int64_t count = 0;
    for (int line = 0; line < lines; line++) {
        to->pointers[line] = count;
        for (int index = 0; index < across; index++) {
            const float value =
                by_columns ? dense[index * COLUMNS + line] : dense[line * COLUMNS + index];
            if (value == 0) continue;
            to->narrow[count] = index;
            to->wide[count] = index;
            to->values[count++] = value;
        }
    }
    to->pointers[lines] = count;
    const nmf_sparse sparse = {.values = to->values,
                               .dtype = NMF_F32,
                               .rows = ROWS,
                               .columns = COLUMNS,
                               .pointers = to->pointers,
                               .indices = index_bytes == 4 ? (void *)to->narrow : (void *)to->wide,
                               .index_bytes = index_bytes,
                               .by_columns = by_columns};
    return sparse;
}

static nmf_matrix *borrow(const nmf_sparse *sparse)
{
    nmf_matrix *matrix = NULL;
    nmf_error error = {0};
    if (nmf_matrix_borrow_sparse(sparse, &matrix, &error) != NMF_OK) fail_msg("%s", error.message);
    return matrix;
}

static void expect_entries(const nmf_matrix *m, const float *dense)
{
    float block[MOST];
    double part[2 * COLUMNS];
    assert_int_equal(nmf_matrix_copy_rows(m, 0, ROWS, NMF_F32, block, NULL), NMF_OK);
    assert_memory_equal(block, dense, sizeof block);
    assert_int_equal(nmf_matrix_copy_rows(m, 3, 2, NMF_F64, part, NULL), NMF_OK);
    for (int i = 0; i < 2 * COLUMNS; i++) assert_true(part[i] == (double)dense[3 * COLUMNS + i]);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++)
            assert_true(nmf_matrix_at(m, i, j) == (double)dense[i * COLUMNS + j]);
}

static void sorted_lines_are_borrowed_whatever_their_direction_and_index_type(void **state)
{
    (void)state;
    for (int how = 0; how < 4; how++) {
        float dense[MOST];
        arrays a;
        fill_dense(dense, 5);
        const nmf_sparse s = compress(dense, &a, how & 1, how & 2 ? 8 : 4);
        nmf_matrix *m = borrow(&s);
        assert_true(nmf_matrix_is_sparse(m));
        assert_ptr_equal(nmf_matrix_sparse(m).values, a.values);
        assert_ptr_equal(nmf_matrix_sparse(m).indices, s.indices);
        assert_int_equal(nmf_matrix_stored(m), a.pointers[s.by_columns ? COLUMNS : ROWS]);
        assert_int_equal(nmf_matrix_rows(m), ROWS);
        assert_int_equal(nmf_matrix_columns(m), COLUMNS);
        assert_int_equal(nmf_matrix_dtype(m), NMF_F32);
        assert_null(nmf_matrix_dense(m).data);
        assert_null(nmf_matrix_writable(m));
        expect_entries(m, dense);
        nmf_matrix_free(m);
    }
}

static void a_dense_matrix_is_not_sparse(void **state)
{
    (void)state;
    nmf_matrix *m = NULL;
    assert_int_equal(nmf_matrix_new(NMF_U8, 3, 5, &m, NULL), NMF_OK);
    assert_false(nmf_matrix_is_sparse(m));
    assert_null(nmf_matrix_sparse(m).pointers);
    assert_int_equal(nmf_matrix_stored(m), 15);
    nmf_matrix_free(m);
}

/* Each line's entries in another order, some of them cut into two that add up. */
static nmf_sparse scramble(const nmf_sparse *s, arrays *to, uint64_t seed, int cut)
{
    const int64_t lines = s->by_columns ? COLUMNS : ROWS;
    int64_t count = 0;
    for (int64_t line = 0; line < lines; line++) {
        const int64_t begin = s->pointers[line], end = s->pointers[line + 1];
        to->pointers[line] = count;
        for (int64_t e = end; e-- > begin;) {
            to->narrow[count] = ((const int32_t *)s->indices)[e];
            to->values[count++] = ((const float *)s->values)[e];
        }
        if (cut && end > begin) {
            const int64_t e = to->pointers[line] + unit_integer(&seed, 0, end - begin - 1);
            to->values[e] -= 0.5F;
            to->narrow[count] = to->narrow[e];
            to->values[count++] = 0.5F;
        }
    }
    to->pointers[lines] = count;
    nmf_sparse made = *s;
    made.pointers = to->pointers;
    made.indices = to->narrow;
    made.values = to->values;
    return made;
}

static void rows_in_any_order_are_borrowed(void **state)
{
    (void)state;
    for (int bytes = 4; bytes <= 8; bytes += 4) {
        float dense[MOST], turned[MOST];
        const int64_t last_first[] = {ROWS - 1, 0};
        arrays a, b;
        fill_dense(dense, 6);
        const nmf_sparse s = compress(dense, &a, 0, 4);
        nmf_sparse wild = scramble(&s, &b, 7, 0);
        for (int64_t e = 0; e < b.pointers[ROWS]; e++) b.wide[e] = b.narrow[e];
        wild.index_bytes = bytes;
        wild.indices = bytes == 4 ? (void *)b.narrow : (void *)b.wide;
        nmf_matrix *m = borrow(&wild), *sorted = borrow(&s), *two = NULL;
        expect_entries(m, dense);
        assert_ptr_equal(nmf_matrix_sparse(m).values, b.values);
        assert_ptr_equal(nmf_matrix_sparse(m).indices, wild.indices);
        assert_true(nmf_matrix_fingerprint(m) == nmf_matrix_fingerprint(sorted));
        assert_int_equal(nmf_matrix_select(m, last_first, 2, &two, NULL), NMF_OK);
        for (int j = 0; j < COLUMNS; j++) {
            assert_true(nmf_matrix_at(two, 0, j) == (double)dense[(ROWS - 1) * COLUMNS + j]);
            assert_true(nmf_matrix_at(two, 1, j) == (double)dense[j]);
        }
        nmf_matrix_transpose(m);
        assert_int_equal(nmf_matrix_copy_rows(m, 1, COLUMNS - 2, NMF_F32, turned, NULL), NMF_OK);
        for (int j = 0; j < COLUMNS; j++)
            for (int i = 0; i < ROWS; i++) {
                assert_true(nmf_matrix_at(m, j, i) == (double)dense[i * COLUMNS + j]);
                if (j == 0 || j == COLUMNS - 1) continue;
                assert_true(turned[(j - 1) * ROWS + i] == dense[i * COLUMNS + j]);
            }
        nmf_matrix_free(m);
        nmf_matrix_free(sorted);
        nmf_matrix_free(two);
    }
}

static void repeats_and_columns_in_any_order_are_copied_sorted_and_summed(void **state)
{
    (void)state;
    for (int how = 1; how < 4; how++) {
        float dense[MOST];
        arrays a, b;
        fill_dense(dense, 6);
        const nmf_sparse s = compress(dense, &a, how & 1, 4);
        const nmf_sparse wild = scramble(&s, &b, 7, how & 2);
        nmf_matrix *m = borrow(&wild);
        expect_entries(m, dense);
        const nmf_sparse tidy = nmf_matrix_sparse(m);
        assert_ptr_not_equal(tidy.values, b.values);
        assert_int_equal(tidy.by_columns, s.by_columns);
        assert_int_equal(nmf_matrix_stored(m), a.pointers[s.by_columns ? COLUMNS : ROWS]);
        nmf_matrix_free(m);
    }
}

static void sums_that_do_not_fit_get_a_wider_type(void **state)
{
    (void)state;
    const uint8_t bytes[] = {200, 100, 7};
    const int32_t columns[] = {1, 1, 0}, large[] = {INT32_MAX, 5, 1};
    const int64_t pointers[] = {0, 2, 3};
    nmf_sparse s = {bytes, NMF_U8, 2, 2, pointers, columns, 4, 0};
    nmf_matrix *m = borrow(&s);
    assert_int_equal(nmf_matrix_dtype(m), NMF_I32);
    assert_true(nmf_matrix_at(m, 0, 1) == 300 && nmf_matrix_at(m, 1, 0) == 7);
    nmf_matrix_free(m);
    s.values = large;
    s.dtype = NMF_I32;
    m = borrow(&s);
    assert_int_equal(nmf_matrix_dtype(m), NMF_F64);
    assert_true(nmf_matrix_at(m, 0, 1) == (double)INT32_MAX + 5);
    nmf_matrix_free(m);
}

static int releases;

static void count_release(void *context)
{
    releases += *(int *)context;
}

static void adopted_memory_is_released_once(void **state)
{
    (void)state;
    float dense[MOST];
    arrays a, b;
    int one = 1;
    fill_dense(dense, 8);
    nmf_sparse s = compress(dense, &a, 0, 4);
    nmf_matrix *m = NULL;
    releases = 0;
    assert_int_equal(nmf_matrix_adopt_sparse(&s, count_release, &one, &m, NULL), NMF_OK);
    assert_int_equal(releases, 0);
    nmf_matrix_free(m);
    assert_int_equal(releases, 1);
    const nmf_sparse wild = scramble(&s, &b, 9, 1); /* a copy is kept: the memory goes at once */
    assert_int_equal(nmf_matrix_adopt_sparse(&wild, count_release, &one, &m, NULL), NMF_OK);
    assert_int_equal(releases, 2);
    nmf_matrix_free(m);
    assert_int_equal(releases, 2);
    s.rows = -1;
    assert_int_equal(nmf_matrix_adopt_sparse(&s, count_release, &one, &m, NULL), NMF_ERROR_SHAPE);
    assert_int_equal(releases, 3);
    assert_null(m);
}

static void refused(const nmf_sparse *s, nmf_status wanted, const char *fragment)
{
    nmf_matrix *m = NULL;
    nmf_error error = {0};
    unit_failed(nmf_matrix_borrow_sparse(s, &m, &error), &error, wanted, fragment);
    assert_null(m);
}

static void bad_structure_is_refused_with_its_place(void **state)
{
    (void)state;
    const float values[] = {1, 2, 3};
    int32_t columns[] = {0, 4, 2};
    int64_t wide[] = {0, INT64_C(1) << 40, 2}, pointers[] = {0, 2, 3};
    const nmf_sparse good = {values, NMF_F32, 2, 5, pointers, columns, 4, 0};
    nmf_sparse s = good;
    refused(NULL, NMF_ERROR_ARGUMENT, "is NULL");
    s.dtype = (nmf_dtype)9;
    refused(&s, NMF_ERROR_ARGUMENT, "dtype 9 is not one of");
    s = good, s.index_bytes = 2;
    refused(&s, NMF_ERROR_ARGUMENT, "index_bytes = 2: must be 4 or 8");
    s = good, s.by_columns = 2;
    refused(&s, NMF_ERROR_ARGUMENT, "by_columns = 2");
    s = good, s.columns = -5;
    refused(&s, NMF_ERROR_SHAPE, "shape 2 x -5");
    s = good, s.rows = INT64_MAX;
    refused(&s, NMF_ERROR_SHAPE, "overflows");
    s = good, s.pointers = NULL;
    refused(&s, NMF_ERROR_ARGUMENT, "pointers are NULL");
    s = good, s.indices = NULL;
    refused(&s, NMF_ERROR_ARGUMENT, "indices of 3 stored entries are NULL");
    s = good, s.values = NULL;
    refused(&s, NMF_ERROR_ARGUMENT, "values of 3 stored entries are NULL");
    s = good, s.columns = 4;
    refused(&s, NMF_ERROR_ARGUMENT, "indices[1] = 4, in row 0: must be 0 to 3");
    s = good, s.indices = wide, s.index_bytes = 8;
    refused(&s, NMF_ERROR_ARGUMENT, "indices[1] = 1099511627776, in row 0: must be 0 to 4");
    columns[2] = -1;
    refused(&good, NMF_ERROR_ARGUMENT, "indices[2] = -1, in row 1");
    s = good, s.by_columns = 1, s.rows = 5, s.columns = 2;
    refused(&s, NMF_ERROR_ARGUMENT, "indices[2] = -1, in column 1");
    pointers[0] = 1;
    refused(&good, NMF_ERROR_ARGUMENT, "pointers[0] = 1: must be 0");
    pointers[0] = 0, pointers[2] = 1;
    refused(&good, NMF_ERROR_ARGUMENT, "pointers[2] = 1: must not be below pointers[1] = 2");
    pointers[2] = INT64_MAX;
    refused(&good, NMF_ERROR_SHAPE, "stored entries");
}

static void empty_shapes_and_matrices_without_entries_are_accepted(void **state)
{
    (void)state;
    const int64_t pointers[4] = {0};
    for (int64_t rows = 0; rows <= 3; rows += 3)
        for (int64_t columns = 0; columns <= 3; columns += 3) {
            const nmf_sparse s = {NULL, NMF_U16, rows, columns, pointers, NULL, 4, 0};
            nmf_matrix *m = borrow(&s);
            uint16_t block[9] = {7};
            assert_int_equal(nmf_matrix_stored(m), 0);
            assert_int_equal(nmf_matrix_copy_rows(m, 0, rows, NMF_U16, block, NULL), NMF_OK);
            assert_true(block[0] == 0 || rows * columns == 0);
            assert_int_equal(nmf_matrix_validate(m, NULL), NMF_ERROR_DATA);
            nmf_matrix_transpose(m);
            assert_int_equal(nmf_matrix_rows(m), columns);
            nmf_matrix_free(m);
        }
}

static void validation_names_the_first_bad_entry_in_row_order(void **state)
{
    (void)state;
    for (int by_columns = 0; by_columns < 2; by_columns++) {
        float dense[MOST];
        arrays a;
        nmf_error error = {0};
        fill_dense(dense, 11);
        dense[2 * COLUMNS + 5] = -1.5F;
        dense[4 * COLUMNS + 1] = NAN;
        nmf_sparse s = compress(dense, &a, by_columns, 4);
        nmf_matrix *m = borrow(&s);
        unit_failed(nmf_matrix_validate(m, &error), &error, NMF_ERROR_DATA,
                    "X[2,5] = -1.5: entries must be >= 0");
        nmf_matrix_free(m);
        dense[2 * COLUMNS + 5] = 0;
        s = compress(dense, &a, by_columns, 4);
        m = borrow(&s);
        unit_failed(nmf_matrix_validate(m, &error), &error, NMF_ERROR_DATA,
                    "X[4,1] = nan: entries must be finite numbers");
        nmf_matrix_free(m);
    }
}

static void stored_zeros_are_zeros(void **state)
{
    (void)state;
    const float values[] = {0, 0};
    const int32_t columns[] = {0, 1};
    const int64_t pointers[] = {0, 1, 2};
    const nmf_sparse s = {values, NMF_F32, 2, 2, pointers, columns, 4, 0};
    nmf_matrix *m = borrow(&s);
    nmf_error error = {0};
    unit_failed(nmf_matrix_validate(m, &error), &error, NMF_ERROR_DATA, "X is all zero");
    nmf_matrix_free(m);
}

static void transposing_moves_nothing(void **state)
{
    (void)state;
    float dense[MOST];
    arrays a;
    fill_dense(dense, 12);
    const nmf_sparse s = compress(dense, &a, 0, 4);
    nmf_matrix *m = borrow(&s);
    static const char *const names[COLUMNS] = {"a", "b", "c", "d", "e", "f", "g"};
    assert_int_equal(nmf_matrix_set_names(m, NMF_FEATURE_NAMES, names, NULL), NMF_OK);
    nmf_matrix_transpose(m);
    assert_int_equal(nmf_matrix_rows(m), COLUMNS);
    assert_int_equal(nmf_matrix_columns(m), ROWS);
    assert_ptr_equal(nmf_matrix_sparse(m).values, a.values);
    assert_true(nmf_matrix_sparse(m).by_columns);
    assert_string_equal(nmf_matrix_name(m, NMF_SAMPLE_NAMES, 3), "d");
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++)
            assert_true(nmf_matrix_at(m, j, i) == (double)dense[i * COLUMNS + j]);
    nmf_matrix_transpose(m);
    expect_entries(m, dense);
    nmf_matrix_free(m);
}

static void selected_rows_are_a_sparse_copy_with_their_names(void **state)
{
    (void)state;
    const int64_t rows[] = {8, 0, 3, 3};
    static const char *const names[ROWS] = {"r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8"};
    for (int how = 0; how < 4; how++) {
        float dense[MOST];
        arrays a;
        fill_dense(dense, 13);
        const nmf_sparse s = compress(dense, &a, how & 1, how & 2 ? 8 : 4);
        nmf_matrix *m = borrow(&s), *picked = NULL;
        assert_int_equal(nmf_matrix_set_names(m, NMF_SAMPLE_NAMES, names, NULL), NMF_OK);
        assert_int_equal(nmf_matrix_select(m, rows, 4, &picked, NULL), NMF_OK);
        assert_true(nmf_matrix_is_sparse(picked));
        nmf_matrix_free(m);
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < COLUMNS; j++)
                assert_true(nmf_matrix_at(picked, i, j) == (double)dense[rows[i] * COLUMNS + j]);
        assert_string_equal(nmf_matrix_name(picked, NMF_SAMPLE_NAMES, 0), "r8");
        nmf_matrix_free(picked);
    }
}

static void the_fingerprint_is_that_of_the_dense_matrix(void **state)
{
    (void)state;
    float dense[MOST];
    arrays a;
    fill_dense(dense, 14);
    const nmf_dense whole = {dense, NMF_F32, ROWS, COLUMNS, COLUMNS, 1};
    nmf_matrix *d = NULL;
    assert_int_equal(nmf_matrix_borrow(&whole, &d, NULL), NMF_OK);
    for (int how = 0; how < 4; how++) {
        const nmf_sparse s = compress(dense, &a, how & 1, how & 2 ? 8 : 4);
        nmf_matrix *m = borrow(&s);
        assert_true(nmf_matrix_fingerprint(m) == nmf_matrix_fingerprint(d));
        a.values[3] += 1;
        assert_true(nmf_matrix_fingerprint(m) != nmf_matrix_fingerprint(d));
        nmf_matrix_free(m);
    }
    nmf_matrix_free(d);
}

static void rows_outside_and_types_of_no_dense_matrix_are_refused(void **state)
{
    (void)state;
    float dense[MOST], block[MOST];
    arrays a;
    nmf_error error = {0};
    fill_dense(dense, 15);
    const nmf_sparse s = compress(dense, &a, 0, 4);
    nmf_matrix *m = borrow(&s);
    unit_failed(nmf_matrix_copy_rows(m, 8, 2, NMF_F32, block, &error), &error, NMF_ERROR_ARGUMENT,
                "2 rows from row 8");
    unit_failed(nmf_matrix_copy_rows(m, 0, 1, NMF_I32, block, &error), &error, NMF_ERROR_ARGUMENT,
                "dtype 4");
    nmf_matrix_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorted_lines_are_borrowed_whatever_their_direction_and_index_type),
        cmocka_unit_test(a_dense_matrix_is_not_sparse),
        cmocka_unit_test(rows_in_any_order_are_borrowed),
        cmocka_unit_test(repeats_and_columns_in_any_order_are_copied_sorted_and_summed),
        cmocka_unit_test(sums_that_do_not_fit_get_a_wider_type),
        cmocka_unit_test(adopted_memory_is_released_once),
        cmocka_unit_test(bad_structure_is_refused_with_its_place),
        cmocka_unit_test(empty_shapes_and_matrices_without_entries_are_accepted),
        cmocka_unit_test(validation_names_the_first_bad_entry_in_row_order),
        cmocka_unit_test(stored_zeros_are_zeros),
        cmocka_unit_test(transposing_moves_nothing),
        cmocka_unit_test(selected_rows_are_a_sparse_copy_with_their_names),
        cmocka_unit_test(the_fingerprint_is_that_of_the_dense_matrix),
        cmocka_unit_test(rows_outside_and_types_of_no_dense_matrix_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
