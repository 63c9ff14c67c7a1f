/* Some rows of a sparse matrix, copied. */
#include "data/matrix.h"
#include "data/sparse.h"

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

static nmf_status select_lines(const nmf_sparse *from, const int64_t *rows, int64_t count,
                               nmf_matrix **selected, nmf_error *error)
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
        const nmf_status status = nmfi_arena_allocate(&arena, 0, error);
        if (status != NMF_OK) return status;
    }
    copy_lines(from, rows, count, &arrays);
    nmf_sparse lines = *from;
    lines.rows = count;
    lines.pointers = arrays.pointers;
    lines.indices = arrays.indices;
    lines.values = arrays.values;
    return nmf_matrix_adopt_sparse(&lines, nmfi_release, arena.base, selected, error);
}

nmf_status nmfi_matrix_select_sparse(const nmf_matrix *matrix, const int64_t *rows, int64_t count,
                                     nmf_matrix **selected, nmf_error *error)
{
    const nmf_sparse *s = &matrix->sparse;
    if (!s->by_columns) return select_lines(s, rows, count, selected, error);
    nmf_sparse by_rows;
    void *block = NULL;
    nmf_status status = nmfi_sparse_turn_alone(s, &by_rows, &block, error);
    if (status == NMF_OK) status = select_lines(&by_rows, rows, count, selected, error);
    nmfi_release(block);
    return status;
}
