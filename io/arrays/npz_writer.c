/* Writes .npz archives, into the temporary file of atomic_file.h: see npz_writer.h. */
#include "npz_writer.h"
#include "names_array.h"
#include "npy.h"
#include "row_blocks.h"
#include "spread_rows.h"
#include "zip_writer.h"

#include "io/files/atomic_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Rows of a matrix that do not lie side by side in memory are made some at a time. */
#define SOME_BYTES ((int64_t)1 << 20)

struct nmfi_npz_writer {
    nmfi_atomic_file *file;
    nmfi_zip_writer *zip;
    char *path;
};

static nmf_status out_of_memory(const nmfi_npz_writer *writer, nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", writer->path);
}

/* What came of a call of zip_writer.h. */
static nmf_status check(const nmfi_npz_writer *writer, int done, nmf_error *error)
{
    if (done) {
        return NMF_OK;
    }
    return errno == ENOMEM ? out_of_memory(writer, error)
                           : nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be written: %s",
                                      writer->path, strerror(errno));
}

static void free_writer(nmfi_npz_writer *writer)
{
    nmfi_zip_free(writer->zip);
    free(writer->path);
    free(writer);
}

nmf_status nmfi_npz_create(const char *path, nmfi_npz_writer **writer, nmf_error *error)
{
    *writer = NULL;
    nmfi_npz_writer *made = calloc(1, sizeof *made);
    if (made == NULL || (made->path = strdup(path)) == NULL) {
        free(made);
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    }
    nmf_status status = nmfi_atomic_open(path, &made->file, error);
    if (status == NMF_OK) {
        made->zip = nmfi_zip_begin(nmfi_atomic_stream(made->file));
        if (made->zip == NULL) {
            status = out_of_memory(made, error);
            nmfi_atomic_abort(made->file);
        }
    }
    if (status != NMF_OK) {
        free_writer(made);
        return status;
    }
    *writer = made;
    return NMF_OK;
}

/* --- members ------------------------------------------------------------------------------------- */

static nmf_status begin_member(nmfi_npz_writer *writer, const char *name, const char *extension,
                               uint64_t bytes, nmf_error *error)
{
    const size_t length = strlen(name), more = strlen(extension);
    char *full = malloc(length + more + 1);
    if (full == NULL) {
        return out_of_memory(writer, error);
    }
    memcpy(full, name, length);
    memcpy(full + length, extension, more + 1);
    const nmf_status status = check(writer, nmfi_zip_member(writer->zip, full, bytes), error);
    free(full);
    return status;
}

static nmf_status put(nmfi_npz_writer *writer, const void *data, size_t bytes, nmf_error *error)
{
    return check(writer, nmfi_zip_put(writer->zip, data, bytes), error);
}

/* The header of an array (as nmfi_npy_format) whose entries, *bytes of them, follow. */
static nmf_status begin_array(nmfi_npz_writer *writer, const char *name, char kind,
                              int64_t item_bytes, int64_t rows, int64_t columns, size_t *bytes,
                              nmf_error *error)
{
    char header[NMFI_NPY_HEADER_BYTES];
    if (!nmfi_array_bytes(1, rows < 0 ? 1 : rows, columns < 0 ? 1 : columns, item_bytes, bytes)) {
        return out_of_memory(writer, error);
    }
    nmfi_npy_format(kind, item_bytes, rows, columns, header);
    const nmf_status status =
        begin_member(writer, name, ".npy", sizeof header + (uint64_t)*bytes, error);
    return status == NMF_OK ? put(writer, header, sizeof header, error) : status;
}

nmf_status nmfi_npz_add_array(nmfi_npz_writer *writer, const char *name, char kind,
                              int64_t item_bytes, int64_t rows, int64_t columns, const void *data,
                              nmf_error *error)
{
    size_t bytes;
    const nmf_status status =
        begin_array(writer, name, kind, item_bytes, rows, columns, &bytes, error);
    return status == NMF_OK ? put(writer, data, bytes, error) : status;
}

/* --- rows that are made -------------------------------------------------------------------------- */

static nmf_status put_rows(nmfi_npz_writer *writer, const nmf_matrix *matrix, nmf_error *error)
{
    const nmf_dtype dtype = nmf_matrix_dtype(matrix);
    const int64_t rows = nmf_matrix_rows(matrix);
    const int64_t row_bytes = nmf_matrix_columns(matrix) * (int64_t)nmf_dtype_bytes(dtype);
    const int64_t most = row_bytes < SOME_BYTES ? SOME_BYTES / row_bytes : 1;
    char *made = malloc((size_t)((most < rows ? most : rows) * row_bytes));
    nmf_status status = made != NULL ? NMF_OK : out_of_memory(writer, error);
    for (int64_t i = 0; i < rows && status == NMF_OK; i += most) {
        const int64_t count = rows - i < most ? rows - i : most;
        status = nmf_matrix_copy_rows(matrix, i, count, dtype, made, error);
        if (status == NMF_OK) {
            status = put(writer, made, (size_t)(count * row_bytes), error);
        }
    }
    free(made);
    return status;
}

/* Rows that several processes have. */
static nmf_status put_spread(nmfi_npz_writer *writer, const nmf_matrix *matrix, size_t bytes,
                             nmf_error *error)
{
    uint32_t crc = 0;
    const nmf_status status = nmfi_spread_write(matrix, writer->file, writer->path,
                                                nmfi_zip_place(writer->zip), &crc, error);
    return status == NMF_OK ? check(writer, nmfi_zip_pass(writer->zip, bytes, crc), error) : status;
}

nmf_status nmfi_npz_add_matrix(nmfi_npz_writer *writer, const char *name, const nmf_matrix *matrix,
                               nmf_error *error)
{
    const nmf_dense dense = nmf_matrix_dense(matrix);
    const int is_packed = dense.data != NULL && dense.column_stride == 1 &&
                          (dense.row_stride == dense.columns || dense.rows == 1);
    size_t bytes;
    nmf_status status =
        begin_array(writer, name, nmfi_npy_kind(dense.dtype), (int64_t)nmf_dtype_bytes(dense.dtype),
                    dense.rows, dense.columns, &bytes, error);
    if (status != NMF_OK || bytes == 0) {
        return status;
    }
    if (is_packed) {
        return put(writer, dense.data, bytes, error);
    }
    return nmf_spread_is(matrix) ? put_spread(writer, matrix, bytes, error)
                                 : put_rows(writer, matrix, error);
}

/* The indices or the values of a sparse matrix that does not lie in memory. */
static nmf_status add_entries(nmfi_npz_writer *writer, const char *name, char kind,
                              int64_t item_bytes, const nmf_matrix *matrix, int values,
                              nmf_error *error)
{
    size_t bytes;
    nmf_status status =
        begin_array(writer, name, kind, item_bytes, nmf_matrix_stored(matrix), -1, &bytes, error);
    for (int64_t i = 0, count = 0; i < nmf_matrix_rows(matrix) && status == NMF_OK; i += count) {
        nmf_matrix *block = NULL;
        status = nmfi_row_block(matrix, i, &count, &block, error);
        if (status != NMF_OK) {
            return status;
        }
        const nmf_sparse s = nmf_matrix_sparse(block);
        status = put(writer, values ? s.values : s.indices,
                     (size_t)(nmf_matrix_stored(block) * item_bytes), error);
        nmf_matrix_free(block);
    }
    return status;
}

nmf_status nmfi_npz_add_sparse(nmfi_npz_writer *writer, const nmf_matrix *matrix, nmf_error *error)
{
    static const char *const formats[] = {"csr", "csc"};
    const nmf_sparse s = nmf_matrix_sparse(matrix);
    const int64_t pointers = (s.by_columns ? s.columns : s.rows) + 1;
    const int64_t stored = nmf_matrix_stored(matrix);
    const int64_t shape[] = {s.rows, s.columns};
    const int on_disk = !nmf_matrix_is_in_memory(matrix) && stored > 0;
    const char kind = nmfi_npy_kind(s.dtype);
    const int64_t item = (int64_t)nmf_dtype_bytes(s.dtype);
    nmf_status status = on_disk
                            ? add_entries(writer, "indices", 'i', s.index_bytes, matrix, 0, error)
                            : nmfi_npz_add_array(writer, "indices", 'i', s.index_bytes, stored, -1,
                                                 s.indices, error);
    if (status == NMF_OK) {
        status = nmfi_npz_add_array(writer, "indptr", 'i', 8, pointers, -1, s.pointers, error);
    }
    if (status == NMF_OK) {
        status =
            nmfi_npz_add_array(writer, "format", 'S', 3, -1, -1, formats[s.by_columns != 0], error);
    }
    if (status == NMF_OK) {
        status = nmfi_npz_add_array(writer, "shape", 'i', sizeof *shape, 2, -1, shape, error);
    }
    if (status == NMF_OK) {
        status = on_disk
                     ? add_entries(writer, "data", kind, item, matrix, 1, error)
                     : nmfi_npz_add_array(writer, "data", kind, item, stored, -1, s.values, error);
    }
    return status;
}

nmf_status nmfi_npz_add_names(nmfi_npz_writer *writer, const char *name, const nmf_matrix *matrix,
                              nmf_names which, nmf_error *error)
{
    unsigned char *bytes;
    size_t count;
    if (!nmf_matrix_has_names(matrix, which)) {
        return NMF_OK;
    }
    nmf_status status = nmfi_names_encode(matrix, which, &bytes, &count, error);
    if (status != NMF_OK) {
        return status;
    }
    status = begin_member(writer, name, ".npy", count, error);
    if (status == NMF_OK) {
        status = put(writer, bytes, count, error);
    }
    free(bytes);
    return status;
}

nmf_status nmfi_npz_add_image_shape(nmfi_npz_writer *writer, const nmf_matrix *matrix,
                                    nmf_error *error)
{
    const int64_t shape[] = {nmf_matrix_image_height(matrix), nmf_matrix_image_width(matrix)};
    return shape[0] == 0
               ? NMF_OK
               : nmfi_npz_add_array(writer, "image_shape", 'i', sizeof *shape, 2, -1, shape, error);
}

nmf_status nmfi_npz_add_text(nmfi_npz_writer *writer, const char *name, const char *text,
                             nmf_error *error)
{
    const nmf_status status = begin_member(writer, name, "", strlen(text), error);
    return status == NMF_OK ? put(writer, text, strlen(text), error) : status;
}

nmf_status nmfi_npz_finish(nmfi_npz_writer *writer, nmf_status status, nmf_error *error)
{
    if (status == NMF_OK) {
        status = check(writer, nmfi_zip_end(writer->zip), error);
    }
    if (status == NMF_OK) {
        status = nmfi_atomic_commit(writer->file, error);
    } else {
        nmfi_atomic_abort(writer->file);
    }
    free_writer(writer);
    return status;
}
