/* PNG: files of ImageMagick and Pillow. */
#include "picture_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void grey_of_1_8_and_16_bits_is_read(void **state)
{
    (void)state;
    assert_golden_picture("png_1bit.png", NMF_U8);
    assert_golden_picture("png_grey8.png", NMF_U8);
    assert_golden_picture("png_grey16.png", NMF_U16);
}

static void colour_and_palette_become_luma(void **state)
{
    (void)state;
    assert_golden_picture("png_rgb8.png", NMF_U8);
    assert_golden_picture("png_palette.png", NMF_U8);
}

static void interlaced_pictures_are_read(void **state)
{
    (void)state;
    assert_golden_picture("png_interlaced.png", NMF_U8);
    assert_golden_picture("png_rgb16_interlaced.png", NMF_U16);
}

static void transparency_lies_over_white(void **state)
{
    (void)state;
    assert_golden_picture("png_grey_alpha.png", NMF_U8);
    assert_golden_picture("png_rgba.png", NMF_U8);
    assert_golden_picture("png_palette_transparent.png", NMF_U8);
}

static void a_cut_or_damaged_file_is_told(void **state)
{
    (void)state;
    size_t count;
    unsigned char *const bytes = bytes_of(golden_path("png_grey8.png"), &count);
    nmfi_picture picture;
    nmf_error error;
    assert_int_equal(nmfi_decode_png(bytes, count - 5, &picture, &error), NMF_ERROR_FORMAT);
    assert_string_equal(error.message, "damaged PNG picture: the file is cut short");
    assert_null(picture.grey);
    bytes[count - 40] ^= 1; /* in the pixels: found by the checksum */
    assert_int_equal(nmfi_decode_png(bytes, count, &picture, &error), NMF_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "damaged PNG picture: "));
    assert_null(picture.grey);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grey_of_1_8_and_16_bits_is_read),
        cmocka_unit_test(colour_and_palette_become_luma),
        cmocka_unit_test(interlaced_pictures_are_read),
        cmocka_unit_test(transparency_lies_over_white),
        cmocka_unit_test(a_cut_or_damaged_file_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
