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
        cmocka_unit_test(bags_of_words_are_read_with_their_words),
        cmocka_unit_test(wrong_bags_of_words_are_refused),
        cmocka_unit_test(svmlight_keeps_its_labels),
        cmocka_unit_test(wrong_svmlight_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
