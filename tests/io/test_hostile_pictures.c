/* Pictures cut at every byte, with every bit flipped, and with headers that lie: a sentence or a
 * picture, never a crash, and never memory for what a header only claims. Meant for the sanitizers
 * too. */
#include "picture_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef nmf_status decoder(const unsigned char *, size_t, nmfi_picture *, nmf_error *);

static const struct golden {
    const char *name;
    decoder *decode;
    int tail; /* bytes at the end that a reader can do without */
} goldens[] = {
    {"pbm_raw.pbm", nmfi_decode_pnm, 0},
    {"pgm_raw8.pgm", nmfi_decode_pnm, 0},
    {"pgm_raw16.pgm", nmfi_decode_pnm, 0},
    {"ppm_raw8.ppm", nmfi_decode_pnm, 0},
    {"ppm_raw16.ppm", nmfi_decode_pnm, 0},
    {"pgm_maxval4095.pgm", nmfi_decode_pnm, 0},
    {"pbm_plain.pbm", nmfi_decode_pnm, 3},
    {"pgm_plain8.pgm", nmfi_decode_pnm, 5}, /* the last number and the space behind it */
    {"pgm_plain16.pgm", nmfi_decode_pnm, 7},
    {"pgm_maxval15.pgm", nmfi_decode_pnm, 3},
    {"ppm_plain8.ppm", nmfi_decode_pnm, 5},
    {"ppm_plain16.ppm", nmfi_decode_pnm, 7},
    {"png_1bit.png", nmfi_decode_png, 0},
    {"png_grey8.png", nmfi_decode_png, 0},
    {"png_grey16.png", nmfi_decode_png, 0},
    {"png_grey_alpha.png", nmfi_decode_png, 0},
    {"png_interlaced.png", nmfi_decode_png, 0},
    {"png_palette.png", nmfi_decode_png, 0},
    {"png_palette_transparent.png", nmfi_decode_png, 0},
    {"png_rgb8.png", nmfi_decode_png, 0},
    {"png_rgb16_interlaced.png", nmfi_decode_png, 0},
    {"png_rgba.png", nmfi_decode_png, 0},
    {"jpeg_grey.jpg", nmfi_decode_jpeg, 0},
    {"jpeg_colour.jpg", nmfi_decode_jpeg, 0},
    {"jpeg_progressive.jpg", nmfi_decode_jpeg, 0},
    {"jpeg_cmyk.jpg", nmfi_decode_jpeg, 0},
};

/* Decodes a copy of exactly the right size, so that a sanitizer sees any read behind its end. */
static nmf_status decode_copy(decoder *decode, const unsigned char *bytes, size_t count,
                              nmf_error *error)
{
    unsigned char *const copy = malloc(count > 0 ? count : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, count);
    nmfi_picture picture;
    *error = (nmf_error){NMF_OK, ""};
    const nmf_status status = decode(copy, count, &picture, error);
    if (status == NMF_OK) {
        assert_non_null(picture.grey);
        assert_true(picture.width > 0 && picture.height > 0);
    } else {
        assert_null(picture.grey);
        assert_int_equal(error->status, status);
        assert_true(error->message[0] != '\0');
    }
    nmfi_picture_clear(&picture);
    free(copy);
    return status;
}

static void a_file_cut_at_any_byte_is_told(void **state)
{
    (void)state;
    for (size_t g = 0; g < sizeof goldens / sizeof *goldens; g++) {
        size_t count;
        unsigned char *const bytes = bytes_of(golden_path(goldens[g].name), &count);
        for (size_t cut = 0; cut < count; cut++) {
            nmf_error error;
            const nmf_status status = decode_copy(goldens[g].decode, bytes, cut, &error);
            if (status == NMF_OK && cut + (size_t)goldens[g].tail < count)
                fail_msg("%s cut at byte %zu of %zu is read", goldens[g].name, cut, count);
        }
        free(bytes);
    }
}

static void any_flipped_bit_is_survived(void **state)
{
    (void)state;
    for (size_t g = 0; g < sizeof goldens / sizeof *goldens; g++) {
        size_t count;
        unsigned char *const bytes = bytes_of(golden_path(goldens[g].name), &count);
        const size_t step = getenv("NMFKIT_SANITIZED") ? 1 : 5; /* a sanitizer sees more */
        for (size_t bit = 0; bit < 8 * count; bit += step) {
            nmf_error error;
            bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
            (void)decode_copy(goldens[g].decode, bytes, count, &error);
            bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        }
        free(bytes);
    }
}

static void assert_refused(decoder *decode, const unsigned char *bytes, size_t count,
                           nmf_status status, const char *sentence)
{
    nmf_error error;
    assert_int_equal(decode_copy(decode, bytes, count, &error), status);
    if (strstr(error.message, sentence) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", sentence, error.message);
}

static void put_big_endian(unsigned char *at, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) at[i] = (unsigned char)(value >> 8 * (bytes - 1 - i));
}

static uint32_t crc32_of(const unsigned char *bytes, size_t count)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static void png_headers_that_lie_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint32_t width, height;
        nmf_status status;
        const char *sentence;
    } lies[] = {
        {30000, 30000, NMF_ERROR_FORMAT, "30000 x 30000 pixels, which the "},
        {0x7fffffff, 1, NMF_ERROR_FORMAT, "2147483647 x 1 pixels, which the "},
        {0x7fffffff, 0x7fffffff, NMF_ERROR_UNSUPPORTED, "the limit is 2^31 pixels"},
        {0, 9, NMF_ERROR_FORMAT, "Image width is zero in IHDR"},
        {0xffffffff, 9, NMF_ERROR_FORMAT, "damaged PNG picture: "},
        {13, 900, NMF_ERROR_FORMAT, "damaged PNG picture: "},
        {900, 9, NMF_ERROR_FORMAT, "damaged PNG picture: "},
    };
    size_t count;
    unsigned char *const bytes = bytes_of(golden_path("png_grey8.png"), &count);
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        put_big_endian(bytes + 16, lies[i].width, 4);
        put_big_endian(bytes + 20, lies[i].height, 4);
        put_big_endian(bytes + 29, crc32_of(bytes + 12, 17), 4);
        assert_refused(nmfi_decode_png, bytes, count, lies[i].status, lies[i].sentence);
    }
    free(bytes);
}

static void jpeg_headers_that_lie_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint32_t width, height;
        const char *sentence;
    } lies[] = {
        {65500, 65500, "the limit is 2^31 pixels"},
        {40000, 40000, "40000 x 40000 pixels, which the "},
        {65535, 9, "damaged JPEG picture: "},
        {0, 9, "damaged JPEG picture: "},
        {200, 200, "damaged JPEG picture: "},
    };
    size_t count;
    unsigned char *const bytes = bytes_of(golden_path("jpeg_grey.jpg"), &count);
    size_t frame = 2; /* the start-of-frame segment */
    while (bytes[frame + 1] != 0xc0)
        frame += 2 + (size_t)(bytes[frame + 2] << 8 | bytes[frame + 3]);
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        put_big_endian(bytes + frame + 5, lies[i].height, 2);
        put_big_endian(bytes + frame + 7, lies[i].width, 2);
        nmf_error error;
        assert_int_not_equal(decode_copy(nmfi_decode_jpeg, bytes, count, &error), NMF_OK);
        if (strstr(error.message, lies[i].sentence) == NULL)
            fail_msg("\"%s\" is not in \"%s\"", lies[i].sentence, error.message);
    }
    free(bytes);
}

static void pnm_headers_that_lie_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        nmf_status status;
        const char *sentence;
    } lies[] = {
        {"P5 2147483647 2147483647 255\n", NMF_ERROR_UNSUPPORTED, "the limit is 2^31 pixels"},
        {"P6 2147483647 1 65535\n", NMF_ERROR_FORMAT, "which the 0 bytes of the file cannot hold"},
        {"P4 65536 32768\nabc", NMF_ERROR_FORMAT, "which the 3 bytes of the file cannot hold"},
        {"P6 3 1 65535\n12345678901234567", NMF_ERROR_FORMAT,
         "need at least 18 bytes after the header"},
        {"P3 2 1 255\n1 2 3 4 5 ", NMF_ERROR_FORMAT, "need at least 11 bytes after the header"},
        {"P2 99999999999999999999999 1 255\n", NMF_ERROR_FORMAT, "must be 1 to 2147483647"},
    };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++)
        assert_refused(nmfi_decode_pnm, (const unsigned char *)lies[i].text, strlen(lies[i].text),
                       lies[i].status, lies[i].sentence);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_cut_at_any_byte_is_told),
        cmocka_unit_test(any_flipped_bit_is_survived),
        cmocka_unit_test(png_headers_that_lie_are_refused),
        cmocka_unit_test(jpeg_headers_that_lie_are_refused),
        cmocka_unit_test(pnm_headers_that_lie_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
