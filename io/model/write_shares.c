/* Writes what each sample is made of, for numpy.load: shares, component, sample_names, labels. */
#include "io/arrays/npz_writer.h"

#include <nmfkit/io.h>

nmf_status nmf_io_write_shares(const nmf_matrix *shares, const int64_t *components,
                               const char *path, nmf_error *error)
{
    nmfi_npz_writer *writer;
    if (shares == NULL || components == NULL || path == NULL || path[0] == '\0') {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "writing shares needs both parts and a path");
    }
    nmf_status status = nmfi_npz_create(path, &writer, error);
    if (status != NMF_OK) {
        return status;
    }
    status = nmfi_npz_add_matrix(writer, "shares", shares, error);
    if (status == NMF_OK) {
        status = nmfi_npz_add_array(writer, "component", 'i', sizeof *components,
                                    nmf_matrix_rows(shares), -1, components, error);
    }
    if (status == NMF_OK) {
        status = nmfi_npz_add_names(writer, "sample_names", shares, NMF_SAMPLE_NAMES, error);
    }
    if (status == NMF_OK) {
        status = nmfi_npz_add_names(writer, "labels", shares, NMF_LABELS, error);
    }
    return nmfi_npz_finish(writer, status, error);
}
