/* libFuzzer: any bytes as a file of names, as a table of labels, or as the rows of a stream, give names, labels or
 * rows, or a sentence. */
#include "scratch.h"

#include <nmfkit/io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_sentence(nmf_status status, const nmf_error *error)
{
    if (status != NMF_OK && (error->message[0] == '\0' || strchr(error->message, '\n') != NULL)) {
        abort();
    }
}

static void name_matrix(const char *path, int64_t rows)
{
    nmf_matrix *matrix;
    nmf_error error;
    if (nmf_matrix_new(NMF_U8, rows, 3, &matrix, &error) != NMF_OK) {
        abort();
    }
    const nmf_status status = nmf_io_read_names(path, matrix, NMF_SAMPLE_NAMES, &error);
    expect_sentence(status, &error);
    for (int64_t i = 0; status == NMF_OK && i < rows; i++) {
        (void)strlen(nmf_matrix_name(matrix, NMF_SAMPLE_NAMES, i));
    }
    nmf_matrix_free(matrix);
}

/* Labels of samples called "a", "b", ...; `column` is told or NULL. */
static void label_matrix(const char *path, const char *column, int64_t rows)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    char told[512];
    nmf_matrix *matrix;
    nmf_error error;
    if (nmf_matrix_new(NMF_U8, rows, 3, &matrix, &error) != NMF_OK ||
        nmf_matrix_set_names(matrix, NMF_SAMPLE_NAMES, names, &error) != NMF_OK) {
        abort();
    }
    snprintf(told, sizeof told, "%s%s%s", path, column != NULL ? ":" : "",
             column != NULL ? column : "");
    const nmf_status status = nmf_io_read_names(told, matrix, NMF_LABELS, &error);
    expect_sentence(status, &error);
    for (int64_t i = 0; status == NMF_OK && i < rows; i++) {
        (void)strlen(nmf_matrix_name(matrix, NMF_LABELS, i));
    }
    nmf_matrix_free(matrix);
}

static void read_rows(const char *path)
{
    nmf_io_rows *rows;
    nmf_error error;
    nmf_status status = nmf_io_rows_open(path, NULL, NULL, &rows, &error);
    expect_sentence(status, &error);
    if (status != NMF_OK) {
        return;
    }
    for (int more = 1; more && status == NMF_OK;) {
        nmf_matrix *X = NULL;
        status = nmf_io_rows_next(rows, 7, &X, &error);
        expect_sentence(status, &error);
        more = X != NULL;
        if (X != NULL) {
            (void)nmf_matrix_fingerprint(X);
        }
        nmf_matrix_free(X);
    }
    nmf_io_rows_close(rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const unsigned choice = data[size - 1];
    static const char *const columns[] = {NULL, "2", "x", "1"};
    const char *name = choice / 4 % 2 ? "names.csv" : "names";
    const char *path = scratch_write(name, data, size - 1);
    switch (choice % 4) {
    case 0: name_matrix(path, 1 + choice / 8 % 8); break;
    case 1: read_rows(path); break;
    default: label_matrix(path, columns[choice / 64], 1 + choice / 8 % 8);
    }
    scratch_remove(name);
    return 0;
}
