/* What a matrix is read as. */
#include "data/source.h"

#include "data/matrix.h"
#include "data/sparse.h"

static nmfi_source source_sparse(const nmf_sparse *sparse, int ascends)
{
    const nmfi_source source = {.rows = sparse->rows,
                                .columns = sparse->columns,
                                .stored = nmfi_sparse_stored(sparse),
                                .dtype = sparse->dtype,
                                .is_sparse = 1,
                                .in_memory = 1,
                                .can_transpose = 1,
                                .sparse = *sparse,
                                .ascends = ascends};
    return source;
}

static nmfi_source source_of(const nmf_matrix *matrix)
{
    if (matrix->reader.read_entries) {
        const nmfi_source lines = nmfi_source_read_lines(&matrix->reader);
        return matrix->reads_transposed ? nmfi_source_transposed(&lines) : lines;
    }
    if (!matrix->reader.read)
        return nmf_matrix_is_sparse(matrix) ? source_sparse(&matrix->sparse, matrix->ascends)
                                            : nmfi_source_dense(&matrix->dense);
    nmfi_source rows = nmfi_source_rows(&matrix->reader);
    if (!matrix->reads_transposed) return rows;
    rows = nmfi_source_rows_across(&rows);
    rows.is_transposed = 0; /* its rows are the matrix's own */
    return rows;
}

nmfi_source nmfi_source_of(const nmf_matrix *matrix)
{
    nmfi_source source = source_of(matrix);
    const nmfi_share *share = &matrix->share;
    if (!share->comm) return source;
    /* What is true of the rows that are here need not be of others'. */
    source.by_columns = 0;
    source.can_transpose = source.is_sparse && source.in_memory;
    source.comm = share->comm;
    source.all_rows = share->all_rows;
    source.first_row = share->first;
    source.stored = share->all_stored;
    source.across = matrix->across;
    return source;
}

const nmf_sparse *nmfi_source_lines(const nmfi_source *source)
{
    return source->is_sparse ? &source->sparse : NULL;
}

nmfi_source nmfi_source_transposed(const nmfi_source *source)
{
    nmfi_source transposed = *source;
    if (source->is_sparse && source->reader) {
        transposed.sparse = nmfi_sparse_transposed(&source->sparse);
        transposed.rows = source->columns;
        transposed.columns = source->rows;
        transposed.by_columns = !source->by_columns;
    } else if (source->is_sparse) {
        const nmf_sparse sparse =
            nmfi_sparse_transposed(source->comm ? &source->across : &source->sparse);
        transposed = source_sparse(&sparse, source->ascends);
        if (source->comm) transposed.across = nmfi_sparse_transposed(&source->sparse);
        transposed.stored = source->stored;
    } else if (source->reader) {
        return nmfi_source_rows_across(source);
    } else {
        const nmf_dense dense = nmfi_transposed(&source->dense);
        transposed = nmfi_source_dense(&dense);
    }
    transposed.is_transposed = !source->is_transposed;
    return transposed;
}
