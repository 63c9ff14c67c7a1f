/* Writes .csv and .tsv: a header where there are names, a first column where samples have names,
 * text always in quotes (so that a name such as 1990 stays a name), and every number with the
 * fewest of 15 to 17 digits (6 to 9 for f32) that read back as the same number. */
#include "writers.h"

#include "io/arrays/write_stream.h"
#include "io/files/number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void write_text(FILE *stream, const char *text)
{
    fputc('"', stream);
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            fputc('"', stream);
        }
        fputc(*text, stream);
    }
    fputc('"', stream);
}

/* Features without names are numbered, as pandas does: row names without a header would make the
 * first row look like one. */
static void write_header(const nmf_matrix *matrix, FILE *stream, char delimiter)
{
    const int64_t columns = nmf_matrix_columns(matrix);
    const int named = nmf_matrix_has_names(matrix, NMF_FEATURE_NAMES);
    if (nmf_matrix_has_names(matrix, NMF_SAMPLE_NAMES)) {
        fputs("\"\"", stream);
        fputc(delimiter, stream);
    }
    for (int64_t j = 0; j < columns; j++) {
        if (j > 0) {
            fputc(delimiter, stream);
        }
        if (named) {
            write_text(stream, nmf_matrix_name(matrix, NMF_FEATURE_NAMES, j));
        } else {
            fprintf(stream, "%" PRId64, j);
        }
    }
    fputc('\n', stream);
}

static nmf_status write_rows(const nmf_matrix *matrix, FILE *stream, const char *path,
                             char delimiter, nmf_error *error)
{
    const int64_t rows = nmf_matrix_rows(matrix), columns = nmf_matrix_columns(matrix);
    const int named = nmf_matrix_has_names(matrix, NMF_SAMPLE_NAMES);
    const int is_f32 = nmf_matrix_dtype(matrix) == NMF_F32;
    double *row = malloc((size_t)(columns > 0 ? columns : 1) * sizeof *row);
    if (row == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory for a row", path);
    }
    nmf_status status = NMF_OK;
    for (int64_t i = 0; i < rows && status == NMF_OK; i++) {
        status = nmf_matrix_copy_rows(matrix, i, 1, NMF_F64, row, error);
        if (named) {
            write_text(stream, nmf_matrix_name(matrix, NMF_SAMPLE_NAMES, i));
        }
        for (int64_t j = 0; j < columns && status == NMF_OK; j++) {
            if (named || j > 0) {
                fputc(delimiter, stream);
            }
            char text[NMFI_NUMBER_BYTES];
            (void)nmfi_number_format(row[j], is_f32, text);
            fputs(text, stream);
        }
        fputc('\n', stream);
        if (status == NMF_OK && ferror(stream)) {
            status =
                nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be written: %s", path, strerror(errno));
        }
    }
    free(row);
    return status;
}

static nmf_status write_body(const nmf_matrix *matrix, FILE *stream, const char *path,
                             char delimiter, nmf_error *error)
{
    nmfi_c_locale locale;
    if (!nmfi_c_locale_enter(&locale)) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    }
    if (nmf_matrix_has_names(matrix, NMF_FEATURE_NAMES) ||
        nmf_matrix_has_names(matrix, NMF_SAMPLE_NAMES)) {
        write_header(matrix, stream, delimiter);
    }
    const nmf_status status = write_rows(matrix, stream, path, delimiter, error);
    nmfi_c_locale_leave(&locale);
    return status;
}

static nmf_status write_csv(const nmf_matrix *matrix, FILE *stream, const char *path,
                            nmf_error *error)
{
    return write_body(matrix, stream, path, ',', error);
}

static nmf_status write_tsv(const nmf_matrix *matrix, FILE *stream, const char *path,
                            nmf_error *error)
{
    return write_body(matrix, stream, path, '\t', error);
}

nmf_status nmfi_write_csv(const nmf_matrix *matrix, const char *path, nmf_error *error)
{
    return nmfi_write_whole(matrix, path, write_csv, error);
}

nmf_status nmfi_write_tsv(const nmf_matrix *matrix, const char *path, nmf_error *error)
{
    return nmfi_write_whole(matrix, path, write_tsv, error);
}
