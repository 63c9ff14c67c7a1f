/* Compressed sparse arrays become matrices: see sparse_parts.h. */
#include "sparse_parts.h"

#include "io/files/file_view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What the matrix holds on to. */
typedef struct holder {
    void *memory[5];
} holder;

static void release(void *context)
{
    holder *held = context;
    for (size_t i = 0; i < sizeof held->memory / sizeof held->memory[0]; i++) {
        free(held->memory[i]);
    }
    free(held);
}

void nmfi_sparse_parts_free(nmfi_sparse_parts *arrays)
{
    for (size_t i = 0; i < sizeof arrays->memory / sizeof arrays->memory[0]; i++) {
        free(arrays->memory[i]);
        arrays->memory[i] = NULL;
    }
}

int nmfi_side_fits(int64_t count, const char *what, const char *path, nmf_error *error)
{
    const uint64_t most = nmfi_machine_memory() / 2 / sizeof(int64_t);
    if (count >= 0 && (uint64_t)count < most) {
        return 1;
    }
    (void)nmf_fail(error, NMF_ERROR_MEMORY,
                   "%s: declares %" PRId64 " %s; this machine's memory allows for %" PRIu64, path,
                   count, what, most);
    return 0;
}

/* --- values ---------------------------------------------------------------------------------- */

/* Whole numbers: the smallest type for all of them; f64 where one is negative, so that validation
 * can name it. */
static nmf_dtype whole_dtype(double lowest, double highest)
{
    return lowest < 0.0 || highest > INT32_MAX ? NMF_F64
           : highest <= UINT8_MAX              ? NMF_U8
           : highest <= UINT16_MAX             ? NMF_U16
                                               : NMF_I32;
}

nmf_dtype nmfi_sparse_dtype(const nmfi_raw_array *kind, double lowest, double highest)
{
    if (kind->kind == 'f') {
        return kind->item_bytes == 8 ? NMF_F64 : NMF_F32;
    }
    return whole_dtype(lowest, highest);
}

static nmf_dtype dtype_of_all(const nmfi_raw_array *values, int64_t count)
{
    double lowest = 0.0, highest = 0.0;
    for (int64_t i = 0; i < count; i++) {
        const double value = nmfi_raw_value(values, i);
        lowest = value < lowest ? value : lowest;
        highest = value > highest ? value : highest;
    }
    return whole_dtype(lowest, highest);
}

static nmf_dtype choose_dtype(const nmfi_sparse_parts *arrays)
{
    const nmfi_raw_array *values = &arrays->values;
    if (values->kind == 'f' && !arrays->integral) {
        return values->item_bytes == 8 ? NMF_F64 : NMF_F32;
    }
    return dtype_of_all(values, arrays->stored);
}

int nmfi_sparse_is_as_kept(const nmfi_raw_array *values, nmf_dtype dtype)
{
    const char kind = dtype == NMF_I32 ? 'i' : dtype == NMF_U8 || dtype == NMF_U16 ? 'u' : 'f';
    const int same_kind = values->kind == kind || (values->kind == 'b' && kind == 'u');
    return same_kind && (size_t)values->item_bytes == nmf_dtype_bytes(dtype) &&
           (values->item_bytes == 1 || values->big_endian == NMFI_HOST_BIG_ENDIAN);
}

static int is_as_stored(const nmfi_raw_array *values, nmf_dtype dtype)
{
    return nmfi_sparse_is_as_kept(values, dtype) &&
           (uintptr_t)values->data % (uintptr_t)values->item_bytes == 0;
}

/* Brings the values into a type that the matrix knows: where they lie if they do not grow (each is
 * read before anything is written behind it), else in new memory, which *extra then owns. */
static nmf_status convert_values(nmfi_sparse_parts *arrays, const char *path, nmf_dtype *dtype,
                                 void **extra, nmf_error *error)
{
    nmfi_raw_array *values = &arrays->values;
    *dtype = choose_dtype(arrays);
    if (is_as_stored(values, *dtype)) {
        return NMF_OK;
    }
    const size_t bytes = nmf_dtype_bytes(*dtype);
    unsigned char *out = (unsigned char *)(uintptr_t)values->data;
    if (bytes > (size_t)values->item_bytes || (uintptr_t)out % bytes != 0) {
        out = nmfi_file_memory((size_t)arrays->stored * bytes);
        if (out == NULL) {
            return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory for %" PRId64 " values",
                            path, arrays->stored);
        }
        *extra = out;
    }
    for (int64_t i = 0; i < arrays->stored; i++) {
        nmfi_store_value(out, *dtype, i, nmfi_raw_value(values, i));
    }
    values->data = out;
    return NMF_OK;
}

/* --- structure ------------------------------------------------------------------------------- */

/* What lies between the ends is checked where the matrix is made. */
static nmf_status check_ends(const nmfi_sparse_parts *arrays, const char *path, nmf_error *error)
{
    const int64_t count = arrays->by_columns ? arrays->columns : arrays->rows;
    const int64_t *pointers = arrays->pointers;
    if (pointers[0] != 0 || pointers[count] != arrays->stored) {
        return nmf_fail(error, NMF_ERROR_FORMAT,
                        "%s: its pointers run from %" PRId64 " to %" PRId64
                        ", but there are %" PRId64 " values",
                        path, pointers[0], pointers[count], arrays->stored);
    }
    return NMF_OK;
}

nmf_status nmfi_sparse_parts_matrix(nmfi_sparse_parts *arrays, const char *path,
                                    nmf_matrix **matrix, nmf_error *error)
{
    nmf_dtype dtype = NMF_F64;
    *matrix = NULL;
    holder *held = calloc(1, sizeof *held);
    nmf_status status = held != NULL ? check_ends(arrays, path, error)
                                     : nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", path);
    if (status == NMF_OK) {
        status = convert_values(arrays, path, &dtype, &held->memory[4], error);
    }
    if (status != NMF_OK) {
        nmfi_sparse_parts_free(arrays);
        free(held);
        return status;
    }
    memcpy(held->memory, arrays->memory, sizeof arrays->memory);
    memset(arrays->memory, 0, sizeof arrays->memory);
    const nmf_sparse sparse = {.values = arrays->values.data,
                               .dtype = dtype,
                               .rows = arrays->rows,
                               .columns = arrays->columns,
                               .pointers = arrays->pointers,
                               .indices = arrays->indices,
                               .index_bytes = arrays->index_bytes,
                               .by_columns = arrays->by_columns};
    nmf_error reason;
    status = nmf_matrix_adopt_sparse(&sparse, release, held, matrix, &reason);
    if (status == NMF_ERROR_DATA) {
        status = NMF_ERROR_FORMAT;
    }
    return status == NMF_OK ? NMF_OK : nmf_fail(error, status, "%s: %s", path, reason.message);
}
