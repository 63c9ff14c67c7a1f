/* Writing one stream, whole or not at all: see write_stream.h. */
#include "write_stream.h"

#include "io/files/atomic_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((int64_t)1 << 20)

nmf_status nmfi_write_whole(const nmf_matrix *matrix, const char *path,
                            nmf_status (*body)(const nmf_matrix *matrix, FILE *stream,
                                               const char *path, nmf_error *error),
                            nmf_error *error)
{
    nmfi_atomic_file *file;
    nmf_status status = nmfi_atomic_open(path, &file, error);
    if (status != NMF_OK) {
        return status;
    }
    status = body(matrix, nmfi_atomic_stream(file), path, error);
    if (status != NMF_OK) {
        nmfi_atomic_abort(file);
        return status;
    }
    return nmfi_atomic_commit(file, error);
}

nmf_status nmfi_write_entries(const nmf_matrix *matrix, FILE *stream, const char *path,
                              nmf_error *error)
{
    const int64_t rows = nmf_matrix_rows(matrix), columns = nmf_matrix_columns(matrix);
    const nmf_dtype dtype = nmf_matrix_dtype(matrix);
    const int64_t row_bytes = columns * (int64_t)nmf_dtype_bytes(dtype);
    if (rows == 0 || columns == 0) {
        return NMF_OK;
    }
    const int64_t block = row_bytes < BLOCK_BYTES ? BLOCK_BYTES / row_bytes : 1;
    void *buffer = malloc((size_t)(block * row_bytes));
    if (buffer == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory for a row", path);
    }
    nmf_status status = NMF_OK;
    for (int64_t i = 0; i < rows && status == NMF_OK; i += block) {
        const int64_t count = rows - i < block ? rows - i : block;
        status = nmf_matrix_copy_rows(matrix, i, count, dtype, buffer, error);
        if (status == NMF_OK &&
            fwrite(buffer, (size_t)row_bytes, (size_t)count, stream) != (size_t)count) {
            status =
                nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be written: %s", path, strerror(errno));
        }
    }
    free(buffer);
    return status;
}
