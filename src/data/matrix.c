/* nmf_matrix: construction, looking, names, image shape. Arithmetic on it is elsewhere. */
#include "base/memory.h"
#include "data/matrix.h"
#include "data/sparse.h"

#include <stdlib.h>
#include <string.h>

size_t nmf_dtype_bytes(nmf_dtype dtype)
{
    static const size_t bytes[] = {1, 2, 4, 8, 4};
    return (size_t)dtype <= NMF_I32 ? bytes[dtype] : 0;
}

const char *nmf_dtype_name(nmf_dtype dtype)
{
    static const char *const names[] = {"uint8", "uint16", "float32", "float64", "int32"};
    return (size_t)dtype <= NMF_I32 ? names[dtype] : "unknown";
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

static void free_names(nmfi_name_list *list)
{
    free(list->names);
    list->names = NULL;
    list->count = 0;
}

void nmf_matrix_free(nmf_matrix *matrix)
{
    if (!matrix) return;
    for (int which = 0; which < 3; which++) free_names(&matrix->names[which]);
    if (matrix->release) matrix->release(matrix->context);
    nmfi_release(matrix->owned);
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

void nmf_matrix_transpose(nmf_matrix *matrix)
{
    nmf_dense *d = &matrix->dense;
    const nmf_dense before = *d;
    d->rows = before.columns;
    d->columns = before.rows;
    d->row_stride = before.column_stride;
    d->column_stride = before.row_stride;
    if (nmf_matrix_is_sparse(matrix)) matrix->sparse = nmfi_sparse_transposed(&matrix->sparse);
    const nmfi_name_list samples = matrix->names[NMF_SAMPLE_NAMES];
    matrix->names[NMF_SAMPLE_NAMES] = matrix->names[NMF_FEATURE_NAMES];
    matrix->names[NMF_FEATURE_NAMES] = samples;
    free_names(&matrix->names[NMF_LABELS]);
    matrix->image_height = matrix->image_width = 0;
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
    *selected = NULL;
    for (int64_t i = 0; i < count; i++)
        if (rows[i] < 0 || rows[i] >= matrix->dense.rows)
            return nmf_fail(error, NMF_ERROR_ARGUMENT, "row %lld is not one of 0 to %lld",
                            (long long)rows[i], (long long)matrix->dense.rows - 1);
    nmf_matrix *made = NULL;
    nmf_status status = nmf_matrix_is_sparse(matrix)
                            ? nmfi_matrix_select_sparse(matrix, rows, count, &made, error)
                            : select_dense(matrix, rows, count, &made, error);
    if (status == NMF_OK) status = select_names(matrix, rows, count, made, error);
    if (status == NMF_OK) {
        *selected = made;
        return NMF_OK;
    }
    nmf_matrix_free(made);
    return status;
}

static int64_t names_wanted(const nmf_matrix *matrix, nmf_names which)
{
    return which == NMF_FEATURE_NAMES ? matrix->dense.columns : matrix->dense.rows;
}

nmf_status nmf_matrix_set_names(nmf_matrix *matrix, nmf_names which, const char *const *names,
                                nmf_error *error)
{
    if ((size_t)which > NMF_LABELS)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "names kind %d is not one of 0 to 2",
                        (int)which);
    if (!names) {
        free_names(&matrix->names[which]);
        return NMF_OK;
    }
    const int64_t count = names_wanted(matrix, which);
    size_t text_bytes = 0;
    for (int64_t i = 0; i < count; i++) {
        if (!names[i])
            return nmf_fail(error, NMF_ERROR_ARGUMENT, "name %lld of %lld is NULL", (long long)i,
                            (long long)count);
        text_bytes += strlen(names[i]) + 1;
    }
    char **list = malloc((size_t)(count + 1) * sizeof *list + text_bytes);
    if (!list)
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %lld names of %zu bytes",
                        (long long)count, text_bytes);
    char *text = (char *)(list + count + 1);
    for (int64_t i = 0; i < count; i++) {
        const size_t bytes = strlen(names[i]) + 1;
        memcpy(text, names[i], bytes);
        list[i] = text;
        text += bytes;
    }
    list[count] = NULL;
    free_names(&matrix->names[which]);
    matrix->names[which].names = list;
    matrix->names[which].count = count;
    return NMF_OK;
}

const char *nmf_matrix_name(const nmf_matrix *matrix, nmf_names which, int64_t index)
{
    if ((size_t)which > NMF_LABELS) return NULL;
    const nmfi_name_list *list = &matrix->names[which];
    return list->names && index >= 0 && index < list->count ? list->names[index] : NULL;
}

int nmf_matrix_has_names(const nmf_matrix *matrix, nmf_names which)
{
    return (size_t)which <= NMF_LABELS && matrix->names[which].names != NULL;
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

static nmf_status inherit(nmf_matrix *to, const nmf_matrix *from, nmf_names which, nmf_error *error)
{
    if (!nmf_matrix_has_names(from, which) || from->names[which].count != names_wanted(to, which))
        return NMF_OK;
    return nmf_matrix_set_names(to, which, (const char *const *)from->names[which].names, error);
}

nmf_status nmfi_matrix_inherit_rows(nmf_matrix *to, const nmf_matrix *from, nmf_error *error)
{
    const nmf_status status = inherit(to, from, NMF_SAMPLE_NAMES, error);
    return status == NMF_OK ? inherit(to, from, NMF_LABELS, error) : status;
}

nmf_status nmfi_matrix_inherit_columns(nmf_matrix *to, const nmf_matrix *from, nmf_error *error)
{
    const int fits = to->dense.columns == from->dense.columns && from->image_height > 0;
    if (fits) {
        to->image_height = from->image_height;
        to->image_width = from->image_width;
    }
    return inherit(to, from, NMF_FEATURE_NAMES, error);
}
