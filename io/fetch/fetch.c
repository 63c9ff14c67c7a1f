/* The Olivetti faces (AT&T Laboratories Cambridge; Samaria & Harter 1994), from the address and
 * with the checksum that scikit-learn's fetch_olivetti_faces has, as upright pictures.
 *
 * The file is Sam Roweis' olivettifaces.mat: `faces`, 4096 x 400, each column a picture of 64 x 64
 * pixels that runs down the picture's columns. */
#include "io/download/download.h"
#include "io/files/plugin.h"

#include <errno.h>
#include <inttypes.h>
#include <nmfkit/io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PUBLISHED_URL "https://ndownloader.figshare.com/files/5976027"
#define MOST_BYTES (8 << 20) /* the published file has 1.4 million */
#define PUBLISHED_SHA256 "b612fb967f2dc77c9c62d3e1266e0c73d5fca46a4b8906c18e454d41af987794"

enum { FACES = 400, FACES_OF_ONE = 10, SIDE = 64, PIXELS = SIDE * SIDE, LABEL_BYTES = 24 };

/* Makes the directories above `path`; the last part of it is a file's name. */
static nmf_status make_directories(const char *path, nmf_error *error)
{
    char *const above = strdup(path);
    if (above == NULL) return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for the path %s", path);
    nmf_status status = NMF_OK;
    for (char *slash = strchr(above + 1, '/'); slash != NULL && status == NMF_OK;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(above, 0700) != 0 && errno != EEXIST) /* 0700: the XDG specification */
            status = nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be created: %s", above,
                              strerror(errno));
        *slash = '/';
    }
    free(above);
    return status;
}

/* A file with other sizes or values is not the Olivetti file, whatever its name says. */
static nmf_status check_faces(const nmf_matrix *read, const char *path, nmf_error *error)
{
    if (nmf_matrix_rows(read) != FACES || nmf_matrix_columns(read) != PIXELS)
        return nmf_fail(error, NMF_ERROR_SHAPE,
                        "%s: faces is %" PRId64 " x %" PRId64 ", the Olivetti faces are %d x %d",
                        path, nmf_matrix_columns(read), nmf_matrix_rows(read), PIXELS, FACES);
    if (nmf_matrix_dtype(read) == NMF_U8) return NMF_OK;
    for (int64_t i = 0; i < FACES; i++) {
        for (int64_t j = 0; j < PIXELS; j++) {
            const double value = nmf_matrix_at(read, i, j);
            if (!(value >= 0 && value <= UINT8_MAX) || value != (double)(uint8_t)value)
                return nmf_fail(error, NMF_ERROR_DATA,
                                "%s: picture %" PRId64
                                " has a pixel of %g, the Olivetti faces have whole "
                                "numbers from 0 to 255",
                                path, i + 1, value);
        }
    }
    return NMF_OK;
}

static nmf_status write_faces(const nmf_matrix *read, const char *output, nmf_error *error)
{
    nmf_matrix *faces = NULL;
    char text[FACES][LABEL_BYTES];
    const char *labels[FACES];
    for (int i = 0; i < FACES; i++) {
        snprintf(text[i], sizeof text[i], "person-%02d", 1 + i / FACES_OF_ONE);
        labels[i] = text[i];
    }
    nmf_status status = nmf_matrix_new(NMF_U8, FACES, PIXELS, &faces, error);
    if (status == NMF_OK)
        status = nmf_matrix_copy_rows(read, 0, FACES, NMF_U8, nmf_matrix_writable(faces), error);
    if (status == NMF_OK) status = nmf_matrix_set_image_shape(faces, SIDE, SIDE, error);
    if (status == NMF_OK) status = nmf_matrix_set_names(faces, NMF_LABELS, labels, error);
    if (status == NMF_OK) status = nmf_io_write(faces, output, error);
    nmf_matrix_free(faces);
    return status;
}

static nmf_status convert(const char *mat_path, const char *output, nmf_error *error)
{
    nmf_io_read_options how = NMF_IO_READ_INIT;
    how.transpose = 1;
    how.image_height = how.image_width = SIDE;
    how.image_order_column = 1;
    const size_t bytes = strlen(mat_path) + sizeof ":faces";
    char *const faces_in_file = malloc(bytes);
    if (faces_in_file == NULL)
        return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for the path %s", mat_path);
    snprintf(faces_in_file, bytes, "%s:faces", mat_path);
    nmf_matrix *read = NULL;
    how.format = "mat"; /* whatever is in it */
    nmf_status status = nmf_io_read(faces_in_file, &how, &read, error);
    if (status == NMF_OK) status = check_faces(read, mat_path, error);
    if (status == NMF_OK) status = write_faces(read, output, error);
    nmf_matrix_free(read);
    free(faces_in_file);
    return status;
}

static nmf_status download(const nmfi_download_request *request, nmf_error *error)
{
    const void *table;
    const nmf_status status = nmfi_plugin("download", "downloads", &table, error);
    const nmfi_download_room *const room = table;
    return status == NMF_OK ? room->download(request, error) : status;
}

static nmf_status download_and_convert(const nmf_io_fetch_options *options, const char *output,
                                       nmf_error *error)
{
    char *part = NULL;
    nmf_status status = nmf_io_cache_path("olivettifaces.mat.part", &part, error);
    if (status == NMF_OK) status = make_directories(part, error);
    const nmfi_download_request request = {
        .url = options->url != NULL ? options->url : PUBLISHED_URL,
        .sha256 = options->sha256 != NULL ? options->sha256 : PUBLISHED_SHA256,
        .part_path = part,
        .most_bytes = MOST_BYTES,
        .hint = "; give --from FILE if you have olivettifaces.mat",
        .progress = options->progress,
        .progress_context = options->progress_context};
    if (status == NMF_OK) status = download(&request, error);
    if (status == NMF_OK) status = convert(part, output, error);
    if (status == NMF_OK)
        unlink(part); /* only now: a failed conversion (a full disk) needs no second download */
    free(part);
    return status;
}

/* The options of a caller who may have been compiled with an older, shorter struct. */
static nmf_status copy_options(const nmf_io_fetch_options *options, nmf_io_fetch_options *copy,
                               nmf_error *error)
{
    *copy = (nmf_io_fetch_options){.struct_bytes = sizeof *copy};
    if (options == NULL) return NMF_OK;
    if (options->struct_bytes < sizeof options->struct_bytes)
        return nmf_fail(
            error, NMF_ERROR_ARGUMENT,
            "fetch options with struct_bytes = %zu: set it to sizeof(nmf_io_fetch_options)",
            options->struct_bytes);
    memcpy(copy, options,
           options->struct_bytes < sizeof *copy ? options->struct_bytes : sizeof *copy);
    return NMF_OK;
}

/* Where the faces go if the caller does not say; its directory is made. */
static nmf_status cached_output(char **path, nmf_error *error)
{
    const nmf_status status = nmf_io_cache_path("olivetti.npz", path, error);
    return status == NMF_OK ? make_directories(*path, error) : status;
}

nmf_status nmf_io_fetch_olivetti(const nmf_io_fetch_options *options, nmf_error *error)
{
    nmf_io_fetch_options wanted;
    char *cached = NULL;
    nmf_status status = copy_options(options, &wanted, error);
    if (status == NMF_OK && wanted.output == NULL) {
        status = cached_output(&cached, error);
        wanted.output = cached;
    }
    if (status == NMF_OK)
        status = wanted.from != NULL ? convert(wanted.from, wanted.output, error)
                                     : download_and_convert(&wanted, wanted.output, error);
    free(cached);
    return status;
}
