/* Weights and missing entries of a matrix: set, checked, and laid out as passes read them. */
#include "data/observed.h"

#include "base/memory.h"
#include "data/matrix.h"
#include "data/value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double weight_at(const nmf_matrix *X, int64_t i, int64_t j)
{
    return X->weights ? nmf_matrix_at(X->weights, i, j) : 1.0;
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
    if (nmf_matrix_is_sparse(matrix) || nmf_matrix_is_sparse(weights))
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "weights are for dense matrices, and dense themselves");
    if (weights->dense.rows != rows || weights->dense.columns != columns)
        return nmf_fail(error, NMF_ERROR_SHAPE, "the weights are %lld x %lld; X is %lld x %lld",
                        (long long)weights->dense.rows, (long long)weights->dense.columns,
                        (long long)rows, (long long)columns);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) {
            const double w = nmf_matrix_at(weights, i, j);
            if (!(w >= 0 && isfinite(w)))
                return nmf_fail(error, NMF_ERROR_DATA,
                                "weight[%lld,%lld] = %g: weights must be finite and >= 0",
                                (long long)i, (long long)j, w);
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

nmf_missing nmf_matrix_missing(const nmf_matrix *matrix)
{
    return matrix ? matrix->missing : NMF_MISSING_NONE;
}

int nmf_matrix_has_weights(const nmf_matrix *matrix)
{
    return matrix && matrix->weights != NULL;
}

int nmfi_matrix_is_weighted(const nmf_matrix *matrix)
{
    return matrix->weights != NULL || matrix->missing != NMF_MISSING_NONE;
}

/* --- as passes read them ------------------------------------------------------------------------- */

/* Weighted sums along rows and columns, and what they are sums over. */
typedef struct marginals {
    double *row_sums, *row_weights, *column_sums, *column_weights, *row;
    double sum, weight;
} marginals;

/* The weight of an entry, 0 where it was not observed; what is then in X is not looked at. */
static double observed_weight(const nmf_matrix *X, int64_t i, int64_t j, const double *row)
{
    const double w = weight_at(X, i, j);
    return w > 0 && X->missing == NMF_MISSING_NAN && isnan(row[j]) ? 0.0 : w;
}

static nmf_status add_up(const nmf_matrix *X, double beta, marginals *of, nmfi_observed *observed,
                         int *plain, nmf_error *error)
{
    const int64_t m = X->dense.rows, n = X->dense.columns;
    for (int64_t i = 0; i < m; i++) {
        const nmf_status status = nmf_matrix_copy_rows(X, i, 1, NMF_F64, of->row, error);
        if (status != NMF_OK) return status;
        for (int64_t j = 0; j < n; j++) {
            const double w = observed_weight(X, i, j, of->row);
            *plain &= w == 1;
            observed->missing += !(w > 0);
            if (!(w > 0)) continue;
            observed->is_mask &= w == 1;
            if (beta == 0 && w != 1)
                return nmf_fail(error, NMF_ERROR_DATA,
                                "weight[%lld,%lld] = %g: with loss is (beta = 0), which does not "
                                "see the scale of "
                                "an entry, weights are 0 or 1",
                                (long long)i, (long long)j, w);
            const double x = of->row[j];
            observed->weighted_squares += w * x * x;
            of->row_sums[i] += w * x;
            of->row_weights[i] += w;
            of->column_sums[j] += w * x;
            of->column_weights[j] += w;
        }
        of->sum += of->row_sums[i];
        of->weight += of->row_weights[i];
    }
    return of->weight > 0 ? NMF_OK : nmf_fail(error, NMF_ERROR_DATA, "no entry of X was observed");
}

static double mean_of(double sum, double weight, double otherwise)
{
    return weight > 0 ? sum / weight : otherwise;
}

static nmf_status lay_out(const nmf_matrix *X, nmf_dtype type, double beta, const marginals *of,
                          nmfi_observed *observed, nmf_error *error)
{
    const int64_t m = X->dense.rows, n = X->dense.columns;
    void *const filled = nmf_matrix_writable(observed->filled);
    const double mean = mean_of(of->sum, of->weight, 0);
    for (int64_t i = 0; i < m; i++) observed->row_means[i] = of->row_weights[i] / (double)n;
    for (int64_t j = 0; j < n; j++) observed->column_means[j] = of->column_weights[j] / (double)m;
    for (int64_t i = 0; i < m; i++) observed->unseen_rows[i] = !(of->row_weights[i] > 0);
    for (int64_t j = 0; j < n; j++) observed->unseen_columns[j] = !(of->column_weights[j] > 0);
    for (int64_t i = 0; i < m; i++) {
        const nmf_status status = nmf_matrix_copy_rows(X, i, 1, NMF_F64, of->row, error);
        if (status != NMF_OK) return status;
        const double row_mean = mean_of(of->row_sums[i], of->row_weights[i], mean);
        for (int64_t j = 0; j < n; j++) {
            const double w = observed_weight(X, i, j, of->row);
            const double u = !(w > 0) ? 0 : beta == 0 ? 1 : beta == 1 ? w : pow(w, 1 / beta);
            const double column_mean = mean_of(of->column_sums[j], of->column_weights[j], mean);
            const double between = mean > 0 ? row_mean * column_mean / mean : 0;
            if (w > 0) observed->left_by_means += (of->row[j] - between) * (of->row[j] - between);
            nmfi_set_value(type, filled, i * n + j, w > 0 ? of->row[j] : between);
            nmfi_set_value(type, observed->u, i * n + j, u);
            nmfi_set_value(type, observed->u_transposed, j * m + i, u);
        }
    }
    return NMF_OK;
}

size_t nmfi_observed_bytes(const nmf_matrix *X, nmf_dtype type)
{
    const size_t bytes = nmfi_product(
        X->dense.rows, (int64_t)nmfi_product(X->dense.columns, (int64_t)nmf_dtype_bytes(type)));
    return bytes > SIZE_MAX / 4 ? SIZE_MAX : 3 * bytes;
}

/* Both, where something is missing or some weight is not 1. */
static nmf_status take_memory(const nmf_matrix *X, nmf_dtype type, nmfi_observed *observed,
                              nmf_error *error)
{
    const int64_t m = X->dense.rows, n = X->dense.columns;
    const size_t each = nmfi_observed_bytes(X, type) / 3;
    const size_t numbers = (size_t)(m + n) * sizeof(double);
    observed->memory = nmfi_allocate(numbers + 2 * each + (size_t)(m + n));
    if (!observed->memory)
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %zu bytes for weights", 2 * each);
    observed->row_means = observed->memory;
    observed->column_means = observed->row_means + m;
    observed->u = (char *)observed->memory + numbers;
    observed->u_transposed = (char *)observed->u + each;
    observed->unseen_rows = (unsigned char *)observed->u_transposed + each;
    observed->unseen_columns = observed->unseen_rows + m;
    return nmf_matrix_new(type, m, n, &observed->filled, error);
}

nmf_status nmfi_observed_make(const nmf_matrix *X, nmf_dtype type, double beta,
                              nmfi_observed *observed, nmf_error *error)
{
    const size_t m = (size_t)X->dense.rows, n = (size_t)X->dense.columns;
    int plain = 1;
    memset(observed, 0, sizeof *observed);
    observed->is_mask = 1;
    double *const numbers = calloc(2 * m + 3 * n + 1, sizeof *numbers);
    if (!numbers)
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %zu numbers", 2 * m + 3 * n);
    marginals of = {
        numbers, numbers + m, numbers + 2 * m, numbers + 2 * m + n, numbers + 2 * m + 2 * n, 0, 0};
    nmf_status status = add_up(X, beta, &of, observed, &plain, error);
    if (status == NMF_OK && !plain) status = take_memory(X, type, observed, error);
    if (status == NMF_OK && !plain) status = lay_out(X, type, beta, &of, observed, error);
    free(numbers);
    if (status != NMF_OK) nmfi_observed_free(observed);
    return status;
}

void nmfi_observed_free(nmfi_observed *observed)
{
    nmf_matrix_free(observed->filled);
    nmfi_release(observed->memory);
    memset(observed, 0, sizeof *observed);
}
