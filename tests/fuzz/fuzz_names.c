/* libFuzzer: any bytes as a file of names, or as the rows of a stream, give names or rows, or a
 * sentence. */
#include "scratch.h"

#include <nmfkit/io.h>
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
    const char *path = scratch_write("names", data, size - 1);
    if (choice % 2) {
        read_rows(path);
    } else {
        name_matrix(path, 1 + choice / 2 % 8);
    }
    scratch_remove("names");
    return 0;
}
