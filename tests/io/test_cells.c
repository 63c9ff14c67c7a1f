/* Cells x genes and documents x words as other programs leave them: .h5ad of anndata in both
 * encodings, cellranger's .h5 and folders of versions 2 and 3 (written by h5py, see
 * make_golden.py), bags of words, SVMlight. */
#include "array_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define MTX "%%MatrixMarket matrix coordinate integer general\n"

/* 3 x 4, every other entry 1.25 (4 i + j) + 0.5 where `real`, else 7 (4 i + j). */
static void is_thin(const nmf_matrix *matrix, int real)
{
    assert_true(nmf_matrix_is_sparse(matrix));
    assert_int_equal(nmf_matrix_rows(matrix), 3);
    for (int i = 0; i < 12; i++) {
        const double value = real ? 1.25 * i + 0.5 : 7.0 * i;
        assert_true(nmf_matrix_at(matrix, i / 4, i % 4) == ((i / 4 + i) % 2 == 0 ? value : 0.0));
    }
}

static void has_cells_and_genes(const nmf_matrix *matrix)
{
    assert_string_equal(nmf_matrix_name(matrix, NMF_SAMPLE_NAMES, 0), "AAAC-1");
    assert_string_equal(nmf_matrix_name(matrix, NMF_SAMPLE_NAMES, 1), "bü-1");
    assert_string_equal(nmf_matrix_name(matrix, NMF_SAMPLE_NAMES, 2), "臉-1");
    assert_string_equal(nmf_matrix_name(matrix, NMF_FEATURE_NAMES, 3), "GAPDH");
}

static void hdf5_of_every_kind_is_read_with_its_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int real;
        nmf_dtype dtype;
    } files[] = {{"new.h5ad", 1, NMF_F32},
                 {"new.h5ad:X", 1, NMF_F32},
                 {"old.h5ad", 1, NMF_F64},
                 {"new.h5ad:layers/counts", 0, NMF_U8},
                 {"cellranger3.h5", 0, NMF_U8},
                 {"cellranger2.h5", 0, NMF_U8},
                 {"cellranger2.h5:GRCh38", 0, NMF_U8}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        nmf_matrix *matrix = array_read_golden(files[i].name);
        is_thin(matrix, files[i].real);
        assert_int_equal(nmf_matrix_dtype(matrix), files[i].dtype);
        assert_int_equal(nmf_matrix_columns(matrix), 4);
        has_cells_and_genes(matrix);
        nmf_matrix_free(matrix);
    }
    nmf_matrix *matrix = array_read_golden("dense.h5ad");
    array_is_real(matrix, NMF_F64);
    has_cells_and_genes(matrix);
    nmf_matrix_free(matrix);
    matrix = array_read_golden("new.h5ad:raw/X");
    is_thin(matrix, 0);
    assert_string_equal(nmf_matrix_name(matrix, NMF_FEATURE_NAMES, 7), "GAPDH-2");
    nmf_matrix_free(matrix);
}

static void labels_come_from_a_column_of_obs(void **state)
{
    (void)state;
    char path[1024];
    nmf_error error = {NMF_OK, ""};
    nmf_matrix *matrix = array_read_golden("new.h5ad");
    snprintf(path, sizeof path, "%s", array_golden("new.h5ad:obs/kind"));
    assert_int_equal(nmf_io_read_names(path, matrix, NMF_LABELS, &error), NMF_OK);
    assert_string_equal(nmf_matrix_name(matrix, NMF_LABELS, 0), "B");
    assert_string_equal(nmf_matrix_name(matrix, NMF_LABELS, 1), "T");
    snprintf(path, sizeof path, "%s", array_golden("new.h5ad:obs/nothing"));
    assert_int_equal(nmf_io_read_names(path, matrix, NMF_LABELS, &error), NMF_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "is not a list of names"));
    snprintf(path, sizeof path, "%s", array_golden("new.h5ad:obs/_index"));
    assert_int_equal(nmf_io_read_names(path, matrix, NMF_FEATURE_NAMES, &error), NMF_ERROR_SHAPE);
    assert_non_null(strstr(error.message, "has 3 names; there are 4 features"));
    nmf_matrix_free(matrix);
}

static void hdf5_that_is_no_matrix_is_refused(void **state)
{
    (void)state;
    array_golden_fails("new.h5ad:layers/none", NMF_ERROR_ARGUMENT,
                       "has no 'layers/none'; it has: X, layers, obs, raw, var");
    array_golden_fails("new.h5ad:obs", NMF_ERROR_UNSUPPORTED, "'obs' is no matrix");
    array_golden_fails("new.h5ad:var/_index", NMF_ERROR_FORMAT, "does not hold numbers");
    array_golden_fails("new.h5ad:X/data", NMF_ERROR_SHAPE, "has 1 dimensions");
    array_golden_fails("huge.h5ad", NMF_ERROR_FORMAT,
                       "claims 1000000 x 1000000 values, but only 0 bytes are stored");
    array_golden_fails("elsewhere.h5ad", NMF_ERROR_ARGUMENT, "has neither X");
    array_golden_fails("elsewhere.h5ad:X", NMF_ERROR_ARGUMENT, "has no 'X'");
    array_bytes_fail("h5ad", "\x89HDF\r\n\x1a\n", 8, NMF_ERROR_FORMAT, "damaged or cut off");
}

/* HDF5 itself reads what is left; it must be a sentence, and nothing on the terminal. */
static void read_cut_hdf5(void)
{
    array_prefixes_are_safe("new.h5ad", 499, 0);
    array_prefixes_are_safe("old.h5ad", 97, 0);
    array_prefixes_are_safe("cellranger3.h5", 97, 0);
}

static void cut_hdf5_is_refused_in_silence(void **state)
{
    (void)state;
    array_reads_in_silence(read_cut_hdf5);
}

/* --- folders --------------------------------------------------------------------------------- */

static void write_text(const char *path, const char *text)
{
    array_write_file(path, text, strlen(text));
}

static void empty_folder(const char *const *files)
{
    for (int i = 0; files[i] != NULL; i++) {
        unlink(files[i]);
    }
    assert_int_equal(rmdir("cells"), 0);
}

static void cellrangers_folders_are_read_as_cells_by_genes(void **state)
{
    (void)state;
    static const char *const files[] = {"cells/matrix.mtx", "cells/barcodes.tsv",
                                        "cells/features.tsv", "cells/genes.tsv", NULL};
    assert_int_equal(mkdir("cells", 0777), 0);
    write_text(files[0], MTX "%cellranger\n4 3 5\n3 1 14\n2 2 35\n4 2 49\n1 3 56\n3 3 70\n");
    write_text(files[1], "AAAC-1\nbü-1\n臉-1\n");
    for (int version = 2; version <= 3; version++) {
        write_text(files[version == 3 ? 2 : 3],
                   version == 3 ? "E1\tTP53\tGene Expression\nE2\tMYC\tGene Expression\n"
                                  "E3\tCD3D\tGene Expression\nE4\tGAPDH\tGene Expression\n"
                                : "E1\tTP53\nE2\tMYC\nE3\tCD3D\nE4\tGAPDH\n");
        nmf_matrix *matrix = array_read(version == 3 ? "cells" : "cells/");
        is_thin(matrix, 0);
        has_cells_and_genes(matrix);
        nmf_matrix_free(matrix);
    }
    write_text(files[1], "AAAC-1\n");
    array_read_fails("cells", NMF_ERROR_SHAPE, "barcodes.tsv: has 1 lines; there are 3 samples");
    unlink(files[1]);
    nmf_matrix *matrix = array_read("cells"); /* without barcodes there are no names of cells */
    assert_false(nmf_matrix_has_names(matrix, NMF_SAMPLE_NAMES));
    nmf_matrix_free(matrix);
    array_read_fails("cells:X", NMF_ERROR_ARGUMENT, "which has no member");
    empty_folder(files);
}

/* What the programs call the three files, and how each writes them. The matrix is is_thin's, genes x cells by
 * cellranger and STARsolo, cells x genes by the others. */
static const char by_genes[] = MTX "4 3 5\n3 1 14\n2 2 35\n4 2 49\n1 3 56\n3 3 70\n";
static const char by_cells[] = MTX "3 4 5\n1 3 14\n2 2 35\n2 4 49\n3 1 56\n3 3 70\n";
static const char barcodes[] = "AAAC-1\nbü-1\n臉-1\n", genes[] = "TP53\nMYC\nCD3D\nGAPDH\n";
static const char table_of_genes[] = "E1\tTP53\nE2\tMYC\nE3\tCD3D\nE4\tGAPDH\n";
static const char parse_genes[] =
    "gene_id,gene_name,genome\nE1,TP53,hg38\nE2,MYC,hg38\nE3,CD3D,hg38\nE4,GAPDH,hg38\n";
static const char parse_cells[] =
    "bc_wells,sample,species\nAAAC-1,s1,hg38\nbü-1,s1,hg38\n臉-1,s2,hg38\n";

static const struct {
    const char *matrix, *cells, *features;
    const char *matrix_text, *cells_text, *features_text;
} programs[] = {
    {"GSM1_mock_matrix.mtx", "GSM1_mock_barcodes.tsv", "GSM1_mock_features.tsv", by_genes, barcodes,
     table_of_genes},
    {"GSM1_mock_matrix.mtx", "GSM1_mock_barcodes.tsv", "GSM1_mock_genes.tsv", by_genes, barcodes,
     table_of_genes},
    {"GSM2.matrix.mtx", "GSM2.barcodes.tsv", "GSM2.genes.tsv", by_genes, barcodes, table_of_genes},
    {"cells_x_genes.mtx", "cells_x_genes.barcodes.txt", "cells_x_genes.genes.txt", by_cells,
     barcodes, genes},
    {"cells_x_genes.mtx", "cells_x_genes.barcodes.txt", "cells_x_genes.genes.names.txt", by_cells,
     barcodes, genes},
    {"DGE.mtx", "cell_metadata.csv", "all_genes.csv", by_cells, parse_cells, parse_genes},
    {"DGE.mtx", "cell_metadata.csv", "genes.csv", by_cells, parse_cells, parse_genes},
    {"count_matrix.mtx", "cell_metadata.csv", "all_genes.csv", by_cells, parse_cells, parse_genes},
    {"quants_mat.mtx", "quants_mat_rows.txt", "quants_mat_cols.txt", by_cells, barcodes, genes},
};

static const char *in_cells(const char *name, char *path)
{
    snprintf(path, 256, "cells/%s", name);
    return path;
}

static void expect_cells(const char *path)
{
    nmf_matrix *matrix = array_read(path);
    is_thin(matrix, 0);
    has_cells_and_genes(matrix);
    nmf_matrix_free(matrix);
}

static void each_programs_names_of_files_are_known(void **state)
{
    (void)state;
    char path[3][256];
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        assert_int_equal(mkdir("cells", 0777), 0);
        write_text(in_cells(programs[i].matrix, path[0]), programs[i].matrix_text);
        write_text(in_cells(programs[i].cells, path[1]), programs[i].cells_text);
        write_text(in_cells(programs[i].features, path[2]), programs[i].features_text);
        expect_cells("cells");
        expect_cells(path[0]); /* the matrix itself */
        if (i == 0) {          /* another sample in the same folder: which is meant is asked */
            write_text("cells/GSM9_matrix.mtx", by_genes);
            write_text("cells/GSM9_barcodes.tsv", barcodes);
            write_text("cells/GSM9_genes.tsv", table_of_genes);
            array_read_fails("cells", NMF_ERROR_ARGUMENT,
                             "holds 2 matrices of cells x genes; name one");
            expect_cells("cells/GSM9_matrix.mtx");
            unlink("cells/GSM9_matrix.mtx");
            unlink("cells/GSM9_barcodes.tsv");
            unlink("cells/GSM9_genes.tsv");
        }
        const char *const files[] = {path[0], path[1], path[2], NULL};
        empty_folder(files);
    }
}

/* Some programs write the matrix the other way round; the numbers of names tell. */
static void which_side_is_the_cells_is_told_by_their_number(void **state)
{
    (void)state;
    static const char *const files[] = {"cells/matrix.mtx", "cells/barcodes.tsv", "cells/genes.tsv",
                                        NULL};
    assert_int_equal(mkdir("cells", 0777), 0);
    write_text(files[0], by_cells);
    write_text(files[1], barcodes);
    write_text(files[2], table_of_genes);
    expect_cells("cells");
    unlink(files[1]);
    unlink(files[2]);
    write_text(files[0], by_genes); /* alone: as cellranger writes it */
    nmf_matrix *matrix = array_read("cells");
    is_thin(matrix, 0);
    nmf_matrix_free(matrix);
    empty_folder(files);
}

/* --- bags of words --------------------------------------------------------------------------- */

static void bags_of_words_are_read_with_their_words(void **state)
{
    (void)state;
    write_text("docword.test.txt", "3\n4\n5\n1 3 14\n2 2 35\n2 4 49\n3 1 56\n3 3 70\n");
    write_text("vocab.test.txt", "TP53\nMYC\nCD3D\nGAPDH\n");
    nmf_matrix *matrix = array_read("docword.test.txt");
    is_thin(matrix, 0);
    assert_int_equal(nmf_matrix_dtype(matrix), NMF_U8);
    assert_string_equal(nmf_matrix_name(matrix, NMF_FEATURE_NAMES, 1), "MYC");
    nmf_matrix_free(matrix);
    unlink("vocab.test.txt");
    unlink("docword.test.txt");
}

static void wrong_bags_of_words_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *fragment;
    } wrong[] = {{"3\n4\n2\n1 3 14\n", "ends after 1 of 2 entries"},
                 {"3\n4\n1\n4 1 1\n", ":4: '4' is not a whole number from 1 to 3"},
                 {"3\n4\n1\n1 5 1\n", ":4: '5' is not a whole number from 1 to 4"},
                 {"3\n4\n1\n1 1 0\n", "'0' is not a whole number from 1 to"},
                 {"3\n4\n1\n1 1 1\n2 2 2\n", ":5: '2' follows the last entry"},
                 {"3\n4\n9000000\n1 1 1\n", "promises 9000000 entries, more than its bytes"},
                 {"0\n4\n1\n1 1 1\n", ":1: '0' is not a whole number from 1"},
                 {"3\n99999999999999999999\n1\n1 1 1\n", ":2: '99999999999999999999' is not"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        array_text_fails("txt", wrong[i].text, NMF_ERROR_FORMAT, wrong[i].fragment);
    }
}

/* --- SVMlight -------------------------------------------------------------------------------- */

static void svmlight_keeps_its_labels(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "# made by hand\n1 3:14 # first\n-1 2:35 4:49\r\n\n+1 1:56 3:70\n", /* from 1 */
        "1 qid:7 2:14\n-1 qid:7 1:35 3:49\n+1 qid:8 0:56 2:70",             /* from 0 */
    };
    for (int i = 0; i < 2; i++) {
        nmf_matrix *matrix = array_read_text("svmlight", texts[i]);
        is_thin(matrix, 0);
        assert_int_equal(nmf_matrix_columns(matrix), 4);
        assert_string_equal(nmf_matrix_name(matrix, NMF_LABELS, 0), "1");
        assert_string_equal(nmf_matrix_name(matrix, NMF_LABELS, 1), "-1");
        assert_string_equal(nmf_matrix_name(matrix, NMF_LABELS, 2), "+1");
        nmf_matrix_free(matrix);
    }
    nmf_matrix *matrix = array_read_text("txt", "1,3 1:0.5\n2\n0 2:1e-3\n");
    assert_int_equal(nmf_matrix_rows(matrix), 3);
    assert_int_equal(nmf_matrix_dtype(matrix), NMF_F64);
    assert_string_equal(nmf_matrix_name(matrix, NMF_LABELS, 0), "1,3");
    assert_true(nmf_matrix_at(matrix, 2, 1) == 1e-3 && nmf_matrix_at(matrix, 1, 0) == 0);
    nmf_matrix_free(matrix);
}

/* --- LDA-C, which looks like SVMlight ---------------------------------------------------------- */

static void read_as(const char *format, const char *text, nmf_matrix **matrix)
{
    nmf_io_read_options options = NMF_IO_READ_INIT;
    nmf_error error = {NMF_OK, ""};
    options.format = format;
    write_text("counts.dat", text);
    if (nmf_io_read("counts.dat", &options, matrix, &error) != NMF_OK) {
        fail_msg("%s", error.message);
    }
    unlink("counts.dat");
}

/* Every line of LDA-C begins with the number of its pairs: that is no label, and features count from 0. */
static void ldac_is_told_from_svmlight(void **state)
{
    (void)state;
    static const char lda[] = "1 2:14\n2 1:35 3:49\n2 0:56 2:70\n";
    nmf_matrix *matrix;
    for (int said = 0; said < 2; said++) {
        read_as(said ? "ldac" : NULL, lda, &matrix);
        is_thin(matrix, 0);
        assert_int_equal(nmf_matrix_columns(matrix), 4);
        assert_false(nmf_matrix_has_names(matrix, NMF_LABELS));
        assert_string_equal(nmf_matrix_name(matrix, NMF_FEATURE_NAMES, 0), "0");
        nmf_matrix_free(matrix);
    }
    /* Documents of as many words each: the name of the file tells. */
    matrix = array_read_text("ldac", "2 1:14 2:3\n2 1:35 3:49\n2 2:56 3:70\n");
    assert_int_equal(nmf_matrix_columns(matrix), 4);
    assert_false(nmf_matrix_has_names(matrix, NMF_LABELS));
    assert_true(nmf_matrix_at(matrix, 2, 3) == 70);
    nmf_matrix_free(matrix);
    write_text("vocab.txt",
               genes); /* Blei's own name for the words, in the order of their numbers */
    read_as(NULL, lda, &matrix);
    assert_string_equal(nmf_matrix_name(matrix, NMF_FEATURE_NAMES, 3), "GAPDH");
    nmf_matrix_free(matrix);
    unlink("vocab.txt");
}

/* Labels that only happen to look so: all the same, not counts, not on every line, or because the caller says so. */
static void svmlight_is_not_taken_for_ldac(void **state)
{
    (void)state;
    static const struct {
        const char *format, *text, *label;
    } texts[] = {
        {NULL, "2 1:14 2:1\n2 1:35 3:49\n",
         "2"},                                 /* one class, which is 2, of lines with two pairs */
        {NULL, "1 2:0.5\n2 1:35 3:49\n", "1"}, /* no counts */
        {NULL, "1 2:14\n2 1:35 3:49\n1 1:1 2:2\n", "1"}, /* the last line has two pairs */
        {NULL, "+1 2:14\n2 1:35 3:49\n", "+1"},          /* no number of pairs is written so */
        {"svmlight", "1 2:14\n2 1:35 3:49\n", "1"},
    };
    nmf_matrix *matrix;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        read_as(texts[i].format, texts[i].text, &matrix);
        assert_true(nmf_matrix_has_names(matrix, NMF_LABELS));
        assert_string_equal(nmf_matrix_name(matrix, NMF_LABELS, 0), texts[i].label);
        assert_string_equal(nmf_matrix_name(matrix, NMF_FEATURE_NAMES, 0), "1");
        nmf_matrix_free(matrix);
    }
}

static void ldac_that_miscounts_is_refused(void **state)
{
    (void)state;
    nmf_io_read_options options = NMF_IO_READ_INIT;
    nmf_matrix *matrix;
    nmf_error error = {NMF_OK, ""};
    options.format = "ldac";
    write_text("counts.dat", "1 2:14\n3 1:35 3:49\n");
    assert_int_equal(nmf_io_read("counts.dat", &options, &matrix, &error), NMF_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "line 2 does not begin with the number of its pairs"));
    unlink("counts.dat");
}

static void wrong_svmlight_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *fragment;
    } wrong[] = {{"1 1:2\nspam 1:2\n", ":2: 'spam' is not a label"},
                 {"1 1:2 x\n", ":1: 'x' is not index:value"},
                 {"1 1:2 3:\n", ":1: '3:' has no number behind the colon"},
                 {"1 1:2 2147483647:1\n", "'2147483647:1' is not index:value with an index below"},
                 {"1 1:2 -3:1\n", "'-3:1' is not index:value"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        array_text_fails("svm", wrong[i].text, NMF_ERROR_FORMAT, wrong[i].fragment);
    }
    array_text_fails("svm", "1\n2\n", NMF_ERROR_SHAPE, "is empty: 2 x 0 values");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hdf5_of_every_kind_is_read_with_its_names),
        cmocka_unit_test(labels_come_from_a_column_of_obs),
        cmocka_unit_test(hdf5_that_is_no_matrix_is_refused),
        cmocka_unit_test(cut_hdf5_is_refused_in_silence),
        cmocka_unit_test(cellrangers_folders_are_read_as_cells_by_genes),
        cmocka_unit_test(each_programs_names_of_files_are_known),
        cmocka_unit_test(which_side_is_the_cells_is_told_by_their_number),
        cmocka_unit_test(bags_of_words_are_read_with_their_words),
        cmocka_unit_test(wrong_bags_of_words_are_refused),
        cmocka_unit_test(svmlight_keeps_its_labels),
        cmocka_unit_test(ldac_is_told_from_svmlight),
        cmocka_unit_test(svmlight_is_not_taken_for_ldac),
        cmocka_unit_test(ldac_that_miscounts_is_refused),
        cmocka_unit_test(wrong_svmlight_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
