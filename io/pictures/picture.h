/* A decoded picture and the decoders that make it from bytes in memory, one a format; what all
 * picture formats share: how colour becomes grey, how transparency becomes white, and what is too
 * large. */
#ifndef NMFI_IO_PICTURE_H
#define NMFI_IO_PICTURE_H

#include <nmfkit/io.h>
#include <stdint.h>

/* Grey pixels row by row from the top left, 0 black, the type's largest value white. */
typedef struct nmfi_picture {
    int64_t width, height;
    nmf_dtype dtype; /* NMF_U8 or NMF_U16 */
    void *grey;      /* width * height of dtype */
} nmfi_picture;

/* Decoders: `bytes` is the whole file. On failure *picture is empty and the message does not name
 * the file, which they do not know. Errors: FORMAT (damaged, cut), UNSUPPORTED, MEMORY. */
nmf_status nmfi_decode_pnm(const unsigned char *bytes, size_t count, nmfi_picture *picture,
                           nmf_error *error);
nmf_status nmfi_decode_png(const unsigned char *bytes, size_t count, nmfi_picture *picture,
                           nmf_error *error);
nmf_status nmfi_decode_jpeg(const unsigned char *bytes, size_t count, nmfi_picture *picture,
                            nmf_error *error);

/* 1 if a file that begins with these bytes is one of the decoder's. */
int nmfi_recognise_pnm(const unsigned char *head, size_t bytes);
int nmfi_recognise_png(const unsigned char *head, size_t bytes);
int nmfi_recognise_jpeg(const unsigned char *head, size_t bytes);

/* Reads the file at `path` and decodes it by its content, whatever its name says. Errors: as above
 * with the path in front, and FILE. load_picture.c. */
nmf_status nmfi_picture_load(const char *path, nmfi_picture *picture, nmf_error *error);
void nmfi_picture_clear(nmfi_picture *picture);

/* For decoders: refuses sizes that are zero or above 2^31 pixels, and sizes that `payload_bytes`
 * bytes of a format that stores at most pixels_per_byte in a byte cannot hold, before memory is
 * asked for. */
nmf_status nmfi_picture_check_size(int64_t width, int64_t height, size_t payload_bytes,
                                   int64_t pixels_per_byte, nmf_error *error);
nmf_status nmfi_picture_allocate(nmfi_picture *picture, int64_t width, int64_t height,
                                 nmf_dtype dtype, nmf_error *error);

/* For decoders: turns one row of 8-bit or big-endian 16-bit samples, 1 (grey), 2 (grey, alpha), 3
 * (RGB) or 4 (RGB, alpha) a pixel, into row `row` of the picture. */
void nmfi_picture_store_row(nmfi_picture *picture, int64_t row, const unsigned char *samples,
                            int channels);

/* "... all pictures must have one size": `one` is not of the size of the first. */
nmf_status nmfi_fail_picture_size(const char *one, int64_t width, int64_t height, const char *first,
                                  int64_t first_width, int64_t first_height, nmf_error *error);

/* 8-bit pixels on the scale of 16-bit ones: white is 65535. */
void nmfi_widen_pixels(const uint8_t *narrow, int64_t count, uint16_t *wide);

/* Luma by Rec. 601, Y = 0.299 R + 0.587 G + 0.114 B, with weights in 1/65536 that sum to 1, rounded
 * to nearest: what Pillow's convert("L") computes. The largest 16-bit sum, 65535 * 65536 + 32768,
 * still fits. */
static inline uint32_t nmfi_luma(uint32_t red, uint32_t green, uint32_t blue)
{
    return (19595u * red + 38470u * green + 7471u * blue + 32768u) >> 16;
}

#endif
