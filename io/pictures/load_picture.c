/* Loads a picture by its content, whatever its name says, and reads one as a matrix of one row. */
#include "picture.h"
#include "readers.h"

#include "io/files/file_view.h"

#include <stdio.h>
#include <string.h>

static nmf_status unknown_content(const nmfi_file_view *file, nmf_error *error)
{
    if (file->count == 0) return nmf_fail(error, NMF_ERROR_FORMAT, "the file is empty");
    char start[3 * 8 + 1] = "";
    for (size_t i = 0; i < file->count && i < 8; i++)
        snprintf(start + 3 * i, 4, " %02x", file->bytes[i]);
    return nmf_fail(error, NMF_ERROR_FORMAT,
                    "not a PGM, PPM, PBM, PNG or JPEG picture: the file begins with the bytes%s",
                    start);
}

static nmf_status decode(const nmfi_file_view *file, nmfi_picture *picture, nmf_error *error)
{
    static const struct {
        int (*recognise)(const unsigned char *, size_t);
        nmf_status (*decode)(const unsigned char *, size_t, nmfi_picture *, nmf_error *);
    } formats[] = {{nmfi_recognise_pnm, nmfi_decode_pnm},
                   {nmfi_recognise_png, nmfi_decode_png},
                   {nmfi_recognise_jpeg, nmfi_decode_jpeg}};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (formats[i].recognise(file->bytes, file->count))
            return formats[i].decode(file->bytes, file->count, picture, error);
    }
    return unknown_content(file, error);
}

nmf_status nmfi_picture_load(const char *path, nmfi_picture *picture, nmf_error *error)
{
    *picture = (nmfi_picture){0, 0, NMF_U8, NULL};
    nmfi_file_view *file = NULL;
    nmf_status status = nmfi_file_view_open(path, &file, error);
    if (status != NMF_OK) return status;
    nmf_error inner = {NMF_OK, ""};
    status = decode(file, picture, &inner);
    nmfi_file_view_close(file);
    return status == NMF_OK ? NMF_OK : nmf_fail(error, status, "%s: %s", path, inner.message);
}

static nmf_status one_row_matrix(const nmfi_picture *picture, const char *path, nmf_matrix **matrix,
                                 nmf_error *error)
{
    const int64_t pixels = picture->width * picture->height;
    nmf_matrix *made = NULL;
    nmf_status status = nmf_matrix_new(picture->dtype, 1, pixels, &made, error);
    if (status != NMF_OK) return status;
    memcpy(nmf_matrix_writable(made), picture->grey,
           (size_t)pixels * nmf_dtype_bytes(picture->dtype));
    status = nmf_matrix_set_image_shape(made, picture->height, picture->width, error);
    if (status == NMF_OK) status = nmf_matrix_set_names(made, NMF_SAMPLE_NAMES, &path, error);
    if (status != NMF_OK) {
        nmf_matrix_free(made);
        return status;
    }
    *matrix = made;
    return NMF_OK;
}

static nmf_status read_picture(const nmfi_read_request *request, nmf_matrix **matrix,
                               nmf_error *error)
{
    const char *path = request->path;
    *matrix = NULL;
    nmfi_picture picture;
    nmf_status status = nmfi_picture_load(path, &picture, error);
    if (status == NMF_OK) status = one_row_matrix(&picture, path, matrix, error);
    nmfi_picture_clear(&picture);
    return status;
}

const nmfi_reader nmfi_reader_png = {"PNG picture", "png", 0, 0, nmfi_recognise_png, read_picture};
const nmfi_reader nmfi_reader_jpeg = {"JPEG picture",      "jpg jpeg jpe", 0, 0,
                                      nmfi_recognise_jpeg, read_picture};
const nmfi_reader nmfi_reader_pnm = {"PGM or PPM picture", "pgm ppm pnm pbm", 0, 0,
                                     nmfi_recognise_pnm,   read_picture};
