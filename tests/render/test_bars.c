/* Bars: their lengths are the entries', negative ones look different, and what cannot be drawn is
 * said in words. Lengths are measured in coloured screen pixels. */
#include "support.h"

#include <string.h>

#define BAR_HEIGHT 13
#define BAR_WIDTH 150

static const char *const words[] = {"one", "two", "three", "臉", "five"};

static nmf_matrix *rows_of(const double *values, int64_t rows)
{
    nmf_matrix *matrix;
    assert_int_equal(nmf_matrix_new(NMF_F64, rows, 5, &matrix, NULL), NMF_OK);
    memcpy(nmf_matrix_writable(matrix), values, (size_t)rows * 5 * sizeof *values);
    assert_int_equal(nmf_matrix_set_names(matrix, NMF_FEATURE_NAMES, words, NULL), NMF_OK);
    return matrix;
}

static nmf_render_bars bars_of(const nmf_matrix *matrix, int64_t rows, int64_t columns)
{
    const nmf_render_bars bars = {
        .matrix = matrix, .grid_rows = rows, .grid_columns = columns, .count = 3};
    return bars;
}

/* Pixels that are just this colour: the page has it nowhere but in bars. */
static int64_t pixels_of(const char *name, uint32_t wanted)
{
    cairo_surface_t *page = cairo_image_surface_create_from_png(in_folder(name));
    assert_int_equal(cairo_surface_status(page), CAIRO_STATUS_SUCCESS);
    int64_t count = 0;
    for (int y = 0; y < cairo_image_surface_get_height(page); y++) {
        for (int x = 0; x < cairo_image_surface_get_width(page); x++) {
            count += screen_pixel(page, x, y) == wanted;
        }
    }
    cairo_surface_destroy(page);
    return count;
}

static void lengths_are_the_entries_of_each_row(void **state)
{
    (void)state;
    const double values[] = {0, 4, 1, 2, 0.5, 10, 0, 0, -5, 0};
    nmf_matrix *matrix = rows_of(values, 2);
    const nmf_render_bars bars = bars_of(matrix, 1, 2);
    nmf_error warning = {NMF_OK, ""}, error = {NMF_OK, ""};
    char bytes[8];
    assert_int_equal(nmf_render_draw_bars(&bars, "Bars", in_folder("bars.png"), &warning, &error),
                     NMF_OK);
    /* 150 + 75 + 37 whole pixels of the first panel, 150 of the second and 75 the other way. A bar
     * begins where its name ends, which may be within a pixel. */
    const int64_t blue = pixels_of("bars.png", 0x4575A8), red = pixels_of("bars.png", 0xCC664C);
    assert_in_range(blue, BAR_HEIGHT * (262 + 150 - 4), BAR_HEIGHT * (262 + 150));
    assert_in_range(red, BAR_HEIGHT * 74, BAR_HEIGHT * 75);
    assert_int_equal(file_bytes("bars.png", bytes, sizeof bytes), sizeof bytes);
    nmf_matrix_free(matrix);
}

static void the_last_line_may_have_gaps(void **state)
{
    (void)state;
    const double values[15] = {1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0};
    nmf_matrix *matrix = rows_of(values, 3); /* the last row has no bar at all */
    const char *const captions[] = {"a", "b", "c"};
    nmf_render_bars bars = bars_of(matrix, 2, 2);
    nmf_error warning, error;
    char bytes[4];
    bars.captions = captions;
    assert_int_equal(nmf_render_draw_bars(&bars, NULL, in_folder("gap.svg"), &warning, &error),
                     NMF_OK);
    assert_int_equal(file_bytes("gap.svg", bytes, sizeof bytes), sizeof bytes);
    nmf_matrix_free(matrix);
}

static void what_cannot_be_drawn_is_said(void **state)
{
    (void)state;
    const double values[10] = {1, 2, 3, 4, 5, 1, 2, 3, 4, 5};
    nmf_matrix *matrix = rows_of(values, 2);
    const struct {
        int64_t rows, columns, count;
        nmf_status status;
        const char *fragment;
    } wrong[] = {{0, 1, 3, NMF_ERROR_ARGUMENT, "0 x 1 panels of 3 bars"},
                 {1, 1, 0, NMF_ERROR_ARGUMENT, "of 0 bars"},
                 {1, 1, 1001, NMF_ERROR_ARGUMENT, "at most 1000 bars"},
                 {1, 3, 3, NMF_ERROR_SHAPE, "a grid of 1 x 3 panels has empty lines"},
                 {3, 1, 3, NMF_ERROR_SHAPE, "there are 2 rows"},
                 {INT64_MAX, INT64_MAX, 3, NMF_ERROR_SHAPE, "empty lines"}};
    nmf_error error;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        nmf_render_bars bars = bars_of(matrix, wrong[i].rows, wrong[i].columns);
        bars.count = wrong[i].count;
        assert_int_equal(nmf_render_draw_bars(&bars, NULL, in_folder("x.png"), NULL, &error),
                         wrong[i].status);
        assert_non_null(strstr(error.message, wrong[i].fragment));
    }
    const nmf_render_bars bars = bars_of(matrix, 2, 1);
    assert_int_equal(nmf_render_draw_bars(&bars, NULL, in_folder("x.bmp"), NULL, &error),
                     NMF_ERROR_UNSUPPORTED);
    assert_int_equal(nmf_render_draw_bars(NULL, NULL, in_folder("x.png"), NULL, &error),
                     NMF_ERROR_ARGUMENT);
    assert_int_equal(files_in_folder(), 0);
    nmf_matrix_free(matrix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_are_the_entries_of_each_row),
        cmocka_unit_test(the_last_line_may_have_gaps),
        cmocka_unit_test(what_cannot_be_drawn_is_said),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
