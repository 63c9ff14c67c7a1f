/* What a matrix is read as. */
#include "data/source.h"

#include "data/matrix.h"
#include "data/sparse.h"

static nmfi_source source_sparse(const nmf_sparse *sparse, int ascends)
{
    const nmfi_source source = {.kind = NMFI_SOURCE_SPARSE,
                                .rows = sparse->rows,
                                .columns = sparse->columns,
                                .stored = nmfi_sparse_stored(sparse),
                                .dtype = sparse->dtype,
                                .can_transpose = 1,
                                .sparse = *sparse,
                                .ascends = ascends};
    return source;
}

nmfi_source nmfi_source_of(const nmf_matrix *matrix)
{
    return nmf_matrix_is_sparse(matrix) ? source_sparse(&matrix->sparse, matrix->ascends)
                                        : nmfi_source_dense(&matrix->dense);
}

nmfi_source nmfi_source_transposed(const nmfi_source *source)
{
    const nmf_sparse sparse = nmfi_sparse_transposed(&source->sparse);
    const nmf_dense dense = nmfi_transposed(&source->dense);
    nmfi_source transposed = source->kind == NMFI_SOURCE_SPARSE
                                 ? source_sparse(&sparse, source->ascends)
                                 : nmfi_source_dense(&dense);
    transposed.is_transposed = !source->is_transposed;
    return transposed;
}
