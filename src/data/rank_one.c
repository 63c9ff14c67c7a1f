/* See rank_one.h. */
#include "data/rank_one.h"

#include "data/matrix.h"
#include "data/value.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The first entry that counts, in row order; 0 where none does. */
static int first_of(const nmf_matrix *weights, int64_t *row, int64_t *column)
{
    const int64_t m = nmf_matrix_rows(weights), n = nmf_matrix_columns(weights);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++)
            if (nmf_matrix_at(weights, i, j) > 0) {
                *row = i;
                *column = j;
                return 1;
            }
    return 0;
}

/* r and c with c = 1 where the first entry that counts stands; 0 where the weights are no product, by more than the
 * rounding of one, or all are 1; or some are 0 and `zeros` are not welcome. */
static int divide(const nmf_matrix *weights, int zeros, double *r, double *c)
{
    int all_one = 1, some_zero = 0;
    const int64_t m = nmf_matrix_rows(weights), n = nmf_matrix_columns(weights);
    const double rounding =
        4 * (nmf_matrix_dtype(weights) == NMF_F32 ? (double)FLT_EPSILON : DBL_EPSILON);
    int64_t row = 0, column = 0;
    if (!first_of(weights, &row, &column)) return 0;
    const double unit = nmf_matrix_at(weights, row, column);
    for (int64_t i = 0; i < m; i++) r[i] = nmf_matrix_at(weights, i, column);
    for (int64_t j = 0; j < n; j++) c[j] = nmf_matrix_at(weights, row, j) / unit;
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            const double w = nmf_matrix_at(weights, i, j), product = r[i] * c[j];
            if (!(fabs(w - product) <= rounding * w)) return 0;
            all_one &= w == 1;
            some_zero |= w == 0;
        }
    return !all_one && (zeros || !some_zero);
}

static void take_roots(double *numbers, int64_t count, double beta)
{
    for (int64_t i = 0; i < count && beta != 1; i++)
        numbers[i] = numbers[i] > 0 ? pow(numbers[i], 1 / beta) : 0;
}

static int is_usable(double x, int signed_ok)
{
    return isfinite(x) && (signed_ok || x >= 0);
}

/* X' into `to`; *usable is 0 where an entry that counts is none. */
static nmf_status scale(const nmf_matrix *X, const nmfi_rank_one *of, nmf_dtype type, int signed_ok,
                        double *row, void *to, int *usable, nmf_error *error)
{
    const int64_t m = nmf_matrix_rows(X), n = nmf_matrix_columns(X);
    for (int64_t i = 0; i < m && *usable; i++) {
        const nmf_status status = nmf_matrix_copy_rows(X, i, 1, NMF_F64, row, error);
        if (status != NMF_OK) return status;
        for (int64_t j = 0; j < n; j++) {
            const double by = of->row_scale[i] * of->column_scale[j];
            if (by > 0) *usable &= is_usable(row[j], signed_ok);
            nmfi_set_value(type, to, i * n + j, by > 0 ? by * row[j] : 0);
        }
    }
    return NMF_OK;
}

nmf_status nmfi_rank_one_make(const nmf_matrix *X, nmf_dtype type, double beta, int signed_ok,
                              nmfi_rank_one *made, nmf_error *error)
{
    const int64_t m = nmf_matrix_rows(X), n = nmf_matrix_columns(X);
    int usable = 1;
    memset(made, 0, sizeof *made);
    if (!X->weights || X->missing != NMF_MISSING_NONE || nmf_matrix_is_sparse(X) || beta == 0)
        return NMF_OK;
    double *const numbers = calloc((size_t)m + 2 * (size_t)n + 1, sizeof *numbers);
    if (!numbers)
        return nmf_fail(error, NMF_ERROR_MEMORY,
                        "out of memory: weights of %lld rows and %lld columns", (long long)m,
                        (long long)n);
    made->row_scale = numbers;
    made->column_scale = numbers + m;
    /* Entries of 0 are like any others to these losses only. */
    const int zeros = beta == 2 || beta == 1;
    if (!divide(X->weights, zeros, made->row_scale, made->column_scale)) {
        nmfi_rank_one_free(made);
        return NMF_OK;
    }
    take_roots(numbers, m + n, beta);
    nmf_status status = nmf_matrix_new(type, m, n, &made->scaled, error);
    if (status == NMF_OK)
        status = scale(X, made, type, signed_ok, numbers + m + n, nmf_matrix_writable(made->scaled),
                       &usable, error);
    if (status == NMF_OK) status = nmfi_matrix_inherit_rows(made->scaled, X, error);
    if (status == NMF_OK) status = nmfi_matrix_inherit_columns(made->scaled, X, error);
    if (status != NMF_OK || !usable) nmfi_rank_one_free(made);
    return status;
}

void nmfi_rank_one_free(nmfi_rank_one *made)
{
    nmf_matrix_free(made->scaled);
    free(made->row_scale);
    memset(made, 0, sizeof *made);
}
