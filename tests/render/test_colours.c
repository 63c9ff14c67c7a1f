/* nmf_render: which values become which colours. */
#include <math.h>

#include "render/draw/colormap.h"
#include "support.h"

/* One picture of one row, drawn: the colours of its pixels. */
static void colours_of(const double *values, int64_t count, nmf_render_scale scale,
                       nmf_render_colormap colormap, uint32_t *colours)
{
    nmf_matrix *pictures = pictures_of(values, 1, 1, count);
    nmf_render_gallery gallery = gallery_of(pictures, 1, 1);
    gallery.scale = scale;
    gallery.colormap = colormap;
    cairo_surface_t *page = drawn(&gallery);
    for (int64_t x = 0; x < count; x++) {
        colours[x] = colour_at(page, &gallery, 0, 0, x);
    }
    cairo_surface_destroy(page);
    nmf_matrix_free(pictures);
}

static void symmetric_scale_puts_zero_at_middle_grey(void **state)
{
    (void)state;
    const double values[] = {0.0, 4.0, -4.0, 2.0, -1.0};
    uint32_t colours[5];
    colours_of(values, 5, NMF_RENDER_SYMMETRIC, NMF_RENDER_GRAY, colours);
    assert_int_equal(colours[0], 0x808080);
    assert_int_equal(colours[1], 0xffffff);
    assert_int_equal(colours[2], 0x000000);
    assert_int_equal(colours[3], 0xbfbfbf); /* (2 + 4) / 8 * 255 = 191.25 */
    assert_int_equal(colours[4], 0x606060); /* 95.6 */
}

static void symmetric_scale_of_a_non_negative_picture_has_no_dark_half(void **state)
{
    (void)state;
    const double values[] = {0.0, 1.0, 10.0};
    uint32_t colours[3];
    colours_of(values, 3, NMF_RENDER_SYMMETRIC, NMF_RENDER_GRAY, colours);
    assert_int_equal(colours[0], 0x808080);
    assert_int_equal(colours[2], 0xffffff);
}

static void minmax_scale_uses_the_whole_range(void **state)
{
    (void)state;
    const double values[] = {5.0, 6.0, 7.0};
    uint32_t colours[3];
    colours_of(values, 3, NMF_RENDER_MINMAX, NMF_RENDER_GRAY, colours);
    assert_int_equal(colours[0], 0x000000);
    assert_int_equal(colours[1], 0x808080);
    assert_int_equal(colours[2], 0xffffff);
}

static void zero_scale_puts_zero_and_what_is_below_at_black(void **state)
{
    (void)state;
    const double values[] = {0.0, -3.0, 5.0, 10.0};
    uint32_t colours[4];
    colours_of(values, 4, NMF_RENDER_ZERO, NMF_RENDER_GRAY, colours);
    assert_int_equal(colours[0], 0x000000);
    assert_int_equal(colours[1], 0x000000);
    assert_int_equal(colours[2], 0x808080);
    assert_int_equal(colours[3], 0xffffff);
}

static void a_picture_of_one_value_is_drawn(void **state)
{
    (void)state;
    const double zeros[] = {0.0, 0.0}, sevens[] = {7.0, 7.0};
    uint32_t colours[2];
    colours_of(zeros, 2, NMF_RENDER_SYMMETRIC, NMF_RENDER_GRAY, colours);
    assert_int_equal(colours[0], 0x808080);
    colours_of(zeros, 2, NMF_RENDER_ZERO, NMF_RENDER_GRAY, colours);
    assert_int_equal(colours[0], 0x000000);
    colours_of(sevens, 2, NMF_RENDER_MINMAX, NMF_RENDER_GRAY, colours);
    assert_int_equal(colours[0], 0x808080);
}

static void the_largest_doubles_do_not_overflow(void **state)
{
    (void)state;
    const double values[] = {-1.7e308, 1.7e308, 0.0};
    uint32_t colours[3];
    colours_of(values, 3, NMF_RENDER_MINMAX, NMF_RENDER_GRAY, colours);
    assert_int_equal(colours[0], 0x000000);
    assert_int_equal(colours[1], 0xffffff);
    assert_int_equal(colours[2], 0x808080);
}

static void infinities_take_the_ends_and_do_not_set_the_scale(void **state)
{
    (void)state;
    const double values[] = {INFINITY, -INFINITY, 1.0, 2.0, 3.0};
    uint32_t colours[5];
    colours_of(values, 5, NMF_RENDER_MINMAX, NMF_RENDER_GRAY, colours);
    assert_int_equal(colours[0], 0xffffff);
    assert_int_equal(colours[1], 0x000000);
    assert_int_equal(colours[3], 0x808080);
}

/* The hatch is a light grey with darker lines: never the black or white that its neighbours are. */
static void nan_is_a_hatch_and_its_neighbours_keep_their_colours(void **state)
{
    (void)state;
    const double values[] = {0.0, NAN, 1.0};
    uint32_t colours[3];
    colours_of(values, 3, NMF_RENDER_MINMAX, NMF_RENDER_GRAY, colours);
    assert_int_equal(colours[0], 0x000000);
    assert_in_range(colours[1] & 0xff, 0x90, 0xf0);
    assert_int_equal(colours[2], 0xffffff);
}

static void a_picture_of_nan_alone_is_all_hatch(void **state)
{
    (void)state;
    const double values[] = {NAN, NAN};
    uint32_t colours[2];
    colours_of(values, 2, NMF_RENDER_SYMMETRIC, NMF_RENDER_VIRIDIS, colours);
    for (int i = 0; i < 2; i++) {
        assert_in_range(colours[i] & 0xff, 0x90, 0xf0);
        assert_int_equal(colours[i] & 0xff, colours[i] >> 8 & 0xff); /* grey */
    }
}

static void colormaps_begin_and_end_as_published(void **state)
{
    (void)state;
    const double values[] = {-1.0, 0.0, 1.0};
    static const struct {
        nmf_render_colormap colormap;
        uint32_t low, middle, high;
    } known[] = {
        {NMF_RENDER_VIRIDIS, 0x440154, 0x21918c, 0xfde725},
        {NMF_RENDER_MAGMA, 0x000004, 0xb73779, 0xfcfdbf},
        {NMF_RENDER_CIVIDIS, 0x00224e, 0x7d7c78, 0xfee838},
        {NMF_RENDER_DIVERGING, 0x294997, 0xffffff, 0x971223},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint32_t colours[3];
        colours_of(values, 3, NMF_RENDER_SYMMETRIC, known[i].colormap, colours);
        assert_int_equal(colours[0], known[i].low);
        assert_int_equal(colours[2], known[i].high);
        for (unsigned shift = 0; shift <= 16; shift += 8) { /* the middle to one level of 255 */
            const int difference =
                (int)(colours[1] >> shift & 255) - (int)(known[i].middle >> shift & 255);
            assert_in_range(difference + 1, 0, 2);
        }
    }
}

static void zero_is_exactly_white_in_the_diverging_colormap(void **state)
{
    (void)state;
    const double values[] = {0.0, -1.0, 0.5};
    uint32_t colours[3];
    colours_of(values, 3, NMF_RENDER_SYMMETRIC, NMF_RENDER_DIVERGING, colours);
    assert_int_equal(colours[0], 0xffffff);
    assert_true((colours[1] & 0xff) > colours[1] >> 16); /* below zero is blue */
    assert_true((colours[2] & 0xff) < colours[2] >> 16); /* above it red */
}

/* Rec. 709 luma never falls from one level to the next, but for rounding to whole levels. */
static void sequential_colormaps_only_get_lighter(void **state)
{
    (void)state;
    for (int colormap = NMF_RENDER_GRAY; colormap <= NMF_RENDER_CIVIDIS; colormap++) {
        uint32_t levels[NMFI_COLORMAP_LEVELS];
        nmfi_colormap_levels((nmf_render_colormap)colormap, levels);
        double last = -1.0;
        for (int i = 0; i < NMFI_COLORMAP_LEVELS; i++) {
            const double luma = 0.2126 * (levels[i] >> 16) + 0.7152 * (levels[i] >> 8 & 255) +
                                0.0722 * (levels[i] & 255);
            assert_true(luma > last - 0.5);
            last = luma;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(symmetric_scale_puts_zero_at_middle_grey),
        cmocka_unit_test(symmetric_scale_of_a_non_negative_picture_has_no_dark_half),
        cmocka_unit_test(minmax_scale_uses_the_whole_range),
        cmocka_unit_test(zero_scale_puts_zero_and_what_is_below_at_black),
        cmocka_unit_test(a_picture_of_one_value_is_drawn),
        cmocka_unit_test(the_largest_doubles_do_not_overflow),
        cmocka_unit_test(infinities_take_the_ends_and_do_not_set_the_scale),
        cmocka_unit_test(nan_is_a_hatch_and_its_neighbours_keep_their_colours),
        cmocka_unit_test(a_picture_of_nan_alone_is_all_hatch),
        cmocka_unit_test(colormaps_begin_and_end_as_published),
        cmocka_unit_test(zero_is_exactly_white_in_the_diverging_colormap),
        cmocka_unit_test(sequential_colormaps_only_get_lighter),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
