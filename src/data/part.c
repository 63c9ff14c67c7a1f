/* What one of several processes has of a matrix: some of its rows; of a sparse one some of its columns
 * too, since each factor's products come from the lines along it. */
#include "data/matrix.h"
#include "data/sparse.h"

#include <stdlib.h>

/* The numbers first, first + 1, ... */
static nmf_status count_from(int64_t first, int64_t count, int64_t **numbers, nmf_error *error)
{
    *numbers = malloc(((size_t)count + 1) * sizeof **numbers);
    for (int64_t i = 0; *numbers && i < count; i++) (*numbers)[i] = first + i;
    return *numbers
               ? NMF_OK
               : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %lld numbers", (long long)count);
}

static nmf_status select_rows(const nmf_matrix *whole, const nmfi_share *share, nmf_matrix **part,
                              nmf_error *error)
{
    int64_t *numbers;
    nmf_status status = count_from(share->first, share->rows, &numbers, error);
    if (status == NMF_OK) status = nmf_matrix_select(whole, numbers, share->rows, part, error);
    free(numbers);
    return status;
}

/* Rows that do not lie side by side are packed: a process visits X along its samples. */
static int lends_rows(const nmf_matrix *whole)
{
    if (whole->reader.read) return 1;
    if (nmf_matrix_is_sparse(whole)) return !whole->sparse.by_columns;
    return whole->dense.column_stride == 1 || whole->dense.columns == 1;
}

/* The columns that this process has, as compressed columns. */
static nmf_status lines_across(const nmf_matrix *whole, const nmfi_share *share, nmf_matrix *part,
                               nmf_error *error)
{
    int64_t *numbers;
    nmf_matrix *columns = NULL;
    nmf_status status = count_from(share->first_column, share->columns, &numbers, error);
    if (status == NMF_OK)
        status = nmf_matrix_select_columns(whole, numbers, share->columns, &columns, error);
    free(numbers);
    if (status != NMF_OK) return status;
    part->across = columns->sparse;
    part->across_memory = columns;
    if (columns->sparse.by_columns) return NMF_OK;
    part->across_memory = NULL;
    status =
        nmfi_sparse_transpose_alone(&columns->sparse, &part->across, &part->across_block, error);
    nmf_matrix_free(columns);
    return status;
}

nmf_status nmfi_matrix_part(const nmf_matrix *whole, const nmfi_share *share, nmf_matrix **part,
                            nmf_error *error)
{
    const int is_sparse = nmf_matrix_is_sparse(whole);
    *part = NULL;
    if (is_sparse && !nmf_matrix_is_in_memory(whole))
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "sparse data that are left on disk are not shared among processes yet");
    nmf_status status = lends_rows(whole)
                            ? nmf_matrix_range(whole, share->first, share->rows, part, error)
                            : select_rows(whole, share, part, error);
    if (status == NMF_OK && is_sparse) status = lines_across(whole, share, *part, error);
    if (status != NMF_OK) {
        nmf_matrix_free(*part);
        *part = NULL;
        return status;
    }
    (*part)->share = *share;
    return NMF_OK;
}
