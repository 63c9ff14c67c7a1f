/* PNG pictures through libpng: grey, RGB and palette, with or without transparency (laid over
 * white), 1 to 16 bits, interlaced or not. 16-bit pictures stay 16-bit, all others become 8-bit.
 * Colour spaces and gamma are not applied: the numbers in the file are the data.
 *
 * libpng reports errors by longjmp, so all that lives across its calls is in one struct. */
#include "picture.h"

#include <inttypes.h>
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

/* Deflate shrinks data to no less than 1/1032 (258 bytes in 2 bits); a pixel takes 1 bit or
 * more. */
#define PIXELS_PER_BYTE (8 * 1032)

typedef struct decoding {
    png_structp png;
    png_infop info;
    const unsigned char *at, *end;
    size_t file_bytes;
    nmfi_picture *picture;
    nmf_error *error;
    unsigned char *rows; /* one row; all rows of an interlaced picture */
    char message[160];   /* of libpng */
} decoding;

int nmfi_recognise_png(const unsigned char *head, size_t bytes)
{
    return bytes >= 8 && memcmp(head, "\x89PNG\r\n\x1a\n", 8) == 0;
}

static void on_error(png_structp png, png_const_charp message)
{
    decoding *const job = png_get_error_ptr(png);
    const size_t used = strlen(job->message); /* a warning that explains the error */
    snprintf(job->message + used, sizeof job->message - used, "%s%s", used > 0 ? ": " : "",
             message);
    png_longjmp(png, 1);
}

/* The first warning is kept: libpng gives the reason as a warning and then a general error. */
static void on_warning(png_structp png, png_const_charp message)
{
    decoding *const job = png_get_error_ptr(png);
    if (job->message[0] == '\0') snprintf(job->message, sizeof job->message, "%s", message);
}

static void read_bytes(png_structp png, png_bytep out, size_t count)
{
    decoding *const job = png_get_io_ptr(png);
    if (count > (size_t)(job->end - job->at)) {
        job->message[0] = '\0';
        png_error(png, "the file is cut short");
    }
    memcpy(out, job->at, count);
    job->at += count;
}

static nmf_status read_header(decoding *job)
{
    png_set_user_limits(job->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_read_fn(job->png, job, read_bytes);
    png_read_info(job->png, job->info);
    const nmf_status status =
        nmfi_picture_check_size((int64_t)png_get_image_width(job->png, job->info),
                                (int64_t)png_get_image_height(job->png, job->info), job->file_bytes,
                                PIXELS_PER_BYTE, job->error);
    if (status != NMF_OK) return status;
    png_set_expand(job->png); /* palette to RGB, fewer bits to 8, transparent colour to alpha */
    return NMF_OK;
}

static void read_rows(decoding *job, int passes, int channels, size_t row_bytes)
{
    const int64_t height = job->picture->height;
    for (int pass = 0; pass < passes; pass++) {
        for (int64_t y = 0; y < height; y++) {
            unsigned char *const row = passes > 1 ? job->rows + (size_t)y * row_bytes : job->rows;
            png_read_row(job->png, row, NULL);
            if (pass == passes - 1) nmfi_picture_store_row(job->picture, y, row, channels);
        }
    }
    png_read_end(job->png, NULL); /* sees the checksum and a file cut behind the last row */
}

static nmf_status read_pixels(decoding *job)
{
    const int passes = png_set_interlace_handling(job->png);
    png_read_update_info(job->png, job->info);
    const int64_t width = (int64_t)png_get_image_width(job->png, job->info);
    const int64_t height = (int64_t)png_get_image_height(job->png, job->info);
    const size_t row_bytes = png_get_rowbytes(job->png, job->info);
    const nmf_dtype dtype = png_get_bit_depth(job->png, job->info) == 16 ? NMF_U16 : NMF_U8;
    const nmf_status status = nmfi_picture_allocate(job->picture, width, height, dtype, job->error);
    if (status != NMF_OK) return status;
    job->rows = malloc(passes > 1 ? row_bytes * (size_t)height : row_bytes); /* < 2^31 * 8 */
    if (job->rows == NULL)
        return nmf_fail(job->error, NMF_ERROR_MEMORY,
                        "no memory to decode %" PRId64 " x %" PRId64 " pixels", width, height);
    read_rows(job, passes, png_get_channels(job->png, job->info), row_bytes);
    return NMF_OK;
}

/* Trap: libpng's errors return to setjmp, so no local variable may be set after it and read
 * later. */
static nmf_status run(decoding *job)
{
    if (setjmp(png_jmpbuf(job->png)) != 0)
        return nmf_fail(job->error, NMF_ERROR_FORMAT, "damaged PNG picture: %s", job->message);
    const nmf_status status = read_header(job);
    return status == NMF_OK ? read_pixels(job) : status;
}

nmf_status nmfi_decode_png(const unsigned char *bytes, size_t count, nmfi_picture *picture,
                           nmf_error *error)
{
    *picture = (nmfi_picture){0, 0, NMF_U8, NULL};
    decoding job = {
        .at = bytes, .end = bytes + count, .file_bytes = count, .picture = picture, .error = error};
    nmf_status status;
    job.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &job, on_error, on_warning);
    job.info = job.png != NULL ? png_create_info_struct(job.png) : NULL;
    if (job.info == NULL)
        status = nmf_fail(error, NMF_ERROR_MEMORY, "no memory to decode a PNG picture");
    else
        status = run(&job);
    if (job.png != NULL) png_destroy_read_struct(&job.png, &job.info, NULL);
    free(job.rows);
    if (status != NMF_OK) nmfi_picture_clear(picture);
    return status;
}
