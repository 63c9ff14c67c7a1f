/* .npz files that NumPy wrote: which array is meant, its names, and archives that lie. */
#include "array_support.h"

#include "io/arrays/npy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void the_only_array_needs_no_name(void **state)
{
    (void)state;
    array_golden_is_real("single.npz", NMF_F64);
    array_golden_is_real("compressed.npz", NMF_F64);
}

static void several_arrays_need_a_name(void **state)
{
    (void)state;
    array_golden_fails("several.npz", NMF_ERROR_ARGUMENT, "from: first, second");
    array_golden_is_real("several.npz:first", NMF_F64);
    array_golden_is_real("several.npz:first.npy", NMF_F64);
    array_golden_is_whole("several.npz:second", NMF_U8, 0);
    array_golden_fails("several.npz:third", NMF_ERROR_ARGUMENT,
                       "has no array 'third'; it has: first, second");
}

static void x_is_meant_and_integer_labels_are_labels(void **state)
{
    (void)state;
    nmf_matrix *matrix = array_read_golden("x_and_labels.npz");
    array_is_real(matrix, NMF_F64);
    assert_string_equal(nmf_matrix_name(matrix, NMF_LABELS, 0), "3");
    assert_string_equal(nmf_matrix_name(matrix, NMF_LABELS, 1), "-1");
    assert_string_equal(nmf_matrix_name(matrix, NMF_LABELS, 2), "2");
    nmf_matrix_free(matrix);
}

static void names_and_image_shape_come_along(void **state)
{
    (void)state;
    nmf_matrix *matrix = array_read_golden("named.npz");
    array_is_real(matrix, NMF_F64);
    assert_string_equal(nmf_matrix_name(matrix, NMF_SAMPLE_NAMES, 1), "bü");
    assert_string_equal(nmf_matrix_name(matrix, NMF_SAMPLE_NAMES, 2), "臉");
    assert_string_equal(nmf_matrix_name(matrix, NMF_FEATURE_NAMES, 3), "s");
    assert_int_equal(nmf_matrix_image_height(matrix), 2);
    assert_int_equal(nmf_matrix_image_width(matrix), 2);
    nmf_matrix_free(matrix);
}

static void a_file_with_a_colon_in_its_name_comes_first(void **state)
{
    (void)state;
    size_t count;
    unsigned char *bytes = array_bytes(array_golden("single.npz"), &count);
    array_write_file("odd.npz:name", bytes, count);
    nmf_matrix *matrix = array_read("odd.npz:name");
    array_is_real(matrix, NMF_F64);
    nmf_matrix_free(matrix);
    unlink("odd.npz:name");
    free(bytes);
}

static void archives_without_a_matrix_are_refused_in_words(void **state)
{
    (void)state;
    array_golden_fails("empty.npz", NMF_ERROR_FORMAT, "without .npy arrays");
    array_golden_fails("sparse_bsr.npz", NMF_ERROR_UNSUPPORTED, "layout 'bsr'; csr, csc and coo");
    array_golden_fails("named.npz:sample_names", NMF_ERROR_UNSUPPORTED, "holds text");
}

static void sparse_matrices_of_scipy_are_read(void **state)
{
    (void)state;
    static const char *const names[] = {"sparse_csr.npz",       "sparse_csc.npz",
                                        "sparse_coo.npz",       "sparse_whole_csr.npz",
                                        "sparse_whole_csc.npz", "sparse_whole_coo.npz"};
    array_golden_is_real("sparse.npz", NMF_F64);
    for (int n = 0; n < 6; n++) {
        nmf_matrix *matrix = array_read_golden(names[n]);
        assert_true(nmf_matrix_is_sparse(matrix));
        assert_int_equal(nmf_matrix_dtype(matrix), n < 3 ? NMF_F64 : NMF_I32);
        assert_int_equal(nmf_matrix_sparse(matrix).by_columns, n % 3 == 1);
        for (int i = 0; i < 12; i++) {
            const double value = n < 3 ? 1.25 * i + 0.5 : 7000.0 * i;
            assert_true(nmf_matrix_at(matrix, i / 4, i % 4) == ((i / 4 + i) % 2 == 0 ? value : 0));
        }
        nmf_matrix_free(matrix);
    }
    nmf_matrix *part = NULL;
    nmf_error error;
    assert_int_equal(nmf_io_read(array_golden("sparse_csr.npz:data"), NULL, &part, &error),
                     NMF_ERROR_SHAPE); /* a member is still a member */
}

static void every_prefix_fails_with_a_sentence(void **state)
{
    (void)state;
    array_prefixes_are_safe("single.npz", 1, 0);
    array_prefixes_are_safe("compressed.npz", 1, 0);
    array_prefixes_are_safe("named.npz", 1, 0);
    array_prefixes_are_safe("sparse_csr.npz", 1, 0);
    array_prefixes_are_safe("sparse_whole_coo.npz", 1, 0);
}

static void damaged_archives_are_safe(void **state)
{
    (void)state;
    array_mutations_are_safe("single.npz", 3000);
    array_mutations_are_safe("compressed.npz", 3000);
    array_mutations_are_safe("named.npz", 3000);
    array_mutations_are_safe("sparse_csr.npz", 3000);
    array_mutations_are_safe("sparse_csc.npz", 3000);
    array_mutations_are_safe("sparse_coo.npz", 3000);
}

/* Overwrites a little-endian number at `at`. */
static void put(unsigned char *bytes, size_t at, uint64_t value, int size)
{
    for (int i = 0; i < size; i++) {
        bytes[at + (size_t)i] = (unsigned char)(value >> (8 * i));
    }
}

/* Where the central directory's entry begins. */
static size_t central_entry(const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i + 4 <= count; i++) {
        if (memcmp(bytes + i, "PK\1\2", 4) == 0) {
            return i;
        }
    }
    fail_msg("no central directory");
    return 0;
}

static void a_member_cannot_claim_more_than_deflate_gives(void **state)
{
    (void)state;
    size_t count;
    unsigned char *bytes = array_bytes(array_golden("compressed.npz"), &count);
    put(bytes, central_entry(bytes, count) + 24, 0xFFFFFF00u, 4); /* uncompressed size */
    array_bytes_fail("npz", bytes, count, NMF_ERROR_FORMAT,
                     "claims 4294967040 bytes, but the archive holds only");
    free(bytes);
}

static void a_stored_member_cannot_claim_more_than_the_archive_has(void **state)
{
    (void)state;
    size_t count;
    unsigned char *bytes = array_bytes(array_golden("single.npz"), &count);
    const size_t entry = central_entry(bytes, count);
    put(bytes, entry + 20, 0xFFFFFF00u, 4);
    put(bytes, entry + 24, 0xFFFFFF00u, 4);
    array_bytes_fail("npz", bytes, count, NMF_ERROR_FORMAT,
                     "claims 4294967040 bytes, but the archive holds only");
    free(bytes);
}

static void a_member_must_be_as_long_as_its_header_says(void **state)
{
    (void)state;
    size_t count;
    unsigned char *bytes = array_bytes(array_golden("compressed.npz"), &count);
    put(bytes, central_entry(bytes, count) + 24, 5000, 4);
    array_bytes_fail("npz", bytes, count, NMF_ERROR_FORMAT, "anything.npy: ends after 224 of");
    free(bytes);
}

static void rows_without_columns_are_not_walked(void **state)
{
    (void)state;
    char header[NMFI_NPY_HEADER_BYTES];
    nmf_matrix *matrix;
    nmf_error error;
    nmfi_npy_format('i', 4, INT64_MAX, 0, header);
    for (int use = NMFI_NPY_DATA; use <= NMFI_NPY_ANY; use++) {
        unsigned char *bytes = malloc(sizeof header);
        assert_non_null(bytes);
        memcpy(bytes, header, sizeof header);
        assert_int_equal(nmfi_npy_matrix(bytes, sizeof header, "x", (nmfi_npy_use)use, free, bytes,
                                         &matrix, &error),
                         NMF_ERROR_SHAPE);
        assert_non_null(strstr(error.message, "is empty"));
    }
}

static void a_wrong_checksum_is_noticed(void **state)
{
    (void)state;
    size_t count;
    unsigned char *bytes = array_bytes(array_golden("single.npz"), &count);
    const size_t value = central_entry(bytes, count) - 8;
    bytes[value] ^= 1; /* the last entry of the array, stored without compression */
    array_bytes_fail("npz", bytes, count, NMF_ERROR_FORMAT, "anything.npy: is damaged: CRC error");
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_only_array_needs_no_name),
        cmocka_unit_test(several_arrays_need_a_name),
        cmocka_unit_test(x_is_meant_and_integer_labels_are_labels),
        cmocka_unit_test(names_and_image_shape_come_along),
        cmocka_unit_test(a_file_with_a_colon_in_its_name_comes_first),
        cmocka_unit_test(archives_without_a_matrix_are_refused_in_words),
        cmocka_unit_test(sparse_matrices_of_scipy_are_read),
        cmocka_unit_test(every_prefix_fails_with_a_sentence),
        cmocka_unit_test(damaged_archives_are_safe),
        cmocka_unit_test(a_member_cannot_claim_more_than_deflate_gives),
        cmocka_unit_test(a_stored_member_cannot_claim_more_than_the_archive_has),
        cmocka_unit_test(a_member_must_be_as_long_as_its_header_says),
        cmocka_unit_test(rows_without_columns_are_not_walked),
        cmocka_unit_test(a_wrong_checksum_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
