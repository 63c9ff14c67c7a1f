/* nmf_matrix, dense or around compressed rows or columns: borrowed, adopted, made, looked at, freed. */
#include "data/matrix.h"
#include "base/memory.h"
#include "data/observed.h"
#include "data/sparse.h"

#include <nmfkit/spread.h>
#include <stdlib.h>
#include <string.h>

/* --- making ------------------------------------------------------------------------------------ */

static nmf_status no_place(nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_ARGUMENT, "the place for the matrix is NULL");
}

/* |count - 1| steps of `stride` elements are a distance that memory can have. */
static int reachable(int64_t count, int64_t stride, int64_t *reach)
{
    const int64_t most = PTRDIFF_MAX / 8;
    return stride >= -most && stride <= most && !__builtin_mul_overflow(count - 1, stride, reach) &&
           *reach >= -most && *reach <= most;
}

/* Where the entries lie: aligned, and no farther apart than memory is long. */
static nmf_status check_places(const nmf_dense *dense, nmf_error *error)
{
    int64_t down, across;
    const size_t bytes = nmf_dtype_bytes(dense->dtype);
    if ((uintptr_t)dense->data % bytes != 0)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "the data at %p are not aligned to the %zu bytes of %s", dense->data, bytes,
                        nmf_dtype_name(dense->dtype));
    if (!reachable(dense->rows, dense->row_stride, &down) ||
        !reachable(dense->columns, dense->column_stride, &across) ||
        down + across > PTRDIFF_MAX / 8 || down + across < -(PTRDIFF_MAX / 8))
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "strides %lld and %lld of a %lld x %lld matrix: its entries would lie "
                        "farther apart than memory is long",
                        (long long)dense->row_stride, (long long)dense->column_stride,
                        (long long)dense->rows, (long long)dense->columns);
    return NMF_OK;
}

static nmf_status check_dense(const nmf_dense *dense, nmf_error *error)
{
    if (!dense) return nmf_fail(error, NMF_ERROR_ARGUMENT, "the matrix description is NULL");
    if ((size_t)dense->dtype > NMF_F64)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "dtype %d is not one of uint8, uint16, float32, float64",
                        (int)dense->dtype);
    if (dense->rows < 0 || dense->columns < 0)
        return nmf_fail(error, NMF_ERROR_SHAPE, "shape %lld x %lld: sizes must be >= 0",
                        (long long)dense->rows, (long long)dense->columns);
    const size_t entries = nmfi_product(dense->rows, dense->columns);
    if (entries > PTRDIFF_MAX / 8)
        return nmf_fail(error, NMF_ERROR_SHAPE,
                        "shape %lld x %lld: the number of entries overflows",
                        (long long)dense->rows, (long long)dense->columns);
    if (entries > 0 && !dense->data)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "the data of a %lld x %lld matrix is NULL",
                        (long long)dense->rows, (long long)dense->columns);
    return entries > 0 ? check_places(dense, error) : NMF_OK;
}

nmf_status nmf_matrix_borrow(const nmf_dense *dense, nmf_matrix **matrix, nmf_error *error)
{
    return nmf_matrix_adopt(dense, NULL, NULL, matrix, error);
}

nmf_status nmf_matrix_adopt(const nmf_dense *dense, void (*release)(void *context), void *context,
                            nmf_matrix **matrix, nmf_error *error)
{
    if (matrix) *matrix = NULL;
    nmf_status status = matrix ? check_dense(dense, error) : no_place(error);
    nmf_matrix *made = status == NMF_OK ? calloc(1, sizeof *made) : NULL;
    if (status == NMF_OK && !made)
        status = nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %zu bytes", sizeof *made);
    if (status != NMF_OK) {
        if (release) release(context);
        return status;
    }
    made->dense = *dense;
    made->release = release;
    made->context = context;
    *matrix = made;
    return NMF_OK;
}

nmf_status nmf_matrix_new(nmf_dtype dtype, int64_t rows, int64_t columns, nmf_matrix **matrix,
                          nmf_error *error)
{
    if (!matrix) return no_place(error);
    *matrix = NULL;
    nmf_dense dense = {.dtype = dtype,
                       .rows = rows,
                       .columns = columns,
                       .row_stride = columns,
                       .column_stride = 1};
    dense.data = &dense; /* aligned, and not NULL */
    const nmf_status status = check_dense(&dense, error);
    if (status != NMF_OK) return status;
    const size_t bytes = nmfi_product(rows, columns) * nmf_dtype_bytes(dtype);
    nmf_matrix *made = calloc(1, sizeof *made);
    void *data = nmfi_allocate(bytes);
    if (!made || !data) {
        free(made);
        nmfi_release(data);
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %lld x %lld %s need %zu bytes",
                        (long long)rows, (long long)columns, nmf_dtype_name(dtype), bytes);
    }
    dense.data = data;
    made->dense = dense;
    made->owned = data;
    *matrix = made;
    return NMF_OK;
}

nmf_status nmf_matrix_borrow_sparse(const nmf_sparse *sparse, nmf_matrix **matrix, nmf_error *error)
{
    return nmf_matrix_adopt_sparse(sparse, NULL, NULL, matrix, error);
}

/* The shape, for everything that asks every matrix for it. */
static nmf_dense without_data(const nmf_sparse *sparse)
{
    const nmf_dense dense = {
        .dtype = sparse->dtype, .rows = sparse->rows, .columns = sparse->columns};
    return dense;
}

/* Rows are read as they come, in whatever order. Columns that do not ascend are copied, sorted: a row
 * of them would have to be looked for in every entry. */
static int usable(const nmf_sparse *sparse, nmfi_sparse_order order)
{
    return order.ascends || (order.distinct && !sparse->by_columns);
}

nmf_status nmf_matrix_adopt_sparse(const nmf_sparse *sparse, void (*release)(void *context),
                                   void *context, nmf_matrix **matrix, nmf_error *error)
{
    if (matrix) *matrix = NULL;
    nmfi_sparse_order order = {0};
    nmf_matrix *made = NULL;
    nmf_status status = matrix ? nmfi_sparse_check(sparse, &order, error) : no_place(error);
    if (status == NMF_OK) {
        made = calloc(1, sizeof *made);
        if (!made)
            status = nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %zu bytes", sizeof *made);
    }
    const int keeps = status == NMF_OK && usable(sparse, order);
    if (keeps)
        made->sparse = *sparse;
    else if (status == NMF_OK)
        status = nmfi_sparse_tidy(sparse, &made->sparse, &made->owned, error);
    if (release && !keeps) release(context);
    if (status != NMF_OK) {
        free(made);
        return status;
    }
    made->dense = without_data(&made->sparse);
    made->ascends = order.ascends || !keeps;
    if (keeps) {
        made->release = release;
        made->context = context;
    }
    *matrix = made;
    return NMF_OK;
}

static nmf_sparse lines_of(const nmf_reader *reader)
{
    const nmf_sparse lines = {.dtype = reader->dtype,
                              .rows = reader->rows,
                              .columns = reader->columns,
                              .pointers = reader->pointers,
                              .index_bytes = reader->index_bytes};
    return lines;
}

static nmf_status check_reader(const nmf_reader *reader, nmf_error *error)
{
    if (reader->read_entries) {
        const nmf_sparse lines = lines_of(reader);
        return nmfi_sparse_check_shape(&lines, error);
    }
    if (!reader || !reader->read)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "the function that reads rows is NULL");
    const nmf_dense shape = {reader, reader->dtype, reader->rows, reader->columns, 0, 0};
    return check_dense(&shape, error);
}

/* The reader of a caller who may have been compiled with a shorter struct. */
static nmf_status copy_reader(const nmf_reader *given, nmf_reader *reader, nmf_error *error)
{
    const size_t least = offsetof(nmf_reader, read_across), known = sizeof *reader;
    *reader = NMF_READER_INIT;
    if (given && given->struct_bytes < least)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "a reader with struct_bytes = %zu: begin with NMF_READER_INIT",
                        given->struct_bytes);
    if (given) memcpy(reader, given, given->struct_bytes < known ? given->struct_bytes : known);
    reader->struct_bytes = known;
    return NMF_OK;
}

nmf_status nmf_matrix_from_reader(const nmf_reader *given, nmf_matrix **matrix, nmf_error *error)
{
    nmf_reader reader;
    nmf_matrix *made = NULL;
    if (matrix) *matrix = NULL;
    nmf_status status = copy_reader(given, &reader, error);
    if (status == NMF_OK) status = matrix ? check_reader(&reader, error) : no_place(error);
    if (status == NMF_OK && !(made = calloc(1, sizeof *made)))
        status = nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %zu bytes", sizeof *made);
    if (status != NMF_OK) {
        if (reader.release) reader.release(reader.context);
        return status;
    }
    made->dense =
        (nmf_dense){.dtype = reader.dtype, .rows = reader.rows, .columns = reader.columns};
    if (reader.read_entries) made->sparse = lines_of(&reader);
    made->reader = reader;
    made->release = reader.release;
    made->context = reader.context;
    *matrix = made;
    return NMF_OK;
}

nmf_status nmf_matrix_from_rows(const nmf_row_reader *rows, nmf_matrix **matrix, nmf_error *error)
{
    nmf_reader reader = NMF_READER_INIT;
    if (rows) {
        reader.dtype = rows->dtype;
        reader.rows = rows->rows;
        reader.columns = rows->columns;
        reader.read = rows->read;
        reader.context = rows->context;
    }
    return nmf_matrix_from_reader(&reader, matrix, error);
}

int nmf_matrix_is_in_memory(const nmf_matrix *matrix)
{
    return matrix && !matrix->reader.read && !matrix->reader.read_entries;
}

int nmf_spread_is(const nmf_matrix *matrix)
{
    return matrix && matrix->is_spread;
}

void nmfi_matrix_note_spread(nmf_matrix *matrix)
{
    matrix->is_spread = 1;
}

nmf_status nmfi_matrix_check_in_memory(const nmf_matrix *matrix, const char *what, nmf_error *error)
{
    if (nmf_matrix_is_in_memory(matrix)) return NMF_OK;
    return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                    "%s needs X in memory; here its rows are read when they are asked for", what);
}

void nmf_matrix_free(nmf_matrix *matrix)
{
    if (!matrix) return;
    for (int which = 0; which < 3; which++) nmfi_names_free(&matrix->names[which]);
    if (matrix->release) matrix->release(matrix->context);
    nmfi_release(matrix->owned);
    nmf_matrix_free(matrix->weights);
    nmf_matrix_free(matrix->across_memory);
    nmfi_release(matrix->across_block);
    free(matrix);
}

/* --- looking ----------------------------------------------------------------------------------- */

nmf_dense nmf_matrix_dense(const nmf_matrix *matrix)
{
    return matrix ? matrix->dense : (nmf_dense){0};
}

void *nmf_matrix_writable(nmf_matrix *matrix)
{
    return !matrix || nmf_matrix_is_sparse(matrix) ? NULL : matrix->owned;
}

int64_t nmf_matrix_rows(const nmf_matrix *matrix)
{
    return matrix ? matrix->dense.rows : 0;
}

int64_t nmf_matrix_columns(const nmf_matrix *matrix)
{
    return matrix ? matrix->dense.columns : 0;
}

nmf_dtype nmf_matrix_dtype(const nmf_matrix *matrix)
{
    return matrix ? matrix->dense.dtype : NMF_U8;
}

int nmf_matrix_is_sparse(const nmf_matrix *matrix)
{
    return matrix && matrix->sparse.pointers != NULL;
}

nmf_sparse nmf_matrix_sparse(const nmf_matrix *matrix)
{
    return matrix ? matrix->sparse : (nmf_sparse){0};
}

int64_t nmf_matrix_stored(const nmf_matrix *matrix)
{
    if (!matrix) return 0;
    return nmf_matrix_is_sparse(matrix) ? nmfi_sparse_stored(&matrix->sparse)
                                        : matrix->dense.rows * matrix->dense.columns;
}

void nmf_matrix_transpose(nmf_matrix *matrix)
{
    if (!matrix) return;
    nmf_dense *d = &matrix->dense;
    const nmf_dense before = *d;
    d->rows = before.columns;
    d->columns = before.rows;
    d->row_stride = before.column_stride;
    d->column_stride = before.row_stride;
    if (!nmf_matrix_is_in_memory(matrix)) matrix->reads_transposed = !matrix->reads_transposed;
    if (nmf_matrix_is_sparse(matrix)) matrix->sparse = nmfi_sparse_transposed(&matrix->sparse);
    const nmfi_name_list samples = matrix->names[NMF_SAMPLE_NAMES];
    matrix->names[NMF_SAMPLE_NAMES] = matrix->names[NMF_FEATURE_NAMES];
    matrix->names[NMF_FEATURE_NAMES] = samples;
    nmfi_names_free(&matrix->names[NMF_LABELS]);
    matrix->image_height = matrix->image_width = 0;
    if (matrix->weights) nmf_matrix_transpose(matrix->weights);
}

nmf_status nmf_matrix_set_image_shape(nmf_matrix *matrix, int64_t height, int64_t width,
                                      nmf_error *error)
{
    if (!matrix) return nmf_fail(error, NMF_ERROR_ARGUMENT, "the matrix is NULL");
    const size_t pixels = nmfi_product(height, width);
    if (height < 1 || width < 1 || pixels != (size_t)matrix->dense.columns)
        return nmf_fail(error, NMF_ERROR_SHAPE, "image shape %lldx%lld does not fit %lld features",
                        (long long)height, (long long)width, (long long)matrix->dense.columns);
    matrix->image_height = height;
    matrix->image_width = width;
    return NMF_OK;
}

int64_t nmf_matrix_image_height(const nmf_matrix *matrix)
{
    return matrix ? matrix->image_height : 0;
}

int64_t nmf_matrix_image_width(const nmf_matrix *matrix)
{
    return matrix ? matrix->image_width : 0;
}

nmf_missing nmf_matrix_missing(const nmf_matrix *matrix)
{
    return matrix ? matrix->missing : NMF_MISSING_NONE;
}

int nmf_matrix_has_weights(const nmf_matrix *matrix)
{
    return matrix && matrix->weights != NULL;
}

int nmfi_matrix_is_weighted(const nmf_matrix *matrix)
{
    return matrix->weights != NULL || matrix->missing != NMF_MISSING_NONE;
}
