/* The Swimmer set against its definition, and against a file made by an independent program. */
#include "picture_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t fnv1a(const unsigned char *bytes, size_t count)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < count; i++) hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static int make(void **state)
{
    nmf_matrix *swimmer = NULL;
    if (nmf_io_generate_swimmer(&swimmer, NULL) != NMF_OK) return -1;
    *state = swimmer;
    return 0;
}

static int unmake(void **state)
{
    nmf_matrix_free(*state);
    return 0;
}

static void it_has_256_different_pictures_of_36_pixels(void **state)
{
    const nmf_matrix *const swimmer = *state;
    assert_int_equal(nmf_matrix_rows(swimmer), 256);
    assert_int_equal(nmf_matrix_columns(swimmer), 1024);
    assert_int_equal(nmf_matrix_dtype(swimmer), NMF_U8);
    assert_int_equal(nmf_matrix_image_height(swimmer), 32);
    assert_int_equal(nmf_matrix_image_width(swimmer), 32);
    const unsigned char *const pixels = nmf_matrix_dense(swimmer).data;
    for (int i = 0; i < 256; i++) {
        int ones = 0;
        for (int j = 0; j < 1024; j++) ones += pixels[1024 * i + j];
        assert_int_equal(ones, 36);
        for (int other = 0; other < i; other++)
            assert_memory_not_equal(pixels + 1024 * i, pixels + 1024 * other, 1024);
    }
}

static void its_names_say_where_the_limbs_are(void **state)
{
    const nmf_matrix *const swimmer = *state;
    assert_string_equal(nmf_matrix_name(swimmer, NMF_SAMPLE_NAMES, 0), "a0 b0 c0 d0");
    assert_string_equal(nmf_matrix_name(swimmer, NMF_SAMPLE_NAMES, 64 + 2 * 16 + 3 * 4 + 1),
                        "a1 b2 c3 d1");
    /* Left arm up in the first, sideways in row 128: five pixels from the joint at (10, 14). */
    for (int step = 1; step <= 5; step++) {
        assert_true(nmf_matrix_at(swimmer, 0, (10 - step) * 32 + 14) == 1);
        assert_true(nmf_matrix_at(swimmer, 128, 10 * 32 + 14 - step) == 1);
    }
}

/* The number is the FNV-1a hash of the pixels that a NumPy program drew from the definition. */
static void its_pixels_are_those_of_the_definition(void **state)
{
    const nmf_matrix *const swimmer = *state;
    assert_int_equal(fnv1a(nmf_matrix_dense(swimmer).data, 256 * 1024),
                     UINT64_C(0xb13abb42dba65125));
}

static void it_equals_the_file_bit_for_bit(void **state)
{
    const char *const data = getenv("NMFKIT_TEST_DATA");
    if (data == NULL || *data == 0) {
        print_message("skipped: NMFKIT_TEST_DATA is not set\n");
        skip();
    }
    char path[4096];
    snprintf(path, sizeof path, "%s/swimmer/swimmer_32x32.npy", data);
    size_t count;
    unsigned char *const file = bytes_of(path, &count);
    assert_int_equal(count, 128 + 256 * 1024); /* a version 1 header and the pixels */
    assert_memory_equal(nmf_matrix_dense(*state).data, file + 128, 256 * 1024);
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_has_256_different_pictures_of_36_pixels),
        cmocka_unit_test(its_names_say_where_the_limbs_are),
        cmocka_unit_test(its_pixels_are_those_of_the_definition),
        cmocka_unit_test(it_equals_the_file_bit_for_bit),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
