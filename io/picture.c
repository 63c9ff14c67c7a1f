/* What all picture formats share: loading a file by its content, the limits on sizes, and turning
 * rows of grey, RGB and transparent samples into grey.
 *
 * Transparent pixels are laid over white, as a viewer with white paper shows them; the colour that
 * a file stores under full transparency is arbitrary and must not become data. */
#include "picture.h"

#include "file_view.h"
#include "reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LARGEST_PICTURE ((int64_t)1 << 31) /* pixels; beyond it widely used tools fail too */

int nmfi_is_picture_path(const char *path)
{
    static const char *const extensions[] = {"png", "jpg", "jpeg", "jpe",
                                             "pgm", "ppm", "pnm",  "pbm"};
    const char *const slash = strrchr(path, '/');
    const char *const dot = strrchr(slash != NULL ? slash : path, '.');
    if (dot == NULL) return 0;
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
        if (strcasecmp(dot + 1, extensions[i]) == 0) return 1;
    }
    return 0;
}

void nmfi_picture_clear(nmfi_picture *picture)
{
    free(picture->grey);
    memset(picture, 0, sizeof *picture);
}

nmf_status nmfi_picture_check_size(int64_t width, int64_t height, size_t payload_bytes,
                                   int64_t pixels_per_byte, nmf_error *error)
{
    if (width <= 0 || height <= 0)
        return nmf_fail(error, NMF_ERROR_FORMAT,
                        "the picture is %" PRId64 " x %" PRId64 " pixels, must be at least 1 x 1",
                        width, height);
    if (width > LARGEST_PICTURE / height)
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "the picture is %" PRId64 " x %" PRId64 " pixels, the limit is 2^31 pixels",
                        width, height);
    if (width * height / pixels_per_byte > (int64_t)payload_bytes)
        return nmf_fail(error, NMF_ERROR_FORMAT,
                        "the header says %" PRId64 " x %" PRId64
                        " pixels, which the %zu bytes of the file cannot hold",
                        width, height, payload_bytes);
    return NMF_OK;
}

nmf_status nmfi_picture_allocate(nmfi_picture *picture, int64_t width, int64_t height,
                                 nmf_dtype dtype, nmf_error *error)
{
    const size_t bytes = (size_t)width * (size_t)height * nmf_dtype_bytes(dtype);
    picture->grey = malloc(bytes);
    if (picture->grey == NULL)
        return nmf_fail(error, NMF_ERROR_MEMORY,
                        "no memory for a picture of %" PRId64 " x %" PRId64 " pixels (%zu bytes)",
                        width, height, bytes);
    picture->width = width;
    picture->height = height;
    picture->dtype = dtype;
    return NMF_OK;
}

/* `value` of `alpha` / `white` opacity on white paper, rounded to nearest. */
static uint32_t over_white(uint32_t value, uint32_t alpha, uint32_t white)
{
    const uint64_t mixed = (uint64_t)value * alpha + (uint64_t)white * (white - alpha);
    return (uint32_t)((mixed + white / 2) / white);
}

static uint32_t grey_of(const uint32_t *sample, int channels, uint32_t white)
{
    const uint32_t luma = channels >= 3 ? nmfi_luma(sample[0], sample[1], sample[2]) : sample[0];
    return channels % 2 == 0 ? over_white(luma, sample[channels - 1], white) : luma;
}

static void store_row_u8(uint8_t *row, int64_t width, const unsigned char *samples, int channels)
{
    for (int64_t x = 0; x < width; x++, samples += channels) {
        uint32_t pixel[4];
        for (int c = 0; c < channels; c++) pixel[c] = samples[c];
        row[x] = (uint8_t)grey_of(pixel, channels, UINT8_MAX);
    }
}

static void store_row_u16(uint16_t *row, int64_t width, const unsigned char *samples, int channels)
{
    for (int64_t x = 0; x < width; x++, samples += 2 * channels) {
        uint32_t pixel[4];
        for (int c = 0; c < channels; c++)
            pixel[c] = (uint32_t)samples[2 * c] << 8 | samples[2 * c + 1];
        row[x] = (uint16_t)grey_of(pixel, channels, UINT16_MAX);
    }
}

void nmfi_picture_store_row(nmfi_picture *picture, int64_t row, const unsigned char *samples,
                            int channels)
{
    const int64_t width = picture->width;
    if (picture->dtype == NMF_U16)
        store_row_u16((uint16_t *)picture->grey + row * width, width, samples, channels);
    else if (channels == 1)
        memcpy((uint8_t *)picture->grey + row * width, samples, (size_t)width);
    else
        store_row_u8((uint8_t *)picture->grey + row * width, width, samples, channels);
}

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
    const struct {
        const nmfi_reader *reader;
        nmf_status (*decode)(const unsigned char *, size_t, nmfi_picture *, nmf_error *);
    } formats[] = {{&nmfi_reader_pnm, nmfi_decode_pnm},
                   {&nmfi_reader_png, nmfi_decode_png},
                   {&nmfi_reader_jpeg, nmfi_decode_jpeg}};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (formats[i].reader->recognise(file->bytes, file->count))
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

nmf_status nmfi_read_picture(const char *path, const char *member, nmf_matrix **matrix,
                             nmf_error *error)
{
    *matrix = NULL;
    if (member != NULL)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "%s: a picture has no member \"%s\" to choose",
                        path, member);
    nmfi_picture picture;
    nmf_status status = nmfi_picture_load(path, &picture, error);
    if (status == NMF_OK) status = one_row_matrix(&picture, path, matrix, error);
    nmfi_picture_clear(&picture);
    return status;
}
