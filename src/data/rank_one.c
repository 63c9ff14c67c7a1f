/* See rank_one.h. */
#include "data/rank_one.h"

#include "base/comm.h"
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

/* The first row that has one, of all: whose it is, and its weights over the first that counts, in c; -1 where none
 * counts. */
static int64_t share_first(const nmf_comm *comm, const nmf_matrix *weights, double *c)
{
    const int64_t n = nmf_matrix_columns(weights);
    int64_t row = 0, column = 0;
    const int has = first_of(weights, &row, &column);
    const int64_t who = nmfi_comm_least(comm, has ? nmfi_comm_rank(comm) : INT64_MAX);
    if (who == INT64_MAX) return -1;
    if (who == nmfi_comm_rank(comm))
        for (int64_t j = 0; j < n; j++)
            c[j] = nmf_matrix_at(weights, row, j) / nmf_matrix_at(weights, row, column);
    if (comm) comm->broadcast(comm->context, who, c, (size_t)n * sizeof *c);
    for (column = 0; !(c[column] > 0);) column++; /* the first that counts has 1 */
    return column;
}

/* What the weights of the rows that are here are like. */
typedef struct kind {
    int is_product, all_one, some_zero;
} kind;

static kind kind_of(const nmf_matrix *weights, const double *r, const double *c)
{
    kind found = {1, 1, 0};
    const int64_t m = nmf_matrix_rows(weights), n = nmf_matrix_columns(weights);
    const double rounding =
        4 * (nmf_matrix_dtype(weights) == NMF_F32 ? (double)FLT_EPSILON : DBL_EPSILON);
    for (int64_t i = 0; i < m && found.is_product; i++)
        for (int64_t j = 0; j < n; j++) {
            const double w = nmf_matrix_at(weights, i, j), product = r[i] * c[j];
            found.is_product &= fabs(w - product) <= rounding * w;
            found.all_one &= w == 1;
            found.some_zero |= w == 0;
        }
    return found;
}

/* r and c with c = 1 where the first entry that counts stands; 0 where the weights are no product, by more than the
 * rounding of one, or all are 1; or some are 0 and `zeros` are not welcome. The same on all processes. */
static int divide(const nmf_comm *comm, const nmf_matrix *weights, int zeros, double *r, double *c)
{
    const int64_t unit = share_first(comm, weights, c);
    if (unit < 0) return 0;
    for (int64_t i = 0; i < nmf_matrix_rows(weights); i++) r[i] = nmf_matrix_at(weights, i, unit);
    const kind mine = kind_of(weights, r, c);
    const int is_product = (int)nmfi_comm_least(comm, mine.is_product);
    const int all_one = (int)nmfi_comm_least(comm, mine.all_one);
    const int some_zero = (int)nmfi_comm_most(comm, mine.some_zero);
    return is_product && !all_one && (zeros || !some_zero);
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

/* Memory for r and c and a row. */
static nmf_status take_numbers(const nmf_matrix *X, nmfi_rank_one *made, nmf_error *error)
{
    const int64_t m = nmf_matrix_rows(X), n = nmf_matrix_columns(X);
    const nmfi_share *share = &X->share;
    double *const numbers = calloc((size_t)m + 2 * (size_t)n + 1, sizeof *numbers);
    if (!numbers)
        return nmf_fail(error, NMF_ERROR_MEMORY,
                        "out of memory: weights of %lld rows and %lld columns", (long long)m,
                        (long long)n);
    made->row_scale = numbers;
    made->column_scale = numbers + m;
    made->first_row = share->comm ? share->first : 0;
    made->rows = m;
    return NMF_OK;
}

/* X' from r and c. */
static nmf_status make_scaled(const nmf_matrix *X, nmf_dtype type, int signed_ok,
                              nmfi_rank_one *made, int *usable, nmf_error *error)
{
    const int64_t m = nmf_matrix_rows(X), n = nmf_matrix_columns(X);
    nmf_status status = nmf_matrix_new(type, m, n, &made->scaled, error);
    if (status != NMF_OK) return status;
    made->scaled->share = X->share;
    status = scale(X, made, type, signed_ok, made->column_scale + n,
                   nmf_matrix_writable(made->scaled), usable, error);
    if (status == NMF_OK) status = nmfi_matrix_inherit_rows(made->scaled, X, error);
    if (status == NMF_OK) status = nmfi_matrix_inherit_columns(made->scaled, X, error);
    return status;
}

nmf_status nmfi_rank_one_make(const nmf_matrix *X, nmf_dtype type, double beta, int signed_ok,
                              nmfi_rank_one *made, nmf_error *error)
{
    const nmf_comm *comm = X->share.comm;
    int usable = 1;
    memset(made, 0, sizeof *made);
    if (!X->weights || X->missing != NMF_MISSING_NONE || nmf_matrix_is_sparse(X) || beta == 0)
        return NMF_OK;
    nmf_status status = nmfi_comm_status(comm, take_numbers(X, made, error), error);
    if (status != NMF_OK) {
        nmfi_rank_one_free(made);
        return status;
    }
    /* Entries of 0 are like any others to these losses only. */
    const int zeros = beta == 2 || beta == 1;
    if (!divide(comm, X->weights, zeros, made->row_scale, made->column_scale)) {
        nmfi_rank_one_free(made);
        return NMF_OK;
    }
    take_roots(made->row_scale, made->rows + nmf_matrix_columns(X), beta);
    status = nmfi_comm_status(comm, make_scaled(X, type, signed_ok, made, &usable, error), error);
    usable = (int)nmfi_comm_least(comm, usable);
    if (status != NMF_OK || !usable) nmfi_rank_one_free(made);
    return status;
}

void nmfi_rank_one_free(nmfi_rank_one *made)
{
    nmf_matrix_free(made->scaled);
    free(made->row_scale);
    memset(made, 0, sizeof *made);
}
