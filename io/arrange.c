/* Arranges a matrix as the read options ask: see arrange.h. */
#include "arrange.h"

#include "io/texts/names_beside.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static nmf_status set_shape(const char *path, const nmf_io_read_options *options,
                            nmf_matrix *matrix, nmf_error *error)
{
    const int64_t height = options->image_height, width = options->image_width;
    if (height == 0 && width == 0) {
        return NMF_OK;
    }
    int64_t pixels;
    if (height <= 0 || width <= 0) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "an image shape of %" PRId64 " x %" PRId64 ": both must be at least 1",
                        height, width);
    }
    if (__builtin_mul_overflow(height, width, &pixels) || pixels != nmf_matrix_columns(matrix)) {
        return nmf_fail(
            error, NMF_ERROR_SHAPE,
            "%s: pictures of %" PRId64 " x %" PRId64 " pixels do not fit its %" PRId64 " columns%s",
            path, height, width, nmf_matrix_columns(matrix),
            pixels == nmf_matrix_rows(matrix) ? "; its rows would fit: transpose it" : "");
    }
    return nmf_matrix_set_image_shape(matrix, height, width, error);
}

static nmf_status set_names(const char *path, const nmf_io_read_options *options,
                            nmf_matrix *matrix, nmf_error *error)
{
    const nmfi_read_request request = {path, NULL, options};
    const char *const files[] = {options->sample_names, options->feature_names, options->labels};
    nmf_status status = NMF_OK;
    for (int which = NMF_SAMPLE_NAMES; which <= NMF_LABELS && status == NMF_OK; which++) {
        if (files[which] != NULL) {
            status = nmfi_names_told(files[which], matrix, (nmf_names)which, &request, error);
        }
    }
    return status;
}

/* Where pixel p of a picture stored column by column belongs, row by row. */
static int64_t row_order(int64_t p, int64_t height, int64_t width)
{
    return p % height * width + p / height;
}

static nmf_status reorder_names(const nmf_matrix *from, nmf_matrix *to, nmf_error *error)
{
    const int64_t columns = nmf_matrix_columns(from), rows = nmf_matrix_rows(from);
    const int64_t height = nmf_matrix_image_height(from), width = nmf_matrix_image_width(from);
    const char **names = calloc((size_t)(columns > rows ? columns : rows), sizeof *names);
    if (names == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory for names");
    }
    nmf_status status = NMF_OK;
    for (int which = NMF_SAMPLE_NAMES; which <= NMF_LABELS && status == NMF_OK; which++) {
        const nmf_names kind = (nmf_names)which;
        if (!nmf_matrix_has_names(from, kind)) {
            continue;
        }
        const int of_columns = kind == NMF_FEATURE_NAMES;
        for (int64_t i = 0; i < (of_columns ? columns : rows); i++) {
            names[of_columns ? row_order(i, height, width) : i] = nmf_matrix_name(from, kind, i);
        }
        status = nmf_matrix_set_names(to, kind, names, error);
    }
    free(names);
    return status;
}

static nmf_status reorder_pixels(const nmf_matrix *from, nmf_matrix *to, nmf_error *error)
{
    const int64_t height = nmf_matrix_image_height(from), width = nmf_matrix_image_width(from);
    const int64_t rows = nmf_matrix_rows(from), columns = height * width;
    const nmf_dtype dtype = nmf_matrix_dtype(from);
    const size_t bytes = nmf_dtype_bytes(dtype);
    unsigned char *out = nmf_matrix_writable(to);
    unsigned char *row = malloc((size_t)columns * bytes);
    if (row == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory for a picture");
    }
    nmf_status status = NMF_OK;
    for (int64_t i = 0; i < rows && status == NMF_OK; i++) {
        status = nmf_matrix_copy_rows(from, i, 1, dtype, row, error);
        unsigned char *picture = out + (size_t)(i * columns) * bytes;
        for (int64_t p = 0; p < columns; p++) {
            memcpy(picture + (size_t)row_order(p, height, width) * bytes, row + (size_t)p * bytes,
                   bytes);
        }
    }
    free(row);
    return status;
}

static nmf_status order_by_rows(const char *path, nmf_matrix **matrix, nmf_error *error)
{
    const int64_t height = nmf_matrix_image_height(*matrix),
                  width = nmf_matrix_image_width(*matrix);
    if (height == 0) {
        return nmf_fail(
            error, NMF_ERROR_ARGUMENT,
            "%s: column order of pixels needs the pictures' shape, which the file does not "
            "say: give the image shape too",
            path);
    }
    nmf_matrix *ordered = NULL;
    nmf_status status = nmf_matrix_new(nmf_matrix_dtype(*matrix), nmf_matrix_rows(*matrix),
                                       nmf_matrix_columns(*matrix), &ordered, error);
    if (status == NMF_OK) {
        status = reorder_pixels(*matrix, ordered, error);
    }
    if (status == NMF_OK) {
        status = reorder_names(*matrix, ordered, error);
    }
    if (status == NMF_OK) {
        status = nmf_matrix_set_image_shape(ordered, height, width, error);
    }
    if (status != NMF_OK) {
        nmf_matrix_free(ordered);
        return status;
    }
    nmf_matrix_free(*matrix);
    *matrix = ordered;
    return NMF_OK;
}

static nmf_status shuffle(uint32_t seed, nmf_matrix **matrix, nmf_error *error)
{
    const int64_t rows = nmf_matrix_rows(*matrix);
    int64_t *order = calloc((size_t)rows + 1, sizeof *order);
    if (order == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY,
                        "out of memory for the order of %" PRId64 " samples", rows);
    }
    nmf_io_numpy_permutation(seed, rows, order);
    nmf_matrix *shuffled;
    const nmf_status status = nmf_matrix_select(*matrix, order, rows, &shuffled, error);
    free(order);
    if (status == NMF_OK) {
        nmf_matrix_free(*matrix);
        *matrix = shuffled;
    }
    return status;
}

/* What has to have all of it in memory says so at once. */
static nmf_status check_on_disk(const char *path, const nmf_io_read_options *options,
                                const nmf_matrix *matrix, nmf_error *error)
{
    const char *what = options->shuffle              ? "to be shuffled"
                       : options->image_order_column ? "to have its pixels put in order"
                       : options->transpose && nmf_matrix_is_sparse(matrix) &&
                               !nmf_matrix_sparse(matrix).by_columns
                           ? "to be transposed, which is sparse,"
                           : NULL;
    if (what == NULL || nmf_matrix_is_in_memory(matrix)) {
        return NMF_OK;
    }
    return nmf_fail(
        error, NMF_ERROR_UNSUPPORTED,
        "%s: stays on disk, and %s it would have to be in memory: 'nmf convert' it with "
        "that option and without a limit",
        path, what);
}

nmf_status nmfi_arrange(const char *path, const nmf_io_read_options *options, nmf_matrix **matrix,
                        nmf_error *error)
{
    nmf_status status = check_on_disk(path, options, *matrix, error);
    if (status == NMF_OK && options->transpose) {
        nmf_matrix_transpose(*matrix);
    }
    if (status == NMF_OK) {
        status = set_names(path, options, *matrix, error);
    }
    if (status == NMF_OK) {
        status = set_shape(path, options, *matrix, error);
    }
    if (status == NMF_OK && options->image_order_column) {
        status = order_by_rows(path, matrix, error);
    }
    if (status == NMF_OK && options->shuffle) {
        status = shuffle(options->shuffle_seed, matrix, error);
    }
    if (status != NMF_OK) {
        nmf_matrix_free(*matrix);
        *matrix = NULL;
    }
    return status;
}
