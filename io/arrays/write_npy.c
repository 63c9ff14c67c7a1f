/* Writes .npy files: version 1.0, C order, the matrix's own type. */
#include "npy.h"
#include "spread_rows.h"
#include "write_stream.h"
#include "writers.h"

#include "io/files/atomic_file.h"
#include "io/files/packed.h"

#include <errno.h>
#include <string.h>

static nmf_status write_header(const nmf_matrix *matrix, FILE *stream, const char *path,
                               nmf_error *error)
{
    const nmf_dtype dtype = nmf_matrix_dtype(matrix);
    char header[NMFI_NPY_HEADER_BYTES];
    nmfi_npy_format(nmfi_npy_kind(dtype), (int64_t)nmf_dtype_bytes(dtype), nmf_matrix_rows(matrix),
                    nmf_matrix_columns(matrix), header);
    if (fwrite(header, sizeof header, 1, stream) != 1) {
        return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be written: %s", path, strerror(errno));
    }
    return NMF_OK;
}

static nmf_status write_body(const nmf_matrix *matrix, FILE *stream, const char *path,
                             nmf_error *error)
{
    const nmf_status status = write_header(matrix, stream, path, error);
    return status == NMF_OK ? nmfi_write_entries(matrix, stream, path, error) : status;
}

/* By all the processes that have its rows. */
static nmf_status write_spread(const nmf_matrix *matrix, const char *path, nmf_error *error)
{
    nmfi_atomic_file *file;
    uint32_t crc;
    nmf_status status = nmfi_atomic_open(path, &file, error);
    if (status != NMF_OK) {
        return status;
    }
    status = write_header(matrix, nmfi_atomic_stream(file), path, error);
    if (status == NMF_OK) {
        status = nmfi_spread_write(matrix, file, path, NMFI_NPY_HEADER_BYTES, &crc, error);
    }
    if (status != NMF_OK) {
        nmfi_atomic_abort(file);
        return status;
    }
    return nmfi_atomic_commit(file, error);
}

nmf_status nmfi_write_npy(const nmf_matrix *matrix, const char *path, nmf_error *error)
{
    size_t length;
    const int spread = nmf_spread_is(matrix) && nmf_matrix_columns(matrix) > 0 &&
                       nmfi_packing_named(path, &length) == NMFI_UNPACKED;
    return spread ? write_spread(matrix, path, error)
                  : nmfi_write_whole(matrix, path, write_body, error);
}
