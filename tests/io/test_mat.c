/* .mat files that SciPy (v5, v7) and h5py (v7.3) wrote: every class, the choice of a variable, and
 * files that lie. */
#include "array_support.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void numbers_of_every_class_are_read(void **state)
{
    (void)state;
    array_golden_is_real("v5_real.mat", NMF_F64);
    array_golden_is_real("v7_real.mat", NMF_F64);
    array_golden_is_real("v5_single.mat", NMF_F32);
    array_golden_is_whole("v5_u1.mat", NMF_U8, 0);
    array_golden_is_whole("v7_u2.mat", NMF_U16, 0);
    array_golden_is_whole("v5_i4.mat", NMF_U8, 0);
    nmf_matrix *matrix = array_read_golden("v5_logical.mat");
    assert_int_equal(nmf_matrix_dtype(matrix), NMF_U8);
    assert_true(nmf_matrix_at(matrix, 1, 3) == 1.0 && nmf_matrix_at(matrix, 1, 2) == 0.0);
    nmf_matrix_free(matrix);
}

static void version_7_3_is_read(void **state)
{
    (void)state;
    array_golden_is_real("v73_real.mat", NMF_F64);
    array_golden_is_real("v73_real.mat:faces", NMF_F64);
    array_golden_is_whole("v73_u1.mat", NMF_U8, 0);
    array_golden_is_whole("v73_several.mat:second", NMF_U8, 0);
    array_golden_fails("v73_several.mat", NMF_ERROR_ARGUMENT, "several variables");
}

static void columns_are_lent_as_strides(void **state)
{
    (void)state;
    static const char *const names[] = {"v5_real.mat", "v7_real.mat", "v73_real.mat"};
    for (int i = 0; i < 3; i++) {
        nmf_matrix *matrix = array_read_golden(names[i]);
        assert_int_equal(nmf_matrix_dense(matrix).row_stride, 1);
        assert_int_equal(nmf_matrix_dense(matrix).column_stride, 3);
        nmf_matrix_free(matrix);
    }
}

static void the_last_of_three_sizes_counts_pictures(void **state)
{
    (void)state;
    nmf_matrix *matrix = array_read_golden("v5_pictures.mat");
    assert_int_equal(nmf_matrix_rows(matrix), 2);
    assert_int_equal(nmf_matrix_image_height(matrix), 3);
    assert_int_equal(nmf_matrix_image_width(matrix), 4);
    for (int64_t p = 0; p < 12; p++) { /* it is arange(24).reshape(3, 4, 2) */
        assert_true(nmf_matrix_at(matrix, 0, p) == (double)(2 * p));
        assert_true(nmf_matrix_at(matrix, 1, p) == (double)(2 * p + 1));
    }
    nmf_matrix_free(matrix);
}

static void a_variable_is_chosen_by_name_or_by_being_the_only_matrix(void **state)
{
    (void)state;
    array_golden_fails("v7_several.mat", NMF_ERROR_ARGUMENT, "NAME from: first, second, note");
    array_golden_is_real("v7_several.mat:first", NMF_F64);
    array_golden_is_whole("v7_several.mat:second", NMF_U8, 0);
    array_golden_fails("v7_several.mat:third", NMF_ERROR_ARGUMENT,
                       "has no variable 'third'; it has: first");
    array_golden_is_real("v5_matrix_and_scalars.mat", NMF_F64);
}

/* 3 x 4 with 1.25 (4 i + j) + 0.5 where 4 i + j is a multiple of three, and no other entry. */
static void is_docs(nmf_matrix *matrix)
{
    assert_true(nmf_matrix_is_sparse(matrix));
    assert_int_equal(nmf_matrix_rows(matrix), 3);
    assert_int_equal(nmf_matrix_columns(matrix), 4);
    for (int64_t n = 0; n < 12; n++) {
        const double value = n % 3 == 0 ? 1.25 * (double)n + 0.5 : 0.0;
        assert_true(nmf_matrix_at(matrix, n / 4, n % 4) == value);
    }
    nmf_matrix_free(matrix);
}

static void sparse_variables_are_read_and_labels_beside_them_are_not(void **state)
{
    (void)state;
    static const char *const files[] = {"v5_docs.mat", "v5_docs.mat:fea", "v7_docs.mat",
                                        "v73_docs.mat", "v73_docs.mat:fea"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        is_docs(array_read_golden(files[i]));
    }
    nmf_matrix *matrix = array_read_golden("v5_sparse.mat");
    assert_true(nmf_matrix_is_sparse(matrix));
    array_is_real(matrix, NMF_F64);
    nmf_matrix_free(matrix);
    matrix = array_read_golden("v5_sparse_logical.mat");
    assert_int_equal(nmf_matrix_dtype(matrix), NMF_U8);
    assert_true(nmf_matrix_at(matrix, 0, 3) == 1.0 && nmf_matrix_at(matrix, 0, 2) == 0.0);
    nmf_matrix_free(matrix);
    matrix = array_read_golden("v5_docs.mat:gnd"); /* who asks for the labels gets them */
    assert_int_equal(nmf_matrix_columns(matrix), 1);
    nmf_matrix_free(matrix);
    matrix = array_read_golden("v5_labels_only.mat");
    assert_int_equal(nmf_matrix_rows(matrix), 3);
    nmf_matrix_free(matrix);
}

static void gather(const char *sentence, void *context)
{
    strncat(context, sentence, 1000);
    strcat(context, "\n");
}

static void the_choice_is_told_and_labels_are_offered(void **state)
{
    (void)state;
    static const char *const files[] = {"v5_docs.mat", "v73_docs.mat"};
    for (int i = 0; i < 2; i++) {
        char told[4000] = "";
        nmf_io_read_options options = NMF_IO_READ_INIT;
        options.note = gather;
        options.note_context = told;
        nmf_matrix *matrix;
        assert_int_equal(nmf_io_read(array_golden(files[i]), &options, &matrix, NULL), NMF_OK);
        assert_non_null(strstr(told, "took 'fea' (3 x 4, sparse) of: fea, gnd"));
        assert_non_null(strstr(told, ".mat:gnd takes it"));
        nmf_matrix_free(matrix);
        options.labels = array_golden(i == 0 ? "v5_docs.mat:gnd" : "v73_docs.mat:gnd");
        char path[1000];
        snprintf(path, sizeof path, "%s", options.labels);
        options.labels = path;
        assert_int_equal(nmf_io_read(array_golden(files[i]), &options, &matrix, NULL), NMF_OK);
        assert_string_equal(nmf_matrix_name(matrix, NMF_LABELS, 0), "2");
        assert_string_equal(nmf_matrix_name(matrix, NMF_LABELS, 1), "1");
        nmf_matrix_free(matrix);
    }
}

/* The class as a null-padded text, and none at all. */
static void version_7_3_of_other_programs_is_read(void **state)
{
    (void)state;
    array_golden_is_real("v73_nullpad.mat", NMF_F64);
    array_golden_is_real("v73_bare.mat:x", NMF_F64);
    nmf_matrix *matrix = array_read_golden("v73_bare.mat:pictures");
    assert_int_equal(nmf_matrix_rows(matrix), 2);
    assert_int_equal(nmf_matrix_image_height(matrix), 3);
    assert_int_equal(nmf_matrix_dtype(matrix), NMF_U8);
    for (int64_t p = 0; p < 12; p++) {
        assert_true(nmf_matrix_at(matrix, 1, p) == (double)(2 * p + 1));
    }
    nmf_matrix_free(matrix);
}

static void what_is_no_matrix_is_refused_in_words(void **state)
{
    (void)state;
    array_golden_fails("v5_complex.mat", NMF_ERROR_UNSUPPORTED, "'x' is complex");
    array_golden_fails("v5_labels_and_struct.mat", NMF_ERROR_ARGUMENT, "NAME from: data, gnd");
    array_golden_fails("v5_struct.mat", NMF_ERROR_UNSUPPORTED, "class struct");
    array_golden_fails("v5_cell.mat", NMF_ERROR_UNSUPPORTED, "class cell");
    array_golden_fails("v7_several.mat:note", NMF_ERROR_UNSUPPORTED, "class char");
    array_golden_fails("v5_four_dimensions.mat", NMF_ERROR_SHAPE, "4 dimensions");
    array_golden_fails("v5_empty.mat", NMF_ERROR_SHAPE, "empty: 0 x 4");
    array_golden_fails("v4.mat", NMF_ERROR_UNSUPPORTED, "save again with -v7");
}

static void every_prefix_is_safe(void **state)
{
    (void)state;
    array_prefixes_are_safe("v5_real.mat", 1, 0);
    array_prefixes_are_safe("v7_real.mat", 1, 0);
    array_prefixes_are_safe("v5_pictures.mat", 1, 0);
    array_prefixes_are_safe("v7_several.mat", 1,
                            1); /* cut between two variables it is a whole file */
    array_prefixes_are_safe("v5_matrix_and_scalars.mat", 1, 1);
    array_prefixes_are_safe("v5_docs.mat", 1, 1);
    array_prefixes_are_safe("v73_docs.mat", 97, 0);
    array_prefixes_are_safe("v73_real.mat", 97, 0);
    array_prefixes_are_safe("v73_several.mat", 97, 0);
}

static void damaged_files_are_safe(void **state)
{
    (void)state;
    array_mutations_are_safe("v5_real.mat", 4000);
    array_mutations_are_safe("v7_several.mat", 4000);
    array_mutations_are_safe("v5_matrix_and_scalars.mat", 4000);
    array_mutations_are_safe("v5_cell.mat", 2000);
    array_mutations_are_safe("v5_docs.mat", 4000);
    array_mutations_are_safe("v7_docs.mat", 2000);
}

/* v5_real.mat with the 32-bit number at `at` replaced. */
static void v5_fails(size_t at, uint32_t value, const char *fragment)
{
    size_t count;
    unsigned char *bytes = array_bytes(array_golden("v5_real.mat"), &count);
    for (int i = 0; i < 4; i++) {
        bytes[at + (size_t)i] = (unsigned char)(value >> (8 * i));
    }
    array_bytes_fail("mat", bytes, count, NMF_ERROR_FORMAT, fragment);
    free(bytes);
}

static void lying_sizes_fail_with_both_numbers(void **state)
{
    (void)state;
    v5_fails(132, 0xFFFFFFF0u, "has 4294967280 bytes, but only 152 follow");
    v5_fails(160, 1000000, "'faces' claims 1000000 x 4 values of 8 bytes, but has 96 bytes");
    v5_fails(160, 0xFFFFFFFFu, "'faces' claims -1 x 4");
    v5_fails(164, 5, "'faces' claims 3 x 5");
}

/* MATLAB stores whole numbers of class double as bytes: a file as it writes them. */
static void doubles_stored_as_bytes_are_doubles(void **state)
{
    (void)state;
    unsigned char bytes[128 + 8 + 16 + 16 + 8 + 8 + 16];
    memset(bytes, ' ', 124);
    memcpy(bytes, "MATLAB 5.0 MAT-file", 19);
    memcpy(bytes + 124, "\x00\x01IM", 4);
    static const uint32_t words[] = {14, 64, 6, 8, 6, 0, 5, 8, 3, 4, 1u << 16 | 1, 'x', 2, 12};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        for (size_t b = 0; b < 4; b++) {
            bytes[128 + 4 * i + b] = (unsigned char)(words[i] >> (8 * b));
        }
    }
    unsigned char *values = bytes + 128 + sizeof words;
    for (int i = 0; i < 12; i++) {
        values[i % 4 * 3 + i / 4] = (unsigned char)(7 * i); /* column by column */
    }
    memset(values + 12, 0, 4);
    array_write_file("bytes.mat", bytes, sizeof bytes);
    nmf_matrix *matrix = array_read("bytes.mat");
    array_is_whole(matrix, NMF_F64, 0);
    nmf_matrix_free(matrix);
    remove("bytes.mat");
}

/* The real file, where there is one: 4096 x 400 doubles, a picture a column, pixels by columns. */
static void olivetti_from_mat_equals_olivetti_from_npy(void **state)
{
    (void)state;
    const char *data = getenv("NMFKIT_TEST_DATA");
    if (data == NULL || *data == 0) {
        print_message("skipped: NMFKIT_TEST_DATA is not set\n");
        return;
    }
    char path[1024];
    nmf_io_read_options options = NMF_IO_READ_INIT;
    options.image_height = 64;
    options.image_width = 64;
    options.image_order_column = 1;
    options.transpose = 1;
    nmf_matrix *from_mat;
    nmf_error error;
    snprintf(path, sizeof path, "%s/olivetti/olivettifaces.mat", data);
    if (nmf_io_read(path, &options, &from_mat, &error) != NMF_OK) {
        fail_msg("%s", error.message);
    }
    snprintf(path, sizeof path, "%s/olivetti/olivetti.npy", data);
    nmf_matrix *from_npy = array_read(path);
    assert_int_equal(nmf_matrix_rows(from_mat), 400);
    assert_int_equal(nmf_matrix_columns(from_mat), 4096);
    for (int64_t i = 0; i < 400; i++) {
        for (int64_t j = 0; j < 4096; j++) {
            assert_true(nmf_matrix_at(from_mat, i, j) == nmf_matrix_at(from_npy, i, j));
        }
    }
    nmf_matrix_free(from_npy);
    nmf_matrix_free(from_mat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_every_class_are_read),
        cmocka_unit_test(version_7_3_is_read),
        cmocka_unit_test(columns_are_lent_as_strides),
        cmocka_unit_test(the_last_of_three_sizes_counts_pictures),
        cmocka_unit_test(a_variable_is_chosen_by_name_or_by_being_the_only_matrix),
        cmocka_unit_test(sparse_variables_are_read_and_labels_beside_them_are_not),
        cmocka_unit_test(the_choice_is_told_and_labels_are_offered),
        cmocka_unit_test(version_7_3_of_other_programs_is_read),
        cmocka_unit_test(what_is_no_matrix_is_refused_in_words),
        cmocka_unit_test(every_prefix_is_safe),
        cmocka_unit_test(damaged_files_are_safe),
        cmocka_unit_test(lying_sizes_fail_with_both_numbers),
        cmocka_unit_test(doubles_stored_as_bytes_are_doubles),
        cmocka_unit_test(olivetti_from_mat_equals_olivetti_from_npy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
