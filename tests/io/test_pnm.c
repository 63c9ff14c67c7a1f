/* PBM, PGM and PPM: files of ImageMagick and Pillow, and what netpbm(5) allows. */
#include "picture_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void files_of_imagemagick_are_read(void **state)
{
    (void)state;
    assert_golden_picture("pgm_plain8.pgm", NMF_U8);
    assert_golden_picture("pgm_raw8.pgm", NMF_U8);
    assert_golden_picture("pgm_plain16.pgm", NMF_U16);
    assert_golden_picture("pgm_raw16.pgm", NMF_U16);
    assert_golden_picture("pbm_plain.pbm", NMF_U8);
    assert_golden_picture("pbm_raw.pbm", NMF_U8);
}

static void colour_becomes_luma_as_pillow_rounds_it(void **state)
{
    (void)state;
    assert_golden_picture("ppm_plain8.ppm", NMF_U8);
    assert_golden_picture("ppm_raw8.ppm", NMF_U8);
    assert_golden_picture("ppm_plain16.ppm", NMF_U16);
    assert_golden_picture("ppm_raw16.ppm", NMF_U16);
}

static void other_maxvals_are_scaled_as_pillow_does(void **state)
{
    (void)state;
    assert_golden_picture("pgm_maxval15.pgm", NMF_U8);
    assert_golden_picture("pgm_maxval4095.pgm", NMF_U16);
}

static void assert_pixels(const char *text, size_t count, int64_t width, int64_t height,
                          const uint8_t *pixels)
{
    nmfi_picture picture;
    nmf_error error = {NMF_OK, ""};
    if (nmfi_decode_pnm((const unsigned char *)text, count, &picture, &error) != NMF_OK)
        fail_msg("%s", error.message);
    assert_int_equal(picture.width, width);
    assert_int_equal(picture.height, height);
    assert_memory_equal(picture.grey, pixels, (size_t)(width * height));
    nmfi_picture_clear(&picture);
}

static void comments_may_stand_between_all_header_tokens(void **state)
{
    (void)state;
    const uint8_t pixels[] = {1, 2};
    static const char raw[] = "P5# one\n#two\r\n2 #three 7\n# 4 \n1 255\n\x01\x02";
    assert_pixels(raw, sizeof raw - 1, 2, 1, pixels);
    static const char plain[] = "P2 2 1 255 1 # not the 9\n 2";
    assert_pixels(plain, sizeof plain - 1, 2, 1, pixels);
}

static void pixels_that_look_like_space_or_comments_are_pixels(void **state)
{
    (void)state;
    static const char raw[] = "P5 4 1 255\n\n #\t";
    const uint8_t pixels[] = {'\n', ' ', '#', '\t'};
    assert_pixels(raw, sizeof raw - 1, 4, 1, pixels);
}

static void plain_bits_need_no_space_and_one_is_black(void **state)
{
    (void)state;
    static const char plain[] = "P1 3 2\n010\n1 1\n0";
    const uint8_t pixels[] = {255, 0, 255, 0, 0, 255};
    assert_pixels(plain, sizeof plain - 1, 3, 2, pixels);
}

static void raw_bits_start_each_row_in_a_new_byte(void **state)
{
    (void)state;
    static const char raw[] = "P4 9 2\n\x80\x80\x00\x00";
    uint8_t pixels[18];
    memset(pixels, 255, sizeof pixels);
    pixels[0] = pixels[8] = 0;
    assert_pixels(raw, sizeof raw - 1, 9, 2, pixels);
}

static void what_follows_one_picture_is_ignored_unless_it_is_a_second(void **state)
{
    (void)state;
    const uint8_t pixel[] = {7};
    static const char newline[] = "P5 1 1 255\n\x07\n";
    assert_pixels(newline, sizeof newline - 1, 1, 1, pixel);
    static const char two[] = "P5 1 1 255\n\x07P5 1 1 255\n\x08";
    nmfi_picture picture;
    nmf_error error;
    assert_int_equal(nmfi_decode_pnm((const unsigned char *)two, sizeof two - 1, &picture, &error),
                     NMF_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "more than one picture"));
    assert_null(picture.grey);
}

static void each_mistake_has_its_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sentence;
    } cases[] = {
        {"P5", "not a PBM, PGM or PPM picture"},
        {"P5 ", "the file ends where its header should give the width"},
        {"P5 3", "the file ends where its header should give the height"},
        {"P5 x 3 255\n", "byte 0x78 stands in the header where the width should"},
        {"P5 -3 3 255\n", "byte 0x2d stands in the header where the width should"},
        {"P5 0 3 255\n", "the header gives a width of 0, must be 1 to 2147483647"},
        {"P5 3 99999999999999999999 255\n", "a height that is larger, must be 1 to 2147483647"},
        {"P5 3 3 0\n", "the header gives a maxval of 0, must be 1 to 65535"},
        {"P5 3 3 65536\n", "the header gives a maxval that is larger, must be 1 to 65535"},
        {"P5 1 1 255x", "byte 0x78 stands where the header should end"},
        {"P5 2 2 255\nabc", "2 x 2 pixels need at least 4 bytes after the header, the file has 3"},
        {"P2 2 1 255\n1 2x", NULL},
        {"P2 2 1 9\n1 10", "the pixel at row 1, column 2 is 10, above the maxval 9"},
        {"P2 1 2 9\n1 99999999",
         "the pixel at row 2, column 1 is at least 65536, above the maxval 9"},
        {"P5 1 1 9\n\x0a", "the pixel at row 1, column 1 is 10, above the maxval 9"},
        {"P2 2 2 9\n1   2   3", "the file ends in row 2 of 2 of the picture"},
        {"P2 2 2 9\n1 2 3 ,  4", "byte 0x2c stands where the pixel at row 2, column 2 should"},
        {"P1 2 1\n12", "byte 0x32 stands where the pixel at row 1, column 2 should"},
        {"P5 2147483647 2147483647 255\n", "the limit is 2^31 pixels"},
        {"P5 40000 40000 255\nab", "the header says 40000 x 40000 pixels, which the 2 bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        nmfi_picture picture;
        nmf_error error = {NMF_OK, ""};
        const nmf_status status = nmfi_decode_pnm((const unsigned char *)cases[i].text,
                                                  strlen(cases[i].text), &picture, &error);
        if (cases[i].sentence == NULL) { /* what follows the last pixel does not matter */
            assert_int_equal(status, NMF_OK);
            nmfi_picture_clear(&picture);
        } else if (status == NMF_OK || strstr(error.message, cases[i].sentence) == NULL) {
            fail_msg("\"%s\" gives \"%s\"", cases[i].text, error.message);
        }
        assert_null(picture.grey);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_imagemagick_are_read),
        cmocka_unit_test(colour_becomes_luma_as_pillow_rounds_it),
        cmocka_unit_test(other_maxvals_are_scaled_as_pillow_does),
        cmocka_unit_test(comments_may_stand_between_all_header_tokens),
        cmocka_unit_test(pixels_that_look_like_space_or_comments_are_pixels),
        cmocka_unit_test(plain_bits_need_no_space_and_one_is_black),
        cmocka_unit_test(raw_bits_start_each_row_in_a_new_byte),
        cmocka_unit_test(what_follows_one_picture_is_ignored_unless_it_is_a_second),
        cmocka_unit_test(each_mistake_has_its_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
