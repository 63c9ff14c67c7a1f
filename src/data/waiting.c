/* Rows that wait (waiting.h). */
#include "data/waiting.h"

#include "base/memory.h"
#include "data/matrix.h"
#include "data/sparse.h"
#include "data/value.h"

#include <stdlib.h>
#include <string.h>

nmfi_waiting nmfi_waiting_make(int64_t columns, int64_t most)
{
    return (nmfi_waiting){.columns = columns, .most = most};
}

void nmfi_waiting_free(nmfi_waiting *waiting)
{
    free(waiting->values);
    free(waiting->pointers);
    free(waiting->indices);
    waiting->values = waiting->pointers = NULL;
    waiting->indices = NULL;
    waiting->count = waiting->stored = waiting->room = 0;
}

static nmf_status out_of_memory(const nmfi_waiting *waiting, nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %lld rows of %lld that wait",
                    (long long)waiting->most, (long long)waiting->columns);
}

/* How the first of them are kept. */
static nmf_status begin(nmfi_waiting *w, const nmf_matrix *matrix, nmf_error *error)
{
    const int sparse = nmf_matrix_is_sparse(matrix);
    const nmf_dtype dtype = sparse ? NMF_F64 : nmf_matrix_dtype(matrix);
    if (w->values && sparse == w->is_sparse && dtype == w->dtype) return NMF_OK;
    nmfi_waiting_free(w);
    w->is_sparse = sparse;
    w->dtype = dtype;
    if (sparse) {
        w->pointers = calloc((size_t)w->most + 1, sizeof *w->pointers);
        w->values = malloc(1);
        return w->pointers && w->values ? NMF_OK : out_of_memory(w, error);
    }
    const size_t entries = nmfi_product(w->most, w->columns);
    w->values = entries < SIZE_MAX / 8 ? malloc(entries * nmf_dtype_bytes(dtype) + 1) : NULL;
    return w->values ? NMF_OK : out_of_memory(w, error);
}

/* --- dense ------------------------------------------------------------------------------------- */

/* Types that differ: all of them as doubles, which hold each. */
static nmf_status widen(nmfi_waiting *w, nmf_error *error)
{
    const int64_t entries = w->count * w->columns;
    const size_t room = nmfi_product(w->most, w->columns);
    double *wide = room < SIZE_MAX / 8 ? malloc(room * sizeof *wide + 1) : NULL;
    if (!wide) return out_of_memory(w, error);
    for (int64_t e = 0; e < entries; e++) wide[e] = nmfi_value(w->dtype, w->values, e);
    free(w->values);
    w->values = wide;
    w->dtype = NMF_F64;
    return NMF_OK;
}

static nmf_status take_dense(nmfi_waiting *w, const nmf_matrix *matrix, int64_t first,
                             int64_t count, nmf_error *error)
{
    const nmf_dtype dtype = nmf_matrix_is_sparse(matrix) ? NMF_F64 : nmf_matrix_dtype(matrix);
    if (dtype != w->dtype && w->dtype != NMF_F64) {
        const nmf_status status = widen(w, error);
        if (status != NMF_OK) return status;
    }
    char *const to =
        (char *)w->values + (size_t)(w->count * w->columns) * nmf_dtype_bytes(w->dtype);
    return nmf_matrix_copy_rows(matrix, first, count, w->dtype, to, error);
}

/* --- sparse ------------------------------------------------------------------------------------ */

static nmf_status make_room(nmfi_waiting *w, int64_t stored, nmf_error *error)
{
    if (stored <= w->room) return NMF_OK;
    const int64_t room = stored > w->room / 2 * 3 ? stored : w->room / 2 * 3;
    void *const values = realloc(w->values, (size_t)room * sizeof(double));
    if (values) w->values = values;
    int32_t *const indices = realloc(w->indices, (size_t)room * sizeof *indices);
    if (indices) w->indices = indices;
    if (!values || !indices) return out_of_memory(w, error);
    w->room = room;
    return NMF_OK;
}

static void put(nmfi_waiting *w, int64_t column, double value)
{
    ((double *)w->values)[w->stored] = value;
    w->indices[w->stored++] = (int32_t)column;
}

static nmf_status take_lines(nmfi_waiting *w, const nmf_sparse *s, int64_t first, int64_t count,
                             nmf_error *error)
{
    const int64_t begin = s->pointers[first], end = s->pointers[first + count];
    const nmf_status status = make_room(w, w->stored + end - begin, error);
    for (int64_t i = 0; status == NMF_OK && i < count; i++) {
        for (int64_t e = s->pointers[first + i]; e < s->pointers[first + i + 1]; e++)
            put(w, nmfi_sparse_index(s, e), nmfi_value(s->dtype, s->values, e));
        w->pointers[w->count + i + 1] = w->stored;
    }
    return status;
}

static nmf_status take_row(nmfi_waiting *w, const nmf_matrix *matrix, int64_t row, double *entries,
                           int64_t at, nmf_error *error)
{
    nmf_status status = nmf_matrix_copy_rows(matrix, row, 1, NMF_F64, entries, error);
    if (status == NMF_OK) status = make_room(w, w->stored + w->columns, error);
    for (int64_t j = 0; status == NMF_OK && j < w->columns; j++)
        if (entries[j] != 0) put(w, j, entries[j]);
    w->pointers[at + 1] = w->stored;
    return status;
}

static nmf_status take_sparse(nmfi_waiting *w, const nmf_matrix *matrix, int64_t first,
                              int64_t count, nmf_error *error)
{
    if (nmf_matrix_is_sparse(matrix) && !matrix->sparse.by_columns)
        return take_lines(w, &matrix->sparse, first, count, error);
    double *entries = malloc((size_t)w->columns * sizeof *entries + 1);
    nmf_status status = entries ? NMF_OK : out_of_memory(w, error);
    for (int64_t i = 0; status == NMF_OK && i < count; i++)
        status = take_row(w, matrix, first + i, entries, w->count + i, error);
    free(entries);
    return status;
}

/* --- what is public ---------------------------------------------------------------------------- */

nmf_status nmfi_waiting_take(nmfi_waiting *w, const nmf_matrix *matrix, int64_t first,
                             int64_t count, nmf_error *error)
{
    nmf_status status = NMF_OK;
    if (w->count == 0) {
        w->stored = 0;
        status = begin(w, matrix, error);
    }
    const int64_t stored = w->stored;
    if (status == NMF_OK)
        status = w->is_sparse ? take_sparse(w, matrix, first, count, error)
                              : take_dense(w, matrix, first, count, error);
    if (status == NMF_OK)
        w->count += count;
    else
        w->stored = stored;
    return status;
}

nmf_status nmfi_waiting_matrix(const nmfi_waiting *w, nmf_matrix **matrix, nmf_error *error)
{
    const nmf_dense dense = {w->values, w->dtype, w->count, w->columns, w->columns, 1};
    const nmf_sparse sparse = {.values = w->values,
                               .dtype = w->dtype,
                               .rows = w->count,
                               .columns = w->columns,
                               .pointers = w->pointers,
                               .indices = w->indices,
                               .index_bytes = 4};
    if (!w->is_sparse) return nmf_matrix_borrow(&dense, matrix, error);
    return nmf_matrix_borrow_sparse(&sparse, matrix, error);
}
