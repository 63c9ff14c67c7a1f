/* Some rows of a matrix, copied, with their names. */
#include "data/matrix.h"
#include "data/source.h"
#include "data/sparse.h"

#include <stdlib.h>
#include <string.h>

static void copy_lines(const nmf_sparse *from, const int64_t *rows, int64_t count,
                       const nmfi_sparse_arrays *to)
{
    const size_t value_bytes = nmf_dtype_bytes(from->dtype);
    const size_t index_bytes = (size_t)from->index_bytes;
    for (int64_t i = 0; i < count; i++) {
        const int64_t begin = from->pointers[rows[i]], at = to->pointers[i];
        const size_t stored = (size_t)(from->pointers[rows[i] + 1] - begin);
        to->pointers[i + 1] = at + (int64_t)stored;
        if (stored == 0) continue;
        memcpy((char *)to->values + (size_t)at * value_bytes,
               (const char *)from->values + (size_t)begin * value_bytes, stored * value_bytes);
        memcpy((char *)to->indices + (size_t)at * index_bytes,
               (const char *)from->indices + (size_t)begin * index_bytes, stored * index_bytes);
    }
}

/* The same of lines that a function reads, neighbours together. */
static nmf_status read_lines(const nmf_matrix *matrix, const int64_t *rows, int64_t count,
                             const nmfi_sparse_arrays *to, nmf_error *error)
{
    const nmfi_source source = nmfi_source_of(matrix);
    const int64_t value_bytes = (int64_t)nmf_dtype_bytes(source.dtype);
    nmf_status status = nmfi_lines_readable(&source, error);
    for (int64_t i = 0, at = 0, run; i < count && status == NMF_OK; i += run) {
        const nmfi_line_buffer buffer = {to->pointers + i, (char *)to->indices + at * to->index_bytes,
                                         (char *)to->values + at * value_bytes};
        nmfi_lines lines;
        for (run = 1; i + run < count && rows[i + run] == rows[i] + run;) run++;
        status = nmfi_lines_read(&source, rows[i], run, &buffer, &lines, error);
        for (int64_t r = 0; r <= run; r++) to->pointers[i + r] += at; /* they began at 0 */
        at = to->pointers[i + run];
    }
    return status;
}

static nmf_status select_lines(const nmf_matrix *matrix, const nmf_sparse *from,
                               const int64_t *rows, int64_t count, nmf_matrix **selected,
                               nmf_error *error)
{
    nmfi_sparse_arrays arrays = {.index_bytes = from->index_bytes};
    nmfi_arena arena = {0};
    int64_t stored = 0;
    for (int64_t i = 0; i < count; i++)
        if (__builtin_add_overflow(stored, from->pointers[rows[i] + 1] - from->pointers[rows[i]],
                                   &stored))
            return nmf_fail(error, NMF_ERROR_MEMORY, "the selected entries' number overflows");
    for (int round = 0; round < 2; round++) { /* measure, then take */
        arrays.pointers = nmfi_take(&arena, count + 1, sizeof *arrays.pointers);
        arrays.indices = nmfi_take(&arena, stored, (size_t)from->index_bytes);
        arrays.values = nmfi_take(&arena, stored, nmf_dtype_bytes(from->dtype));
        if (round == 1) break;
        const nmf_status status = nmfi_arena_allocate(&arena, NMFI_NO_LIMIT, error);
        if (status != NMF_OK) return status;
    }
    nmf_status status = NMF_OK;
    if (nmf_matrix_is_in_memory(matrix))
        copy_lines(from, rows, count, &arrays);
    else
        status = read_lines(matrix, rows, count, &arrays, error);
    if (status != NMF_OK) {
        nmfi_release(arena.base);
        return status;
    }
    nmf_sparse lines = *from;
    lines.rows = count;
    lines.pointers = arrays.pointers;
    lines.indices = arrays.indices;
    lines.values = arrays.values;
    return nmf_matrix_adopt_sparse(&lines, nmfi_release, arena.base, selected, error);
}

static nmf_status select_sparse(const nmf_matrix *matrix, const int64_t *rows, int64_t count,
                                nmf_matrix **selected, nmf_error *error)
{
    const nmf_sparse *s = &matrix->sparse;
    if (!s->by_columns) return select_lines(matrix, s, rows, count, selected, error);
    nmf_sparse by_rows;
    void *block = NULL;
    nmf_status status = nmfi_sparse_transpose_alone(s, &by_rows, &block, error);
    if (status == NMF_OK) status = select_lines(matrix, &by_rows, rows, count, selected, error);
    nmfi_release(block);
    return status;
}

static nmf_status select_dense(const nmf_matrix *matrix, const int64_t *rows, int64_t count,
                               nmf_matrix **selected, nmf_error *error)
{
    nmf_status status =
        nmf_matrix_new(matrix->dense.dtype, count, matrix->dense.columns, selected, error);
    const size_t row_bytes = (size_t)matrix->dense.columns * nmf_dtype_bytes(matrix->dense.dtype);
    for (int64_t i = 0; status == NMF_OK && i < count; i++)
        status = nmf_matrix_copy_rows(matrix, rows[i], 1, matrix->dense.dtype,
                                      (char *)(*selected)->owned + (size_t)i * row_bytes, error);
    return status;
}

/* Names and labels of the selected rows, and everything about columns. */
static nmf_status select_names(const nmf_matrix *matrix, const int64_t *rows, int64_t count,
                               nmf_matrix *made, nmf_error *error)
{
    nmf_status status = nmfi_matrix_inherit_columns(made, matrix, error);
    const nmf_names row_names[] = {NMF_SAMPLE_NAMES, NMF_LABELS};
    for (int w = 0; status == NMF_OK && w < 2; w++) {
        if (!nmf_matrix_has_names(matrix, row_names[w])) continue;
        const char **picked = calloc((size_t)count + 1, sizeof *picked);
        if (!picked)
            return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %lld names", (long long)count);
        for (int64_t i = 0; i < count; i++)
            picked[i] = nmf_matrix_name(matrix, row_names[w], rows[i]);
        status = nmf_matrix_set_names(made, row_names[w], picked, error);
        free(picked);
    }
    return status;
}

nmf_status nmf_matrix_select(const nmf_matrix *matrix, const int64_t *rows, int64_t count,
                             nmf_matrix **selected, nmf_error *error)
{
    if (selected) *selected = NULL;
    if (!matrix || !selected || count < 0 || (!rows && count > 0))
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "selecting rows needs a matrix, their numbers and a place");
    if (matrix->weights || matrix->missing != NMF_MISSING_NONE)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "rows are selected before weights and missing entries are set");
    for (int64_t i = 0; i < count; i++)
        if (rows[i] < 0 || rows[i] >= matrix->dense.rows)
            return nmf_fail(error, NMF_ERROR_ARGUMENT, "row %lld is not one of 0 to %lld",
                            (long long)rows[i], (long long)matrix->dense.rows - 1);
    if (nmf_matrix_is_sparse(matrix) && matrix->sparse.by_columns) {
        const nmf_status there = nmfi_matrix_check_in_memory(matrix, "selecting rows", error);
        if (there != NMF_OK) return there;
    }
    nmf_matrix *made = NULL;
    nmf_status status = nmf_matrix_is_sparse(matrix)
                            ? select_sparse(matrix, rows, count, &made, error)
                            : select_dense(matrix, rows, count, &made, error);
    if (status == NMF_OK) status = select_names(matrix, rows, count, made, error);
    if (status == NMF_OK) {
        *selected = made;
        return NMF_OK;
    }
    nmf_matrix_free(made);
    return status;
}
