/* Writes MatrixMarket files: sparse matrices as coordinates in the
 * order they are stored in, dense ones as an array, column by column as the format asks. Whole
 * numbers are written as integers, others with the fewest digits that read back as the same number.
 */
#include "writers.h"

#include "io/arrays/row_blocks.h"

#include "io/arrays/write_stream.h"
#include "io/files/number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_BYTES 65536
#define LONGEST_LINE 96 /* two 64-bit indices and a number */

/* Text on its way into the file. */
typedef struct sink {
    FILE *stream;
    int failed;
    size_t used;
    char text[BUFFER_BYTES];
} sink;

static void flush_sink(sink *s)
{
    s->failed |= fwrite(s->text, 1, s->used, s->stream) != s->used;
    s->used = 0;
}

/* Room for one line more. */
static char *line_room(sink *s)
{
    if (sizeof s->text - s->used < LONGEST_LINE) {
        flush_sink(s);
    }
    return s->text + s->used;
}

static void end_line(sink *s, char *at)
{
    *at++ = '\n';
    s->used = (size_t)(at - s->text);
}

static char *put_whole(char *at, uint64_t value)
{
    char digits[20];
    int count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (count > 0) {
        *at++ = digits[--count];
    }
    return at;
}

static char *put_value(char *at, const void *values, nmf_dtype dtype, int64_t index)
{
    switch (dtype) {
    case NMF_U8: return put_whole(at, ((const uint8_t *)values)[index]);
    case NMF_U16: return put_whole(at, ((const uint16_t *)values)[index]);
    case NMF_I32: {
        const int64_t value = ((const int32_t *)values)[index];
        *at = '-';
        return put_whole(at + (value < 0), (uint64_t)(value < 0 ? -value : value));
    }
    case NMF_F32: return at + nmfi_number_format((double)((const float *)values)[index], 1, at);
    case NMF_F64: return at + nmfi_number_format(((const double *)values)[index], 0, at);
    }
    return at;
}

static void put_header(sink *s, const nmf_matrix *matrix)
{
    const nmf_dtype dtype = nmf_matrix_dtype(matrix);
    const int sparse = nmf_matrix_is_sparse(matrix);
    char *at = line_room(s);
    at += sprintf(at, "%%%%MatrixMarket matrix %s %s general", sparse ? "coordinate" : "array",
                  dtype == NMF_F32 || dtype == NMF_F64 ? "real" : "integer");
    end_line(s, at);
    at = line_room(s);
    at += sprintf(at, "%" PRId64 " %" PRId64, nmf_matrix_rows(matrix), nmf_matrix_columns(matrix));
    if (sparse) {
        at += sprintf(at, " %" PRId64, nmf_matrix_stored(matrix));
    }
    end_line(s, at);
}

/* `first`: the number of its first line. */
static void put_coordinates(sink *s, const nmf_sparse *sparse, int64_t first)
{
    const int64_t majors = sparse->by_columns ? sparse->columns : sparse->rows;
    for (int64_t major = 0; major < majors && !s->failed; major++) {
        for (int64_t i = sparse->pointers[major]; i < sparse->pointers[major + 1]; i++) {
            const int64_t minor = sparse->index_bytes == 4 ? ((const int32_t *)sparse->indices)[i]
                                                           : ((const int64_t *)sparse->indices)[i];
            char *at = line_room(s);
            at = put_whole(at, (uint64_t)(sparse->by_columns ? minor : first + major) + 1);
            *at++ = ' ';
            at = put_whole(at, (uint64_t)(sparse->by_columns ? first + major : minor) + 1);
            *at++ = ' ';
            end_line(s, put_value(at, sparse->values, sparse->dtype, i));
        }
    }
}

static void put_array(sink *s, const nmf_dense *dense)
{
    for (int64_t j = 0; j < dense->columns && !s->failed; j++) {
        for (int64_t i = 0; i < dense->rows; i++) {
            end_line(s, put_value(line_room(s), dense->data, dense->dtype,
                                  i * dense->row_stride + j * dense->column_stride));
        }
    }
}

static nmf_status put_blocks(sink *s, const nmf_matrix *matrix, nmf_error *error)
{
    nmf_status status = NMF_OK;
    int64_t count;
    for (int64_t row = 0; row < nmf_matrix_rows(matrix) && status == NMF_OK; row += count) {
        nmf_matrix *block = NULL;
        status = nmfi_row_block(matrix, row, &count, &block, error);
        if (status == NMF_OK) {
            const nmf_sparse sparse = nmf_matrix_sparse(block);
            put_coordinates(s, &sparse, row);
        }
        nmf_matrix_free(block);
    }
    return status;
}

static nmf_status put_matrix(sink *s, const nmf_matrix *matrix, nmf_error *error)
{
    nmf_status status = NMF_OK;
    put_header(s, matrix);
    if (nmf_matrix_is_sparse(matrix) && !nmf_matrix_is_in_memory(matrix)) {
        status = put_blocks(s, matrix, error);
    } else if (nmf_matrix_is_sparse(matrix)) {
        const nmf_sparse sparse = nmf_matrix_sparse(matrix);
        put_coordinates(s, &sparse, 0);
    } else {
        const nmf_dense dense = nmf_matrix_dense(matrix);
        put_array(s, &dense);
    }
    flush_sink(s);
    return status;
}

static nmf_status write_body(const nmf_matrix *matrix, FILE *stream, const char *path,
                             nmf_error *error)
{
    const nmf_dense dense = nmf_matrix_dense(matrix);
    if (!nmf_matrix_is_sparse(matrix) && dense.data == NULL && dense.rows > 0 &&
        dense.columns > 0) {
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "%s: this format needs the matrix in memory; its rows come from a function",
                        path);
    }
    nmfi_c_locale locale;
    sink *s = calloc(1, sizeof *s);
    if (s == NULL || !nmfi_c_locale_enter(&locale)) {
        free(s);
        return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", path);
    }
    s->stream = stream;
    nmf_status status = put_matrix(s, matrix, error);
    if (status == NMF_OK && s->failed) {
        status =
            nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be written: %s", path, strerror(errno));
    }
    nmfi_c_locale_leave(&locale);
    free(s);
    return status;
}

nmf_status nmfi_write_mtx(const nmf_matrix *matrix, const char *path, nmf_error *error)
{
    return nmfi_write_whole(matrix, path, write_body, error);
}
