/* Writes .npy files: version 1.0, C order, the matrix's own type. */
#include "npy.h"
#include "write_stream.h"
#include "writers.h"

#include <errno.h>
#include <string.h>

static nmf_status write_body(const nmf_matrix *matrix, FILE *stream, const char *path,
                             nmf_error *error)
{
    const nmf_dtype dtype = nmf_matrix_dtype(matrix);
    char header[NMFI_NPY_HEADER_BYTES];
    nmfi_npy_format(nmfi_npy_kind(dtype), (int64_t)nmf_dtype_bytes(dtype), nmf_matrix_rows(matrix),
                    nmf_matrix_columns(matrix), header);
    if (fwrite(header, sizeof header, 1, stream) != 1) {
        return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be written: %s", path, strerror(errno));
    }
    return nmfi_write_entries(matrix, stream, path, error);
}

nmf_status nmfi_write_npy(const nmf_matrix *matrix, const char *path, nmf_error *error)
{
    return nmfi_write_whole(matrix, path, write_body, error);
}
