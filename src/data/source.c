/* What a matrix is read as. */
#include "data/source.h"

#include "data/sparse.h"

static nmfi_source source_sparse(const nmf_sparse *sparse)
{
    const nmfi_source source = {.kind = NMFI_SOURCE_SPARSE,
                                .rows = sparse->rows,
                                .columns = sparse->columns,
                                .dtype = sparse->dtype,
                                .turns = 1,
                                .sparse = *sparse};
    return source;
}

nmfi_source nmfi_source_of(const nmf_matrix *matrix)
{
    const nmf_sparse sparse = nmf_matrix_sparse(matrix);
    const nmf_dense dense = nmf_matrix_dense(matrix);
    return nmf_matrix_is_sparse(matrix) ? source_sparse(&sparse) : nmfi_source_dense(&dense);
}

nmfi_source nmfi_source_transposed(const nmfi_source *source)
{
    const nmf_sparse sparse = nmfi_sparse_transposed(&source->sparse);
    const nmf_dense dense = nmfi_transposed(&source->dense);
    return source->kind == NMFI_SOURCE_SPARSE ? source_sparse(&sparse) : nmfi_source_dense(&dense);
}
