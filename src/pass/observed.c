/* See observed.h: dense matrices. */
#include "pass/observed.h"

#include "data/matrix.h"
#include "data/value.h"
#include "pass/exchange.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- sums -------------------------------------------------------------------------------------- */

/* What is added up of each slot: these, then for each column the weighted sum and the weight. */
enum {
    SUM,
    WEIGHT,
    SQUARES,
    MISSING,
    UNEVEN,
    WEIGHTED,
    NUMBERS
}; /* UNEVEN: not 1; WEIGHTED: nor 0 */

typedef struct marginals {
    nmfi_partition rows;
    int64_t columns, width;
    double *row_sums, *row_weights; /* of the rows here */
    double *of_slots;               /* width for each slot that is here */
    double *total;                  /* of all */
    double *row;
} marginals;

static const double *column_sums(const marginals *of)
{
    return of->total + NUMBERS;
}

static const double *column_weights(const marginals *of)
{
    return of->total + NUMBERS + of->columns;
}

static double *slot_numbers(const marginals *of, int64_t slot)
{
    return of->of_slots + (slot - of->rows.first_slot) * of->width;
}

static void numbers_of_slot(const void *context, int64_t slot, int64_t first, int64_t count,
                            double *numbers)
{
    const marginals *of = context;
    memcpy(numbers, slot_numbers(of, slot) + first, (size_t)count * sizeof *numbers);
}

/* The weight of an entry, 0 where it was not observed; what is then in X is not looked at. */
static double observed_weight(const nmf_matrix *X, int64_t i, int64_t j, const double *row)
{
    const double w = X->weights ? nmf_matrix_at(X->weights, i, j) : 1.0;
    return w > 0 && X->missing == NMF_MISSING_NAN && isnan(row[j]) ? 0.0 : w;
}

static nmf_status add_row(const nmf_matrix *X, double beta, int64_t i, const marginals *of,
                          double *numbers, nmf_error *error)
{
    double *const sums = numbers + NUMBERS, *const weights = sums + of->columns;
    const nmf_status status = nmf_matrix_copy_rows(X, i, 1, NMF_F64, of->row, error);
    if (status != NMF_OK) return status;
    for (int64_t j = 0; j < of->columns; j++) {
        const double w = observed_weight(X, i, j, of->row), x = of->row[j];
        numbers[UNEVEN] += w != 1;
        numbers[MISSING] += !(w > 0);
        if (!(w > 0)) continue;
        numbers[WEIGHTED] += w != 1;
        if (beta == 0 && w != 1)
            return nmf_fail(error, NMF_ERROR_DATA,
                            "weight[%lld,%lld] = %g: with loss is (beta = 0), which does not see the scale of an "
                            "entry, weights are 0 or 1",
                            (long long)(of->rows.first_row + i), (long long)j, w);
        numbers[SQUARES] += w * x * x;
        of->row_sums[i] += w * x;
        of->row_weights[i] += w;
        sums[j] += w * x;
        weights[j] += w;
    }
    numbers[SUM] += of->row_sums[i];
    numbers[WEIGHT] += of->row_weights[i];
    return NMF_OK;
}

static nmf_status add_up(const nmf_matrix *X, double beta, const marginals *of, nmf_error *error)
{
    const nmfi_partition *rows = &of->rows;
    nmf_status status = NMF_OK;
    int64_t i = 0;
    for (int64_t s = rows->first_slot; s < rows->first_slot + rows->own_slots; s++)
        for (; i < nmfi_partition_first_row(rows, s + 1) && status == NMF_OK; i++)
            status = add_row(X, beta, i, of, slot_numbers(of, s), error);
    status = nmfi_comm_status_by(rows->comm, rows->first_row + i, status, error);
    if (status != NMF_OK) return status;
    nmfi_slots_add_up(rows, numbers_of_slot, of, of->width, of->total);
    return of->total[WEIGHT] > 0 ? NMF_OK
                                 : nmf_fail(error, NMF_ERROR_DATA, "no entry of X was observed");
}

/* --- filled in --------------------------------------------------------------------------------- */

static double mean_of(double sum, double weight, double otherwise)
{
    return weight > 0 ? sum / weight : otherwise;
}

static double power_of(double weight, double beta)
{
    return !(weight > 0) ? 0 : beta == 0 ? 1 : beta == 1 ? weight : pow(weight, 1 / beta);
}

/* *left: what the means leave. */
static nmf_status fill_row(const nmf_matrix *X, nmf_dtype type, double beta, int64_t i,
                           const marginals *of, nmfi_observed *observed, double *left,
                           nmf_error *error)
{
    const int64_t n = of->columns;
    void *const filled = nmf_matrix_writable(observed->filled);
    const double mean = mean_of(of->total[SUM], of->total[WEIGHT], 0);
    const nmf_status status = nmf_matrix_copy_rows(X, i, 1, NMF_F64, of->row, error);
    if (status != NMF_OK) return status;
    const double row_mean = mean_of(of->row_sums[i], of->row_weights[i], mean);
    for (int64_t j = 0; j < n; j++) {
        const double w = observed_weight(X, i, j, of->row), x = of->row[j];
        const double column_mean = mean_of(column_sums(of)[j], column_weights(of)[j], mean);
        const double between = mean > 0 ? row_mean * column_mean / mean : 0;
        if (w > 0) *left += (x - between) * (x - between);
        nmfi_set_value(type, filled, i * n + j, w > 0 ? x : between);
        nmfi_set_value(type, observed->u, i * n + j, power_of(w, beta));
        observed->missing_here += !(w > 0);
    }
    return NMF_OK;
}

static nmf_status fill(const nmf_matrix *X, nmf_dtype type, double beta, marginals *of,
                       nmfi_observed *observed, nmf_error *error)
{
    const nmfi_partition *rows = &of->rows;
    nmf_status status = NMF_OK;
    int64_t i = 0;
    of->width = 1;
    memset(of->of_slots, 0, (size_t)rows->own_slots * sizeof *of->of_slots);
    for (int64_t s = rows->first_slot; s < rows->first_slot + rows->own_slots; s++)
        for (; i < nmfi_partition_first_row(rows, s + 1) && status == NMF_OK; i++)
            status = fill_row(X, type, beta, i, of, observed, slot_numbers(of, s), error);
    status = nmfi_comm_status(rows->comm, status, error);
    if (status != NMF_OK) return status;
    nmfi_slots_add_up(rows, numbers_of_slot, of, 1, &observed->left_by_means);
    for (i = 0; i < rows->count; i++) observed->unseen_rows[i] = !(of->row_weights[i] > 0);
    for (int64_t j = 0; j < of->columns; j++)
        observed->unseen_columns[j] = !(column_weights(of)[j] > 0);
    for (i = 0; i < rows->count; i++)
        observed->row_means[rows->first_row + i] = of->row_weights[i] / (double)of->columns;
    nmfi_rows_share(rows, observed->row_means, sizeof *observed->row_means);
    for (int64_t j = 0; j < of->columns; j++)
        observed->column_means[j] = column_weights(of)[j] / (double)rows->all;
    return NMF_OK;
}

/* --- the other way round ----------------------------------------------------------------------- */

static void transpose_own(nmf_dtype type, const nmfi_observed *observed, int64_t m, int64_t n)
{
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++)
            nmfi_set_value(type, observed->u_transposed, j * m + i,
                           nmfi_value(type, observed->u, i * n + j));
}

/* As X itself is transposed among processes. */
static nmf_status transpose_together(nmf_dtype type, const nmfi_partition *rows, int64_t n,
                                     const nmfi_observed *observed, nmf_error *error)
{
    nmfi_source u = nmfi_source_packed(type, observed->u, rows->count, n);
    nmfi_pass pass = {.block_tiles = 0};
    nmfi_arena arena = {0};
    u.comm = rows->comm;
    u.all_rows = rows->all;
    u.first_row = rows->first_row;
    nmfi_pass_plan(&pass, &u, nmfi_kernels_for(type, NULL), 1, 0);
    nmfi_pass_layout(&pass, &arena, 1, 0);
    nmf_status status = nmfi_arena_allocate(&arena, NMFI_NO_LIMIT, error);
    if (status == NMF_OK) nmfi_pass_layout(&pass, &arena, 1, 0);
    status = nmfi_comm_status(rows->comm, status, error);
    if (status == NMF_OK) status = nmfi_pass_copy_transposed(&pass, observed->u_transposed, error);
    nmfi_arena_free(&arena);
    return status;
}

static nmf_status transpose(nmf_dtype type, const nmfi_partition *rows, int64_t n,
                            nmfi_observed *observed, nmf_error *error)
{
    const int64_t entries = nmfi_partition_spread(n, rows->comm).count * rows->all;
    nmf_status status = NMF_OK;
    observed->missing_across = observed->missing_here;
    if (!rows->comm) {
        transpose_own(type, observed, rows->count, n);
        return NMF_OK;
    }
    status = transpose_together(type, rows, n, observed, error);
    observed->missing_across = 0;
    for (int64_t i = 0; i < entries && status == NMF_OK; i++)
        observed->missing_across += !(nmfi_value(type, observed->u_transposed, i) > 0);
    return status;
}

/* --- all of it --------------------------------------------------------------------------------- */

static nmfi_partition rows_of(const nmf_matrix *X)
{
    const nmfi_share *share = &X->share;
    return nmfi_partition_spread(share->comm ? share->all_rows : X->dense.rows, share->comm);
}

static size_t bytes_of(int64_t rows, int64_t columns, nmf_dtype type)
{
    return nmfi_product(rows, (int64_t)nmfi_product(columns, (int64_t)nmf_dtype_bytes(type)));
}

/* Of u_transposed. */
static size_t bytes_across(const nmf_matrix *X, nmf_dtype type)
{
    const nmfi_partition rows = rows_of(X);
    const nmfi_partition columns = nmfi_partition_spread(X->dense.columns, rows.comm);
    return bytes_of(columns.count, rows.all, type);
}

size_t nmfi_observed_bytes(const nmf_matrix *X, nmf_dtype type)
{
    const size_t along = bytes_of(X->dense.rows, X->dense.columns, type);
    const size_t across = bytes_across(X, type);
    return along > SIZE_MAX / 4 || across > SIZE_MAX / 4 ? SIZE_MAX : 2 * along + across;
}

/* Where something is missing or some weight is not 1. */
static nmf_status take_memory(const nmf_matrix *X, nmf_dtype type, nmfi_observed *observed,
                              nmf_error *error)
{
    const int64_t m = X->dense.rows, n = X->dense.columns;
    const size_t along = bytes_of(m, n, type), across = bytes_across(X, type);
    const int64_t all = rows_of(X).all;
    const size_t means = (size_t)(all + n) * sizeof(double);
    observed->memory = nmfi_allocate(means + along + across + (size_t)(m + n));
    if (!observed->memory)
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %zu bytes for weights",
                        along + across);
    observed->row_means = observed->memory;
    observed->column_means = observed->row_means + all;
    observed->u = (char *)observed->memory + means;
    observed->u_transposed = (char *)observed->u + along;
    observed->unseen_rows = (unsigned char *)observed->u_transposed + across;
    observed->unseen_columns = observed->unseen_rows + m;
    return nmf_matrix_new(type, m, n, &observed->filled, error);
}

static nmf_status lay_out(const nmf_matrix *X, nmf_dtype type, double beta, marginals *of,
                          nmfi_observed *observed, nmf_error *error)
{
    const nmfi_partition *rows = &of->rows;
    nmf_status status = take_memory(X, type, observed, error);
    status = nmfi_comm_status(rows->comm, status, error);
    if (status == NMF_OK) status = fill(X, type, beta, of, observed, error);
    if (status != NMF_OK) return status;
    observed->filled->share = X->share;
    return transpose(type, rows, of->columns, observed, error);
}

static nmf_status take_numbers(const nmf_matrix *X, marginals *of, nmf_error *error)
{
    of->rows = rows_of(X);
    of->columns = X->dense.columns;
    of->width = NUMBERS + 2 * of->columns;
    const int64_t count = 2 * of->rows.count + of->columns + (of->rows.own_slots + 1) * of->width;
    double *const numbers = calloc((size_t)count, sizeof *numbers);
    if (!numbers)
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %lld numbers", (long long)count);
    of->row_sums = numbers;
    of->row_weights = of->row_sums + of->rows.count;
    of->row = of->row_weights + of->rows.count;
    of->total = of->row + of->columns;
    of->of_slots = of->total + of->width;
    return NMF_OK;
}

nmf_status nmfi_observed_make(const nmf_matrix *X, nmf_dtype type, double beta,
                              nmfi_observed *observed, nmf_error *error)
{
    marginals of = {.row_sums = NULL};
    memset(observed, 0, sizeof *observed);
    nmf_status status = take_numbers(X, &of, error);
    status = nmfi_comm_status(of.rows.comm, status, error);
    if (status == NMF_OK) status = add_up(X, beta, &of, error);
    if (status == NMF_OK) {
        observed->weighted_squares = of.total[SQUARES];
        observed->missing = (int64_t)of.total[MISSING];
        observed->is_mask = of.total[WEIGHTED] == 0;
        if (of.total[UNEVEN] > 0) status = lay_out(X, type, beta, &of, observed, error);
    }
    free(of.row_sums);
    if (status != NMF_OK) nmfi_observed_free(observed);
    return status;
}

void nmfi_observed_free(nmfi_observed *observed)
{
    nmf_matrix_free(observed->filled);
    nmfi_release(observed->memory);
    memset(observed, 0, sizeof *observed);
}
