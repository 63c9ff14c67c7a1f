/* nmf_render: where pictures and type stand on the page, looked at pixel by pixel. */
#include <stdlib.h>
#include <unistd.h>

#include "support.h"

static void the_grid_is_filled_row_by_row_from_the_first_picture(void **state)
{
    (void)state;
    /* Picture p has its only bright pixel at column p; the gallery starts at picture 1. */
    double values[7 * 7] = {0};
    for (int p = 0; p < 7; p++) {
        values[p * 7 + p] = 1.0;
    }
    nmf_matrix *pictures = pictures_of(values, 7, 1, 7);
    nmf_render_gallery gallery = gallery_of(pictures, 2, 3);
    gallery.first = 1;
    gallery.scale = NMF_RENDER_ZERO;
    cairo_surface_t *page = drawn(&gallery);
    for (int64_t index = 0; index < 6; index++) {
        for (int64_t x = 0; x < 7; x++) {
            assert_int_equal(colour_at(page, &gallery, index, 0, x),
                             x == index + 1 ? 0xffffff : 0x000000);
        }
    }
    cairo_surface_destroy(page);
    nmf_matrix_free(pictures);
}

static void every_picture_is_scaled_on_its_own(void **state)
{
    (void)state;
    const double values[] = {0.0, 1.0, 0.0, 1000.0};
    nmf_matrix *pictures = pictures_of(values, 2, 1, 2);
    nmf_render_gallery gallery = gallery_of(pictures, 1, 2);
    gallery.scale = NMF_RENDER_MINMAX;
    cairo_surface_t *page = drawn(&gallery);
    assert_int_equal(colour_at(page, &gallery, 0, 0, 1), 0xffffff);
    assert_int_equal(colour_at(page, &gallery, 1, 0, 1), 0xffffff);
    cairo_surface_destroy(page);
    nmf_matrix_free(pictures);
}

static void pictures_stand_upright_and_pixels_are_sharp_blocks(void **state)
{
    (void)state;
    const double values[] = {0.0, 1.0, 2.0, 3.0, 4.0, 5.0}; /* 2 rows of 3 */
    nmf_matrix *pictures = pictures_of(values, 1, 2, 3);
    nmf_render_gallery gallery = gallery_of(pictures, 1, 1);
    gallery.scale = NMF_RENDER_MINMAX;
    gallery.pixel_size = 5;
    cairo_surface_t *page = drawn(&gallery);
    for (int64_t y = 0; y < 2; y++) {
        for (int64_t x = 0; x < 3; x++) {
            assert_int_equal(colour_at(page, &gallery, 0, y, x),
                             (uint32_t)(51 * (y * 3 + x)) * 0x010101);
        }
    }
    /* Exactly 5 x 5 screen pixels have the colour of value 4 (204), none of them blended. */
    int same = 0;
    for (int y = 0; y < cairo_image_surface_get_height(page); y++) {
        for (int x = 0; x < cairo_image_surface_get_width(page); x++) {
            same += screen_pixel(page, x, y) == 0xcccccc;
        }
    }
    assert_int_equal(same, 25);
    cairo_surface_destroy(page);
    nmf_matrix_free(pictures);
}

static void the_page_is_white_around_the_pictures(void **state)
{
    (void)state;
    const double values[] = {0.0, 0.0, 0.0, 0.0};
    nmf_matrix *pictures = pictures_of(values, 1, 2, 2);
    const nmf_render_gallery gallery = gallery_of(pictures, 1, 1);
    cairo_surface_t *page = drawn(&gallery);
    const int right = cairo_image_surface_get_width(page) - 1;
    const int bottom = cairo_image_surface_get_height(page) - 1;
    assert_int_equal(screen_pixel(page, 0, 0), 0xffffff);
    assert_int_equal(screen_pixel(page, right, 0), 0xffffff);
    assert_int_equal(screen_pixel(page, 0, bottom), 0xffffff);
    assert_int_equal(screen_pixel(page, right, bottom), 0xffffff);
    cairo_surface_destroy(page);
    nmf_matrix_free(pictures);
}

static void a_gallery_of_six_faces_is_about_600_pixels_wide(void **state)
{
    (void)state;
    double *values = calloc(6 * 64 * 64, sizeof *values);
    nmf_matrix *pictures = pictures_of(values, 6, 64, 64);
    const nmf_render_gallery gallery = gallery_of(pictures, 2, 3);
    cairo_surface_t *page = drawn(&gallery);
    assert_in_range(cairo_image_surface_get_width(page), 480, 680);
    cairo_surface_destroy(page);
    nmf_matrix_free(pictures);
    free(values);
}

static void titles_captions_and_row_labels_leave_ink(void **state)
{
    (void)state;
    const double values[8] = {0};
    const char *const captions[] = {"one", NULL, "three", ""};
    const char *const labels[] = {"original", "reconstruction"};
    nmf_matrix *pictures = pictures_of(values, 4, 1, 2);
    const nmf_render_gallery bare = gallery_of(pictures, 2, 2);
    for (int text = 0; text < 3; text++) {
        nmf_render_gallery gallery = bare;
        gallery.title = text == 0 ? "A title" : NULL;
        gallery.captions = text == 1 ? captions : NULL;
        gallery.row_labels = text == 2 ? labels : NULL;
        cairo_surface_t *page = drawn(&gallery);
        int dark = 0; /* the pictures are middle grey: only type is darker */
        for (int y = 0; y < cairo_image_surface_get_height(page); y++) {
            for (int x = 0; x < cairo_image_surface_get_width(page); x++) {
                dark += (screen_pixel(page, x, y) & 0xff) < 0x78;
            }
        }
        assert_in_range(dark, 10, 5000);
        cairo_surface_destroy(page);
    }
    nmf_matrix_free(pictures);
}

static void large_grids_and_long_pictures_are_drawn(void **state)
{
    (void)state;
    static const double values[4000] = {1.0, 2.0, 3.0};
    const nmf_dense repeated = {values, NMF_F64, 400, 64, 0, 1}; /* 400 times the same picture */
    nmf_matrix *many = NULL;
    assert_int_equal(nmf_matrix_borrow(&repeated, &many, NULL), NMF_OK);
    assert_int_equal(nmf_matrix_set_image_shape(many, 8, 8, NULL), NMF_OK);
    const nmf_render_gallery wall = gallery_of(many, 20, 20);
    cairo_surface_destroy(drawn(&wall));
    nmf_matrix_free(many);

    nmf_matrix *strip = pictures_of(values, 1, 1, 4000), *column = pictures_of(values, 1, 4000, 1);
    const nmf_render_gallery lying = gallery_of(strip, 1, 1), standing = gallery_of(column, 1, 1);
    cairo_surface_t *page = drawn(&lying);
    assert_true(cairo_image_surface_get_width(page) > 4000);
    cairo_surface_destroy(page);
    cairo_surface_destroy(drawn(&standing));
    nmf_matrix_free(strip);
    nmf_matrix_free(column);
}

static void galleries_stand_side_by_side_or_below_each_other(void **state)
{
    (void)state;
    const double values[4] = {0};
    nmf_matrix *pictures = pictures_of(values, 1, 2, 2);
    nmf_render_gallery galleries[3];
    for (int i = 0; i < 3; i++) {
        galleries[i] = gallery_of(pictures, 1, 1);
        galleries[i].pixel_size = 100;
    }
    int widths[4] = {0}, heights[4] = {0};
    for (int across = 0; across < 4; across++) {
        const char *path = in_folder("all.png");
        assert_int_equal(nmf_render(galleries, 3, across, "Three", path, NULL, NULL), NMF_OK);
        cairo_surface_t *page = cairo_image_surface_create_from_png(path);
        widths[across] = cairo_image_surface_get_width(page);
        heights[across] = cairo_image_surface_get_height(page);
        cairo_surface_destroy(page);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(widths[0], widths[3]); /* 0 is all of them */
    assert_true(widths[3] > 600 && widths[2] > 400 && widths[1] < 400);
    assert_true(heights[1] > 600 && heights[2] > 400 && heights[3] < 400);
    nmf_matrix_free(pictures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_grid_is_filled_row_by_row_from_the_first_picture),
        cmocka_unit_test(every_picture_is_scaled_on_its_own),
        cmocka_unit_test(pictures_stand_upright_and_pixels_are_sharp_blocks),
        cmocka_unit_test(the_page_is_white_around_the_pictures),
        cmocka_unit_test(a_gallery_of_six_faces_is_about_600_pixels_wide),
        cmocka_unit_test(titles_captions_and_row_labels_leave_ink),
        cmocka_unit_test(large_grids_and_long_pictures_are_drawn),
        cmocka_unit_test(galleries_stand_side_by_side_or_below_each_other),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
