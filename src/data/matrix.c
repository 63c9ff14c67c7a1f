/* nmf_matrix, dense or around compressed rows or columns: borrowed, adopted, made, looked at, freed. */
#include "data/matrix.h"
#include "base/memory.h"
#include "data/sparse.h"

#include <stdlib.h>

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
    return NMF_OK;
}

nmf_status nmf_matrix_borrow(const nmf_dense *dense, nmf_matrix **matrix, nmf_error *error)
{
    return nmf_matrix_adopt(dense, NULL, NULL, matrix, error);
}

nmf_status nmf_matrix_adopt(const nmf_dense *dense, void (*release)(void *context), void *context,
                            nmf_matrix **matrix, nmf_error *error)
{
    *matrix = NULL;
    nmf_status status = check_dense(dense, error);
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
    *matrix = NULL;
    nmf_dense dense = {.data = "",
                       .dtype = dtype,
                       .rows = rows,
                       .columns = columns,
                       .row_stride = columns,
                       .column_stride = 1};
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
    *matrix = NULL;
    nmfi_sparse_order order = {0};
    nmf_matrix *made = NULL;
    nmf_status status = nmfi_sparse_check(sparse, &order, error);
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

nmf_status nmf_matrix_from_rows(const nmf_row_reader *reader, nmf_matrix **matrix, nmf_error *error)
{
    *matrix = NULL;
    if (!reader || !reader->read)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "the function that reads rows is NULL");
    const nmf_dense shape = {"", reader->dtype, reader->rows, reader->columns, 0, 0};
    const nmf_status status = check_dense(&shape, error);
    if (status != NMF_OK) return status;
    nmf_matrix *made = calloc(1, sizeof *made);
    if (!made) return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %zu bytes", sizeof *made);
    made->dense = shape;
    made->dense.data = NULL;
    made->reader = *reader;
    *matrix = made;
    return NMF_OK;
}

nmf_status nmfi_matrix_check_in_memory(const nmf_matrix *matrix, const char *what, nmf_error *error)
{
    if (!matrix->reader.read) return NMF_OK;
    return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                    "%s needs X in memory; here its rows come from a function", what);
}

void nmf_matrix_free(nmf_matrix *matrix)
{
    if (!matrix) return;
    for (int which = 0; which < 3; which++) nmfi_names_free(&matrix->names[which]);
    if (matrix->release) matrix->release(matrix->context);
    nmfi_release(matrix->owned);
    nmf_matrix_free(matrix->weights);
    free(matrix);
}

nmf_dense nmf_matrix_dense(const nmf_matrix *matrix)
{
    return matrix->dense;
}

void *nmf_matrix_writable(nmf_matrix *matrix)
{
    return nmf_matrix_is_sparse(matrix) ? NULL : matrix->owned;
}

int64_t nmf_matrix_rows(const nmf_matrix *matrix)
{
    return matrix->dense.rows;
}

int64_t nmf_matrix_columns(const nmf_matrix *matrix)
{
    return matrix->dense.columns;
}

nmf_dtype nmf_matrix_dtype(const nmf_matrix *matrix)
{
    return matrix->dense.dtype;
}

int nmf_matrix_is_sparse(const nmf_matrix *matrix)
{
    return matrix->sparse.pointers != NULL;
}

nmf_sparse nmf_matrix_sparse(const nmf_matrix *matrix)
{
    return matrix->sparse;
}

int64_t nmf_matrix_stored(const nmf_matrix *matrix)
{
    return nmf_matrix_is_sparse(matrix) ? nmfi_sparse_stored(&matrix->sparse)
                                        : matrix->dense.rows * matrix->dense.columns;
}

void nmf_matrix_transpose(nmf_matrix *matrix)
{
    nmf_dense *d = &matrix->dense;
    const nmf_dense before = *d;
    d->rows = before.columns;
    d->columns = before.rows;
    d->row_stride = before.column_stride;
    d->column_stride = before.row_stride;
    if (matrix->reader.read) matrix->reads_transposed = !matrix->reads_transposed;
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
    return matrix->image_height;
}

int64_t nmf_matrix_image_width(const nmf_matrix *matrix)
{
    return matrix->image_width;
}
