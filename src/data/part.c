/* What one of several processes has of a matrix: some of its rows; of a sparse one some of its columns
 * too, where a divergence wants the lines along each factor. */
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

/* Its weights go their own way. */
static nmf_status select_rows(const nmf_matrix *whole, const nmfi_share *share, nmf_matrix **part,
                              nmf_error *error)
{
    nmf_matrix bare = *whole;
    int64_t *numbers;
    bare.weights = NULL;
    bare.missing = NMF_MISSING_NONE;
    nmf_status status = count_from(share->first, share->rows, &numbers, error);
    if (status == NMF_OK) status = nmf_matrix_select(&bare, numbers, share->rows, part, error);
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

/* What is on disk is read along its rows only. */
static int has_lines_across(const nmf_matrix *whole, const nmfi_share *share)
{
    return share->wants_columns && nmf_matrix_is_sparse(whole) && nmf_matrix_is_in_memory(whole);
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

/* In place of rows that a function reads: in memory. */
static nmf_status load(nmf_matrix **part, nmf_error *error)
{
    const nmf_matrix *read = *part;
    const nmf_dense *d = &read->dense;
    nmf_matrix *made = NULL;
    nmf_status status = nmf_matrix_new(d->dtype, d->rows, d->columns, &made, error);
    if (status == NMF_OK)
        status = nmf_matrix_copy_rows(read, 0, d->rows, d->dtype, nmf_matrix_writable(made), error);
    if (status == NMF_OK) status = nmfi_matrix_inherit_columns(made, read, error);
    if (status != NMF_OK) {
        nmf_matrix_free(made);
        return status;
    }
    nmf_matrix_free(*part);
    *part = made;
    return NMF_OK;
}

/* Which entries count how much, of the rows that are here. */
static nmf_status take_weights(const nmf_matrix *whole, const nmfi_share *share, nmf_matrix *part,
                               nmf_error *error)
{
    part->missing = whole->missing;
    if (!whole->weights) return NMF_OK;
    if (nmf_matrix_is_sparse(whole->weights))
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "several processes take weights of a dense X only: start one");
    const nmf_status status =
        nmf_matrix_range(whole->weights, share->first, share->rows, &part->weights, error);
    if (status == NMF_OK) part->weights->share = *share;
    return status;
}

nmf_status nmfi_matrix_part(const nmf_matrix *whole, const nmfi_share *share, nmf_matrix **part,
                            nmf_error *error)
{
    *part = NULL;
    nmf_status status = lends_rows(whole)
                            ? nmf_matrix_range(whole, share->first, share->rows, part, error)
                            : select_rows(whole, share, part, error);
    if (status == NMF_OK && share->loads && whole->reader.read) status = load(part, error);
    if (status == NMF_OK && has_lines_across(whole, share))
        status = lines_across(whole, share, *part, error);
    if (status == NMF_OK) status = take_weights(whole, share, *part, error);
    if (status != NMF_OK) {
        nmf_matrix_free(*part);
        *part = NULL;
        return status;
    }
    (*part)->share = *share;
    return NMF_OK;
}
