/* What one of several processes has of a matrix: some of its rows; of a sparse one some of its columns
 * too, since each factor's products come from the lines along it. */
#include "data/matrix.h"
#include "data/sparse.h"

#include <stdlib.h>

/* --- rows that a function gives ------------------------------------------------------------------ */

typedef struct shifted {
    nmf_row_reader reader;
    int64_t first;
} shifted;

static nmf_status read_shifted(void *context, int64_t first, int64_t count, void *rows,
                               nmf_error *error)
{
    const shifted *s = context;
    return s->reader.read(s->reader.context, s->first + first, count, rows, error);
}

static nmf_status part_of_reader(const nmf_matrix *whole, const nmfi_place *place,
                                 nmf_matrix **part, nmf_error *error)
{
    if (whole->reads_transposed)
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "X gives its rows one by one; its columns cannot be shared out instead");
    shifted *const s = malloc(sizeof *s);
    if (!s) return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %zu bytes", sizeof *s);
    *s = (shifted){whole->reader, place->first};
    nmf_row_reader reader = whole->reader;
    reader.rows = place->rows;
    reader.read = read_shifted;
    reader.context = s;
    const nmf_status status = nmf_matrix_from_rows(&reader, part, error);
    if (status != NMF_OK) {
        free(s);
        return status;
    }
    (*part)->release = free;
    (*part)->context = s;
    return NMF_OK;
}

/* --- dense, sparse ------------------------------------------------------------------------------- */

/* The numbers first, first + 1, ... */
static nmf_status count_from(int64_t first, int64_t count, int64_t **numbers, nmf_error *error)
{
    *numbers = malloc(((size_t)count + 1) * sizeof **numbers);
    for (int64_t i = 0; *numbers && i < count; i++) (*numbers)[i] = first + i;
    return *numbers
               ? NMF_OK
               : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %lld numbers", (long long)count);
}

static nmf_status select_rows(const nmf_matrix *whole, const nmfi_place *place, nmf_matrix **part,
                              nmf_error *error)
{
    int64_t *numbers;
    nmf_status status = count_from(place->first, place->rows, &numbers, error);
    if (status == NMF_OK) status = nmf_matrix_select(whole, numbers, place->rows, part, error);
    free(numbers);
    return status;
}

static nmf_status part_of_dense(const nmf_matrix *whole, const nmfi_place *place, nmf_matrix **part,
                                nmf_error *error)
{
    nmf_dense dense = whole->dense;
    /* Rows that do not lie side by side are packed: a process visits X along its samples. */
    if (dense.column_stride != 1 && dense.columns > 1)
        return select_rows(whole, place, part, error);
    dense.data = (const char *)dense.data +
                 place->first * dense.row_stride * (int64_t)nmf_dtype_bytes(dense.dtype);
    dense.rows = place->rows;
    dense.column_stride = 1;
    return nmf_matrix_borrow(&dense, part, error);
}

/* The columns that this process has, as compressed columns. */
static nmf_status lines_across(const nmf_matrix *whole, const nmfi_place *place, nmf_matrix *part,
                               nmf_error *error)
{
    int64_t *numbers;
    nmf_matrix *columns = NULL;
    nmf_status status = count_from(place->first_column, place->columns, &numbers, error);
    if (status == NMF_OK)
        status = nmf_matrix_select_columns(whole, numbers, place->columns, &columns, error);
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

nmf_status nmfi_matrix_part(const nmf_matrix *whole, const nmfi_place *place, nmf_matrix **part,
                            nmf_error *error)
{
    const int is_sparse = nmf_matrix_is_sparse(whole);
    *part = NULL;
    nmf_status status = whole->reader.read ? part_of_reader(whole, place, part, error)
                        : is_sparse        ? select_rows(whole, place, part, error)
                                           : part_of_dense(whole, place, part, error);
    if (status == NMF_OK && is_sparse) status = lines_across(whole, place, *part, error);
    if (status != NMF_OK) {
        nmf_matrix_free(*part);
        *part = NULL;
        return status;
    }
    (*part)->place = *place;
    return NMF_OK;
}
