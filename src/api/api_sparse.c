/* nmf_matrix around compressed rows or columns: borrowed, adopted, looked at. */
#include "base/memory.h"
#include "data/matrix.h"
#include "data/sparse.h"

#include <stdlib.h>

nmf_status nmf_matrix_borrow_sparse(const nmf_sparse *sparse, nmf_matrix **matrix, nmf_error *error)
{
    return nmf_matrix_adopt_sparse(sparse, NULL, NULL, matrix, error);
}

/* The shape, for everything that asks every matrix for it. */
static nmf_dense without_data(const nmf_sparse *sparse)
{
    const nmf_dense dense = {
        .dtype = sparse->dtype, .rows = sparse->rows, .columns = sparse->columns};
    return dense;
}

/* Rows are read as they come, in whatever order. Columns that do not ascend are copied, sorted: a row
 * of them would have to be looked for in every entry. */
static int usable(const nmf_sparse *sparse, nmfi_sparse_order order)
{
    return order.ascends || (order.distinct && !sparse->by_columns);
}

nmf_status nmf_matrix_adopt_sparse(const nmf_sparse *sparse, void (*release)(void *context),
                                   void *context, nmf_matrix **matrix, nmf_error *error)
{
    *matrix = NULL;
    nmfi_sparse_order order = {0};
    nmf_matrix *made = NULL;
    nmf_status status = nmfi_sparse_check(sparse, &order, error);
    if (status == NMF_OK) {
        made = calloc(1, sizeof *made);
        if (!made)
            status = nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %zu bytes", sizeof *made);
    }
    const int keeps = status == NMF_OK && usable(sparse, order);
    if (keeps)
        made->sparse = *sparse;
    else if (status == NMF_OK)
        status = nmfi_sparse_tidy(sparse, &made->sparse, &made->owned, error);
    if (release && !keeps) release(context);
    if (status != NMF_OK) {
        free(made);
        return status;
    }
    made->dense = without_data(&made->sparse);
    made->ascends = order.ascends || !keeps;
    if (keeps) {
        made->release = release;
        made->context = context;
    }
    *matrix = made;
    return NMF_OK;
}

int nmf_matrix_is_sparse(const nmf_matrix *matrix)
{
    return matrix->sparse.pointers != NULL;
}

nmf_sparse nmf_matrix_sparse(const nmf_matrix *matrix)
{
    return matrix->sparse;
}

int64_t nmf_matrix_stored(const nmf_matrix *matrix)
{
    return nmf_matrix_is_sparse(matrix) ? nmfi_sparse_stored(&matrix->sparse)
                                        : matrix->dense.rows * matrix->dense.columns;
}
