/* What all picture formats share: loading a file by its content, the limits on sizes, and turning
 * rows of grey, RGB and transparent samples into grey.
 *
 * Transparent pixels are laid over white, as a viewer with white paper shows them; the colour that
 * a file stores under full transparency is arbitrary and must not become data. */
#include "picture.h"

#include "io/files/file_view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_PICTURE ((int64_t)1 << 31) /* pixels; beyond it widely used tools fail too */

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
    /* Trap: a few bytes of a compressed picture can promise gigabytes. */
    picture->grey = bytes <= nmfi_machine_memory() / 4 ? malloc(bytes) : NULL;
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

#define U8_TO_U16 257 /* 65535 / 255 */

void nmfi_widen_pixels(const uint8_t *narrow, int64_t count, uint16_t *wide)
{
    for (int64_t i = 0; i < count; i++) wide[i] = (uint16_t)(narrow[i] * U8_TO_U16);
}

nmf_status nmfi_fail_picture_size(const char *one, int64_t width, int64_t height, const char *first,
                                  int64_t first_width, int64_t first_height, nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_SHAPE,
                    "%s is %" PRId64 " x %" PRId64 " pixels, but %s is %" PRId64 " x %" PRId64
                    ": all pictures must have one size",
                    one, width, height, first, first_width, first_height);
}
