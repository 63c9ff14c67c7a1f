/* Arrays on disk: see disk_array.h. A line is what lies side by side in the file: a row in C order, all
 * samples of one feature in Fortran's. */
#include "disk_array.h"

#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES 65536 /* converted at a time */

typedef struct disk_array {
    nmfi_disk_file *file;
    uint64_t offset;
    nmfi_raw_array raw;
    nmf_dtype dtype;
    int64_t lines, length;
    int by_features; /* Fortran's order */
} disk_array;

static void release(void *context)
{
    disk_array *array = context;
    nmfi_disk_file_close(array->file);
    free(array);
}

/* The number of the value that line `line` begins with. */
static int64_t line_begin(const disk_array *array, int64_t line)
{
    const nmfi_raw_array *raw = &array->raw;
    return array->by_features
               ? line / raw->width * raw->height_stride + line % raw->width * raw->width_stride
               : line * raw->row_stride;
}

/* Values [first, first + count) of the file, into places `stride` apart of `out`. */
static nmf_status convert(const disk_array *array, int64_t first, int64_t count, void *out,
                          int64_t at, int64_t stride, nmf_error *error)
{
    unsigned char piece[PIECE_BYTES];
    nmfi_raw_array raw = array->raw;
    const int64_t most = PIECE_BYTES / raw.item_bytes;
    raw.data = piece;
    for (int64_t i = 0; i < count; i += most) {
        const int64_t some = count - i < most ? count - i : most;
        const nmf_status status = nmfi_disk_file_read(
            array->file, array->offset + (uint64_t)((first + i) * raw.item_bytes), piece,
            (size_t)(some * raw.item_bytes), error);
        if (status != NMF_OK) {
            return status;
        }
        for (int64_t e = 0; e < some; e++) {
            nmfi_store_value(out, array->dtype, at + (i + e) * stride, nmfi_raw_value(&raw, e));
        }
    }
    return NMF_OK;
}

static nmf_status read_values(const disk_array *array, int64_t first, int64_t count, void *out,
                              int64_t at, nmf_error *error)
{
    const int64_t bytes = array->raw.item_bytes;
    if (!nmfi_raw_is_as_kept(&array->raw)) {
        return convert(array, first, count, out, at, 1, error);
    }
    return nmfi_disk_file_read(array->file, array->offset + (uint64_t)(first * bytes),
                               (char *)out + at * bytes, (size_t)(count * bytes), error);
}

static nmf_status read_lines(void *context, int64_t first, int64_t count, void *out,
                             nmf_error *error)
{
    const disk_array *array = context;
    nmf_status status = NMF_OK;
    if (!array->by_features || array->raw.height == 1) { /* they follow one another */
        return read_values(array, line_begin(array, first), count * array->length, out, 0, error);
    }
    for (int64_t i = 0; i < count && status == NMF_OK; i++) {
        status = read_values(array, line_begin(array, first + i), array->length, out,
                             i * array->length, error);
    }
    return status;
}

/* A piece of each line, which become columns of `out`. */
static nmf_status read_across(void *context, int64_t first, int64_t count, void *out,
                              nmf_error *error)
{
    const disk_array *array = context;
    nmf_status status = NMF_OK;
    for (int64_t line = 0; line < array->lines && status == NMF_OK; line++) {
        status =
            convert(array, line_begin(array, line) + first, count, out, line, array->lines, error);
    }
    return status;
}

/* The smallest and largest of all values, as doubles. */
static nmf_status value_range(const disk_array *array, double *lowest, double *highest,
                              nmf_error *error)
{
    enum { SOME = 4096 };
    double values[SOME];
    disk_array as_real = *array;
    const int64_t all = array->lines * array->length;
    as_real.dtype = NMF_F64;
    for (int64_t i = 0; i < all; i += SOME) {
        const int64_t some = all - i < SOME ? all - i : SOME;
        const nmf_status status = convert(&as_real, i, some, values, 0, 1, error);
        if (status != NMF_OK) {
            return status;
        }
        for (int64_t e = 0; e < some; e++) {
            *lowest = values[e] < *lowest ? values[e] : *lowest;
            *highest = values[e] > *highest ? values[e] : *highest;
        }
    }
    return NMF_OK;
}

static nmf_status choose_dtype(disk_array *array, nmf_error *error)
{
    double lowest = 0.0, highest = 0.0;
    nmf_status status = NMF_OK;
    if (nmfi_raw_dtype_hangs_on_values(&array->raw)) {
        status = value_range(array, &lowest, &highest, error);
    }
    array->dtype = nmfi_raw_dtype(&array->raw, lowest, highest);
    return status;
}

static nmf_status make_matrix(disk_array *array, nmf_matrix **matrix, nmf_error *error)
{
    nmf_reader reader = NMF_READER_INIT;
    reader.dtype = array->dtype;
    reader.rows = array->lines;
    reader.columns = array->length;
    reader.read = read_lines;
    reader.read_across = read_across;
    reader.release = release;
    reader.context = array;
    nmf_status status = nmf_matrix_from_reader(&reader, matrix, error);
    if (status == NMF_OK && array->by_features) {
        nmf_matrix_transpose(*matrix);
    }
    return status;
}

nmf_status nmfi_disk_array_matrix(nmfi_disk_file *file, uint64_t offset, const nmfi_raw_array *raw,
                                  nmf_matrix **matrix, nmf_error *error)
{
    const int64_t features = raw->height * raw->width;
    const int by_features = raw->row_stride == 1 && features > 1;
    disk_array *array = calloc(1, sizeof *array);
    *matrix = NULL;
    if (array == NULL) {
        nmfi_disk_file_close(file);
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    }
    *array = (disk_array){.file = file,
                          .offset = offset,
                          .raw = *raw,
                          .lines = by_features ? features : raw->rows,
                          .length = by_features ? raw->rows : features,
                          .by_features = by_features};
    nmf_status status = choose_dtype(array, error);
    if (status != NMF_OK) {
        release(array);
        return status;
    }
    status = make_matrix(array, matrix, error);
    if (status == NMF_OK && raw->pictures && raw->height > 0 && raw->width > 0) {
        status = nmf_matrix_set_image_shape(*matrix, raw->height, raw->width, error);
    }
    if (status != NMF_OK) {
        nmf_matrix_free(*matrix);
        *matrix = NULL;
    }
    return status;
}
