/* Weightings of counts: see <nmfkit/weighting.h>. Two looks at the entries, whichever way they are
 * stored: what a row sums up to, then what its entries become. Arithmetic in f64. */
#include "data/weighting.h"

#include "base/memory.h"
#include "data/matrix.h"
#include "data/observed.h"
#include "data/sparse.h"
#include "data/value.h"
#include "data/weigher.h"

#include <math.h>
#include <stdlib.h>

static nmf_status inherit(nmf_matrix *to, const nmf_matrix *from, nmf_error *error)
{
    const nmf_status status = nmfi_matrix_inherit_rows(to, from, error);
    return status == NMF_OK ? nmfi_matrix_inherit_columns(to, from, error) : status;
}

/* --- sparse ---------------------------------------------------------------------------------- */

/* Calls for each stored entry, with its place. */
typedef void (*visit_fn)(const nmfi_weigher *w, int64_t row, int64_t column, double value,
                         int64_t at);

static void visit_stored(const nmfi_weigher *w, const nmf_sparse *s, visit_fn visit)
{
    for (int64_t line = 0; line < nmfi_sparse_lines(s); line++)
        for (int64_t at = s->pointers[line]; at < s->pointers[line + 1]; at++) {
            const int64_t minor = nmfi_sparse_index(s, at);
            const double value = nmfi_value(s->dtype, s->values, at);
            visit(w, s->by_columns ? minor : line, s->by_columns ? line : minor, value, at);
        }
}

static void add_to_sum(const nmfi_weigher *w, int64_t row, int64_t column, double value, int64_t at)
{
    (void)at;
    w->row_sums[row] += nmfi_weigher_summand(w, column, value);
}

static void put_weighted(const nmfi_weigher *w, int64_t row, int64_t column, double value,
                         int64_t at)
{
    nmfi_set_value(w->dtype, w->out, at, nmfi_weighted_entry(w, row, column, value));
}

/* The result borrows the structure of X. */
static nmf_status weigh_sparse(nmfi_weigher *w, const nmf_matrix *X, nmf_matrix **made,
                               nmf_error *error)
{
    nmf_sparse sparse = nmf_matrix_sparse(X);
    const size_t bytes = nmfi_product(nmf_matrix_stored(X), (int64_t)nmf_dtype_bytes(w->dtype));
    w->out = nmfi_allocate(bytes);
    if (!w->out)
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %zu bytes of weighted entries",
                        bytes);
    visit_stored(w, &sparse, add_to_sum);
    nmfi_weigher_finish_sums(w, sparse.rows);
    visit_stored(w, &sparse, put_weighted);
    sparse.values = w->out;
    sparse.dtype = w->dtype;
    return nmf_matrix_adopt_sparse(&sparse, nmfi_release, w->out, made, error);
}

/* --- dense ----------------------------------------------------------------------------------- */

static nmf_status weigh_dense(nmfi_weigher *w, const nmf_matrix *X, nmf_matrix **made,
                              nmf_error *error)
{
    const int64_t rows = nmf_matrix_rows(X), columns = nmf_matrix_columns(X);
    double *row = calloc((size_t)columns + 1, sizeof *row);
    nmf_status status =
        row ? nmf_matrix_new(w->dtype, rows, columns, made, error)
            : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: a row of %lld", (long long)columns);
    if (status == NMF_OK) w->out = nmf_matrix_writable(*made);
    for (int64_t i = 0; status == NMF_OK && i < rows; i++) {
        status = nmf_matrix_copy_rows(X, i, 1, NMF_F64, row, error);
        if (status == NMF_OK) nmfi_weigh_row(w, row, columns, i * columns);
    }
    free(row);
    return status;
}

/* --- what is public ------------------------------------------------------------------------ */

static nmf_status check(const nmf_matrix *X, nmf_weighting weighting, nmf_error *error)
{
    if (!X) return nmf_fail(error, NMF_ERROR_ARGUMENT, "weighting needs a matrix");
    if (nmf_matrix_is_sparse(X) && !nmf_matrix_is_in_memory(X) && !nmfi_weighs_reading(X))
        return nmfi_matrix_check_in_memory(X, "weighting", error);
    if ((unsigned)weighting > NMF_WEIGHTING_RAW)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "weighting %d is not one of 0 to %d",
                        (int)weighting, NMF_WEIGHTING_RAW);
    /* Those that are weighted as they are read are looked at then. */
    return nmfi_weighs_reading(X) ? NMF_OK : nmfi_matrix_check_entries(X, 0, error);
}

static void count_stored(const nmf_sparse *s, double *counts)
{
    for (int64_t line = 0; line < nmfi_sparse_lines(s); line++)
        for (int64_t at = s->pointers[line]; at < s->pointers[line + 1]; at++)
            counts[s->by_columns ? line : nmfi_sparse_index(s, at)] +=
                nmfi_value(s->dtype, s->values, at) > 0.0;
}

static nmf_status count_dense(const nmf_matrix *X, double *counts, nmf_error *error)
{
    const int64_t columns = nmf_matrix_columns(X);
    double *row = calloc((size_t)columns + 1, sizeof *row);
    nmf_status status =
        row ? NMF_OK
            : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: a row of %lld", (long long)columns);
    for (int64_t i = 0; status == NMF_OK && i < nmf_matrix_rows(X); i++) {
        status = nmf_matrix_copy_rows(X, i, 1, NMF_F64, row, error);
        for (int64_t j = 0; j < columns; j++) counts[j] += row[j] > 0.0;
    }
    free(row);
    return status;
}

nmf_status nmf_weighting_idf(const nmf_matrix *X, double *idf, nmf_error *error)
{
    nmf_status status = check(X, NMF_WEIGHTING_NONE, error);
    if (status == NMF_OK && !idf)
        status = nmf_fail(error, NMF_ERROR_ARGUMENT, "idf needs a place for its numbers");
    if (status != NMF_OK) return status;
    const int64_t columns = nmf_matrix_columns(X);
    for (int64_t j = 0; j < columns; j++) idf[j] = 0.0;
    if (nmf_matrix_is_sparse(X) && nmfi_weighs_reading(X)) {
        status = nmfi_count_reading(X, idf, error);
    } else if (nmf_matrix_is_sparse(X)) {
        const nmf_sparse sparse = nmf_matrix_sparse(X);
        count_stored(&sparse, idf);
    } else {
        status = count_dense(X, idf, error);
    }
    const double samples = (double)nmf_matrix_rows(X);
    for (int64_t j = 0; j < columns; j++) idf[j] = log((1.0 + samples) / (1.0 + idf[j])) + 1.0;
    return status;
}

size_t nmfi_weighted_bytes(const nmf_matrix *X, nmf_weighting weighting)
{
    if (weighting == NMF_WEIGHTING_NONE || weighting == NMF_WEIGHTING_RAW) return 0;
    if (nmfi_weighs_reading(X)) /* sums of the rows, idf */
        return nmfi_product(nmf_matrix_rows(X) + nmf_matrix_columns(X), sizeof(double));
    const size_t entry = nmf_matrix_dtype(X) == NMF_F64 ? sizeof(double) : sizeof(float);
    return nmfi_product(nmf_matrix_stored(X), (int64_t)entry);
}

/* Of an X whose entries are at hand. */
static nmf_status weigh_there(nmfi_weigher *w, const nmf_matrix *X, nmf_matrix **weighted,
                              nmf_error *error)
{
    const int sparse = nmf_matrix_is_sparse(X);
    const int64_t sums = sparse ? nmf_matrix_rows(X) : 1;
    nmf_status status = sparse ? nmfi_matrix_check_in_memory(X, "weighting", error) : NMF_OK;
    if (status == NMF_OK) status = nmfi_matrix_check_entries(X, 0, error);
    if (status != NMF_OK) return status;
    w->row_sums = calloc((size_t)sums + 1, sizeof *w->row_sums);
    if (!w->row_sums)
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: the sums of %lld rows",
                        (long long)sums);
    status = sparse ? weigh_sparse(w, X, weighted, error) : weigh_dense(w, X, weighted, error);
    free(w->row_sums);
    return status;
}

nmf_status nmfi_weighted(const nmf_matrix *X, nmf_weighting weighting, const double *idf,
                         nmf_matrix **weighted, nmf_error *error)
{
    nmfi_weigher w = {.weighting = weighting,
                      .idf = weighting == NMF_WEIGHTING_TFIDF ? idf : NULL,
                      .dtype = nmf_matrix_dtype(X) == NMF_F64 ? NMF_F64 : NMF_F32};
    *weighted = NULL;
    if (nmfi_matrix_is_weighted(X))
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "weighting = tfidf or sum looks at whole rows, of which some entries were "
                        "not observed or "
                        "count otherwise; weigh X before, with weighting none");
    nmf_status status = nmfi_weighs_reading(X) ? nmfi_weighted_reading(&w, X, weighted, error)
                                               : weigh_there(&w, X, weighted, error);
    if (status == NMF_OK) status = inherit(*weighted, X, error);
    if (status == NMF_OK) return NMF_OK;
    nmf_matrix_free(*weighted);
    *weighted = NULL;
    return status;
}

nmf_status nmfi_learn_idf(const nmf_matrix *X, nmf_weighting weighting, double **idf,
                          nmf_error *error)
{
    *idf = NULL;
    if (weighting != NMF_WEIGHTING_TFIDF) return NMF_OK;
    const int64_t columns = nmf_matrix_columns(X);
    double *learned = calloc((size_t)columns + 1, sizeof *learned);
    if (!learned)
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: the idf of %lld features",
                        (long long)columns);
    const nmf_status status = nmf_weighting_idf(X, learned, error);
    if (status == NMF_OK)
        *idf = learned;
    else
        free(learned);
    return status;
}

/* A sparse result borrows the structure of what was weighted, which is kept with it. */
static void release_original(void *context)
{
    nmf_matrix **both = context;
    nmf_matrix_free(both[0]);
    nmf_matrix_free(both[1]);
    free(both);
}

/* A matrix of its own over `weighted`, which lives on inside, as does `original`. On failure both
 * are the caller's still. */
static nmf_status keep_original(nmf_matrix *original, nmf_matrix *weighted, nmf_matrix **made,
                                nmf_error *error)
{
    const nmf_sparse sparse = nmf_matrix_sparse(weighted);
    nmf_matrix **both = calloc(2, sizeof(nmf_matrix *));
    if (!both) return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: two pointers");
    nmf_status status = nmf_matrix_adopt_sparse(&sparse, release_original, both, made, error);
    if (status != NMF_OK) return status; /* which has freed `both`, still empty */
    status = inherit(*made, weighted, error);
    if (status != NMF_OK) {
        nmf_matrix_free(*made);
        return status;
    }
    both[0] = weighted; /* only now: a failure leaves them to the caller */
    both[1] = original;
    return NMF_OK;
}

nmf_status nmf_weigh(nmf_matrix **X, nmf_weighting weighting, const double *idf, nmf_error *error)
{
    if (!X) return nmf_fail(error, NMF_ERROR_ARGUMENT, "weighting needs a matrix");
    nmf_matrix *weighted = NULL, *made = NULL;
    double *learned = NULL;
    if (*X && (weighting == NMF_WEIGHTING_NONE || weighting == NMF_WEIGHTING_RAW))
        return NMF_OK; /* any entries will do */
    nmf_status status = check(*X, weighting, error);
    if (status != NMF_OK) return status;
    if (!idf) status = nmfi_learn_idf(*X, weighting, &learned, error);
    if (status == NMF_OK)
        status = nmfi_weighted(*X, weighting, idf ? idf : learned, &weighted, error);
    free(learned);
    if (status == NMF_OK && nmfi_weighs_reading(*X)) {
        nmfi_weighted_reading_take(weighted, *X);
        *X = weighted;
    } else if (status == NMF_OK && nmf_matrix_is_sparse(weighted)) {
        status = keep_original(*X, weighted, &made, error);
        if (status == NMF_OK)
            *X = made;
        else
            nmf_matrix_free(weighted);
    } else if (status == NMF_OK) {
        nmf_matrix_free(*X);
        *X = weighted;
    }
    return status;
}
