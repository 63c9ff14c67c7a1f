/* nmf_render: titled grids of pictures on one page. Checks the arguments, lays the page out,
 * draws it. */
#include <math.h>
#include <stdio.h>

#include "canvas.h"
#include "colormap.h"
#include "layout.h"
#include "room.h"
#include "text.h"
#include "tile.h"

/* One gallery of many cannot be drawn: which one and why. */
static nmf_status check_grid(const nmf_render_gallery *gallery, int64_t number, nmf_error *error)
{
    const long long shown = (long long)number;
    if (gallery->grid_rows < 1 || gallery->grid_columns < 1) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "gallery %lld has a grid of %lld x %lld pictures: both must be at least 1",
                        shown, (long long)gallery->grid_rows, (long long)gallery->grid_columns);
    }
    if (gallery->first < 0 || gallery->pixel_size < 0) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "gallery %lld has first picture %lld and pixel size %lld: neither may be "
                        "negative",
                        shown, (long long)gallery->first, (long long)gallery->pixel_size);
    }
    /* compared as unsigned: the parameter may hold any number whatever its type says */
    if ((unsigned)gallery->scale > NMF_RENDER_ZERO ||
        (unsigned)gallery->colormap > NMF_RENDER_DIVERGING) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "gallery %lld has scale %d (0 to %d) and colormap %d (0 to %d)", shown,
                        (int)gallery->scale, NMF_RENDER_ZERO, (int)gallery->colormap,
                        NMF_RENDER_DIVERGING);
    }
    return NMF_OK;
}

static nmf_status check_pictures(const nmf_render_gallery *gallery, int64_t number,
                                 nmf_error *error)
{
    const long long shown = (long long)number;
    if (gallery->pictures == NULL) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "gallery %lld has no pictures", shown);
    }
    const int64_t rows = nmf_matrix_rows(gallery->pictures);
    const int64_t features = nmf_matrix_columns(gallery->pictures);
    if (nmf_matrix_image_height(gallery->pictures) < 1 ||
        nmf_matrix_image_width(gallery->pictures) < 1) {
        return nmf_fail(error, NMF_ERROR_SHAPE,
                        "gallery %lld: the %lld features have no image shape, height x width",
                        shown, (long long)features);
    }
    /* Divided rather than multiplied: rows * columns of a grid may overflow. */
    const int64_t left = rows > gallery->first ? rows - gallery->first : 0;
    if (gallery->grid_rows > left / gallery->grid_columns) {
        return nmf_fail(
            error, NMF_ERROR_SHAPE,
            "gallery %lld wants %lld x %lld pictures from picture %lld on, and there are %lld "
            "of them",
            shown, (long long)gallery->grid_rows, (long long)gallery->grid_columns,
            (long long)gallery->first, (long long)left);
    }
    return NMF_OK;
}

static nmf_status check_arguments(const nmf_render_gallery *galleries, int64_t count,
                                  int64_t across, const char *path, nmf_error *error)
{
    if (galleries == NULL || path == NULL) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "galleries and path must not be NULL");
    }
    if (count < 1 || count > NMFI_CANVAS_MAX_SIDE || across < 0) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "%lld galleries, %lld in a row: count must be 1 to %d and across 0 or more",
                        (long long)count, (long long)across, NMFI_CANVAS_MAX_SIDE);
    }
    for (int64_t i = 0; i < count; i++) {
        nmf_status status = check_grid(&galleries[i], i + 1, error);
        if (status == NMF_OK) {
            status = check_pictures(&galleries[i], i + 1, error);
        }
        if (status != NMF_OK) {
            return status;
        }
    }
    return NMF_OK;
}

/* What is seen where a picture is NaN: a light grey with diagonal lines, like nothing in the
 * colormaps. */
static void draw_hatch(cairo_t *cairo, double x, double y, double width, double height)
{
    const double step = 6.0;
    cairo_save(cairo);
    cairo_rectangle(cairo, x, y, width, height);
    cairo_clip(cairo);
    cairo_set_source_rgb(cairo, 0.93, 0.93, 0.93);
    cairo_paint(cairo);
    cairo_set_source_rgb(cairo, 0.62, 0.62, 0.62);
    cairo_set_line_width(cairo, 1.0);
    for (double shift = -height; shift < width; shift += step) {
        cairo_move_to(cairo, x + shift, y + height);
        cairo_line_to(cairo, x + shift + height, y);
    }
    cairo_stroke(cairo);
    cairo_restore(cairo);
}

/* A line around the picture so that its white parts do not run into the page. */
static void draw_hairline(cairo_t *cairo, double x, double y, double width, double height)
{
    cairo_set_source_rgb(cairo, 0.83, 0.83, 0.83);
    cairo_set_line_width(cairo, 1.0);
    cairo_rectangle(cairo, x - 0.5, y - 0.5, width + 1.0, height + 1.0);
    cairo_stroke(cairo);
}

static nmf_status draw_picture(cairo_t *cairo, const nmf_render_gallery *gallery, int64_t index,
                               const nmfi_block *block, const nmfi_tile_look *look, double x,
                               double y, nmf_error *error)
{
    cairo_surface_t *surface = NULL;
    int has_holes = 0;
    const nmf_status status = nmfi_tile_surface(gallery->pictures, gallery->first + index, look,
                                                &surface, &has_holes, error);
    if (status != NMF_OK) {
        return status;
    }
    const double width = (double)block->cell_width, height = (double)block->cell_height;
    draw_hairline(cairo, x, y, width, height);
    if (has_holes) {
        draw_hatch(cairo, x, y, width, height);
    }
    cairo_set_source_surface(cairo, surface, x, y);
    cairo_pattern_set_filter(cairo_get_source(cairo), CAIRO_FILTER_NEAREST);
    cairo_paint(cairo);
    cairo_surface_destroy(surface);
    return NMF_OK;
}

static nmf_status draw_grid(cairo_t *cairo, const nmf_render_gallery *gallery,
                            const nmfi_block *block, nmfi_typesetter *text, nmf_error *error)
{
    uint32_t levels[NMFI_COLORMAP_LEVELS];
    nmfi_colormap_levels(gallery->colormap, levels);
    const nmfi_tile_look look = {gallery->scale, levels, block->pixel_width, block->pixel_height};
    const int64_t indent = (block->caption_style.width - block->cell_width) / 2;
    for (int64_t index = 0; index < gallery->grid_rows * gallery->grid_columns; index++) {
        const int64_t row = index / gallery->grid_columns, column = index % gallery->grid_columns;
        const int64_t x = block->grid_x + column * block->pitch_x;
        const int64_t y = block->grid_y + row * block->pitch_y;
        const nmf_status status = draw_picture(cairo, gallery, index, block, &look,
                                               (double)(x + indent), (double)y, error);
        if (status != NMF_OK) {
            return status;
        }
        if (gallery->captions != NULL) {
            char place[NMFI_PLACE_BYTES];
            snprintf(place, sizeof place, "the caption of picture %lld", (long long)index + 1);
            nmfi_typesetter_draw(text, cairo, place, gallery->captions[index],
                                 &block->caption_style, (double)x,
                                 (double)(y + block->cell_height));
        }
    }
    return NMF_OK;
}

static void draw_row_labels(cairo_t *cairo, const nmf_render_gallery *gallery,
                            const nmfi_block *block, nmfi_typesetter *text)
{
    const nmfi_type_style *style = &block->label_style;
    const double x = (double)block->grid_x - style->size * 0.8 - (double)style->width;
    for (int64_t row = 0; gallery->row_labels != NULL && row < gallery->grid_rows; row++) {
        char place[NMFI_PLACE_BYTES];
        nmfi_place_of_row(row + 1, place);
        int64_t width = 0, height = 0;
        nmfi_typesetter_measure(text, place, gallery->row_labels[row], style, &width, &height);
        const int64_t y = block->grid_y + row * block->pitch_y + (block->cell_height - height) / 2;
        nmfi_typesetter_draw(text, cairo, place, gallery->row_labels[row], style, floor(x),
                             (double)y);
    }
}

static nmf_status draw_page(cairo_t *cairo, const nmf_render_gallery *galleries, const char *title,
                            const nmfi_page *page, nmfi_typesetter *text, nmf_error *error)
{
    nmfi_typesetter_draw(text, cairo, "the title", title, &page->title_style, (double)page->margin,
                         (double)page->title_y);
    for (int64_t i = 0; i < page->count; i++) {
        const nmfi_block *block = &page->blocks[i];
        char place[NMFI_PLACE_BYTES];
        nmfi_place_of_title(i + 1, place);
        nmfi_typesetter_draw(text, cairo, place, galleries[i].title, &block->title_style,
                             (double)block->title_x, (double)block->title_y);
        draw_row_labels(cairo, &galleries[i], block, text);
        const nmf_status status = draw_grid(cairo, &galleries[i], block, text, error);
        if (status != NMF_OK) {
            return status;
        }
    }
    return NMF_OK;
}

/* The title for the file's own metadata: the page's, or else the first gallery's. */
static const char *metadata_title(const char *title, const nmf_render_gallery *galleries,
                                  char clean[], size_t bytes)
{
    const char *chosen = title != NULL ? title : galleries[0].title;
    if (chosen == NULL) {
        return NULL;
    }
    (void)nmfi_typesetter_valid_copy(chosen, clean, bytes);
    return clean;
}

nmf_status nmfi_draw_gallery(const nmf_render_gallery *galleries, int64_t count, int64_t across,
                             const char *title, const char *path, nmf_error *warning,
                             nmf_error *error)
{
    nmfi_typesetter *text = NULL;
    nmfi_page page = {.count = 0};
    nmfi_canvas *canvas = NULL;
    char clean_title[512];

    if (warning != NULL) {
        *warning = (nmf_error){.status = NMF_OK};
    }
    nmf_status status = check_arguments(galleries, count, across, path, error);
    if (status != NMF_OK) {
        return status;
    }
    const int64_t in_a_row = across == 0 || across > count ? count : across;
    status = nmfi_typesetter_new(warning, &text, error);
    if (status != NMF_OK) {
        goto cleanup;
    }
    status = nmfi_page_lay_out(galleries, count, in_a_row, title, text, &page, error);
    if (status != NMF_OK) {
        goto cleanup;
    }
    status = nmfi_canvas_open(path, page.width, page.height,
                              metadata_title(title, galleries, clean_title, sizeof clean_title),
                              &canvas, error);
    if (status != NMF_OK) {
        goto cleanup;
    }
    status = draw_page(nmfi_canvas_cairo(canvas), galleries, title, &page, text, error);
    if (status == NMF_OK) {
        status = nmfi_canvas_commit(canvas, error);
        canvas = NULL;
    }
cleanup:
    nmfi_canvas_abort(canvas);
    nmfi_page_clear(&page);
    nmfi_typesetter_free(text);
    return status;
}
