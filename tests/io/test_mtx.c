/* MatrixMarket files, as SciPy wrote them and as others might: what they mean, and what is refused
 * with which words. */
#include "array_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COORDINATE "%%MatrixMarket matrix coordinate "

static void is_thin(const nmf_matrix *matrix, nmf_dtype dtype)
{
    assert_true(nmf_matrix_is_sparse(matrix));
    assert_int_equal(nmf_matrix_dtype(matrix), dtype);
    assert_int_equal(nmf_matrix_rows(matrix), 3);
    assert_int_equal(nmf_matrix_columns(matrix), 4);
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 4; j++) {
            const double value = (i + j) % 2 != 0   ? 0.0
                                 : dtype == NMF_F64 ? 1.25 * (4 * i + j) + 0.5
                                                    : 7.0 * (4 * i + j);
            assert_true(nmf_matrix_at(matrix, i, j) == value);
        }
    }
}

static void scipys_files_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        nmf_dtype dtype;
    } files[] = {{"real.mtx", NMF_F64},
                 {"real.mtx.gz", NMF_F64},
                 {"real.mtx.xz", NMF_F64},
                 {"real.mtx.zst", NMF_F64},
                 {"whole.mtx", NMF_U8}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        nmf_matrix *matrix = array_read_golden(files[i].name);
        is_thin(matrix, files[i].dtype);
        nmf_matrix_free(matrix);
    }
    array_golden_is_real("array.mtx", NMF_F64);
    array_golden_is_whole("array_whole.mtx", NMF_U8, 0);
}

static void the_other_half_of_a_symmetric_matrix_is_filled_in(void **state)
{
    (void)state;
    nmf_matrix *matrix = array_read_golden("symmetric.mtx");
    assert_int_equal(nmf_matrix_stored(matrix), 5);
    assert_true(nmf_matrix_at(matrix, 0, 2) == 13.5 && nmf_matrix_at(matrix, 2, 0) == 13.5);
    nmf_matrix_free(matrix);
    matrix = array_read_text("mtx", "%%MatrixMarket matrix array real symmetric\n"
                                    "2 2\n1\n2\n3\n");
    assert_true(nmf_matrix_at(matrix, 0, 1) == 2 && nmf_matrix_at(matrix, 1, 0) == 2);
    assert_true(nmf_matrix_at(matrix, 1, 1) == 3);
    nmf_matrix_free(matrix);
}

static void patterns_are_ones(void **state)
{
    (void)state;
    nmf_matrix *matrix = array_read_golden("pattern.mtx");
    assert_int_equal(nmf_matrix_dtype(matrix), NMF_U8);
    assert_int_equal(nmf_matrix_stored(matrix), 6);
    assert_true(nmf_matrix_at(matrix, 0, 2) == 1 && nmf_matrix_at(matrix, 0, 1) == 0);
    nmf_matrix_free(matrix);
}

static void order_blanks_comments_and_line_ends_do_not_matter(void **state)
{
    (void)state;
    static const char *const texts[] = {
        COORDINATE "real general\n3 4 6\n3 3 13\n1 1 .5\n2 4 9.25\n1 3 3\n3 1 10.5\n2 2 6.75\n",
        "%%matrixmarket MATRIX Coordinate Real General\r\n%c\r\n\r\n 3\t4  6 \r\n1 1 5e-1\r\n"
        "3 1 10.5 \r\n\r\n% more\r\n  2 2 6.75\r\n1 3 3.0\r\n3 3 13\r\n2 4 +925e-2\r\n\r\n%end",
        COORDINATE "real general\n3 4 6\n1 1 0.5\n1 3 3\n2 2 6.75\n2 4 9.25\n3 1 10.5\n3 3 13"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        nmf_matrix *matrix = array_read_text("mtx", texts[i]);
        is_thin(matrix, NMF_F64);
        nmf_matrix_free(matrix);
    }
}

static void counts_take_the_smallest_type(void **state)
{
    (void)state;
    static const struct {
        const char *largest;
        nmf_dtype dtype;
    } counts[] = {{"255", NMF_U8},    {"256", NMF_U16},        {"65535", NMF_U16},
                  {"65536", NMF_I32}, {"2147483647", NMF_I32}, {"2147483648", NMF_F64},
                  {"-1", NMF_F64}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        char text[128];
        snprintf(text, sizeof text, "%s%s%s\n", COORDINATE, "integer general\n2 2 2\n1 1 1\n2 2 ",
                 counts[i].largest);
        nmf_matrix *matrix = array_read_text("mtx", text);
        assert_int_equal(nmf_matrix_dtype(matrix), counts[i].dtype);
        assert_true(nmf_matrix_at(matrix, 1, 1) == strtod(counts[i].largest, NULL));
        nmf_matrix_free(matrix);
    }
}

static void repeated_entries_are_added_up(void **state)
{
    (void)state;
    nmf_matrix *matrix = array_read_text(
        "mtx", COORDINATE "integer general\n2 2 4\n1 1 200\n2 2 3\n1 1 100\n2 2 4\n");
    assert_true(nmf_matrix_at(matrix, 0, 0) == 300 && nmf_matrix_at(matrix, 1, 1) == 7);
    assert_int_equal(nmf_matrix_stored(matrix), 2);
    nmf_matrix_free(matrix);
}

static void ten_million_empty_rows_are_rows(void **state)
{
    (void)state;
    nmf_matrix *matrix =
        array_read_text("mtx", COORDINATE "pattern general\n10000000 3 1\n9999999 2\n");
    assert_int_equal(nmf_matrix_rows(matrix), 10000000);
    assert_true(nmf_matrix_at(matrix, 9999998, 1) == 1);
    nmf_matrix_free(matrix);
}

static void a_vocabulary_beside_it_names_the_features(void **state)
{
    (void)state;
    assert_int_equal(mkdir("beside", 0777), 0);
    const char text[] = COORDINATE "integer general\n2 3 1\n1 1 1\n", words[] = "a\nb c\nd\n";
    array_write_file("beside/x.mtx", text, strlen(text));
    array_write_file("beside/vocab.txt", words, strlen(words));
    nmf_matrix *matrix = array_read("beside/x.mtx");
    assert_string_equal(nmf_matrix_name(matrix, NMF_FEATURE_NAMES, 1), "b c");
    nmf_matrix_free(matrix);
    array_write_file("beside/vocab.txt", "a\nb\nc\nd\n", 8); /* another matrix's */
    matrix = array_read("beside/x.mtx");
    assert_false(nmf_matrix_has_names(matrix, NMF_FEATURE_NAMES));
    nmf_matrix_free(matrix);
    unlink("beside/x.mtx");
    unlink("beside/vocab.txt");
    assert_int_equal(rmdir("beside"), 0);
}

static void what_is_wrong_is_said_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        nmf_status status;
        const char *fragment;
    } wrong[] = {
        {"%%MatrixMarket\n1 1 1\n", NMF_ERROR_FORMAT, ":1: '%%MatrixMarket' does not begin"},
        {"%%MatrixMarket matrix dense real general\n", NMF_ERROR_FORMAT, "'dense' is neither"},
        {COORDINATE "complex general\n1 1 0\n", NMF_ERROR_UNSUPPORTED, "coordinate complex"},
        {COORDINATE "real skew-symmetric\n1 1 0\n", NMF_ERROR_UNSUPPORTED, "skew-symmetric"},
        {COORDINATE "real hermitian\n1 1 0\n", NMF_ERROR_UNSUPPORTED, "general and symmetric"},
        {"%%MatrixMarket matrix array pattern general\n", NMF_ERROR_UNSUPPORTED, "array pattern"},
        {COORDINATE "real general\n% only\n", NMF_ERROR_FORMAT, "before the line of its sizes"},
        {COORDINATE "real general\n1 1\n", NMF_ERROR_FORMAT, ":2: '' is not one of three sizes"},
        {COORDINATE "real general\n1 -1 1\n", NMF_ERROR_FORMAT, ":2: '-1' is not one of"},
        {COORDINATE "real general\n1 1 1 1\n", NMF_ERROR_FORMAT, ":2: '1' is more than the sizes"},
        {COORDINATE "real general\n0 5 0\n", NMF_ERROR_SHAPE, "is empty: 0 x 5"},
        {COORDINATE "real general\n2147483648 1 0\n", NMF_ERROR_UNSUPPORTED, "up to 2147483647"},
        {COORDINATE "real general\n9 9 1000000000000\n1 1 1\n", NMF_ERROR_FORMAT,
         "promises 1000000000000 entries, more than its bytes can hold"},
        {COORDINATE "real symmetric\n2 3 0\n", NMF_ERROR_FORMAT, "symmetric, but is 2 x 3"},
        {COORDINATE "real general\n2 2 2\n1 1 1\n", NMF_ERROR_FORMAT, "ends after 1 of 2 entries"},
        {COORDINATE "real general\n2 2 1\n1 1 1\n2 2 2\n", NMF_ERROR_FORMAT,
         ":4: '2' follows the last entry"},
        {COORDINATE "real general\n2 2 1\n3 1 1\n", NMF_ERROR_FORMAT,
         ":3: '3' is not a row from 1 to 2"},
        {COORDINATE "real general\n2 2 1\n0 1 1\n", NMF_ERROR_FORMAT, "'0' is not a row"},
        {COORDINATE "real general\n2 2 1\n1 -1 1\n", NMF_ERROR_FORMAT, "'-1' is not a column"},
        {COORDINATE "real general\n2 2 1\n1\n", NMF_ERROR_FORMAT, ":3: "},
        {COORDINATE "real general\n2 2 1\n1 99999999999999999999 1\n", NMF_ERROR_FORMAT,
         "'99999999999999999999' is not a column from 1 to 2"},
        {COORDINATE "real general\n2 2 1\n1 1\n", NMF_ERROR_FORMAT, ":3: '' is not a number"},
        {COORDINATE "real general\n2 2 1\n1 1 one\n", NMF_ERROR_FORMAT, "'one' is not a number"},
        {COORDINATE "real general\n2 2 1\n1 1 1 1\n", NMF_ERROR_FORMAT, "more than an entry's"},
        {COORDINATE "real general\n2 2 1\n1 1 1e999\n", NMF_ERROR_FORMAT, "beyond the largest"},
        {COORDINATE "integer general\n2 2 1\n1 1 1.5\n", NMF_ERROR_FORMAT,
         "'1.5' is not an integer"},
        {COORDINATE "pattern general\n2 2 1\n1 1 7\n", NMF_ERROR_FORMAT, "'7' is more than"},
        {"%%MatrixMarket matrix array real general\n2 2\n1\n2\n3\n", NMF_ERROR_FORMAT,
         "ends after 3 of 4 entries"},
        {"%%MatrixMarket matrix array real general\n2 2\n1\n2 2\n3\n4\n", NMF_ERROR_FORMAT,
         ":4: '2' is more than one value"},
        {"%%MatrixMarket matrix array real general\n2000000 2000000\n1\n", NMF_ERROR_FORMAT,
         "more than its bytes can hold"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        array_text_fails("mtx", wrong[i].text, wrong[i].status, wrong[i].fragment);
    }
    array_golden_fails("real.mtx:X", NMF_ERROR_ARGUMENT, "no member 'X'");
}

static void cut_and_damaged_files_are_safe(void **state)
{
    (void)state;
    array_prefixes_are_safe("real.mtx", 1, 1);    /* cut inside the last number it is a file too */
    array_prefixes_are_safe("real.mtx.gz", 1, 1); /* all text may be there before the checksum */
    array_prefixes_are_safe("array.mtx", 1, 1);
    array_mutations_are_safe("real.mtx", 3000);
    array_mutations_are_safe("symmetric.mtx", 1000);
    array_mutations_are_safe("real.mtx.gz", 1000);
    array_prefixes_are_safe("real.mtx.xz", 1, 1);
    array_mutations_are_safe("real.mtx.xz", 1000);
    array_prefixes_are_safe("real.mtx.zst", 1, 1);
    array_mutations_are_safe("real.mtx.zst", 1000);
}

/* A pointer for each of three hundred million rows would be 2.4 GB: the three columns carry the entry instead. */
static void rows_without_entries_cost_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "%%MatrixMarket matrix coordinate real general\n300000000 3 1\n299999999 2 5\n",
        "300000000\n3\n1\n299999999 2 5\n"};
    for (int docword = 0; docword < 2; docword++) {
        nmf_matrix *matrix = array_read_text(docword ? "docword" : "mtx", texts[docword]);
        assert_int_equal(nmf_matrix_rows(matrix), 300000000);
        assert_int_equal(nmf_matrix_columns(matrix), 3);
        assert_int_equal(nmf_matrix_stored(matrix), 1);
        assert_true(nmf_matrix_sparse(matrix).by_columns);
        assert_true(nmf_matrix_at(matrix, 299999998, 1) == 5);
        nmf_matrix_free(matrix);
    }
    array_text_fails("mtx",
                     "%%MatrixMarket matrix coordinate real symmetric\n"
                     "300000000 300000000 1\n2 1 1\n",
                     NMF_ERROR_UNSUPPORTED, "has only 2 entries");
}

static void what_is_gzipped_but_no_text_is_refused(void **state)
{
    (void)state;
    static const unsigned char empty[] = {0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3,
                                          3,    0,    0, 0, 0, 0, 0, 0, 0, 0};
    array_bytes_fail("mtx.gz", empty, sizeof empty, NMF_ERROR_FORMAT, "has no text");
    array_bytes_fail("csv.gz", empty, sizeof empty, NMF_ERROR_FORMAT, "has no values");
    array_bytes_fail("npy.gz", empty, sizeof empty, NMF_ERROR_FORMAT, "");
    array_bytes_fail("npz.gz", empty, sizeof empty, NMF_ERROR_UNSUPPORTED, "is packed by gzip");
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    static const char *const names[] = {"real.mtx", "whole.mtx", "sparse_csc.npz", "array.mtx",
                                        "sparse_whole_csr.npz"};
    static const char *const outputs[] = {"out.mtx", "out.mtx.gz", "out.mtx.xz", "out.mtx.zst",
                                          "out.npz"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        for (size_t o = 0; o < sizeof outputs / sizeof outputs[0]; o++) {
            nmf_matrix *matrix = array_read_golden(names[i]);
            assert_int_equal(nmf_io_write(matrix, outputs[o], NULL), NMF_OK);
            nmf_matrix *back = array_read(outputs[o]);
            assert_int_equal(nmf_matrix_is_sparse(back), nmf_matrix_is_sparse(matrix));
            assert_true(nmf_matrix_fingerprint(back) == nmf_matrix_fingerprint(matrix));
            nmf_matrix_free(back);
            nmf_matrix_free(matrix);
            unlink(outputs[o]);
        }
    }
}

static void what_no_memory_could_hold_is_not_made_dense(void **state)
{
    (void)state;
    nmf_error error = {NMF_OK, ""};
    nmf_matrix *matrix =
        array_read_text("mtx", COORDINATE "real general\n1000000 1000000 1\n5 7 0.5\n");
    assert_int_equal(nmf_io_write(matrix, "dense.npy", &error), NMF_ERROR_MEMORY);
    assert_non_null(strstr(error.message, "would take 8 TB"));
    assert_int_equal(access("dense.npy", F_OK), -1);
    nmf_matrix_free(matrix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scipys_files_are_read),
        cmocka_unit_test(the_other_half_of_a_symmetric_matrix_is_filled_in),
        cmocka_unit_test(patterns_are_ones),
        cmocka_unit_test(order_blanks_comments_and_line_ends_do_not_matter),
        cmocka_unit_test(counts_take_the_smallest_type),
        cmocka_unit_test(repeated_entries_are_added_up),
        cmocka_unit_test(ten_million_empty_rows_are_rows),
        cmocka_unit_test(a_vocabulary_beside_it_names_the_features),
        cmocka_unit_test(what_is_wrong_is_said_with_its_place),
        cmocka_unit_test(rows_without_entries_cost_nothing),
        cmocka_unit_test(cut_and_damaged_files_are_safe),
        cmocka_unit_test(what_is_gzipped_but_no_text_is_refused),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(what_no_memory_could_hold_is_not_made_dense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
