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
#include <unistd.h>
#include <zlib.h>

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
    array_bytes_fail("xyz", "\1\2\0\3", 4, NMF_ERROR_UNSUPPORTED, ".npy, .npz, .mat");
}

/* What was said while `text` was read. */
static char told[4000];

static void gather(const char *sentence, void *context)
{
    (void)context;
    strncat(told, sentence, 1000);
    strcat(told, "\n");
}

/* Reads `text` with options; the matrix must hold `values` and these names ("a b c"; NULL: none). */
static void is_table(const nmf_io_read_options *options, const char *extension, const char *text,
                     int64_t rows, int64_t columns, const double *values, const char *samples,
                     const char *features)
{
    nmf_io_read_options wanted = options != NULL ? *options : NMF_IO_READ_INIT;
    char path[64];
    nmf_matrix *matrix = NULL;
    nmf_error error = {NMF_OK, ""};
    snprintf(path, sizeof path, "table-%d%s%s", (int)getpid(), extension[0] != '\0' ? "." : "",
             extension);
    array_write_file(path, text, strlen(text));
    told[0] = '\0';
    wanted.note = gather;
    if (nmf_io_read(path, &wanted, &matrix, &error) != NMF_OK) {
        fail_msg("%s\n%s", error.message, text);
    }
    remove(path);
    if (nmf_matrix_rows(matrix) != rows || nmf_matrix_columns(matrix) != columns) {
        fail_msg("%d x %d, not %d x %d:\n%s\n%s", (int)nmf_matrix_rows(matrix),
                 (int)nmf_matrix_columns(matrix), (int)rows, (int)columns, text, told);
    }
    for (int64_t i = 0; i < rows * columns; i++) {
        assert_true(nmf_matrix_at(matrix, i / columns, i % columns) == values[i]);
    }
    for (int which = NMF_SAMPLE_NAMES; which <= NMF_FEATURE_NAMES; which++) {
        const char *names = which == NMF_SAMPLE_NAMES ? samples : features;
        char all[400] = "";
        assert_int_equal(nmf_matrix_has_names(matrix, (nmf_names)which), names != NULL);
        for (int64_t i = 0; names != NULL && i < (which == NMF_SAMPLE_NAMES ? rows : columns);
             i++) {
            snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i > 0 ? " " : "",
                     nmf_matrix_name(matrix, (nmf_names)which, i));
        }
        if (names != NULL) {
            assert_string_equal(all, names);
        }
    }
    nmf_matrix_free(matrix);
}

static const double four[] = {1.5, 2, 3, 4.25};

static void delimiters_are_decided_by_all_records(void **state)
{
    (void)state;
    static const char *const texts[] = {"Protein,S1,S2\nP1;P2,1.5,2\nP3,3,4.25\n",
                                        "Protein,S1,S2\n\"P1;P2\",1.5,2\nP3,3,4.25\n"};
    is_table(NULL, "csv", texts[0], 2, 2, four, "P1;P2 P3", "S1 S2");
    is_table(NULL, "csv", texts[1], 2, 2, four, "P1;P2 P3", "S1 S2");
    is_table(NULL, "csv", "id,\"a;b\",c\n\"d1\",1.5,2\n\"d2\",3,4.25\n", 2, 2, four, "d1 d2",
             "a;b c");
    is_table(NULL, "csv", "id,\"a\tb\",c\n\"d1\",1.5,2\n\"d2\",3,4.25\n", 2, 2, four, "d1 d2",
             "a\tb c");
    static const double two[] = {5, 4};
    is_table(NULL, "csv", "pair,S1\n12;3,5\n7;2,4\n", 2, 1, two, "12;3 7;2", "S1");
    is_table(NULL, "txt", "x|y\n1.5|2\n3|4.25\n", 2, 2, four, NULL, "x y");
    nmf_io_read_options options = NMF_IO_READ_INIT;
    options.delimiter = "tab";
    is_table(&options, "csv", "a,b\tc\n1.5\t2\n3\t4.25\n", 2, 2, four, NULL, "a,b c");
    options.delimiter = "~";
    is_table(&options, "csv", "a~c\n1.5~2\n3~4.25\n", 2, 2, four, NULL, "a c");
}

static void decimal_commas_are_found_and_doubts_are_asked_about(void **state)
{
    (void)state;
    is_table(NULL, "csv", "x;y\n1,5;2\n3;4,25\n", 2, 2, four, NULL, "x y");
    is_table(NULL, "csv", "x;y\n1.5;2\n3;4.25\n", 2, 2, four, NULL, "x y");
    is_table(NULL, "tsv", "x\ty\n1,5\t2\n3\t4,25\n", 2, 2, four, NULL, "x y");
    array_text_fails("tsv", "x\ty\n1,500\t2\n3\t4,250\n", NMF_ERROR_FORMAT, "--decimal ,");
    nmf_io_read_options options = NMF_IO_READ_INIT;
    options.decimal = ",";
    is_table(&options, "tsv", "x\ty\n1,500\t2\n3\t4,250\n", 2, 2, four, NULL, "x y");
}

static void headers_are_decided_with_evidence(void **state)
{
    (void)state;
    static const double six[] = {1, 2, 3, 1.5, 2, 3};
    static const double rest[] = {.5, .25, .125, .75, .5, .25};
    /* a first record of a name and numbers is a sample, unless its word or its numbers say more */
    is_table(NULL, "csv", "s1,1,2,3\ns2,1.5,2,3\n", 2, 3, six, "s1 s2", NULL);
    assert_non_null(strstr(told, "has no header"));
    is_table(NULL, "csv", "sample,400,402,404\ns1,.5,.25,.125\ns2,.75,.5,.25\n", 2, 3, rest,
             "s1 s2", "400 402 404");
    is_table(NULL, "csv", "spectra,400,402,404\ns1,.5,.25,.125\ns2,.75,.5,.25\n", 2, 3, rest,
             "s1 s2", "400 402 404");
    is_table(NULL, "csv", ",400,402,404\ns1,.5,.25,.125\ns2,.75,.5,.25\n", 2, 3, rest, "s1 s2",
             "400 402 404");
    is_table(NULL, "csv", ",7,9,4\n10,.5,.25,.125\n11,.75,.5,.25\n", 2, 3, rest, "10 11", "7 9 4");
    is_table(NULL, "csv", ",0,1,2\n10,.5,.25,.125\n11,.75,.5,.25\n", 2, 3, rest, "10 11", NULL);
    nmf_io_read_options options = NMF_IO_READ_INIT;
    options.header = NMF_IO_HEADER_YES;
    static const double second[] = {1.5, 2, 3};
    is_table(&options, "csv", "s1,1,2,3\ns2,1.5,2,3\n", 1, 3, second, "s2", "1 2 3");
    options.header = NMF_IO_HEADER_NO;
    static const double all[] = {400, 402, 404, .5, .25, .125, .75, .5, .25};
    is_table(&options, "csv", "sample,400,402,404\ns1,.5,.25,.125\ns2,.75,.5,.25\n", 3, 3, all,
             "sample s1 s2", NULL);
    static const double wide[] = {.1, .2, .3, .4, .2, .5, .4, .3, .2, .1};
    is_table(NULL, "csv", "400,410,420,430,440\n.1,.2,.3,.4,.2\n.5,.4,.3,.2,.1\n", 2, 5, wide, NULL,
             "400 410 420 430 440");
}

static void names_of_samples_are_found_or_told(void **state)
{
    (void)state;
    is_table(NULL, "csv", "gene_id,S1,S2\n101,1.5,2\n102,3,4.25\n", 2, 2, four, "101 102", "S1 S2");
    assert_non_null(strstr(told, "taken as names of the samples"));
    nmf_io_read_options options = NMF_IO_READ_INIT;
    options.index = "none";
    static const double six[] = {101, 1.5, 2, 102, 3, 4.25};
    is_table(&options, "csv", "gene_id,S1,S2\n101,1.5,2\n102,3,4.25\n", 2, 3, six, NULL,
             "gene_id S1 S2");
    options.index = "2";
    static const double other[] = {101, 2, 102, 4.25};
    is_table(&options, "csv", "a,b,c\n101,7,2\n102,8,4.25\n", 2, 2, other, "7 8", "a c");
    options.index = "c";
    is_table(&options, "csv", "a,b,c\n1.5,2,x\n3,4.25,y\n", 2, 2, four, "x y", "a b");
    /* names in two columns that only together tell the samples apart (mutational signatures) */
    static const double counts[] = {5, 6, 7, 8, 9, 10, 11, 12};
    is_table(NULL, "csv",
             "Type,Context,P1,P2\nC>A,ACA,5,6\nC>A,ACC,7,8\nC>T,ACA,9,10\nC>T,ACC,11,12\n", 4, 2,
             counts, "C>A ACA C>A ACC C>T ACA C>T ACC", "P1 P2");
    /* a gene's identifier and its symbol */
    is_table(NULL, "csv", "id,symbol,P1,P2\nE1,ABC,1.5,2\nE2,ABC,3,4.25\n", 2, 2, four, "E1 E2",
             "P1 P2");
    assert_non_null(strstr(told, "'symbol'"));
    /* a column of classes behind the numbers */
    is_table(NULL, "csv", "x,y,species\n1.5,2,setosa\n3,4.25,setosa\n", 2, 2, four, NULL, "x y");
    assert_non_null(strstr(told, "'species'"));
}

static void annotation_is_left_out(void **state)
{
    (void)state;
    is_table(NULL, "txt",
             "# Program:featureCounts v2.0.1; Command:\"featureCounts\" \"-a\" \"x.gtf\"\n"
             "Geneid\tChr\tStart\tEnd\tStrand\tLength\ta.bam\tb.bam\n"
             "G1\t1\t10\t20\t+\t11\t1.5\t2\nG2\t1;1\t30;50\t40;60\t+;+\t22\t3\t4.25\n",
             2, 2, four, "G1 G2", "a.bam b.bam");
    is_table(NULL, "gct",
             "#1.2\n2\t2\nName\tDescription\tS1\tS2\nG1\tfirst\t1.5\t2\nG2\tna\t3\t4.25\n", 2, 2,
             four, "G1 G2", "S1 S2");
    is_table(
        NULL, "gct",
        "#1.3\n2\t2\t1\t1\nid\tsymbol\tS1\tS2\ncell\tna\tA\tB\nG1\tx\t1.5\t2\nG2\ty\t3\t4.25\n", 2,
        2, four, "G1 G2", "S1 S2");
}

static void comments_are_no_records_and_may_be_headers(void **state)
{
    (void)state;
    is_table(NULL, "csv", "# a,b\n1.5,2\n3,4.25\n", 2, 2, four, NULL, "a b");
    is_table(NULL, "txt",
             "# Constructed from biom file\n#OTU ID\tS1\tS2\nO1\t1.5\t2\nO2\t3\t4.25\n", 2, 2, four,
             "O1 O2", "S1 S2");
    is_table(NULL, "csv", "# made today\n1.5,2\n3,4.25\n", 2, 2, four, NULL, NULL);
    nmf_io_read_options options = NMF_IO_READ_INIT;
    options.comment = "//";
    is_table(&options, "csv", "// one\nx,y\n1.5,2\n// two\n3,4.25\n", 2, 2, four, NULL, "x y");
}

static void long_tables_are_recognised_or_asked_about(void **state)
{
    (void)state;
    static const double table[] = {1, 2, 0, 3, 0, 4};
    is_table(NULL, "csv", "doc,word,n\nd1,a,1\nd1,b,2\nd2,a,3\nd2,c,4\n", 2, 3, table, "d1 d2",
             "a b c");
    assert_non_null(strstr(told, "long table"));
    array_text_fails("csv", "doc,word,n\n1,1,1\n1,2,2\n2,1,3\n2,3,4\n", NMF_ERROR_ARGUMENT,
                     "--long");
    /* ratings with their times, with and without a header */
    array_text_fails("csv",
                     "userId,movieId,rating,timestamp\n1,10,5,964982703\n1,11,3.5,964982704\n"
                     "2,10,4,964982705\n2,12,1,964982706\n",
                     NMF_ERROR_ARGUMENT, "one entry a line with its time");
    array_text_fails("data",
                     "196\t242\t3\t881250949\n196\t302\t3\t891717742\n22\t242\t1\t878887116\n"
                     "22\t377\t1\t880606923\n",
                     NMF_ERROR_ARGUMENT, "one entry a line with its time");
    static const double measured[] = {1, 10, 5, 96, 1, 11, 3, 97, 2, 10, 4, 98, 2, 12, 1, 99};
    is_table(NULL, "csv", "a,b,c,d\n1,10,5,96\n1,11,3,97\n2,10,4,98\n2,12,1,99\n", 4, 4, measured,
             NULL, "a b c d");
    nmf_io_read_options options = NMF_IO_READ_INIT;
    options.is_long = 1;
    is_table(&options, "csv", "doc,word,n\n1,1,1\n1,2,2\n2,1,3\n2,3,4\n", 2, 3, table, "1 2",
             "1 2 3");
    is_table(&options, "txt", "1 1 1\n1 2 1\n2 1 3\n2 3 4\n1 2 1\n", 2, 3, table, "1 2", "1 2 3");
    assert_non_null(strstr(told, "added up"));
    options.is_long = 0;
    options.index = "none";
    static const double plain[] = {1, 1, 1, 1, 2, 2, 2, 1, 3, 2, 3, 4};
    is_table(&options, "csv", "doc,word,n\n1,1,1\n1,2,2\n2,1,3\n2,3,4\n", 4, 3, plain, NULL,
             "doc word n");
}

static void any_name_and_any_encoding_will_do(void **state)
{
    (void)state;
    is_table(NULL, "all", "x\ty\n1.5\t2\n3\t4.25\n", 2, 2, four, NULL, "x y");
    is_table(NULL, "", "x\ty\n1.5\t2\n3\t4.25\n", 2, 2, four, NULL, "x y");
    is_table(NULL, "csv", "\xEF\xBB\xBFx,y\n1.5,2\n3,4.25\n", 2, 2, four, NULL, "x y");
    is_table(NULL, "csv", "\xE9t\xE9,y\n1.5,2\n3,4.25\n", 2, 2, four, NULL, "été y");
    assert_non_null(strstr(told, "Latin-1"));
    static const char wide[] = "\xFF\xFEx\0,\0y\0\n\0"
                               "1\0,\0"
                               "2\0\n\0";
    array_write_file("wide.csv", wide, sizeof wide - 1);
    nmf_matrix *matrix = array_read("wide.csv");
    assert_string_equal(nmf_matrix_name(matrix, NMF_FEATURE_NAMES, 1), "y");
    assert_true(nmf_matrix_at(matrix, 0, 1) == 2.0);
    nmf_matrix_free(matrix);
    remove("wide.csv");
    gzFile zipped = gzopen("counts.zip.txt.gz", "wb");
    assert_true(gzputs(zipped, "x,y\n1.5,2\n3,4.25\n") > 0);
    assert_int_equal(gzclose(zipped), Z_OK);
    matrix = array_read("counts.zip.txt.gz");
    assert_true(nmf_matrix_at(matrix, 1, 1) == 4.25);
    nmf_matrix_free(matrix);
    remove("counts.zip.txt.gz");
}

static void what_is_not_read_is_called_by_its_name(void **state)
{
    (void)state;
    static const struct {
        const char *extension, *bytes;
        size_t count;
        const char *fragment;
    } files[] = {
        {"xlsx", "PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0[Content_Types].xml", 39, "Excel workbook"},
        {"tif", "II*\0\x08\0\0\0", 8, "TIFF"},
        {"wav", "RIFF\x24\0\0\0WAVEfmt ", 16, "spectrogram"},
        {"rds", "X\n\0\0\0\3", 6, "Matrix::writeMM"},
        {"fits", "SIMPLE  =                    T", 30, "FITS"},
        {"parquet", "PAR1\x15\4\x15\0", 8, "Parquet"},
        {"pkl", "\x80\4\x95\0", 4, "numpy.save"}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        array_bytes_fail(files[i].extension, files[i].bytes, files[i].count, NMF_ERROR_UNSUPPORTED,
                         files[i].fragment);
    }
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

/* What a spreadsheet shows is not always a number; all of a column that is so is neither names nor to be left out. */
static void numbers_in_another_writing_are_no_names(void **state)
{
    (void)state;
    static const char *const texts[] = {"a,b\n\"1,234\",5\n\"2,000\",6\n",
                                        "a\tb\n1'234'567.5\t5\n12'000\t6\n",
                                        "a,b\n10%,5\n2.5%,6\n",
                                        "a,b\n$10,5\n$2.50,6\n",
                                        "id,a,b\ns,5,\"1,234\"\nt,6,\"2,345\"\n",
                                        "a;b\n\xE2\x82\xAC"
                                        "10;5\n\xE2\x82\xAC"
                                        "7;6\n",
                                        "a,b\n1.5D+00,5\n-0.25D-01,6\n",
                                        "a;b\n1 234;5\n2 345,5;6\n",
                                        "a;b\n1\xC2\xA0"
                                        "234;5\n12\xC2\xA0"
                                        "345;6\n",
                                        "a;b\n1.234,5;5\n2.345.678;6\n",
                                        "a,b\n\"1,5\",5\n\"0,25\",6\n",
                                        "a,b\n5 %,5\n12.5 %,6\n",
                                        "a,b\n5 \xE2\x82\xAC,5\n12.50\xE2\x82\xAC,6\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        array_text_fails("csv", texts[i], NMF_ERROR_FORMAT,
                         "is a number with separators of thousands");
    }
    static const char *const names[] = {
        "id,b\n\"1,23\",5\n\"2,00\",6\n", "id,b\n1-234,5\n2-000,6\n",
        "id,b\n100%A,5\n%,6\n",           "id,b\n$x,5\n$,6\n",
        "well,b\n1D2,5\n1D3,6\n",         "when,b\n10.03.2020,5\n2020.03.11,6\n",
        "at,b\n1 2345,5\n12 34,6\n"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        nmf_matrix *matrix = array_read_text("csv", names[i]);
        assert_int_equal(nmf_matrix_columns(matrix), 1);
        assert_true(nmf_matrix_has_names(matrix, NMF_SAMPLE_NAMES));
        nmf_matrix_free(matrix);
    }
    nmf_io_read_options options = NMF_IO_READ_INIT; /* unless they are said to be names */
    nmf_matrix *matrix;
    nmf_error error;
    options.index = "1";
    array_write_file("x.csv", texts[0], strlen(texts[0]));
    assert_int_equal(nmf_io_read("x.csv", &options, &matrix, &error), NMF_OK);
    assert_string_equal(nmf_matrix_name(matrix, NMF_SAMPLE_NAMES, 0), "1,234");
    nmf_matrix_free(matrix);
    unlink("x.csv");
}

/* R's write.table: the header has one cell less, and there is nothing above the first column. */
static void a_column_without_a_heading_is_no_feature(void **state)
{
    (void)state;
    static const char *const wanted[] = {"none", "2", "b"};
    array_write_file("r.csv", "a,b\n1,2,3\n4,5,6\n", 16);
    for (int i = 0; i < 3; i++) {
        nmf_io_read_options options = NMF_IO_READ_INIT;
        nmf_matrix *matrix;
        nmf_error error;
        options.index = wanted[i];
        assert_int_equal(nmf_io_read("r.csv", &options, &matrix, &error), NMF_ERROR_ARGUMENT);
        assert_non_null(strstr(error.message, "its header has one cell less than its rows"));
    }
    unlink("r.csv");
}

static void years_above_numbers_are_a_header(void **state)
{
    (void)state;
    nmf_matrix *matrix =
        array_read_text("csv", "country,1990,1991,1992\nFR,1,2,3\nDE,4,5,6\nIT,7,8,9\n");
    assert_int_equal(nmf_matrix_rows(matrix), 3);
    assert_string_equal(nmf_matrix_name(matrix, NMF_FEATURE_NAMES, 0), "1990");
    nmf_matrix_free(matrix);
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
        cmocka_unit_test(delimiters_are_decided_by_all_records),
        cmocka_unit_test(decimal_commas_are_found_and_doubts_are_asked_about),
        cmocka_unit_test(headers_are_decided_with_evidence),
        cmocka_unit_test(names_of_samples_are_found_or_told),
        cmocka_unit_test(annotation_is_left_out),
        cmocka_unit_test(comments_are_no_records_and_may_be_headers),
        cmocka_unit_test(long_tables_are_recognised_or_asked_about),
        cmocka_unit_test(any_name_and_any_encoding_will_do),
        cmocka_unit_test(what_is_not_read_is_called_by_its_name),
        cmocka_unit_test(every_prefix_is_safe),
        cmocka_unit_test(numbers_are_read_exactly),
        cmocka_unit_test(other_text_is_no_number),
        cmocka_unit_test(the_locale_makes_no_difference),
        cmocka_unit_test(numbers_in_another_writing_are_no_names),
        cmocka_unit_test(a_column_without_a_heading_is_no_feature),
        cmocka_unit_test(years_above_numbers_are_a_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
