/* Delimited text as LibreOffice, Excel, pandas, R and NumPy write it, and errors as
 * path:line:column. */
#include "array_support.h"

#include "io/files/number.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void has_features(const nmf_matrix *matrix)
{
    static const char *const wanted[] = {"p", "q", "r", "s"};
    for (int i = 0; i < 4; i++) {
        assert_string_equal(nmf_matrix_name(matrix, NMF_FEATURE_NAMES, i), wanted[i]);
    }
}

static void has_samples(const nmf_matrix *matrix, const char *a, const char *b, const char *c)
{
    assert_string_equal(nmf_matrix_name(matrix, NMF_SAMPLE_NAMES, 0), a);
    assert_string_equal(nmf_matrix_name(matrix, NMF_SAMPLE_NAMES, 1), b);
    assert_string_equal(nmf_matrix_name(matrix, NMF_SAMPLE_NAMES, 2), c);
}

static void spreadsheets_are_read(void **state)
{
    (void)state;
    nmf_matrix *matrix =
        array_read_golden("libreoffice.csv"); /* BOM, CRLF, semicolons, decimal commas */
    array_is_real(matrix, NMF_F64);
    has_features(matrix);
    has_samples(matrix, "a", "b", "c");
    nmf_matrix_free(matrix);
    matrix = array_read_golden("excel.csv");
    array_is_real(matrix, NMF_F64);
    has_features(matrix);
    assert_false(nmf_matrix_has_names(matrix, NMF_SAMPLE_NAMES));
    nmf_matrix_free(matrix);
}

static void the_index_of_pandas_is_no_feature(void **state)
{
    (void)state;
    nmf_matrix *matrix = array_read_golden("pandas.csv");
    array_is_real(matrix, NMF_F64);
    has_samples(matrix, "0", "1", "2");
    assert_false(nmf_matrix_has_names(matrix, NMF_FEATURE_NAMES));
    nmf_matrix_free(matrix);
}

static void tables_of_r_are_read(void **state)
{
    (void)state;
    static const char *const names[] = {"r_write_table.txt", "r_write_csv.csv"};
    for (int i = 0; i < 2; i++) {
        nmf_matrix *matrix = array_read_golden(names[i]);
        array_is_real(matrix, NMF_F64);
        has_features(matrix);
        has_samples(matrix, "1", "2", "3");
        nmf_matrix_free(matrix);
    }
}

static void tabs_and_bare_numbers_are_read(void **state)
{
    (void)state;
    nmf_matrix *matrix = array_read_golden("genes.tsv");
    array_is_real(matrix, NMF_F64);
    has_features(matrix);
    has_samples(matrix, "TP53", "臉", "a,b");
    nmf_matrix_free(matrix);
    array_golden_is_real("savetxt.txt", NMF_F64);
    matrix = array_read_golden("bare.csv"); /* without a line end at the end */
    array_is_real(matrix, NMF_F64);
    assert_false(nmf_matrix_has_names(matrix, NMF_FEATURE_NAMES));
    nmf_matrix_free(matrix);
}

static void quotes_follow_rfc_4180(void **state)
{
    (void)state;
    nmf_matrix *matrix = array_read_text(
        "csv",
        "id,\"say \"\"x\"\"\",\"two\nlines\"\r\n\"a,b\",\"1.5\",2\r\n\"c\"\"d\",3,\"4\"\r\n");
    assert_int_equal(nmf_matrix_rows(matrix), 2);
    assert_int_equal(nmf_matrix_columns(matrix), 2);
    assert_string_equal(nmf_matrix_name(matrix, NMF_FEATURE_NAMES, 0), "say \"x\"");
    assert_string_equal(nmf_matrix_name(matrix, NMF_FEATURE_NAMES, 1), "two\nlines");
    assert_string_equal(nmf_matrix_name(matrix, NMF_SAMPLE_NAMES, 0), "a,b");
    assert_string_equal(nmf_matrix_name(matrix, NMF_SAMPLE_NAMES, 1), "c\"d");
    assert_true(nmf_matrix_at(matrix, 0, 0) == 1.5 && nmf_matrix_at(matrix, 1, 1) == 4.0);
    nmf_matrix_free(matrix);
}

static void one_column_and_one_row_are_matrices(void **state)
{
    (void)state;
    nmf_matrix *matrix = array_read_text("csv", "1\n2\r\n\n3");
    assert_int_equal(nmf_matrix_rows(matrix), 3);
    assert_int_equal(nmf_matrix_columns(matrix), 1);
    nmf_matrix_free(matrix);
    matrix = array_read_text("csv", " 1 , 2e0 ,+3 ");
    assert_int_equal(nmf_matrix_rows(matrix), 1);
    assert_int_equal(nmf_matrix_columns(matrix), 3);
    assert_true(nmf_matrix_at(matrix, 0, 2) == 3.0);
    nmf_matrix_free(matrix);
}

static void words_for_missing_and_infinite_are_numbers(void **state)
{
    (void)state;
    nmf_matrix *matrix = array_read_text("csv", "1,nan,NaN,NA\ninf,-Inf,Infinity,+INF\n");
    assert_int_equal(nmf_matrix_rows(matrix), 2);
    assert_true(isnan(nmf_matrix_at(matrix, 0, 1)) && isnan(nmf_matrix_at(matrix, 0, 3)));
    assert_true(nmf_matrix_at(matrix, 1, 0) == HUGE_VAL &&
                nmf_matrix_at(matrix, 1, 1) == -HUGE_VAL);
    nmf_matrix_free(matrix);
}

static void errors_name_line_and_column(void **state)
{
    (void)state;
    array_text_fails("csv", "a,b\n1,2\n3,x1\n", NMF_ERROR_FORMAT, ".csv:3:3: 'x1' is not a number");
    array_text_fails("csv", "a,b\n1,2\n3,\n", NMF_ERROR_FORMAT, ".csv:3:3: '' (an empty cell)");
    array_text_fails("csv", "臉,b,c\nü,1,2\nö,3,4x\n", NMF_ERROR_FORMAT, ".csv:3:5: '4x'");
    array_text_fails("csv", "1,2\r\n3,4\r\n5\r\n", NMF_ERROR_FORMAT,
                     ".csv:3:1: this row ends after 1 cells");
    array_text_fails("csv", "1,2\n3,4,5\n", NMF_ERROR_FORMAT, "cells");
    array_text_fails("csv", "1,2\n3,4\n5,6,7\n", NMF_ERROR_FORMAT,
                     ".csv:3:3: this row has more than 2 cells");
    array_text_fails("csv", "1,1e400\n3,4\n", NMF_ERROR_FORMAT, ".csv:1:3: '1e400' is beyond");
    array_text_fails("csv", "1,-1e309\n3,4\n", NMF_ERROR_FORMAT, ".csv:1:3: '-1e309' is beyond");
    array_text_fails("csv", "a,b\n1,\"2\n3,4\n", NMF_ERROR_FORMAT, ".csv:2:3:");
    array_text_fails("csv", "a,b\n1,\"2\"3\n", NMF_ERROR_FORMAT, ".csv:2:3:");
}

static void files_without_numbers_are_refused_in_words(void **state)
{
    (void)state;
    array_text_fails("csv", "", NMF_ERROR_FORMAT, "is empty");
    array_text_fails("csv", "\n\n \n", NMF_ERROR_FORMAT, "has no values");
    array_text_fails("csv", "a,b\n", NMF_ERROR_FORMAT, "a header but no rows");
    array_text_fails("csv", "a\nb\n", NMF_ERROR_FORMAT, "no column of numbers");
    array_text_fails("csv",
                     "\xFF\xFE"
                     "1",
                     NMF_ERROR_UNSUPPORTED, "UTF-16");
    array_text_fails("xyz", "1,2\n3,4\n", NMF_ERROR_UNSUPPORTED, ".npy, .npz, .mat");
}

static void every_prefix_is_safe(void **state)
{
    (void)state;
    static const char *const names[] = {"libreoffice.csv",   "excel.csv",       "pandas.csv",
                                        "r_write_table.txt", "r_write_csv.csv", "genes.tsv",
                                        "savetxt.txt",       "bare.csv"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        array_prefixes_are_safe(names[i], 1, 1);
        array_mutations_are_safe(names[i], 1000);
    }
}

static void is_exactly(const char *text, double wanted)
{
    double value = -7.0;
    if (nmfi_number_parse(text, strlen(text), '.', &value) != NMFI_NUMBER || value != wanted) {
        fail_msg("%s became %.17g, not %.17g", text, value, wanted);
    }
}

static void numbers_are_read_exactly(void **state)
{
    (void)state;
    nmfi_c_locale locale;
    assert_true(nmfi_c_locale_enter(&locale));
    is_exactly("0.1", 0.1);
    is_exactly("9007199254740993", 9007199254740992.0);
    is_exactly("123456789012345678901234567890", 123456789012345678901234567890.0);
    is_exactly("1.7976931348623157e308", 1.7976931348623157e308);
    is_exactly("4.9406564584124654e-324", 4.9406564584124654e-324);
    is_exactly("1e-400", 0.0);
    is_exactly("0e999999999999", 0.0);
    is_exactly("-.5", -0.5);
    is_exactly("5.", 5.0);
    is_exactly("0.000000000000000000000000000000000000000001", 1e-42);
    is_exactly("00000000000000000000000000000012", 12.0);
    uint64_t random = 88172645463325252u;
    for (int i = 0; i < 200000; i++) { /* any finite double, printed and read back */
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        double value;
        char text[40];
        memcpy(&value, &random, sizeof value);
        if (isfinite(value)) {
            snprintf(text, sizeof text, i % 2 == 0 ? "%.17g" : "%.6f",
                     i % 2 == 0 ? value : fmod(value, 1e9));
            is_exactly(text, strtod(text, NULL));
        }
    }
    nmfi_c_locale_leave(&locale);
}

static void other_text_is_no_number(void **state)
{
    (void)state;
    static const char *const words[] = {"",    "-",       ".",    "e5",    "1e",
                                        "1e+", "0x10",    "1,5",  "1.5.2", "1 2",
                                        "--1", "infinit", "nano", "1_000", "١"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        double value;
        assert_int_equal(nmfi_number_parse(words[i], strlen(words[i]), '.', &value),
                         NMFI_NUMBER_NONE);
    }
}

static void the_locale_makes_no_difference(void **state)
{
    (void)state;
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL) {
        print_message("skipped: no German locale here\n");
        return;
    }
    array_golden_is_real("excel.csv", NMF_F64);
    array_golden_is_real("savetxt.txt", NMF_F64);
    assert_string_equal(localeconv()->decimal_point, ",");
    setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spreadsheets_are_read),
        cmocka_unit_test(the_index_of_pandas_is_no_feature),
        cmocka_unit_test(tables_of_r_are_read),
        cmocka_unit_test(tabs_and_bare_numbers_are_read),
        cmocka_unit_test(quotes_follow_rfc_4180),
        cmocka_unit_test(one_column_and_one_row_are_matrices),
        cmocka_unit_test(words_for_missing_and_infinite_are_numbers),
        cmocka_unit_test(errors_name_line_and_column),
        cmocka_unit_test(files_without_numbers_are_refused_in_words),
        cmocka_unit_test(every_prefix_is_safe),
        cmocka_unit_test(numbers_are_read_exactly),
        cmocka_unit_test(other_text_is_no_number),
        cmocka_unit_test(the_locale_makes_no_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
