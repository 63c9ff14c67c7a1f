/* JPEG pictures through libjpeg: grey, and colour (decoded to RGB, then luma, so that the numbers
 * are those of Pillow's convert("L")). The orientation that a camera notes in EXIF is not applied.
 *
 * libjpeg reports errors through a manager that must not return: ours jumps back, never prints,
 * never exits, and counts damage that libjpeg would only warn of (a cut file, bad codes) as an
 * error. */
#include "picture.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdio.h> /* jpeglib.h needs FILE and size_t */
#include <stdlib.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

/* A Huffman-coded 8 x 8 block takes a bit or more; with the oddest subsampling one bit is 128
 * pixels. */
#define PIXELS_PER_BYTE 1024

/* A progressive file may repeat scans of the whole picture without end; encoders write about 10. */
#define MOST_SCANS 500

typedef struct decoding {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr manager;
    struct jpeg_progress_mgr monitor;
    jmp_buf failed;
    char message[JMSG_LENGTH_MAX]; /* of libjpeg */
    const unsigned char *bytes;
    size_t count;
    nmfi_picture *picture;
    nmf_error *error;
    unsigned char *row;
} decoding;

int nmfi_recognise_jpeg(const unsigned char *head, size_t bytes)
{
    return bytes >= 3 && head[0] == 0xff && head[1] == 0xd8 && head[2] == 0xff;
}

static void on_error(j_common_ptr jpeg)
{
    decoding *const job = jpeg->client_data;
    jpeg->err->format_message(jpeg, job->message);
    longjmp(job->failed, 1);
}

/* level < 0 is a warning. Those named here are about headers and padding, and files with them are
 * common; all others mean that pixels are missing or wrong. */
static void on_message(j_common_ptr jpeg, int level)
{
    if (level >= 0) return;
    switch (jpeg->err->msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_BOGUS_PROGRESSION:
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
    case JWRN_TOO_MUCH_DATA: break;
    default: on_error(jpeg);
    }
}

static void on_output(j_common_ptr jpeg)
{
    (void)jpeg;
}

static void on_progress(j_common_ptr jpeg)
{
    decoding *const job = jpeg->client_data;
    if (job->jpeg.input_scan_number > MOST_SCANS) {
        snprintf(job->message, sizeof job->message, "it has more than %d scans", MOST_SCANS);
        longjmp(job->failed, 1);
    }
}

static void start(decoding *job)
{
    job->jpeg.err = jpeg_std_error(&job->manager);
    job->manager.error_exit = on_error;
    job->manager.emit_message = on_message;
    job->manager.output_message = on_output;
    job->jpeg.client_data = job;
    jpeg_create_decompress(&job->jpeg); /* keeps err and client_data */
    job->monitor.progress_monitor = on_progress;
    job->jpeg.progress = &job->monitor;
}

static nmf_status read_header(decoding *job)
{
    struct jpeg_decompress_struct *const jpeg = &job->jpeg;
    jpeg_mem_src(jpeg, job->bytes, (unsigned long)job->count);
    jpeg_read_header(jpeg, TRUE);
    if (jpeg->jpeg_color_space == JCS_GRAYSCALE)
        jpeg->out_color_space = JCS_GRAYSCALE;
    else if (jpeg->jpeg_color_space == JCS_YCbCr || jpeg->jpeg_color_space == JCS_RGB)
        jpeg->out_color_space = JCS_RGB;
    else
        return nmf_fail(
            job->error, NMF_ERROR_UNSUPPORTED,
            "a JPEG picture with %d colour channels of kind %d (CMYK?); only grey and colour "
            "ones are read",
            jpeg->num_components, (int)jpeg->jpeg_color_space);
    return nmfi_picture_check_size((int64_t)jpeg->image_width, (int64_t)jpeg->image_height,
                                   job->count, PIXELS_PER_BYTE, job->error);
}

static nmf_status read_pixels(decoding *job)
{
    struct jpeg_decompress_struct *const jpeg = &job->jpeg;
    const nmf_status status = nmfi_picture_allocate(
        job->picture, (int64_t)jpeg->image_width, (int64_t)jpeg->image_height, NMF_U8, job->error);
    if (status != NMF_OK) return status;
    jpeg_start_decompress(jpeg);
    job->row = malloc((size_t)jpeg->output_width * (size_t)jpeg->output_components);
    if (job->row == NULL)
        return nmf_fail(job->error, NMF_ERROR_MEMORY, "no memory for a row of %u pixels",
                        jpeg->output_width);
    while (jpeg->output_scanline < jpeg->output_height) {
        const int64_t y = (int64_t)jpeg->output_scanline;
        JSAMPROW row = job->row;
        if (jpeg_read_scanlines(jpeg, &row, 1) == 1)
            nmfi_picture_store_row(job->picture, y, job->row, jpeg->output_components);
    }
    jpeg_finish_decompress(jpeg); /* sees a file cut behind the last row */
    return NMF_OK;
}

/* Trap: libjpeg's errors return to setjmp, so no local variable may be set after it and read
 * later. */
static nmf_status run(decoding *job)
{
    if (setjmp(job->failed) != 0)
        return nmf_fail(job->error, NMF_ERROR_FORMAT, "damaged JPEG picture: %s", job->message);
    start(job);
    const nmf_status status = read_header(job);
    return status == NMF_OK ? read_pixels(job) : status;
}

nmf_status nmfi_decode_jpeg(const unsigned char *bytes, size_t count, nmfi_picture *picture,
                            nmf_error *error)
{
    *picture = (nmfi_picture){0, 0, NMF_U8, NULL};
    decoding job = {.bytes = bytes, .count = count, .picture = picture, .error = error};
    const nmf_status status = run(&job);
    jpeg_destroy_decompress(&job.jpeg); /* fine on a zeroed struct too */
    free(job.row);
    if (status != NMF_OK) nmfi_picture_clear(picture);
    return status;
}
