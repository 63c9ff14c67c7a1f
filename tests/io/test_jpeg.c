/* JPEG: files of ImageMagick, pixels as Pillow decodes them. */
#include "picture_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void grey_is_read(void **state)
{
    (void)state;
    assert_golden_picture("jpeg_grey.jpg", NMF_U8);
}

static void colour_becomes_luma_as_pillow_rounds_it(void **state)
{
    (void)state;
    assert_golden_picture("jpeg_colour.jpg", NMF_U8);
    assert_golden_picture("jpeg_progressive.jpg", NMF_U8);
}

static void cmyk_is_refused(void **state)
{
    (void)state;
    nmfi_picture picture;
    nmf_error error;
    assert_int_equal(nmfi_picture_load(golden_path("jpeg_cmyk.jpg"), &picture, &error),
                     NMF_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "jpeg_cmyk.jpg: "));
    assert_non_null(strstr(error.message, "CMYK"));
}

static void a_cut_file_is_told_though_libjpeg_would_only_warn(void **state)
{
    (void)state;
    size_t count;
    unsigned char *const bytes = bytes_of(golden_path("jpeg_colour.jpg"), &count);
    nmfi_picture picture;
    nmf_error error;
    assert_int_equal(nmfi_decode_jpeg(bytes, count - 10, &picture, &error), NMF_ERROR_FORMAT);
    assert_string_equal(error.message, "damaged JPEG picture: Premature end of JPEG file");
    assert_null(picture.grey);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grey_is_read),
        cmocka_unit_test(colour_becomes_luma_as_pillow_rounds_it),
        cmocka_unit_test(cmyk_is_refused),
        cmocka_unit_test(a_cut_file_is_told_though_libjpeg_would_only_warn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
