/* .npy files that NumPy wrote, in every version, order and type we read, and refusals in words. */
#include "array_support.h"

#include "io/arrays/npy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void real_types_are_kept(void **state)
{
    (void)state;
    array_golden_is_real("real_f8.npy", NMF_F64);
    array_golden_is_real("real_f4_fortran.npy", NMF_F32);
    array_golden_is_real("real_f2.npy", NMF_F32);
}

static void fortran_order_is_lent_as_strides(void **state)
{
    (void)state;
    nmf_matrix *matrix = array_read_golden("real_f4_fortran.npy");
    const nmf_dense dense = nmf_matrix_dense(matrix);
    assert_int_equal(dense.row_stride, 1);
    assert_int_equal(dense.column_stride, 3);
    nmf_matrix_free(matrix);
}

static void big_endian_is_swapped(void **state)
{
    (void)state;
    array_golden_is_real("real_f8_big_endian.npy", NMF_F64);
    array_golden_is_real("real_f4_big_endian_fortran.npy", NMF_F32);
    array_golden_is_whole("whole_u2_big_endian.npy", NMF_U16, 0);
}

static void versions_1_to_3_are_read(void **state)
{
    (void)state;
    array_golden_is_real("real_version_2.npy", NMF_F64);
    array_golden_is_real("real_version_3.npy", NMF_F64);
}

static void integers_take_the_smallest_type_that_holds_them(void **state)
{
    (void)state;
    array_golden_is_whole("whole_u1.npy", NMF_U8, 0);
    array_golden_is_whole("whole_u2.npy", NMF_U16, 0);
    array_golden_is_whole("whole_i1.npy", NMF_U8, 0);
    array_golden_is_whole("whole_i2.npy", NMF_U8, 0);
    array_golden_is_whole("whole_i4.npy", NMF_U8, 0);
    array_golden_is_whole("whole_i8.npy", NMF_U8, 0);
    array_golden_is_whole("whole_u4.npy", NMF_U8, 0);
    array_golden_is_whole("whole_u8.npy", NMF_U8, 0);
    array_golden_is_whole("large_u4.npy", NMF_F32, 70000);
    array_golden_is_whole("huge_i8.npy", NMF_F64, 0x1p40);
}

static void negative_integers_keep_their_sign(void **state)
{
    (void)state;
    array_golden_is_whole("negative_i2.npy", NMF_F64, -7);
}

static void integers_beyond_2_53_are_rounded(void **state)
{
    (void)state;
    nmf_matrix *matrix = array_read_golden("beyond_2_53.npy");
    assert_true(nmf_matrix_at(matrix, 0, 0) == 0x1p53);
    assert_true(nmf_matrix_at(matrix, 0, 1) == 0x1p63);
    nmf_matrix_free(matrix);
}

static void booleans_are_zeros_and_ones(void **state)
{
    (void)state;
    nmf_matrix *matrix = array_read_golden("bool.npy");
    assert_int_equal(nmf_matrix_dtype(matrix), NMF_U8);
    for (int64_t i = 0; i < 12; i++) {
        assert_true(nmf_matrix_at(matrix, i / 4, i % 4) == (double)(i % 2));
    }
    nmf_matrix_free(matrix);
}

static void check_pictures(const char *name)
{
    nmf_matrix *matrix = array_read_golden(name);
    assert_int_equal(nmf_matrix_rows(matrix), 2);
    assert_int_equal(nmf_matrix_columns(matrix), 12);
    assert_int_equal(nmf_matrix_image_height(matrix), 3);
    assert_int_equal(nmf_matrix_image_width(matrix), 4);
    for (int64_t i = 0; i < 24; i++) {
        assert_true(nmf_matrix_at(matrix, i / 12, i % 12) == (double)i);
    }
    nmf_matrix_free(matrix);
}

static void three_dimensions_are_pictures(void **state)
{
    (void)state;
    check_pictures("pictures_u1.npy");
    check_pictures("pictures_u1_fortran.npy");
}

static void one_dimension_is_a_row_for_those_who_ask(void **state)
{
    (void)state;
    nmf_io_read_options options = NMF_IO_READ_INIT;
    options.vectors = 1;
    for (int on_disk = 0; on_disk < 2; on_disk++) {
        nmf_matrix *matrix = NULL;
        options.most_bytes = on_disk ? 1 : -1;
        assert_int_equal(nmf_io_read(array_golden("one_dimension.npy"), &options, &matrix, NULL),
                         NMF_OK);
        assert_int_equal(nmf_matrix_rows(matrix), 1);
        assert_int_equal(nmf_matrix_columns(matrix), 5);
        if (!on_disk)
            for (int j = 0; j < 5; j++) assert_true(nmf_matrix_at(matrix, 0, j) == j);
        nmf_matrix_free(matrix);
    }
}

static void other_arrays_are_refused_in_words(void **state)
{
    (void)state;
    array_golden_fails("one_dimension.npy", NMF_ERROR_SHAPE, "(5,), but samples x features has 2");
    array_golden_fails("no_dimension.npy", NMF_ERROR_SHAPE, "is a single number");
    array_golden_fails("four_dimensions.npy", NMF_ERROR_SHAPE, "has 4 dimensions");
    array_golden_fails("complex.npy", NMF_ERROR_UNSUPPORTED, "type '<c16'");
    array_golden_fails("text.npy", NMF_ERROR_UNSUPPORTED, "holds text");
    array_golden_fails("records.npy", NMF_ERROR_UNSUPPORTED, "records");
    array_golden_fails("empty.npy", NMF_ERROR_SHAPE, "is empty: 0 x 4");
}

static void every_prefix_fails_with_a_sentence(void **state)
{
    (void)state;
    array_prefixes_are_safe("real_f8.npy", 1, 0);
    array_prefixes_are_safe("real_version_3.npy", 1, 0);
    array_prefixes_are_safe("pictures_u1_fortran.npy", 1, 0);
}

static void damaged_files_are_safe(void **state)
{
    (void)state;
    array_mutations_are_safe("real_f8.npy", 4000);
    array_mutations_are_safe("whole_i4.npy", 4000);
    array_mutations_are_safe("pictures_u1.npy", 4000);
}

/* A .npy with this dictionary and `data` zero bytes behind it. */
static void header_fails(const char *dictionary, size_t data, nmf_status status,
                         const char *fragment)
{
    unsigned char bytes[1024] = "\x93NUMPY\x01\x00";
    const size_t length = strlen(dictionary);
    assert_true(10 + length + data <= sizeof bytes);
    bytes[8] = (unsigned char)(length & 255);
    bytes[9] = (unsigned char)(length >> 8);
    memcpy(bytes + 10, dictionary, length);
    array_bytes_fail("npy", bytes, 10 + length + data, status, fragment);
}

#define SHAPE(text) "{'descr': '<f8', 'fortran_order': False, 'shape': " text ", }\n"

static void lying_headers_fail_with_both_numbers(void **state)
{
    (void)state;
    header_fails(SHAPE("(1000000000000, 1)"), 96, NMF_ERROR_FORMAT,
                 "promises 8000000000000 bytes of values, but 96 bytes follow");
    header_fails(SHAPE("(3, 3)"), 96, NMF_ERROR_FORMAT, "promises 72 bytes of values, but 96");
    header_fails(SHAPE("(4611686018427387904, 4)"), 96, NMF_ERROR_FORMAT,
                 "more than any memory holds");
    header_fails(SHAPE("(0, 99999999999)"), 96, NMF_ERROR_FORMAT, "promises 0 bytes");
    header_fails(SHAPE("(99999999999999999999, 4)"), 96, NMF_ERROR_FORMAT, "beyond 2^63");
    header_fails(SHAPE("(-3, 4)"), 96, NMF_ERROR_FORMAT, "a negative size");
    header_fails(SHAPE("(3, 4"), 96, NMF_ERROR_FORMAT, "damaged");
    header_fails(SHAPE("[3, 4]"), 96, NMF_ERROR_FORMAT, "no tuple");
    header_fails("{'descr': '<f8', 'shape': (3, 4), }", 96, NMF_ERROR_FORMAT, "missing");
    header_fails("{'descr': '<f3', 'fortran_order': False, 'shape': (3, 4), }", 36,
                 NMF_ERROR_UNSUPPORTED, "type '<f3'");
    header_fails("{'descr': '|O', 'fortran_order': False, 'shape': (3, 4), }", 96,
                 NMF_ERROR_UNSUPPORTED, "type '|O'");
}

static void the_headers_we_write_are_read(void **state)
{
    (void)state;
    char bytes[NMFI_NPY_HEADER_BYTES];
    nmfi_npy_header header;
    nmfi_npy_format('f', 8, INT64_MAX / 16, 1, bytes);
    assert_int_equal(nmfi_npy_parse((unsigned char *)bytes, sizeof bytes, "x", &header, NULL),
                     NMF_OK);
    assert_int_equal(header.shape[0], INT64_MAX / 16);
    assert_int_equal(header.shape[1], 1);
    assert_int_equal(header.dimensions, 2);
    assert_int_equal(header.data_offset, sizeof bytes);
    nmfi_npy_format('U', 4 * 17, 5, -1, bytes);
    assert_int_equal(nmfi_npy_parse((unsigned char *)bytes, sizeof bytes, "x", &header, NULL),
                     NMF_OK);
    assert_int_equal(header.dimensions, 1);
    assert_int_equal(header.item_bytes, 68);
    assert_int_equal(header.kind, 'U');
}

static void an_npy_has_no_members(void **state)
{
    (void)state;
    array_golden_fails("real_f8.npy:X", NMF_ERROR_ARGUMENT, "no member 'X'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_types_are_kept),
        cmocka_unit_test(fortran_order_is_lent_as_strides),
        cmocka_unit_test(big_endian_is_swapped),
        cmocka_unit_test(versions_1_to_3_are_read),
        cmocka_unit_test(integers_take_the_smallest_type_that_holds_them),
        cmocka_unit_test(negative_integers_keep_their_sign),
        cmocka_unit_test(integers_beyond_2_53_are_rounded),
        cmocka_unit_test(booleans_are_zeros_and_ones),
        cmocka_unit_test(three_dimensions_are_pictures),
        cmocka_unit_test(one_dimension_is_a_row_for_those_who_ask),
        cmocka_unit_test(other_arrays_are_refused_in_words),
        cmocka_unit_test(every_prefix_fails_with_a_sentence),
        cmocka_unit_test(damaged_files_are_safe),
        cmocka_unit_test(lying_headers_fail_with_both_numbers),
        cmocka_unit_test(the_headers_we_write_are_read),
        cmocka_unit_test(an_npy_has_no_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
