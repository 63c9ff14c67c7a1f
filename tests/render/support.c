/* What the tests of render/ share; see support.h. */
#include "support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "render/draw/layout.h"

static char folder[] = "render-XXXXXX"; /* in the scratch directory that the test runs in */
static char path[64];

int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder); /* every test removes its file, so it must be empty */
}

const char *in_folder(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

int files_in_folder(void)
{
    int count = 0;
    DIR *open = opendir(folder);
    assert_non_null(open);
    for (const struct dirent *entry = readdir(open); entry != NULL; entry = readdir(open)) {
        count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
    }
    closedir(open);
    return count;
}

nmf_matrix *pictures_of(const double *values, int64_t count, int64_t height, int64_t width)
{
    const nmf_dense dense = {values, NMF_F64, count, height * width, height * width, 1};
    nmf_matrix *pictures = NULL;
    assert_int_equal(nmf_matrix_borrow(&dense, &pictures, NULL), NMF_OK);
    assert_int_equal(nmf_matrix_set_image_shape(pictures, height, width, NULL), NMF_OK);
    return pictures;
}

nmf_render_gallery gallery_of(const nmf_matrix *pictures, int64_t rows, int64_t columns)
{
    return (nmf_render_gallery){.pictures = pictures, .grid_rows = rows, .grid_columns = columns};
}

void draw(const nmf_render_gallery *gallery, const char *name, nmf_error *warning)
{
    nmf_error error = {.status = NMF_OK};
    const nmf_status status = nmf_render(gallery, 1, 0, NULL, in_folder(name), warning, &error);
    if (status != NMF_OK) {
        fail_msg("%s", error.message);
    }
}

cairo_surface_t *drawn(const nmf_render_gallery *gallery)
{
    draw(gallery, "drawn.png", NULL);
    cairo_surface_t *page = cairo_image_surface_create_from_png(path);
    assert_int_equal(cairo_surface_status(page), CAIRO_STATUS_SUCCESS);
    assert_int_equal(unlink(path), 0);
    return page;
}

uint32_t screen_pixel(cairo_surface_t *page, int64_t x, int64_t y)
{
    uint32_t pixel = 0;
    assert_in_range(x, 0, cairo_image_surface_get_width(page) - 1);
    assert_in_range(y, 0, cairo_image_surface_get_height(page) - 1);
    memcpy(&pixel,
           cairo_image_surface_get_data(page) + y * cairo_image_surface_get_stride(page) + x * 4,
           4);
    return pixel & 0xffffff;
}

uint32_t colour_at(cairo_surface_t *page, const nmf_render_gallery *gallery, int64_t index,
                   int64_t y, int64_t x)
{
    nmfi_typesetter *text = NULL; /* the layout says where the picture is */
    nmfi_page layout;
    assert_int_equal(nmfi_typesetter_new(NULL, &text, NULL), NMF_OK);
    assert_int_equal(nmfi_page_lay_out(gallery, 1, 1, NULL, text, &layout, NULL), NMF_OK);
    const nmfi_block block = layout.blocks[0];
    nmfi_page_clear(&layout);
    nmfi_typesetter_free(text);
    const int64_t row = index / gallery->grid_columns, column = index % gallery->grid_columns;
    return screen_pixel(
        page, block.grid_x + column * block.pitch_x + x * block.pixel_width + block.pixel_width / 2,
        block.grid_y + row * block.pitch_y + y * block.pixel_height + block.pixel_height / 2);
}

size_t file_bytes(const char *name, char *bytes, size_t most)
{
    FILE *file = fopen(in_folder(name), "rb");
    assert_non_null(file);
    const size_t count = fread(bytes, 1, most, file);
    fclose(file);
    assert_int_equal(unlink(path), 0);
    return count;
}
