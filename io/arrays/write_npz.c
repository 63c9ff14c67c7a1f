/* Writes .npz files: the matrix as "X" (a sparse one as SciPy does), with its names, labels and
 * image shape beside it. */
#include "npz_writer.h"
#include "writers.h"

nmf_status nmfi_write_npz(const nmf_matrix *matrix, const char *path, nmf_error *error)
{
    nmfi_npz_writer *writer;
    nmf_status status = nmfi_npz_create(path, &writer, error);
    if (status != NMF_OK) {
        return status;
    }
    status = nmf_matrix_is_sparse(matrix) ? nmfi_npz_add_sparse(writer, matrix, error)
                                          : nmfi_npz_add_matrix(writer, "X", matrix, error);
    if (status == NMF_OK) {
        status = nmfi_npz_add_names(writer, "sample_names", matrix, NMF_SAMPLE_NAMES, error);
    }
    if (status == NMF_OK) {
        status = nmfi_npz_add_names(writer, "feature_names", matrix, NMF_FEATURE_NAMES, error);
    }
    if (status == NMF_OK) {
        status = nmfi_npz_add_names(writer, "labels", matrix, NMF_LABELS, error);
    }
    if (status == NMF_OK) {
        status = nmfi_npz_add_image_shape(writer, matrix, error);
    }
    return nmfi_npz_finish(writer, status, error);
}
