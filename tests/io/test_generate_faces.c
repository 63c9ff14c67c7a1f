/* The built-in faces: the same bits everywhere for a seed, other faces for another, grey levels
 * like a photograph's, people that resemble themselves, names and shape. */
#include <nmfkit/io.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

enum { PEOPLE = 40, VIEWS = 10, PICTURES = PEOPLE * VIEWS, SIDE = 64, PIXELS = SIDE * SIDE };

static const uint8_t *faces_of(uint64_t seed, nmf_matrix **matrix)
{
    nmf_error error;
    assert_int_equal(nmf_io_generate_faces(seed, matrix, &error), NMF_OK);
    const nmf_dense dense = nmf_matrix_dense(*matrix);
    assert_int_equal(dense.dtype, NMF_U8);
    assert_int_equal(dense.rows, PICTURES);
    assert_int_equal(dense.columns, PIXELS);
    assert_int_equal(dense.row_stride, PIXELS);
    assert_int_equal(dense.column_stride, 1);
    return dense.data;
}

/* 64-bit FNV-1a over the bytes. */
static uint64_t digest(const uint8_t *bytes, size_t count)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < count; i++) hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash;
}

static double distance(const uint8_t *a, const uint8_t *b)
{
    double sum = 0.0;
    for (int i = 0; i < PIXELS; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum / PIXELS;
}

/* Any compiler, option or processor that gives other bits has broken a promise; a deliberate change
 * of the pictures changes these two numbers. */
static void a_seed_gives_the_same_bits_on_every_machine(void **state)
{
    (void)state;
    static const uint64_t expected[2] = {0x95399aac1c9df0f4u, 0x83925a070c6955d1u};
    for (uint64_t seed = 0; seed < 2; seed++) {
        nmf_matrix *matrix = NULL;
        const uint64_t hash = digest(faces_of(seed, &matrix), (size_t)PICTURES * PIXELS);
        nmf_matrix_free(matrix);
        if (hash != expected[seed])
            fail_msg("seed %d: digest 0x%016llx", (int)seed, (unsigned long long)hash);
    }
}

static void another_seed_gives_other_people(void **state)
{
    (void)state;
    nmf_matrix *first = NULL, *second = NULL;
    const uint8_t *a = faces_of(7, &first), *b = faces_of(UINT64_MAX, &second);
    for (int i = 0; i < PICTURES; i++) {
        const size_t at = (size_t)i * PIXELS;
        assert_true(distance(a + at, b + at) > 20.0);
    }
    nmf_matrix_free(first);
    nmf_matrix_free(second);
}

static void grey_levels_are_a_photographs(void **state)
{
    (void)state;
    nmf_matrix *matrix = NULL;
    const uint8_t *const pixels = faces_of(0, &matrix);
    double total = 0.0;
    int lowest = 255, highest = 0;
    for (int i = 0; i < PICTURES; i++) {
        double sum = 0.0, squares = 0.0;
        for (int j = 0; j < PIXELS; j++) {
            const int grey = pixels[(size_t)i * PIXELS + (size_t)j];
            sum += grey;
            squares += (double)grey * grey;
            lowest = grey < lowest ? grey : lowest;
            highest = grey > highest ? grey : highest;
        }
        const double mean = sum / PIXELS, variance = squares / PIXELS - mean * mean;
        assert_true(mean > 35.0 && mean < 190.0);
        assert_true(variance > 100.0); /* no blank picture */
        total += mean / PICTURES;
    }
    assert_true(total > 100.0 && total < 150.0);
    assert_true(lowest < 25);
    assert_true(highest > 200 && highest <= 242);
    nmf_matrix_free(matrix);
}

/* Mean squared difference among one person's pictures against that to everyone else's. */
static void people_resemble_themselves_more_than_others(void **state)
{
    (void)state;
    nmf_matrix *matrix = NULL;
    const uint8_t *const pixels = faces_of(0, &matrix);
    for (int person = 0; person < PEOPLE; person++) {
        double own = 0.0, others = 0.0;
        const uint8_t *const first = pixels + (size_t)person * VIEWS * PIXELS;
        for (int i = 0; i < VIEWS; i++)
            for (int j = 0; j < PICTURES; j++) {
                const double d = distance(first + (size_t)i * PIXELS, pixels + (size_t)j * PIXELS);
                *(j / VIEWS == person ? &own : &others) += d;
            }
        assert_true(own / (VIEWS * (VIEWS - 1)) < 0.8 * others / (VIEWS * (PICTURES - VIEWS)));
    }
    nmf_matrix_free(matrix);
}

static void no_two_pictures_are_alike(void **state)
{
    (void)state;
    nmf_matrix *matrix = NULL;
    const uint8_t *const pixels = faces_of(0, &matrix);
    for (int i = 0; i < PICTURES; i++)
        for (int j = 0; j < i; j++)
            assert_true(distance(pixels + (size_t)i * PIXELS, pixels + (size_t)j * PIXELS) > 10.0);
    nmf_matrix_free(matrix);
}

static void rows_carry_names_labels_and_shape(void **state)
{
    (void)state;
    nmf_matrix *matrix = NULL;
    (void)faces_of(0, &matrix);
    assert_int_equal(nmf_matrix_image_height(matrix), SIDE);
    assert_int_equal(nmf_matrix_image_width(matrix), SIDE);
    for (int i = 0; i < PICTURES; i++) {
        char name[32], label[32];
        (void)snprintf(name, sizeof name, "person-%02d/%02d", i / VIEWS + 1, i % VIEWS + 1);
        (void)snprintf(label, sizeof label, "person-%02d", i / VIEWS + 1);
        assert_string_equal(nmf_matrix_name(matrix, NMF_SAMPLE_NAMES, i), name);
        assert_string_equal(nmf_matrix_name(matrix, NMF_LABELS, i), label);
    }
    assert_false(nmf_matrix_has_names(matrix, NMF_FEATURE_NAMES));
    nmf_matrix_free(matrix);
}

static void a_missing_place_for_the_matrix_is_refused(void **state)
{
    (void)state;
    nmf_error error;
    assert_int_equal(nmf_io_generate_faces(0, NULL, &error), NMF_ERROR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_gives_the_same_bits_on_every_machine),
        cmocka_unit_test(another_seed_gives_other_people),
        cmocka_unit_test(grey_levels_are_a_photographs),
        cmocka_unit_test(people_resemble_themselves_more_than_others),
        cmocka_unit_test(no_two_pictures_are_alike),
        cmocka_unit_test(rows_carry_names_labels_and_shape),
        cmocka_unit_test(a_missing_place_for_the_matrix_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
