/* What cannot be factorized, named with its place. Fits find by a vector scan which block has bad
 * data and come here only to say where in it. */
#include "data/validate.h"

#include "data/matrix.h"
#include "data/sparse.h"
#include "data/value.h"

#include <math.h>
#include <stdlib.h>

static int is_good(double value, int signed_ok)
{
    return isfinite(value) && (signed_ok || value >= 0);
}

static nmf_status name_entry(int64_t row, int64_t column, double value, nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_DATA, "X[%lld,%lld] = %g: entries must be %s", (long long)row,
                    (long long)column, isnan(value) ? NAN : value, /* "nan", never "-nan" */
                    isnan(value)
                        ? "finite numbers; NMF takes NaN as not observed with missing = nan "
                          "(--missing nan)"
                    : isfinite(value) ? ">= 0"
                                      : "finite numbers");
}

int nmfi_bad_entry_before(const nmfi_bad_entry *a, const nmfi_bad_entry *b)
{
    if (a->sample < 0 || b->sample < 0) return a->sample >= 0;
    return a->sample < b->sample || (a->sample == b->sample && a->feature < b->feature);
}

static void note(nmfi_bad_entry *first, int64_t row, int64_t column, int transposed, double value)
{
    const nmfi_bad_entry found = {transposed ? column : row, transposed ? row : column, value};
    if (nmfi_bad_entry_before(&found, first)) *first = found;
}

void nmfi_find_bad_entry(const nmfi_block *block, int64_t first_row, int transposed, int signed_ok,
                         nmfi_bad_entry *first)
{
    for (int64_t i = 0; i < block->X.rows; i++)
        for (int64_t j = 0; j < block->X.columns; j++) {
            const double value =
                nmfi_value(block->dtype, block->X.data, i * block->X.row_stride + j);
            if (!is_good(value, signed_ok)) note(first, first_row + i, j, transposed, value);
        }
}

void nmfi_find_bad_stored(const nmf_sparse *s, int64_t begin, int64_t end, int64_t first_row,
                          int transposed, int signed_ok, nmfi_bad_entry *first)
{
    for (int64_t line = begin; line < end; line++)
        for (int64_t e = s->pointers[line]; e < s->pointers[line + 1]; e++) {
            const double value = nmfi_value(s->dtype, s->values, e);
            const int64_t index = nmfi_sparse_index(s, e);
            if (!is_good(value, signed_ok))
                note(first, first_row + (s->by_columns ? index : line),
                     s->by_columns ? line : index, transposed, value);
        }
}

nmf_status nmfi_bad_entry_name(const nmfi_bad_entry *bad, nmf_error *error)
{
    return name_entry(bad->sample, bad->feature, bad->value, error);
}

/* A row at a time, whatever it takes to have one. *all_zero: of the rows looked at. */
static nmf_status check_dense(const nmf_matrix *matrix, int signed_ok, int *all_zero,
                              nmf_error *error)
{
    const int64_t columns = matrix->dense.columns;
    double *row = malloc((size_t)columns * sizeof *row + 1);
    nmf_status status =
        row ? NMF_OK
            : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: a row of %lld", (long long)columns);
    *all_zero = 1;
    for (int64_t i = 0; i < matrix->dense.rows && columns > 0 && status == NMF_OK; i++) {
        status = nmf_matrix_copy_rows(matrix, i, 1, NMF_F64, row, error);
        for (int64_t j = 0; j < columns && status == NMF_OK; j++) {
            if (!is_good(row[j], signed_ok)) status = name_entry(i, j, row[j], error);
            if (row[j] != 0) *all_zero = 0;
        }
    }
    free(row);
    return status;
}

/* Columns come one after the other in CSC, and the first bad entry in row order is wanted. */
static nmf_status check_sparse(const nmf_sparse *s, int signed_ok, nmf_error *error)
{
    const int64_t lines = nmfi_sparse_lines(s);
    int64_t row = -1, column = -1;
    double value = 0;
    for (int64_t line = 0; line < lines && (row < 0 || s->by_columns); line++)
        for (int64_t e = s->pointers[line]; e < s->pointers[line + 1]; e++) {
            const double found = nmfi_value(s->dtype, s->values, e);
            if (is_good(found, signed_ok)) continue;
            const int64_t index = nmfi_sparse_index(s, e), at = s->by_columns ? index : line;
            if (row < 0 || at < row) {
                row = at;
                column = s->by_columns ? line : index;
                value = found;
            }
            break;
        }
    return row < 0 ? NMF_OK : name_entry(row, column, value, error);
}

/* Its arrays can be looked at; else it is looked at row by row. */
static int lies_sparse(const nmf_matrix *matrix)
{
    return nmf_matrix_is_sparse(matrix) && nmf_matrix_is_in_memory(matrix);
}

nmf_status nmfi_matrix_check_entries(const nmf_matrix *matrix, int signed_ok, nmf_error *error)
{
    int all_zero;
    return lies_sparse(matrix) ? check_sparse(&matrix->sparse, signed_ok, error)
                               : check_dense(matrix, signed_ok, &all_zero, error);
}

static int all_stored_are_zero(const nmf_sparse *s)
{
    const int64_t stored = nmfi_sparse_stored(s);
    for (int64_t e = 0; e < stored; e++)
        if (nmfi_value(s->dtype, s->values, e) != 0) return 0;
    return 1;
}

nmf_status nmf_matrix_validate(const nmf_matrix *matrix, nmf_error *error)
{
    if (!matrix) return nmf_fail(error, NMF_ERROR_ARGUMENT, "X is NULL");
    const nmf_dense *d = &matrix->dense;
    int all_zero;
    if (d->rows == 0 || d->columns == 0)
        return nmf_fail(error, NMF_ERROR_DATA, "X is empty: %lld samples x %lld features",
                        (long long)d->rows, (long long)d->columns);
    const int sparse = lies_sparse(matrix);
    const nmf_status status =
        sparse ? check_sparse(&matrix->sparse, 0, error) : check_dense(matrix, 0, &all_zero, error);
    if (status != NMF_OK) return status;
    if (sparse) all_zero = all_stored_are_zero(&matrix->sparse);
    if (!all_zero) return NMF_OK;
    return nmf_fail(error, NMF_ERROR_DATA, "X is all zero: there is nothing to factorize");
}
