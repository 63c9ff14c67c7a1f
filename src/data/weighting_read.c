/* Weightings of data whose rows a function reads: see weigher.h. What comes of it is a matrix of the same kind, whose
 * function reads some rows of X and weighs them. Of a sparse one the sums of rows are kept, 8 bytes a row, since its
 * entries may be asked for from the middle of a row; those of dense rows are made each time. */
#include "data/matrix.h"
#include "data/validate.h"
#include "data/value.h"
#include "data/weigher.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Entries looked at together. */
enum { PIECE = 16384 };

typedef struct weighted_reading {
    nmfi_weigher w;
    const nmf_matrix *X;
    nmf_matrix *owned; /* X where it was given away, or NULL */
    double *idf;
} weighted_reading;

static void release(void *context)
{
    weighted_reading *r = context;
    nmf_matrix_free(r->owned);
    free(r->w.row_sums);
    free(r->idf);
    free(r);
}

int nmfi_weighs_reading(const nmf_matrix *X)
{
    return !nmf_matrix_is_in_memory(X) && !X->reads_transposed;
}

static nmf_status check_entry(int64_t row, int64_t column, int64_t columns, double value,
                              nmf_error *error)
{
    if (column < 0 || column >= columns)
        return nmf_fail(error, NMF_ERROR_DATA, "row %lld of X has a column %lld; there are %lld",
                        (long long)row, (long long)column, (long long)columns);
    if (value >= 0 && isfinite(value)) return NMF_OK;
    const nmfi_bad_entry bad = {row, column, value};
    return nmfi_bad_entry_name(&bad, error);
}

/* --- sparse ------------------------------------------------------------------------------------ */

static int64_t index_at(const nmf_reader *reader, const void *indices, int64_t at)
{
    return reader->index_bytes == 4 ? ((const int32_t *)indices)[at]
                                    : ((const int64_t *)indices)[at];
}

/* The row that entry `at` is in. */
static int64_t row_of(const nmf_reader *reader, int64_t at)
{
    int64_t low = 0, high = reader->rows - 1;
    while (low < high) {
        const int64_t middle = low + (high - low + 1) / 2;
        if (reader->pointers[middle] <= at)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static nmf_status read_entries(const nmf_matrix *X, int64_t first, int64_t count, void *indices,
                               void *values, nmf_error *error)
{
    nmf_error said = {.status = NMF_OK};
    const nmf_status status =
        X->reader.read_entries(X->reader.context, first, count, indices, values, &said);
    if (status == NMF_OK) return NMF_OK;
    return nmf_fail(error, status, said.message[0] ? "%s" : "entries of X could not be read%s",
                    said.message);
}

/* The visitor of one entry. */
typedef void (*visit_fn)(void *context, int64_t row, int64_t column, double value);

static nmf_status visit_all(const nmf_matrix *X, visit_fn visit, void *context, nmf_error *error)
{
    const nmf_reader *reader = &X->reader;
    const int64_t stored = reader->pointers[reader->rows];
    char *const indices = malloc(2 * PIECE * sizeof(int64_t));
    void *const values = indices + PIECE * sizeof(int64_t);
    nmf_status status =
        indices ? NMF_OK : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %d entries", PIECE);
    int64_t row = 0;
    for (int64_t first = 0; first < stored && status == NMF_OK; first += PIECE) {
        const int64_t some = stored - first < PIECE ? stored - first : PIECE;
        status = read_entries(X, first, some, indices, values, error);
        for (int64_t e = 0; e < some && status == NMF_OK; e++) {
            while (first + e >= reader->pointers[row + 1]) row++;
            const int64_t column = index_at(reader, indices, e);
            const double value = nmfi_value(reader->dtype, values, e);
            status = check_entry(row, column, reader->columns, value, error);
            if (status == NMF_OK) visit(context, row, column, value);
        }
    }
    free(indices);
    return status;
}

static void add_to_sum(void *context, int64_t row, int64_t column, double value)
{
    const nmfi_weigher *w = context;
    w->row_sums[row] += nmfi_weigher_summand(w, column, value);
}

static nmf_status make_sums(weighted_reading *r, nmf_error *error)
{
    const int64_t rows = r->X->reader.rows;
    r->w.row_sums = calloc((size_t)rows + 1, sizeof *r->w.row_sums);
    if (!r->w.row_sums)
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: the sums of %lld rows",
                        (long long)rows);
    const nmf_status status = visit_all(r->X, add_to_sum, &r->w, error);
    if (status == NMF_OK) nmfi_weigher_finish_sums(&r->w, rows);
    return status;
}

/* Trap: entries of X are no wider than weighted ones, so they are read into the same place and widened from the last
 * one on. */
static nmf_status read_weighted_entries(void *context, int64_t first, int64_t count, void *indices,
                                        void *values, nmf_error *error)
{
    const weighted_reading *r = context;
    const nmf_reader *reader = &r->X->reader;
    nmf_status status = read_entries(r->X, first, count, indices, values, error);
    int64_t row = count > 0 ? row_of(reader, first + count - 1) : 0;
    for (int64_t e = count - 1; e >= 0 && status == NMF_OK; e--) {
        while (first + e < reader->pointers[row]) row--;
        const int64_t column = index_at(reader, indices, e);
        const double value = nmfi_value(reader->dtype, values, e);
        status = check_entry(row, column, reader->columns, value, error);
        if (status == NMF_OK)
            nmfi_set_value(r->w.dtype, values, e, nmfi_weighted_entry(&r->w, row, column, value));
    }
    return status;
}

static void count_entry(void *context, int64_t row, int64_t column, double value)
{
    double *counts = context;
    (void)row;
    counts[column] += value > 0;
}

nmf_status nmfi_count_reading(const nmf_matrix *X, double *counts, nmf_error *error)
{
    return visit_all(X, count_entry, counts, error);
}

/* --- dense ------------------------------------------------------------------------------------- */

static nmf_status check_row(int64_t row, const double *values, int64_t columns, nmf_error *error)
{
    nmf_status status = NMF_OK;
    for (int64_t j = 0; j < columns && status == NMF_OK; j++)
        status = check_entry(row, j, columns, values[j], error);
    return status;
}

/* From several threads at once: sum and row are this call's own. */
static nmf_status read_weighted_rows(void *context, int64_t first, int64_t count, void *rows,
                                     nmf_error *error)
{
    const weighted_reading *r = context;
    const int64_t columns = r->X->dense.columns,
                  most = columns > PIECE ? 1 : PIECE / (columns + 1) + 1;
    double sum = 0, *values = malloc((size_t)(most * columns + 1) * sizeof *values);
    nmfi_weigher w = r->w;
    nmf_status status = values ? NMF_OK
                               : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: a row of %lld",
                                          (long long)columns);
    w.row_sums = &sum;
    w.out = rows;
    for (int64_t i = 0; i < count && status == NMF_OK; i += most) {
        const int64_t some = count - i < most ? count - i : most;
        status = nmf_matrix_copy_rows(r->X, first + i, some, NMF_F64, values, error);
        for (int64_t s = 0; s < some && status == NMF_OK; s++) {
            status = check_row(first + i + s, values + s * columns, columns, error);
            if (status == NMF_OK)
                nmfi_weigh_row(&w, values + s * columns, columns, (i + s) * columns);
        }
    }
    free(values);
    return status;
}

/* --- both -------------------------------------------------------------------------------------- */

static nmf_status begin(weighted_reading *r, nmf_error *error)
{
    const int64_t columns = r->X->dense.columns;
    if (r->w.idf) {
        r->idf = malloc(((size_t)columns + 1) * sizeof *r->idf);
        if (!r->idf)
            return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: the idf of %lld features",
                            (long long)columns);
        memcpy(r->idf, r->w.idf, (size_t)columns * sizeof *r->idf);
        r->w.idf = r->idf;
    }
    return r->X->reader.read_entries ? make_sums(r, error) : NMF_OK;
}

nmf_status nmfi_weighted_reading(const nmfi_weigher *w, const nmf_matrix *X, nmf_matrix **weighted,
                                 nmf_error *error)
{
    nmf_reader reader = NMF_READER_INIT;
    weighted_reading *r = calloc(1, sizeof *r);
    if (!r) return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %zu bytes", sizeof *r);
    r->w = *w;
    r->X = X;
    const nmf_status status = begin(r, error);
    if (status != NMF_OK) {
        release(r);
        return status;
    }
    reader.dtype = w->dtype;
    reader.rows = X->dense.rows;
    reader.columns = X->dense.columns;
    reader.context = r;
    reader.release = release;
    if (X->reader.read_entries) {
        reader.pointers = X->reader.pointers;
        reader.index_bytes = X->reader.index_bytes;
        reader.read_entries = read_weighted_entries;
    } else {
        reader.read = read_weighted_rows;
    }
    return nmf_matrix_from_reader(&reader, weighted, error);
}

void nmfi_weighted_reading_take(nmf_matrix *weighted, nmf_matrix *X)
{
    weighted_reading *r = weighted->reader.context;
    r->owned = X;
}
