/* Writes .mat files of version 5, which every MATLAB, Octave and SciPy reads: one variable, "X", in
 * its own type. The format is a header and five tagged elements, and its 32-bit sizes end at 2
 * GiB. */
#include "write_stream.h"
#include "writers.h"

#include <errno.h>
#include <nmfkit/io.h>
#include <stdlib.h>
#include <string.h>

/* MATLAB's own limit for a variable in this version. */
#define LARGEST_BYTES (((int64_t)1 << 31) - 4096)

/* The class of a matrix in MATLAB, and how its values are stored. */
static const struct {
    uint32_t matlab_class, storage;
} types[] = {[NMF_U8] = {9, 2}, [NMF_U16] = {11, 4}, [NMF_F32] = {7, 7}, [NMF_F64] = {6, 9}};

static void write_words(FILE *stream, const uint32_t *words, size_t count)
{
    (void)fwrite(words, sizeof *words, count, stream); /* the stream remembers failures */
}

static void write_file_header(FILE *stream)
{
    char text[124];
    const uint16_t version = 0x0100, byte_order = 'M' << 8 | 'I';
    memset(text, ' ', sizeof text);
    char line[sizeof text];
    const int length =
        snprintf(line, sizeof line, "MATLAB 5.0 MAT-file, created by nmfkit %s", nmf_version());
    memcpy(text, line, length < 116 ? (size_t)length : 116);
    memset(text + 116, 0, 8); /* no subsystem data */
    (void)fwrite(text, sizeof text, 1, stream);
    (void)fwrite(&version, sizeof version, 1, stream);
    (void)fwrite(&byte_order, sizeof byte_order, 1, stream);
}

/* All columns one after the other, as the transposed matrix has its rows. */
static nmf_status write_columns(const nmf_matrix *matrix, FILE *stream, const char *path,
                                nmf_error *error)
{
    nmf_dense dense = nmf_matrix_dense(matrix);
    if (dense.data == NULL && dense.rows > 0 && dense.columns > 0) {
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "%s: this format needs the matrix in memory; its rows come from a function",
                        path);
    }
    const int64_t rows = dense.rows, row_stride = dense.row_stride;
    dense.rows = dense.columns;
    dense.row_stride = dense.column_stride;
    dense.columns = rows;
    dense.column_stride = row_stride;
    nmf_matrix *transposed;
    nmf_status status = nmf_matrix_borrow(&dense, &transposed, error);
    if (status == NMF_OK) {
        status = nmfi_write_entries(transposed, stream, path, error);
        nmf_matrix_free(transposed);
    }
    return status;
}

static nmf_status write_body(const nmf_matrix *matrix, FILE *stream, const char *path,
                             nmf_error *error)
{
    const nmf_dtype dtype = nmf_matrix_dtype(matrix);
    const int64_t rows = nmf_matrix_rows(matrix), columns = nmf_matrix_columns(matrix);
    int64_t bytes = (int64_t)nmf_dtype_bytes(dtype);
    if (rows > INT32_MAX || columns > INT32_MAX || __builtin_mul_overflow(bytes, rows, &bytes) ||
        __builtin_mul_overflow(bytes, columns, &bytes) || bytes > LARGEST_BYTES) {
        return nmf_fail(
            error, NMF_ERROR_UNSUPPORTED,
            "%s: the matrix is larger than the 2 GiB that a .mat file of version 5 holds; write "
            "an .npy file",
            path);
    }
    uint32_t name = 0;
    memcpy(&name, "X", 1);
    const uint32_t padding = (uint32_t)((8 - bytes % 8) % 8);
    const uint32_t words[] = {14,
                              (uint32_t)bytes + padding + 48, /* matrix: all that follows */
                              6,
                              8,
                              types[dtype].matlab_class,
                              0, /* flags and class */
                              5,
                              8,
                              (uint32_t)rows,
                              (uint32_t)columns, /* sizes */
                              1u << 16 | 1,
                              name, /* the small form of an element */
                              types[dtype].storage,
                              (uint32_t)bytes};
    write_file_header(stream);
    write_words(stream, words, sizeof words / sizeof words[0]);
    const nmf_status status = write_columns(matrix, stream, path, error);
    if (status != NMF_OK) {
        return status;
    }
    static const char zeros[8];
    (void)fwrite(zeros, 1, padding, stream);
    return ferror(stream)
               ? nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be written: %s", path, strerror(errno))
               : NMF_OK;
}

nmf_status nmfi_write_mat(const nmf_matrix *matrix, const char *path, nmf_error *error)
{
    return nmfi_write_whole(matrix, path, write_body, error);
}
