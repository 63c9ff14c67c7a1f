/* Weights and missing entries of a matrix: set and checked. */
#include "data/observed.h"

#include "data/matrix.h"
#include "data/sparse.h"
#include "data/value.h"

#include <math.h>

/* Weights that a function gives, in memory: each fit looks at them several times, entry by entry. */
static nmf_status load(const nmf_matrix *weights, nmf_matrix **loaded, nmf_error *error)
{
    const nmf_dense *d = &weights->dense;
    nmf_status status = nmf_matrix_new(d->dtype, d->rows, d->columns, loaded, error);
    if (status == NMF_OK)
        status = nmf_matrix_copy_rows(weights, 0, d->rows, d->dtype, nmf_matrix_writable(*loaded),
                                      error);
    if (status == NMF_OK) return NMF_OK;
    nmf_matrix_free(*loaded);
    *loaded = NULL;
    return status;
}

static nmf_status check_weight(double w, int64_t i, int64_t j, nmf_error *error)
{
    if (w >= 0 && isfinite(w)) return NMF_OK;
    return nmf_fail(error, NMF_ERROR_DATA,
                    "weight[%lld,%lld] = %g: weights must be finite and >= 0", (long long)i,
                    (long long)j, w);
}

static nmf_status check_dense(const nmf_matrix *weights, nmf_error *error)
{
    nmf_status status = NMF_OK;
    for (int64_t i = 0; i < weights->dense.rows && status == NMF_OK; i++)
        for (int64_t j = 0; j < weights->dense.columns && status == NMF_OK; j++)
            status = check_weight(nmf_matrix_at(weights, i, j), i, j, error);
    return status;
}

/* One for each entry that X stores, in the same order. */
static nmf_status check_stored(const nmf_matrix *matrix, const nmf_matrix *weights,
                               nmf_error *error)
{
    if (!nmf_matrix_is_in_memory(matrix) || !nmf_matrix_is_in_memory(weights))
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "a sparse X that is not in memory takes no weights");
    const nmf_sparse *x = &matrix->sparse, *w = &weights->sparse;
    if (x->by_columns != w->by_columns)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "X is compressed by %s and its weights by %s: compress both alike",
                        x->by_columns ? "columns" : "rows", w->by_columns ? "columns" : "rows");
    for (int64_t line = 0; line < nmfi_sparse_lines(x); line++) {
        const int64_t end = x->pointers[line + 1];
        int same = x->pointers[line] == w->pointers[line] && end == w->pointers[line + 1];
        for (int64_t e = x->pointers[line]; e < end && same; e++)
            same = nmfi_sparse_index(x, e) == nmfi_sparse_index(w, e);
        if (!same)
            return nmf_fail(
                error, NMF_ERROR_ARGUMENT,
                "the weights of a sparse X store the same entries in the same order; %s "
                "%lld of them does not",
                x->by_columns ? "column" : "row", (long long)line);
        for (int64_t e = x->pointers[line]; e < end; e++) {
            const int64_t index = nmfi_sparse_index(w, e);
            const nmf_status status =
                check_weight(nmfi_value(w->dtype, w->values, e), w->by_columns ? index : line,
                             w->by_columns ? line : index, error);
            if (status != NMF_OK) return status;
        }
    }
    return NMF_OK;
}

nmf_status nmf_matrix_set_weights(nmf_matrix *matrix, nmf_matrix *weights, nmf_error *error)
{
    if (!matrix) return nmf_fail(error, NMF_ERROR_ARGUMENT, "matrix is NULL");
    if (!weights) {
        nmf_matrix_free(matrix->weights);
        matrix->weights = NULL;
        return NMF_OK;
    }
    const int64_t rows = matrix->dense.rows, columns = matrix->dense.columns;
    if (nmf_matrix_is_sparse(matrix) != nmf_matrix_is_sparse(weights))
        return nmf_fail(
            error, NMF_ERROR_ARGUMENT,
            "the weights of a dense matrix are dense, those of a sparse one are sparse and "
            "store the same entries");
    if (weights->dense.rows != rows || weights->dense.columns != columns)
        return nmf_fail(error, NMF_ERROR_SHAPE, "the weights are %lld x %lld; X is %lld x %lld",
                        (long long)weights->dense.rows, (long long)weights->dense.columns,
                        (long long)rows, (long long)columns);
    nmf_matrix *loaded = NULL;
    const int sparse = nmf_matrix_is_sparse(matrix);
    nmf_status status =
        nmfi_compare_names(matrix, weights, NMF_FEATURE_NAMES, "the weights", error);
    if (status == NMF_OK)
        status = nmfi_compare_names(matrix, weights, NMF_SAMPLE_NAMES, "the weights", error);
    if (status == NMF_OK && !sparse && !nmf_matrix_is_in_memory(weights))
        status = load(weights, &loaded, error);
    if (status == NMF_OK)
        status = sparse ? check_stored(matrix, weights, error)
                        : check_dense(loaded ? loaded : weights, error);
    if (status != NMF_OK) {
        nmf_matrix_free(loaded);
        return status;
    }
    if (loaded) {
        nmf_matrix_free(weights);
        weights = loaded;
    }
    if (matrix->weights != weights) nmf_matrix_free(matrix->weights);
    matrix->weights = weights;
    return NMF_OK;
}

nmf_status nmf_matrix_set_missing(nmf_matrix *matrix, nmf_missing missing, nmf_error *error)
{
    if (!matrix) return nmf_fail(error, NMF_ERROR_ARGUMENT, "matrix is NULL");
    if ((int)missing < NMF_MISSING_NONE || missing > NMF_MISSING_UNSTORED)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "missing = %d is not an nmf_missing",
                        (int)missing);
    if (missing == NMF_MISSING_UNSTORED && !nmf_matrix_is_sparse(matrix))
        return nmf_fail(
            error, NMF_ERROR_ARGUMENT,
            "missing = unstored is for sparse matrices: a dense one stores every entry");
    if (missing == NMF_MISSING_NAN && nmf_matrix_is_sparse(matrix))
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "missing = nan is for dense matrices; of a sparse one, leave out what was "
                        "not observed and say missing = unstored");
    matrix->missing = missing;
    return NMF_OK;
}

nmf_status nmfi_weights_check_stored(const nmf_matrix *matrix, nmf_error *error)
{
    if (!nmf_matrix_is_sparse(matrix) || !matrix->weights ||
        matrix->missing == NMF_MISSING_UNSTORED)
        return NMF_OK;
    return nmf_fail(
        error, NMF_ERROR_ARGUMENT,
        "the weights of a sparse X say nothing of entries that it does not store: with missing "
        "= unstored these were not observed; else make X dense");
}
