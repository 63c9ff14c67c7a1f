/* Some columns of a matrix, copied, in any order, with columns of zeros between them. */
#include "base/memory.h"
#include "data/matrix.h"
#include "data/sparse.h"
#include "data/value.h"

#include <stdlib.h>
#include <string.h>

/* --- dense ----------------------------------------------------------------------------------- */

/* Rows that the caller's function gives, one after the other. */
static nmf_status select_read(const nmf_matrix *matrix, const int64_t *columns, int64_t count,
                              nmf_matrix **selected, nmf_error *error)
{
    const nmf_dense *d = &matrix->dense;
    const size_t bytes = nmf_dtype_bytes(d->dtype);
    char *row = calloc((size_t)d->columns + 1, bytes);
    nmf_status status =
        row ? nmf_matrix_new(d->dtype, d->rows, count, selected, error)
            : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: a row of %lld columns",
                       (long long)d->columns);
    for (int64_t i = 0; status == NMF_OK && i < d->rows; i++) {
        char *to = (char *)(*selected)->owned + (size_t)(i * count) * bytes;
        status = nmf_matrix_copy_rows(matrix, i, 1, d->dtype, row, error);
        for (int64_t j = 0; status == NMF_OK && j < count; j++, to += bytes)
            if (columns[j] >= 0) memcpy(to, row + (size_t)columns[j] * bytes, bytes);
    }
    free(row);
    return status;
}

static nmf_status select_dense(const nmf_matrix *matrix, const int64_t *columns, int64_t count,
                               nmf_matrix **selected, nmf_error *error)
{
    const nmf_dense *d = &matrix->dense;
    if (matrix->reader.read) return select_read(matrix, columns, count, selected, error);
    const nmf_status status = nmf_matrix_new(d->dtype, d->rows, count, selected, error);
    if (status != NMF_OK) return status;
    const size_t bytes = nmf_dtype_bytes(d->dtype);
    char *to = (*selected)->owned;
    for (int64_t i = 0; i < d->rows; i++)
        for (int64_t j = 0; j < count; j++, to += bytes) {
            if (columns[j] < 0) continue; /* the new matrix is all zeros */
            const int64_t at = i * d->row_stride + columns[j] * d->column_stride;
            memcpy(to, (const char *)d->data + at * (int64_t)bytes, bytes);
        }
    return NMF_OK;
}

/* --- sparse ---------------------------------------------------------------------------------- */

typedef struct selection {
    const nmf_sparse *from;
    const int64_t *columns; /* from's column of each new one, or -1 */
    int64_t count;
    int64_t *places; /* the new column of each of from's, or -1 */
    nmfi_sparse_arrays to;
    int64_t stored; /* so far */
} selection;

static void copy_entry(selection *s, int64_t at, int64_t index)
{
    const size_t bytes = nmf_dtype_bytes(s->from->dtype);
    memcpy((char *)s->to.values + (size_t)s->stored * bytes,
           (const char *)s->from->values + (size_t)at * bytes, bytes);
    if (s->to.index_bytes == 4)
        ((int32_t *)s->to.indices)[s->stored++] = (int32_t)index;
    else
        ((int64_t *)s->to.indices)[s->stored++] = index;
}

static void copy_rows(selection *s)
{
    for (int64_t i = 0; i < s->from->rows; i++) {
        for (int64_t at = s->from->pointers[i]; at < s->from->pointers[i + 1]; at++) {
            const int64_t place = s->places[nmfi_sparse_index(s->from, at)];
            if (place >= 0) copy_entry(s, at, place);
        }
        s->to.pointers[i + 1] = s->stored;
    }
}

static void copy_columns(selection *s)
{
    for (int64_t j = 0; j < s->count; j++) {
        const int64_t column = s->columns[j];
        for (int64_t at = column < 0 ? 0 : s->from->pointers[column];
             column >= 0 && at < s->from->pointers[column + 1]; at++)
            copy_entry(s, at, nmfi_sparse_index(s->from, at));
        s->to.pointers[j + 1] = s->stored;
    }
}

/* Room for what is taken at most: all entries. Rows' indices may no longer ascend, and are sorted,
 * so that the answer does not hang on the order in which columns came. */
static nmf_status select_sparse(const nmf_matrix *matrix, const int64_t *columns, int64_t count,
                                int64_t *places, nmf_matrix **selected, nmf_error *error)
{
    const nmf_sparse *from = &matrix->sparse;
    selection s = {.from = from, .columns = columns, .count = count, .places = places};
    nmfi_arena arena = {0};
    const int64_t lines = from->by_columns ? count : from->rows;
    const int64_t minor = from->by_columns ? from->rows : count;
    for (int round = 0; round < 2; round++) { /* measure, then take */
        nmfi_sparse_take(&s.to, &arena, lines, minor, nmfi_sparse_stored(from), from->dtype, 0);
        if (round == 1) break;
        const nmf_status status = nmfi_arena_allocate(&arena, NMFI_NO_LIMIT, error);
        if (status != NMF_OK) return status;
    }
    s.to.pointers[0] = 0;
    if (from->by_columns)
        copy_columns(&s);
    else
        copy_rows(&s);
    nmf_sparse made = {.values = s.to.values,
                       .dtype = from->dtype,
                       .rows = from->rows,
                       .columns = count,
                       .pointers = s.to.pointers,
                       .indices = s.to.indices,
                       .index_bytes = s.to.index_bytes,
                       .by_columns = from->by_columns};
    nmfi_sparse_order order = {0};
    void *block = arena.base;
    nmf_status status = nmfi_sparse_check(&made, &order, error);
    if (status == NMF_OK && !order.ascends) {
        nmf_sparse tidy;
        status = nmfi_sparse_tidy(&made, &tidy, &block, error);
        nmfi_release(arena.base);
        arena.base = NULL;
        made = tidy;
    }
    if (status == NMF_OK)
        return nmf_matrix_adopt_sparse(&made, nmfi_release, block, selected, error);
    nmfi_release(arena.base);
    return status;
}

/* --- what is public -------------------------------------------------------------------------- */

/* places[c]: where column c goes, or -1. */
static nmf_status place_columns(const int64_t *columns, int64_t count, int64_t width,
                                int64_t *places, nmf_error *error)
{
    for (int64_t c = 0; c < width; c++) places[c] = -1;
    for (int64_t j = 0; j < count; j++) {
        if (columns[j] < -1 || columns[j] >= width)
            return nmf_fail(error, NMF_ERROR_ARGUMENT, "column %lld is not one of -1 to %lld",
                            (long long)columns[j], (long long)width - 1);
        if (columns[j] >= 0 && places[columns[j]] >= 0)
            return nmf_fail(error, NMF_ERROR_ARGUMENT, "column %lld is selected twice",
                            (long long)columns[j]);
        if (columns[j] >= 0) places[columns[j]] = j;
    }
    return NMF_OK;
}

static nmf_status select_names(const nmf_matrix *matrix, const int64_t *columns, int64_t count,
                               nmf_matrix *made, nmf_error *error)
{
    const nmf_status status = nmfi_matrix_inherit_rows(made, matrix, error);
    if (status != NMF_OK || !nmf_matrix_has_names(matrix, NMF_FEATURE_NAMES)) return status;
    for (int64_t j = 0; j < count; j++)
        if (columns[j] < 0) return NMF_OK; /* it has no name */
    const char **picked = calloc((size_t)count + 1, sizeof *picked);
    if (!picked)
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %lld names", (long long)count);
    for (int64_t j = 0; j < count; j++)
        picked[j] = nmf_matrix_name(matrix, NMF_FEATURE_NAMES, columns[j]);
    const nmf_status named = nmf_matrix_set_names(made, NMF_FEATURE_NAMES, picked, error);
    free(picked);
    return named;
}

/* Of a column that is not there, and taken as 0, every entry counts once. */
static nmf_status select_weights(const nmf_matrix *matrix, const int64_t *columns, int64_t count,
                                 nmf_matrix *made, nmf_error *error)
{
    const nmf_status status =
        nmf_matrix_select_columns(matrix->weights, columns, count, &made->weights, error);
    if (status != NMF_OK) return status;
    void *const to =
        nmf_matrix_writable(made->weights); /* NULL: sparse, where such a column stores nothing */
    for (int64_t j = 0; j < count && to; j++)
        for (int64_t i = 0; i < made->dense.rows && columns[j] < 0; i++)
            nmfi_set_value(made->weights->dense.dtype, to, i * count + j, 1);
    return NMF_OK;
}

nmf_status nmf_matrix_select_columns(const nmf_matrix *matrix, const int64_t *columns,
                                     int64_t count, nmf_matrix **selected, nmf_error *error)
{
    if (selected) *selected = NULL;
    if (!matrix || !selected || count < 0 || (count > 0 && !columns))
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "selecting columns needs a matrix, their numbers and a place");
    if (nmf_matrix_is_sparse(matrix)) {
        const nmf_status there = nmfi_matrix_check_in_memory(matrix, "selecting columns", error);
        if (there != NMF_OK) return there;
    }
    const int64_t width = matrix->dense.columns;
    int64_t *places = malloc(((size_t)width + 1) * sizeof *places);
    nmf_matrix *made = NULL;
    nmf_status status = places
                            ? place_columns(columns, count, width, places, error)
                            : nmf_fail(error, NMF_ERROR_MEMORY,
                                       "out of memory: places of %lld columns", (long long)width);
    if (status == NMF_OK)
        status = matrix->sparse.pointers
                     ? select_sparse(matrix, columns, count, places, &made, error)
                     : select_dense(matrix, columns, count, &made, error);
    free(places);
    if (status == NMF_OK) status = select_names(matrix, columns, count, made, error);
    if (status == NMF_OK && matrix->weights)
        status = select_weights(matrix, columns, count, made, error);
    if (status == NMF_OK) {
        made->missing = matrix->missing;
        *selected = made;
        return NMF_OK;
    }
    nmf_matrix_free(made);
    return status;
}
