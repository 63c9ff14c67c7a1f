/* Some rows that follow one another, as a matrix around the one they are in. */
#include "base/memory.h"
#include "data/matrix.h"
#include "data/source.h"

#include <stdlib.h>
#include <string.h>

typedef struct part {
    const nmf_matrix *whole;
    int64_t first;
} part;

static nmf_status read_part(void *context, int64_t first, int64_t count, void *rows,
                            nmf_error *error)
{
    const part *p = context;
    return nmf_matrix_copy_rows(p->whole, p->first + first, count, nmf_matrix_dtype(p->whole), rows,
                                error);
}

static nmf_status range_of_read(const nmf_matrix *matrix, int64_t first, int64_t count,
                                nmf_matrix **range, nmf_error *error)
{
    nmf_reader reader = NMF_READER_INIT;
    part *p = malloc(sizeof *p);
    if (!p) return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %zu bytes", sizeof *p);
    *p = (part){matrix, first};
    reader.dtype = matrix->dense.dtype;
    reader.rows = count;
    reader.columns = matrix->dense.columns;
    reader.read = read_part;
    reader.release = free;
    reader.context = p;
    return nmf_matrix_from_reader(&reader, range, error);
}

typedef struct part_of_lines {
    const nmf_reader *whole;
    int64_t begin; /* its first entry */
    int64_t *pointers;
} part_of_lines;

static void free_part_of_lines(void *context)
{
    part_of_lines *p = context;
    free(p->pointers);
    free(p);
}

static nmf_status read_part_of_lines(void *context, int64_t first, int64_t count, void *indices,
                                     void *values, nmf_error *error)
{
    const part_of_lines *p = context;
    return p->whole->read_entries(p->whole->context, p->begin + first, count, indices, values,
                                  error);
}

static nmf_status range_of_lines_read(const nmf_matrix *matrix, int64_t first, int64_t count,
                                      nmf_matrix **range, nmf_error *error)
{
    const nmfi_source source = nmfi_source_of(matrix);
    nmf_reader reader = matrix->reader;
    nmf_status status = nmfi_lines_readable(&source, error);
    if (status != NMF_OK) return status;
    part_of_lines *p = malloc(sizeof *p);
    int64_t *pointers = malloc(((size_t)count + 1) * sizeof *pointers);
    if (!p || !pointers) {
        free(p);
        free(pointers);
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %lld pointers", (long long)count);
    }
    *p = (part_of_lines){&matrix->reader, matrix->sparse.pointers[first], pointers};
    for (int64_t i = 0; i <= count; i++)
        pointers[i] = matrix->sparse.pointers[first + i] - p->begin;
    reader.rows = count;
    reader.pointers = pointers;
    reader.read_entries = read_part_of_lines;
    reader.release = free_part_of_lines;
    reader.context = p;
    return nmf_matrix_from_reader(&reader, range, error);
}

static nmf_status range_of_dense(const nmf_matrix *matrix, int64_t first, int64_t count,
                                 nmf_matrix **range, nmf_error *error)
{
    nmf_dense dense = matrix->dense;
    if (dense.data)
        dense.data = (const char *)dense.data +
                     first * dense.row_stride * (int64_t)nmf_dtype_bytes(dense.dtype);
    dense.rows = count;
    return nmf_matrix_borrow(&dense, range, error);
}

static nmf_status range_of_lines(const nmf_matrix *matrix, int64_t first, int64_t count,
                                 nmf_matrix **range, nmf_error *error)
{
    nmf_sparse lines = matrix->sparse;
    int64_t *pointers = malloc(((size_t)count + 1) * sizeof *pointers);
    if (lines.by_columns) {
        free(pointers);
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "compressed columns do not lend some of their rows");
    }
    if (!pointers)
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %lld pointers", (long long)count);
    const int64_t begin = lines.pointers[first];
    for (int64_t i = 0; i <= count; i++) pointers[i] = lines.pointers[first + i] - begin;
    lines.values = (const char *)lines.values + begin * (int64_t)nmf_dtype_bytes(lines.dtype);
    lines.indices = (const char *)lines.indices + begin * lines.index_bytes;
    lines.rows = count;
    lines.pointers = pointers;
    return nmf_matrix_adopt_sparse(&lines, free, pointers, range, error);
}

nmf_status nmf_matrix_range(const nmf_matrix *matrix, int64_t first, int64_t count,
                            nmf_matrix **range, nmf_error *error)
{
    if (range) *range = NULL;
    if (!matrix || !range)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "a range needs a matrix and a place");
    if (first < 0 || count < 0 || count > matrix->dense.rows || first > matrix->dense.rows - count)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "%lld rows from row %lld on are not all in 0 to %lld", (long long)count,
                        (long long)first, (long long)matrix->dense.rows - 1);
    nmf_matrix *made = NULL;
    nmf_status status =
        (matrix->reader.read            ? range_of_read
         : matrix->reader.read_entries  ? range_of_lines_read
         : nmf_matrix_is_sparse(matrix) ? range_of_lines
                                        : range_of_dense)(matrix, first, count, &made, error);
    if (status == NMF_OK) status = nmfi_matrix_inherit_columns(made, matrix, error);
    if (status != NMF_OK) {
        nmf_matrix_free(made);
        return status;
    }
    *range = made;
    return NMF_OK;
}
