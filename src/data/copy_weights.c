/* nmf_matrix_copy_weights: how much each entry of some rows counts, 0 where it was not observed. */
#include "data/matrix.h"
#include "data/sparse.h"
#include "data/value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The weight of an entry that is stored; 1 where there are none. */
static void mark_stored(const nmf_sparse *s, const nmf_matrix *weights, int64_t first,
                        int64_t count, double *out)
{
    const int64_t begin = s->by_columns ? 0 : first;
    const int64_t end = s->by_columns ? s->columns : first + count;
    memset(out, 0, (size_t)(count * s->columns) * sizeof *out);
    for (int64_t line = begin; line < end; line++)
        for (int64_t e = s->pointers[line]; e < s->pointers[line + 1]; e++) {
            const int64_t index = nmfi_sparse_index(s, e);
            const int64_t row = s->by_columns ? index : line;
            if (row >= first && row < first + count)
                out[(row - first) * s->columns + (s->by_columns ? line : index)] =
                    weights ? nmfi_value(weights->sparse.dtype, weights->sparse.values, e) : 1;
        }
}

static nmf_status mark_observed(const nmf_matrix *X, int64_t first, int64_t count, double *out,
                                nmf_error *error)
{
    const int64_t n = X->dense.columns;
    const int has_holes = X->missing == NMF_MISSING_NAN;
    double *row = has_holes ? malloc((size_t)n * sizeof *row + 1) : NULL;
    nmf_status status = NMF_OK;
    if (has_holes && !row)
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: a row of %lld", (long long)n);
    for (int64_t i = 0; i < count && status == NMF_OK; i++) {
        if (has_holes) status = nmf_matrix_copy_rows(X, first + i, 1, NMF_F64, row, error);
        for (int64_t j = 0; j < n && status == NMF_OK; j++)
            out[i * n + j] = has_holes && isnan(row[j]) ? 0
                             : X->weights               ? nmf_matrix_at(X->weights, first + i, j)
                                                        : 1;
    }
    free(row);
    return status;
}

nmf_status nmf_matrix_copy_weights(const nmf_matrix *matrix, int64_t first, int64_t count,
                                   double *out, nmf_error *error)
{
    if (!matrix || !out) return nmf_fail(error, NMF_ERROR_ARGUMENT, "matrix or out is NULL");
    if (first < 0 || count < 0 || first > matrix->dense.rows - count)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "rows %lld to %lld are not all among %lld",
                        (long long)first, (long long)(first + count - 1),
                        (long long)matrix->dense.rows);
    if (matrix->missing != NMF_MISSING_UNSTORED)
        return mark_observed(matrix, first, count, out, error);
    if (!nmf_matrix_is_in_memory(matrix))
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "what a function does not give of X is not looked at: read it into memory");
    mark_stored(&matrix->sparse, matrix->weights, first, count, out);
    return NMF_OK;
}
