/* See clip.h. */
#include "data/clip.h"

#include "data/matrix.h"
#include "data/value.h"

#include <stdlib.h>
#include <string.h>

static void clip(nmf_dtype dtype, void *values, int64_t count)
{
    for (int64_t e = 0; e < count; e++)
        if (nmfi_value(dtype, values, e) < 0) nmfi_set_value(dtype, values, e, 0);
}

static nmf_status clip_dense(const nmf_matrix *X, nmf_matrix **clipped, nmf_error *error)
{
    const int64_t rows = X->dense.rows, columns = X->dense.columns;
    nmf_status status = nmfi_matrix_check_in_memory(X, "negatives = clip", error);
    if (status == NMF_OK) status = nmf_matrix_new(X->dense.dtype, rows, columns, clipped, error);
    if (status == NMF_OK)
        status = nmf_matrix_copy_rows(X, 0, rows, X->dense.dtype, nmf_matrix_writable(*clipped), error);
    if (status == NMF_OK) clip(X->dense.dtype, nmf_matrix_writable(*clipped), rows * columns);
    return status;
}

static nmf_status clip_sparse(const nmf_matrix *X, nmf_matrix **clipped, nmf_error *error)
{
    nmf_sparse sparse = nmf_matrix_sparse(X);
    const int64_t stored = nmf_matrix_stored(X);
    const size_t bytes = (size_t)stored * nmf_dtype_bytes(sparse.dtype);
    void *const values = malloc(bytes + 1);
    if (!values) return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %zu bytes", bytes);
    memcpy(values, sparse.values, bytes);
    clip(sparse.dtype, values, stored);
    sparse.values = values;
    return nmf_matrix_adopt_sparse(&sparse, free, values, clipped, error);
}

nmf_status nmfi_clipped(const nmf_matrix *X, nmf_matrix **clipped, nmf_error *error)
{
    const nmf_dtype dtype = nmf_matrix_dtype(X);
    *clipped = NULL;
    if (dtype == NMF_U8 || dtype == NMF_U16) return NMF_OK;
    nmf_status status = nmf_matrix_is_sparse(X) ? clip_sparse(X, clipped, error)
                                                : clip_dense(X, clipped, error);
    if (status == NMF_OK) status = nmfi_matrix_inherit_rows(*clipped, X, error);
    if (status == NMF_OK) status = nmfi_matrix_inherit_columns(*clipped, X, error);
    if (status != NMF_OK) {
        nmf_matrix_free(*clipped);
        *clipped = NULL;
        return status;
    }
    (*clipped)->weights = X->weights;
    (*clipped)->missing = X->missing;
    return NMF_OK;
}

void nmfi_clipped_free(nmf_matrix *clipped)
{
    if (clipped) clipped->weights = NULL; /* X's */
    nmf_matrix_free(clipped);
}
