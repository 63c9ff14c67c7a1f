/* Many pictures become one matrix, one row a picture: all of one size, 16-bit if any of them is.
 *
 * In a mixture an 8-bit value v becomes v * 257, so that white is 65535 in every picture. Pictures
 * named one by one keep the order given; those of a directory stand in natural order. */
#include "find_pictures.h"
#include "picture.h"
#include "pictures_disk.h"
#include "readers.h"

#include "io/files/on_disk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Replaces the u8 matrix by a u16 one with the first `done` rows of it. */
static nmf_status widen_matrix(nmf_matrix **matrix, int64_t done, nmf_error *error)
{
    const int64_t columns = nmf_matrix_columns(*matrix);
    nmf_matrix *wide = NULL;
    const nmf_status status =
        nmf_matrix_new(NMF_U16, nmf_matrix_rows(*matrix), columns, &wide, error);
    if (status != NMF_OK) return status;
    nmfi_widen_pixels(nmf_matrix_writable(*matrix), done * columns, nmf_matrix_writable(wide));
    nmf_matrix_free(*matrix);
    *matrix = wide;
    return NMF_OK;
}

static nmf_status put_row(nmf_matrix **matrix, int64_t row, const nmfi_picture *picture,
                          nmf_error *error)
{
    if (picture->dtype == NMF_U16 && nmf_matrix_dtype(*matrix) == NMF_U8) {
        const nmf_status status = widen_matrix(matrix, row, error);
        if (status != NMF_OK) return status;
    }
    const int64_t columns = nmf_matrix_columns(*matrix);
    const size_t bytes = nmf_dtype_bytes(nmf_matrix_dtype(*matrix));
    unsigned char *const out =
        (unsigned char *)nmf_matrix_writable(*matrix) + (size_t)row * (size_t)columns * bytes;
    if (picture->dtype == nmf_matrix_dtype(*matrix))
        memcpy(out, picture->grey, (size_t)columns * bytes);
    else
        nmfi_widen_pixels(picture->grey, columns, (uint16_t *)(void *)out);
    return NMF_OK;
}

/* The first picture decides the size. */
static nmf_status start_matrix(int64_t rows, const nmfi_picture *first, nmf_matrix **matrix,
                               int64_t *width, nmf_error *error)
{
    *width = first->width;
    return nmf_matrix_new(first->dtype, rows, first->width * first->height, matrix, error);
}

static nmf_status read_all(const nmfi_found_pictures *found, nmf_matrix **matrix, int64_t *width,
                           nmf_error *error)
{
    nmf_status status = NMF_OK;
    for (int64_t i = 0; i < found->count && status == NMF_OK; i++) {
        nmfi_picture picture;
        status = nmfi_picture_load(found->items[i].path, &picture, error);
        if (status == NMF_OK && i == 0)
            status = start_matrix(found->count, &picture, matrix, width, error);
        if (status != NMF_OK) {
            /* said already */
        } else if (picture.width != *width ||
                   picture.width * picture.height != nmf_matrix_columns(*matrix)) {
            status = nmfi_fail_picture_size(found->items[i].path, picture.width, picture.height,
                                            found->items[0].path, *width,
                                            nmf_matrix_columns(*matrix) / *width, error);
        } else {
            status = put_row(matrix, i, &picture, error);
        }
        nmfi_picture_clear(&picture);
    }
    return status;
}

static nmf_status set_names(nmf_matrix *matrix, const nmfi_found_pictures *found, nmf_error *error)
{
    const char **const texts = calloc((size_t)found->count, sizeof *texts);
    if (texts == NULL)
        return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for the names of %" PRId64 " pictures",
                        found->count);
    for (int64_t i = 0; i < found->count; i++) texts[i] = found->items[i].name;
    nmf_status status = nmf_matrix_set_names(matrix, NMF_SAMPLE_NAMES, texts, error);
    int labelled = 0;
    for (int64_t i = 0; i < found->count; i++) {
        texts[i] = found->items[i].label;
        labelled |= texts[i][0] != '\0';
    }
    if (status == NMF_OK && labelled)
        status = nmf_matrix_set_names(matrix, NMF_LABELS, texts, error);
    free(texts);
    return status;
}

/* One path of several is named as given; the only one, if a directory, is left out of the names. */
static nmf_status add_path(nmfi_found_pictures *found, const char *path, int several,
                           nmf_error *error)
{
    struct stat about;
    if (stat(path, &about) != 0)
        return nmf_fail(error, NMF_ERROR_FILE, "%s: %s", path, strerror(errno));
    if (!S_ISDIR(about.st_mode)) return nmfi_add_picture(found, path, path, "", error);
    if (!several) return nmfi_find_pictures(found, path, "", "", error);
    char *const plain = strdup(path); /* without slashes at the end */
    if (plain == NULL) return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for the path %s", path);
    for (size_t length = strlen(plain); length > 1 && plain[length - 1] == '/'; length--)
        plain[length - 1] = '\0';
    const char *const slash = strrchr(plain, '/');
    const nmf_status status =
        nmfi_find_pictures(found, path, plain, slash != NULL ? slash + 1 : plain, error);
    free(plain);
    return status;
}

/* By the size of the first one: 8-bit, as most are. */
static int stay_on_disk(const nmfi_read_request *request, const nmfi_found_pictures *found)
{
    nmfi_picture first;
    if (nmfi_picture_load(found->items[0].path, &first, NULL) != NMF_OK) return 0;
    const double bytes = (double)first.width * (double)first.height * (double)found->count *
                         (double)nmf_dtype_bytes(first.dtype);
    nmfi_picture_clear(&first);
    const int stays = bytes < 1e18 && nmfi_stays_on_disk(request, (uint64_t)bytes);
    if (stays) nmfi_say_on_disk(request, request->path, (uint64_t)bytes);
    return stays;
}

nmf_status nmfi_read_found(const nmfi_read_request *request, const nmfi_found_pictures *found,
                           nmf_matrix **matrix, nmf_error *error)
{
    nmf_matrix *made = NULL;
    int64_t width = 0;
    nmf_status status = stay_on_disk(request, found)
                            ? nmfi_pictures_on_disk(request, found, &made, &width, error)
                            : read_all(found, &made, &width, error);
    if (status == NMF_OK)
        status = nmf_matrix_set_image_shape(made, nmf_matrix_columns(made) / width, width, error);
    if (status == NMF_OK) status = set_names(made, found, error);
    if (status != NMF_OK) {
        nmf_matrix_free(made);
        return status;
    }
    *matrix = made;
    return NMF_OK;
}

static nmf_status fail_empty(const char *const *paths, int64_t count, nmf_error *error)
{
    static const char kinds[] = "PNG, JPEG, PGM, PPM or PBM";
    char names[200];
    const int others = nmfi_list_other_files(paths[0], names, sizeof names);
    if (count > 1)
        return nmf_fail(error, NMF_ERROR_FILE, "%s and the others: no picture (%s) in them",
                        paths[0], kinds);
    if (others == 0)
        return nmf_fail(error, NMF_ERROR_FILE, "%s: no picture (%s) in it", paths[0], kinds);
    return nmf_fail(error, NMF_ERROR_FILE,
                    "%s: is a folder with neither pictures (%s) nor a matrix of cells in it, but "
                    "%s: name what is to be read",
                    paths[0], kinds, names);
}

nmf_status nmfi_read_pictures(const nmf_io_read_options *options, const char *const *paths,
                              int64_t count, nmf_matrix **matrix, nmf_error *error)
{
    const nmfi_read_request request = {.path = count > 0 ? paths[0] : "", .options = options};
    nmfi_found_pictures found = {NULL, 0, 0};
    nmf_status status = NMF_OK;
    *matrix = NULL;
    for (int64_t i = 0; i < count && status == NMF_OK; i++)
        status = add_path(&found, paths[i], count > 1, error);
    if (status == NMF_OK && found.count == 0) status = fail_empty(paths, count, error);
    if (status == NMF_OK) status = nmfi_read_found(&request, &found, matrix, error);
    nmfi_found_clear(&found);
    return status;
}
