/* Entry-wise looks at a matrix: one value, rows converted, the fingerprint. Loops over X that
 * must be fast are kernels; these serve readers, writers and messages. */
#include "base/digest.h"
#include "data/matrix.h"
#include "data/source.h"
#include "data/sparse.h"
#include "data/value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double dense_entry(const nmf_dense *d, int64_t row, int64_t column)
{
    return nmfi_value(d->dtype, d->data, row * d->row_stride + column * d->column_stride);
}

static double sparse_entry(const nmf_matrix *matrix, int64_t row, int64_t column)
{
    const nmf_sparse *s = &matrix->sparse;
    const int64_t line = s->by_columns ? column : row, index = s->by_columns ? row : column;
    const int64_t end = s->pointers[line + 1];
    int64_t at = matrix->ascends ? nmfi_sparse_find(s, line, index) : s->pointers[line];
    while (at < end && !matrix->ascends && nmfi_sparse_index(s, at) != index) at++;
    const int stored = at < end && nmfi_sparse_index(s, at) == index;
    return stored ? nmfi_value(s->dtype, s->values, at) : 0.0;
}

/* Rows that are read together where each is looked at: some MB, or as many as are worth a reading. */
static int64_t rows_at_once(const nmfi_source *source, int64_t count)
{
    enum { BYTES = 1 << 20 };
    const int64_t row = source->buffer_bytes(source, 1);
    const int64_t some = row > 0 && row < BYTES ? BYTES / row : 1;
    const int64_t most = some > source->least_rows ? some : source->least_rows;
    return most < count ? most : count;
}

static nmf_status no_memory_for_rows(const nmfi_source *source, int64_t rows, nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %lld rows of %lld", (long long)rows,
                    (long long)source->columns);
}

/* Rows that a function reads, converted. */
static nmf_status copy_read(const nmf_matrix *matrix, int64_t first, int64_t count, nmf_dtype dtype,
                            void *out, nmf_error *error)
{
    const nmfi_source source = nmfi_source_of(matrix);
    const int64_t columns = source.columns, most = rows_at_once(&source, count);
    nmfi_block block;
    if (dtype == source.dtype) return source.read(&source, first, count, out, &block, error);
    void *some = malloc((size_t)source.buffer_bytes(&source, most) + 1);
    nmf_status status = some ? NMF_OK : no_memory_for_rows(&source, most, error);
    for (int64_t i = 0; i < count && status == NMF_OK; i += most) {
        const int64_t rows = count - i < most ? count - i : most;
        status = source.read(&source, first + i, rows, some, &block, error);
        for (int64_t e = 0; e < rows * columns && status == NMF_OK; e++)
            nmfi_set_value(dtype, out, i * columns + e, nmfi_value(block.dtype, block.X.data, e));
    }
    free(some);
    return status;
}

static const uint64_t STEP = UINT64_C(0x9E3779B97F4A7C15);

/* Of an entry at its place, times STEP; zeros, stored or not, add nothing. Without a branch: which entries are zero no
 * processor foresees, and a wrong guess would cost more than the hash. */
static inline uint64_t hash_bits(uint64_t bits, uint64_t place)
{
    return nmfi_mix(nmfi_mix(place) ^ bits) & -(uint64_t)(bits != 0);
}

/* The hash of an entry. */
static uint64_t hash_entry(const void *data, int64_t at, size_t bytes, uint64_t place)
{
    uint64_t bits = 0;
    memcpy(&bits, (const char *)data + at * (int64_t)bytes, bytes);
    return hash_bits(bits, place * STEP);
}

/* The sum of the hashes of `count` entries, `apart` from each other, at places first, first + step, ... Inlined with `bytes`
 * known, whatever it is. */
static inline __attribute__((always_inline)) uint64_t hash_run_of(const char *data, int64_t apart,
                                                                  int64_t count, size_t bytes,
                                                                  uint64_t first, uint64_t step)
{
    uint64_t sum = 0, place = first * STEP;
    const uint64_t by = step * STEP;
    for (int64_t e = 0; e < count; e++, place += by) {
        uint64_t bits = 0;
        memcpy(&bits, data + e * apart * (int64_t)bytes, bytes);
        sum += hash_bits(bits, place);
    }
    return sum;
}

static uint64_t hash_run(const void *data, int64_t at, int64_t apart, int64_t count, size_t bytes,
                         uint64_t first, uint64_t step)
{
    const char *const from = (const char *)data + at * (int64_t)bytes;
    switch (bytes) {
    case 1: return hash_run_of(from, apart, count, 1, first, step);
    case 2: return hash_run_of(from, apart, count, 2, first, step);
    case 4: return hash_run_of(from, apart, count, 4, first, step);
    default: return hash_run_of(from, apart, count, 8, first, step);
    }
}

/* --- compressed rows that a function reads ------------------------------------------------------- */

/* Some lines in memory of their own. */
typedef struct lines_read {
    nmf_sparse lines;
    nmfi_line_buffer memory;
} lines_read;

static void free_lines(lines_read *read)
{
    free(read->memory.pointers);
    free(read->memory.indices);
    free(read->memory.values);
}

static nmf_status read_lines(const nmf_matrix *matrix, int64_t first, int64_t count,
                             lines_read *read, nmf_error *error)
{
    const nmfi_source source = nmfi_source_of(matrix);
    const nmf_sparse *s = &source.sparse;
    nmf_status status = nmfi_lines_readable(&source, error);
    memset(read, 0, sizeof *read);
    if (status != NMF_OK) return status;
    const size_t stored = (size_t)(s->pointers[first + count] - s->pointers[first]) + 1;
    nmfi_lines lines;
    read->memory.pointers = malloc(((size_t)count + 1) * sizeof *read->memory.pointers);
    read->memory.indices = malloc(stored * (size_t)s->index_bytes);
    read->memory.values = malloc(stored * nmf_dtype_bytes(s->dtype));
    status = read->memory.pointers && read->memory.indices && read->memory.values
                 ? nmfi_lines_read(&source, first, count, &read->memory, &lines, error)
                 : no_memory_for_rows(&source, count, error);
    read->lines = *s;
    read->lines.rows = count;
    read->lines.pointers = read->memory.pointers;
    read->lines.indices = read->memory.indices;
    read->lines.values = read->memory.values;
    if (status != NMF_OK) free_lines(read);
    return status;
}

static nmf_status copy_lines(const nmf_matrix *matrix, int64_t first, int64_t count,
                             nmf_dtype dtype, void *out, nmf_error *error)
{
    const int64_t columns = matrix->dense.columns;
    lines_read read;
    const nmf_status status = read_lines(matrix, first, count, &read, error);
    if (status != NMF_OK) return status;
    memset(out, 0, (size_t)count * (size_t)columns * nmf_dtype_bytes(dtype));
    for (int64_t i = 0; i < count; i++)
        for (int64_t e = read.lines.pointers[i]; e < read.lines.pointers[i + 1]; e++)
            nmfi_set_value(dtype, out, i * columns + nmfi_sparse_index(&read.lines, e),
                           nmfi_value(read.lines.dtype, read.lines.values, e));
    free_lines(&read);
    return NMF_OK;
}

uint64_t nmfi_fingerprint_of_lines(const nmf_sparse *lines, int64_t first)
{
    const size_t bytes = nmf_dtype_bytes(lines->dtype);
    uint64_t sum = 0;
    for (int64_t i = 0; i < lines->rows; i++)
        for (int64_t e = lines->pointers[i]; e < lines->pointers[i + 1]; e++)
            sum += hash_entry(lines->values, e, bytes,
                              (uint64_t)(first + i) * (uint64_t)lines->columns +
                                  (uint64_t)nmfi_sparse_index(lines, e) + 1);
    return sum;
}

/* 0 where they cannot be read. */
static uint64_t hash_lines(const nmf_matrix *matrix, int64_t before)
{
    enum { ENTRIES = 1 << 18 };
    const int64_t *pointers = matrix->sparse.pointers, rows = matrix->dense.rows;
    uint64_t sum = 0;
    for (int64_t first = 0, end = 0; first < rows; first = end) {
        lines_read read;
        for (end = first + 1; end < rows && pointers[end + 1] - pointers[first] <= ENTRIES;) end++;
        if (read_lines(matrix, first, end - first, &read, NULL) != NMF_OK) return 0;
        sum += nmfi_fingerprint_of_lines(&read.lines, before + first);
        free_lines(&read);
    }
    return sum;
}

/* --- one entry ----------------------------------------------------------------------------------- */

static double read_entry(const nmf_matrix *matrix, int64_t row, int64_t column)
{
    double *entries = malloc((size_t)matrix->dense.columns * sizeof *entries);
    const int there = entries && (matrix->reader.read ? copy_read : copy_lines)(
                                     matrix, row, 1, NMF_F64, entries, NULL) == NMF_OK;
    const double entry = there ? entries[column] : NAN;
    free(entries);
    return entry;
}

double nmf_matrix_at(const nmf_matrix *matrix, int64_t row, int64_t column)
{
    if (!matrix) return 0.0;
    if (!nmf_matrix_is_in_memory(matrix)) return read_entry(matrix, row, column);
    return nmf_matrix_is_sparse(matrix) ? sparse_entry(matrix, row, column)
                                        : dense_entry(&matrix->dense, row, column);
}

static double read_stored(const nmf_matrix *matrix, int64_t at)
{
    const nmf_reader *reader = &matrix->reader;
    int64_t index;
    double value;
    nmf_error said;
    return reader->read_entries(reader->context, at, 1, &index, &value, &said) == NMF_OK
               ? nmfi_value(matrix->sparse.dtype, &value, 0)
               : NAN;
}

double nmf_matrix_stored_at(const nmf_matrix *matrix, int64_t at)
{
    if (!matrix) return 0.0;
    if (matrix->reader.read_entries) return read_stored(matrix, at);
    if (nmf_matrix_is_sparse(matrix))
        return nmfi_value(matrix->sparse.dtype, matrix->sparse.values, at);
    return nmf_matrix_at(matrix, at / matrix->dense.columns, at % matrix->dense.columns);
}

static void copy_dense(const nmf_dense *d, int64_t first, int64_t count, nmf_dtype dtype, void *out)
{
    const size_t bytes = nmf_dtype_bytes(d->dtype);
    for (int64_t i = 0; i < count; i++) {
        const int64_t row = first + i;
        if (dtype == d->dtype && d->column_stride == 1) {
            const char *from = (const char *)d->data + row * d->row_stride * (int64_t)bytes;
            if (d->columns > 0)
                memcpy((char *)out + (size_t)(i * d->columns) * bytes, from,
                       (size_t)d->columns * bytes);
            continue;
        }
        for (int64_t j = 0; j < d->columns; j++)
            nmfi_set_value(dtype, out, i * d->columns + j, dense_entry(d, row, j));
    }
}

static void copy_sparse(const nmf_matrix *matrix, int64_t first, int64_t count, nmf_dtype dtype,
                        void *out)
{
    const nmf_sparse *s = &matrix->sparse;
    const int searches = s->by_columns && matrix->ascends;
    memset(out, 0, (size_t)count * (size_t)s->columns * nmf_dtype_bytes(dtype));
    const int64_t begin = s->by_columns ? 0 : first;
    const int64_t end = s->by_columns ? s->columns : first + count;
    for (int64_t line = begin; line < end; line++) {
        const int64_t start = searches ? nmfi_sparse_find(s, line, first) : s->pointers[line];
        for (int64_t e = start; e < s->pointers[line + 1]; e++) {
            const int64_t index = nmfi_sparse_index(s, e);
            const int64_t row = s->by_columns ? index : line, column = s->by_columns ? line : index;
            if (searches && row >= first + count) break;
            if (row < first || row >= first + count) continue;
            nmfi_set_value(dtype, out, (row - first) * s->columns + column,
                           nmfi_value(s->dtype, s->values, e));
        }
    }
}

nmf_status nmf_matrix_copy_rows(const nmf_matrix *matrix, int64_t first, int64_t count,
                                nmf_dtype dtype, void *out, nmf_error *error)
{
    if (!matrix || (!out && count > 0))
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "copying rows needs a matrix and a place");
    const int64_t rows = matrix->dense.rows;
    if ((size_t)dtype > NMF_F64)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "dtype %d is not one of uint8, uint16, float32, float64", (int)dtype);
    if (first < 0 || count < 0 || first > rows || count > rows - first)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "%lld rows from row %lld on are not all in 0 to %lld", (long long)count,
                        (long long)first, (long long)rows - 1);
    if (!nmf_matrix_is_in_memory(matrix) && count > 0)
        return (matrix->reader.read ? copy_read : copy_lines)(matrix, first, count, dtype, out,
                                                              error);
    if (count == 0) return NMF_OK;
    if (!nmf_matrix_is_sparse(matrix))
        copy_dense(&matrix->dense, first, count, dtype, out);
    else if (count > 0 && matrix->dense.columns > 0)
        copy_sparse(matrix, first, count, dtype, out);
    return NMF_OK;
}

static uint64_t hash_dense(const nmf_dense *d, int64_t before, const nmfi_window *window)
{
    const size_t bytes = nmf_dtype_bytes(d->dtype);
    const int64_t end = window->first_row + window->rows;
    uint64_t sum = 0; /* 10^18 rows of nothing take no time */
    for (int64_t i = window->first_row; i < end && window->columns > 0; i++)
        sum += hash_run(
            d->data, i * d->row_stride + window->first_column * d->column_stride, d->column_stride,
            window->columns, bytes,
            (uint64_t)(before + i) * (uint64_t)d->columns + (uint64_t)window->first_column + 1, 1);
    return sum;
}

uint64_t nmfi_fingerprint_part(const nmfi_source *source, const nmfi_block *block, int64_t first)
{
    const size_t bytes = nmf_dtype_bytes(block->dtype);
    const uint64_t features = (uint64_t)(source->is_transposed ? source->rows : source->columns);
    const uint64_t down = source->is_transposed ? 1 : features,
                   along = source->is_transposed ? features : 1;
    uint64_t sum = 0;
    for (int64_t r = 0; r < block->X.rows; r++)
        sum += hash_run(block->X.data, r * block->X.row_stride, 1, block->X.columns, bytes,
                        (uint64_t)(first + r) * down + 1, along);
    return sum;
}

/* Along the way that rows lie; 0 where they cannot be read. */
static uint64_t hash_read(const nmf_matrix *matrix, int64_t before)
{
    const nmfi_source as_given = nmfi_source_of(matrix);
    const nmfi_source source = as_given.by_columns ? nmfi_source_transposed(&as_given) : as_given;
    const int64_t most = rows_at_once(&source, source.rows);
    void *some = malloc((size_t)source.buffer_bytes(&source, most) + 1);
    nmfi_block block;
    int there = some != NULL;
    uint64_t sum = 0;
    for (int64_t i = 0; i < source.rows && there && source.columns > 0; i += most) {
        const int64_t rows = source.rows - i < most ? source.rows - i : most;
        there = source.read(&source, i, rows, some, &block, NULL) == NMF_OK;
        if (there) sum += nmfi_fingerprint_part(&source, &block, before + i);
    }
    free(some);
    return there ? sum : 0;
}

static uint64_t hash_sparse(const nmf_sparse *s, int64_t before, const nmfi_window *window)
{
    const size_t bytes = nmf_dtype_bytes(s->dtype);
    const int64_t line = s->by_columns ? window->first_column : window->first_row;
    const int64_t lines = s->by_columns ? window->columns : window->rows;
    const int64_t least = s->by_columns ? window->first_row : window->first_column;
    const int64_t behind = least + (s->by_columns ? window->rows : window->columns);
    uint64_t sum = 0;
    for (int64_t l = line; l < line + lines; l++)
        for (int64_t e = s->pointers[l]; e < s->pointers[l + 1]; e++) {
            const int64_t index = nmfi_sparse_index(s, e);
            const int64_t row = s->by_columns ? index : l, column = s->by_columns ? l : index;
            if (index >= least && index < behind)
                sum += hash_entry(s->values, e, bytes,
                                  (uint64_t)(before + row) * (uint64_t)s->columns +
                                      (uint64_t)column + 1);
        }
    return sum;
}

uint64_t nmfi_fingerprint_of_window(const nmf_matrix *matrix, const nmfi_window *window)
{
    return nmf_matrix_is_sparse(matrix) ? hash_sparse(&matrix->sparse, matrix->share.first, window)
                                        : hash_dense(&matrix->dense, matrix->share.first, window);
}

uint64_t nmfi_fingerprint_of(int64_t samples, int64_t features, nmf_dtype dtype, uint64_t sum)
{
    uint64_t digest = UINT64_C(0xCBF29CE484222325);
    digest = nmfi_mix(digest ^ (uint64_t)samples);
    digest = nmfi_mix(digest ^ (uint64_t)features);
    digest = nmfi_mix(digest ^ (uint64_t)dtype);
    return nmfi_mix(digest ^ sum);
}

uint64_t nmf_matrix_fingerprint(const nmf_matrix *matrix)
{
    if (!matrix) return 0;
    const nmf_dense *d = &matrix->dense;
    const nmfi_share *share =
        &matrix->share; /* of a part: that of the whole, whoever has which rows */
    const int64_t before = share->first, rows = share->comm ? share->all_rows : d->rows;
    const nmfi_window all = {.rows = d->rows, .columns = d->columns};
    const uint64_t sum = matrix->reader.read           ? hash_read(matrix, before)
                         : matrix->reader.read_entries ? hash_lines(matrix, before)
                                                       : nmfi_fingerprint_of_window(matrix, &all);
    return nmfi_fingerprint_of(rows, d->columns, d->dtype, nmfi_comm_sum(share->comm, sum));
}
