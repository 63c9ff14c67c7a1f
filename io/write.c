/* nmf_io_write: finds the writer by the path's extension. Adding a format is a new write_*.c, its
 * declaration in the room's writers.h, and one row in the table here. */
#include "io/arrays/writers.h"
#include "io/files/file_view.h"
#include "io/files/packed.h"
#include "io/pictures/write_pictures.h"
#include "io/texts/writers.h"

#include <inttypes.h>
#include <nmfkit/io.h>
#include <nmfkit/spread.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ALL (NMF_IO_KEEPS_NAMES | NMF_IO_KEEPS_LABELS | NMF_IO_KEEPS_IMAGE_SHAPE)

static const struct {
    const char *extension;
    int sparse; /* 1: keeps sparse matrices sparse; 0: wants all entries */
    int packs;  /* written as one stream, which can be packed on its way */
    int keeps;
    nmf_status (*write)(const nmf_matrix *matrix, const char *path, nmf_error *error);
} writers[] = {{".npy", 0, 1, 0, nmfi_write_npy},
               {".npz", 1, 0, ALL, nmfi_write_npz},
               {".csv", 0, 1, NMF_IO_KEEPS_NAMES, nmfi_write_csv},
               {".tsv", 0, 1, NMF_IO_KEEPS_NAMES, nmfi_write_tsv},
               {".mat", 0, 0, 0, nmfi_write_mat},
               {".mtx", 1, 1, 0, nmfi_write_mtx}};

/* Names, labels and image shape. */
static nmf_status inherit(const nmf_matrix *from, nmf_matrix *to, nmf_error *error)
{
    nmf_status status = NMF_OK;
    for (int which = NMF_SAMPLE_NAMES; which <= NMF_LABELS && status == NMF_OK; which++) {
        status = nmf_matrix_copy_names(from, to, (nmf_names)which, error);
    }
    if (status == NMF_OK && nmf_matrix_image_height(from) > 0) {
        status = nmf_matrix_set_image_shape(to, nmf_matrix_image_height(from),
                                            nmf_matrix_image_width(from), error);
    }
    return status;
}

/* A dense copy for a format that has no other; refused where it could not be held in memory. */
static nmf_status make_dense(const nmf_matrix *matrix, const char *path, nmf_matrix **dense,
                             nmf_error *error)
{
    const int64_t rows = nmf_matrix_rows(matrix), columns = nmf_matrix_columns(matrix);
    const nmf_dtype stored = nmf_matrix_dtype(matrix);
    const nmf_dtype dtype = stored == NMF_I32 ? NMF_F64 : stored; /* dense ones are never int32 */
    const double bytes = (double)rows * (double)columns * (double)nmf_dtype_bytes(dtype);
    *dense = NULL;
    char size[NMF_IO_SIZE_TEXT];
    if (bytes > (double)nmfi_machine_memory() / 2) {
        return nmf_fail(error, NMF_ERROR_MEMORY,
                        "%s: %" PRId64 " x %" PRId64 " entries would take %s when none is "
                        "left out, too much for this machine: write %s",
                        path, rows, columns, nmf_io_size_text(bytes, size),
                        nmf_spread_is(matrix) ? "an .npy" : "a sparse .npz or .mtx");
    }
    nmf_status status = nmf_matrix_new(dtype, rows, columns, dense, error);
    if (status == NMF_OK) {
        status = nmf_matrix_copy_rows(matrix, 0, rows, dtype, nmf_matrix_writable(*dense), error);
    }
    if (status == NMF_OK) {
        status = inherit(matrix, *dense, error);
    }
    if (status != NMF_OK) {
        nmf_matrix_free(*dense);
        *dense = NULL;
    }
    return status;
}

static nmf_status write_dense(const nmf_matrix *matrix, const char *path,
                              nmf_status (*write)(const nmf_matrix *matrix, const char *path,
                                                  nmf_error *error),
                              nmf_error *error)
{
    /* .mat has columns side by side, and rows of other processes come one by one. */
    const int from_copy =
        nmf_matrix_is_sparse(matrix) || (nmf_spread_is(matrix) && write == nmfi_write_mat);
    if (!from_copy) {
        return write(matrix, path, error);
    }
    nmf_matrix *dense;
    nmf_status status = make_dense(matrix, path, &dense, error);
    if (status == NMF_OK) {
        status = write(dense, path, error);
        nmf_matrix_free(dense);
    }
    return status;
}

/* The row of the table for this path, or -1. */
static int find_writer(const char *path)
{
    const int count = (int)(sizeof writers / sizeof writers[0]);
    size_t length;
    const int packed = nmfi_packing_named(path, &length) != NMFI_UNPACKED;
    for (int i = 0; i < count; i++) {
        const size_t size = strlen(writers[i].extension);
        if (length > size && (!packed || writers[i].packs) &&
            strncasecmp(path + length - size, writers[i].extension, size) == 0) {
            return i;
        }
    }
    return -1;
}

static nmf_status write_by(int writer, const nmf_matrix *matrix, const char *path, nmf_error *error)
{
    return writers[writer].sparse ? writers[writer].write(matrix, path, error)
                                  : write_dense(matrix, path, writers[writer].write, error);
}

/* The row of the table for this format, or -1. */
static int find_format(const char *format)
{
    const int count = (int)(sizeof writers / sizeof writers[0]);
    for (int i = 0; i < count; i++) {
        if (strcasecmp(format, writers[i].extension + 1) == 0) {
            return i;
        }
    }
    return -1;
}

static char format_names[64];
static pthread_once_t formats_named = PTHREAD_ONCE_INIT;

static void name_formats(void)
{
    size_t used = 0;
    for (size_t i = 0; i < sizeof writers / sizeof writers[0] && used < sizeof format_names; i++) {
        const int added = snprintf(format_names + used, sizeof format_names - used, "%s%s",
                                   i > 0 ? ", " : "", writers[i].extension + 1);
        used += added > 0 ? (size_t)added : 0;
    }
}

const char *nmf_io_write_formats(void)
{
    (void)pthread_once(&formats_named, name_formats);
    return format_names;
}

nmf_status nmf_io_write_as(const nmf_matrix *matrix, const char *path, const char *format,
                           nmf_error *error)
{
    if (matrix == NULL || path == NULL || path[0] == '\0' || format == NULL) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "writing needs a matrix, a path and a format");
    }
    const int writer = find_format(format);
    if (writer >= 0) {
        return write_by(writer, matrix, path, error);
    }
    return nmf_fail(error, NMF_ERROR_ARGUMENT, "there is no format '%s' to write; there are: %s",
                    format, nmf_io_write_formats());
}

int nmf_io_can_write(const char *path)
{
    return path != NULL && path[0] != '\0' &&
           (path[strlen(path) - 1] == '/' || find_writer(path) >= 0);
}

int nmf_io_keeps(const char *path)
{
    if (path == NULL || path[0] == '\0') {
        return -1;
    }
    if (path[strlen(path) - 1] == '/') {
        return ALL; /* of what pictures have */
    }
    const int writer = strchr(path, '.') != NULL ? find_writer(path) : find_format(path);
    return writer >= 0 ? writers[writer].keeps : -1;
}

nmf_status nmf_io_write(const nmf_matrix *matrix, const char *path, nmf_error *error)
{
    if (matrix == NULL || path == NULL || path[0] == '\0') {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "writing needs a matrix and a path");
    }
    if (path[strlen(path) - 1] == '/') {
        return write_dense(matrix, path, nmfi_write_pictures, error);
    }
    const int found = find_writer(path);
    if (found >= 0) {
        return write_by(found, matrix, path, error);
    }
    return nmf_fail(
        error, NMF_ERROR_UNSUPPORTED,
        "%s: cannot be written: its name should end in .npy, .npz, .mtx, .csv, .tsv or .mat, all "
        "but .npz and .mat also with .gz, .xz or .zst, or in '/' for a directory of pictures",
        path);
}
