/* Where everything on a page goes. Type sizes follow from the width of the grids, distances
 * from the type sizes, so that a page looks the same at any magnification. */
#include "layout.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "canvas.h"

/* A gallery whose pixel_size is 0 gets the magnification that brings its longer side closest to
 * this. */
#define GOOD_SIDE 640
#define LEAST_CELL_SIDE 16     /* pictures thinner than this are stretched where we choose */
#define LEAST_CAPTION_WIDTH 60 /* some ten characters */
#define LEAST_TITLE_WIDTH 200

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t rounded(double value)
{
    return (int64_t)(value + 0.5);
}

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

/* The whole factor that brings `side` closest, in ratio, to GOOD_SIDE. */
static int64_t good_factor(int64_t side)
{
    const int64_t below = larger(GOOD_SIDE / side, 1);
    const double too_small = (double)GOOD_SIDE / (double)(below * side);
    const double too_large = (double)((below + 1) * side) / (double)GOOD_SIDE;
    return too_large < too_small ? below + 1 : below;
}

static int64_t at_least(int64_t factor, int64_t pixels)
{
    return larger(factor, (LEAST_CELL_SIDE + pixels - 1) / pixels);
}

static void size_cells(const nmf_render_gallery *gallery, nmfi_block *block)
{
    const int64_t height = nmf_matrix_image_height(gallery->pictures);
    const int64_t width = nmf_matrix_image_width(gallery->pictures);
    block->pixel_width = block->pixel_height = gallery->pixel_size;
    if (gallery->pixel_size == 0) {
        const int64_t factor =
            good_factor(larger(gallery->grid_columns * width, gallery->grid_rows * height));
        block->pixel_width = at_least(factor, width);
        block->pixel_height = at_least(factor, height);
    }
    block->cell_width = width * block->pixel_width;
    block->cell_height = height * block->pixel_height;
}

static void size_grid(const nmf_render_gallery *gallery, double title_size, nmfi_block *block)
{
    const int64_t gap = rounded(clamp((double)block->cell_width / 40.0, 4.0, 12.0));
    const double caption_size = clamp((double)block->cell_width / 11.0, 10.0, title_size * 0.68);
    int64_t column = block->cell_width, caption_height = 0, row_gap = gap;
    if (gallery->captions != NULL) {
        column = larger(column, LEAST_CAPTION_WIDTH);
        caption_height = rounded(caption_size * 1.45);
        row_gap = rounded(caption_size * 0.55);
    }
    block->pitch_x = column + gap;
    block->pitch_y = block->cell_height + caption_height + row_gap;
    block->grid_width = gallery->grid_columns * block->pitch_x - gap;
    block->grid_height = gallery->grid_rows * block->pitch_y - row_gap;
    block->caption_style = (nmfi_type_style){.size = caption_size,
                                             .grey = 0.38,
                                             .lines = 1,
                                             .align = NMFI_ALIGN_CENTER,
                                             .width = column};
}

/* Room for the widest row label, at most a third of the grid's width but some words in any case. */
static int64_t size_labels(const nmf_render_gallery *gallery, double title_size,
                           nmfi_typesetter *text, nmfi_block *block)
{
    const double size = clamp(title_size * 0.65, 11.0, title_size);
    block->label_style =
        (nmfi_type_style){.size = size,
                          .grey = 0.25,
                          .lines = 3,
                          .align = NMFI_ALIGN_RIGHT,
                          .width = larger(block->grid_width / 3, LEAST_TITLE_WIDTH)};
    int64_t widest = 0;
    for (int64_t row = 0; gallery->row_labels != NULL && row < gallery->grid_rows; row++) {
        int64_t width = 0, height = 0;
        char place[NMFI_PLACE_BYTES];
        nmfi_place_of_row(row + 1, place);
        nmfi_typesetter_measure(text, place, gallery->row_labels[row], &block->label_style, &width,
                                &height);
        widest = larger(widest, width);
    }
    block->label_style.width = widest;
    return widest > 0 ? widest + rounded(size * 0.8) : 0;
}

/* A block's own sizes; grid_x and title_x count from its left edge until it is placed. */
static void size_block(const nmf_render_gallery *gallery, const char *place, double title_size,
                       nmfi_typesetter *text, nmfi_block *block)
{
    size_grid(gallery, title_size, block);
    const int64_t labels = size_labels(gallery, title_size, text, block);
    const int has_title = gallery->title != NULL && gallery->title[0] != '\0';
    const int64_t inner =
        has_title ? larger(block->grid_width, LEAST_TITLE_WIDTH) : block->grid_width;
    block->title_style = (nmfi_type_style){
        .size = title_size, .grey = 0.13, .lines = 3, .align = NMFI_ALIGN_CENTER, .width = inner};
    int64_t title_width = 0;
    nmfi_typesetter_measure(text, place, gallery->title, &block->title_style, &title_width,
                            &block->title_height);
    block->title_x = labels;
    block->grid_x = labels + (inner - block->grid_width) / 2;
    block->width = labels + inner;
}

/* 21 pixels over the 576 of a usual gallery; wider ones get larger type, but not in proportion,
 * as they are looked at from closer. */
static double title_size_for(const nmfi_page *page, const nmf_render_gallery *galleries)
{
    double width = 0.0;
    for (int64_t i = 0; i < page->count; i++) {
        width += (double)(galleries[i].grid_columns * page->blocks[i].cell_width);
    }
    return clamp(21.0 * pow(width / (double)page->count / 576.0, 0.6), 13.0, 1000.0);
}

/* Puts the blocks of one line of galleries at height `top`; returns the height of the line. */
static int64_t place_line(nmfi_page *page, int64_t begin, int64_t end, int64_t top, double size)
{
    int64_t title_height = 0, grid_height = 0;
    for (int64_t i = begin; i < end; i++) {
        title_height = larger(title_height, page->blocks[i].title_height);
        grid_height = larger(grid_height, page->blocks[i].grid_height);
    }
    const int64_t above_grid = title_height > 0 ? title_height + rounded(size * 0.35) : 0;
    for (int64_t i = begin; i < end; i++) {
        nmfi_block *block = &page->blocks[i];
        block->title_y = top + title_height - block->title_height; /* close to its own grid */
        block->grid_y = top + above_grid;
    }
    return above_grid + grid_height;
}

/* Puts the blocks of one column of galleries at `left`; returns the width of the column. */
static int64_t place_column(nmfi_page *page, int64_t begin, int64_t across, int64_t left)
{
    int64_t width = 0;
    for (int64_t i = begin; i < page->count; i += across) {
        width = larger(width, page->blocks[i].width);
    }
    for (int64_t i = begin; i < page->count; i += across) {
        nmfi_block *block = &page->blocks[i];
        const int64_t shift = left + (width - block->width) / 2;
        block->title_x += shift;
        block->grid_x += shift;
    }
    return width;
}

static void place_blocks(nmfi_page *page, int64_t across, const char *title, nmfi_typesetter *text,
                         double size)
{
    const int64_t gutter = rounded(size * 1.6);
    page->margin = rounded(size);
    page->width = page->margin;
    for (int64_t column = 0; column < across; column++) {
        page->width += place_column(page, column, across, page->width) + gutter;
    }
    page->width += page->margin - gutter;

    page->title_style = (nmfi_type_style){.size = size * 1.3,
                                          .grey = 0.07,
                                          .bold = 1,
                                          .lines = 3,
                                          .align = NMFI_ALIGN_CENTER,
                                          .width = page->width - 2 * page->margin};
    int64_t title_width = 0;
    nmfi_typesetter_measure(text, "the title", title, &page->title_style, &title_width,
                            &page->title_height);
    /* A line of type brings empty space above its letters; the margin is measured from these. */
    const int text_on_top = page->title_height > 0 || page->blocks[0].title_height > 0;
    page->title_y = page->margin - (text_on_top ? rounded(size * 0.35) : 0);
    page->height = page->title_y;
    page->height += page->title_height > 0 ? page->title_height + rounded(size * 0.5) : 0;
    for (int64_t i = 0; i < page->count; i += across) {
        const int64_t end = i + across < page->count ? i + across : page->count;
        page->height += place_line(page, i, end, page->height, size) + gutter;
    }
    page->height += page->margin - gutter;
}

/* Trap: the first test keeps every product of the layout far from overflow; it must come first. */
static nmf_status check_gallery_size(const nmf_render_gallery *gallery, int64_t number,
                                     nmf_error *error)
{
    const int64_t height = nmf_matrix_image_height(gallery->pictures);
    const int64_t width = nmf_matrix_image_width(gallery->pictures);
    const int64_t factor = larger(gallery->pixel_size, 1);
    const int64_t most = NMFI_CANVAS_MAX_SIDE;
    if (gallery->grid_rows > most || gallery->grid_columns > most || height > most ||
        width > most || factor > most || gallery->grid_columns * width * factor > most ||
        gallery->grid_rows * height * factor > most) {
        return nmf_fail(
            error, NMF_ERROR_SHAPE,
            "gallery %lld has %lld x %lld pictures of %lld x %lld pixels drawn %lld times "
            "larger: a drawing has at most %d screen pixels a side",
            (long long)number, (long long)gallery->grid_rows, (long long)gallery->grid_columns,
            (long long)height, (long long)width, (long long)factor, NMFI_CANVAS_MAX_SIDE);
    }
    return NMF_OK;
}

static nmf_status check_page_size(const nmfi_page *page, nmf_error *error)
{
    if (page->width > NMFI_CANVAS_MAX_SIDE || page->height > NMFI_CANVAS_MAX_SIDE ||
        page->width * page->height > NMFI_CANVAS_MAX_PIXELS) {
        return nmf_fail(
            error, NMF_ERROR_SHAPE,
            "the drawing would be %lld x %lld screen pixels: at most %d a side and %lld in "
            "all; draw fewer pictures or choose a smaller pixel size",
            (long long)page->width, (long long)page->height, NMFI_CANVAS_MAX_SIDE,
            (long long)NMFI_CANVAS_MAX_PIXELS);
    }
    return NMF_OK;
}

nmf_status nmfi_page_lay_out(const nmf_render_gallery *galleries, int64_t count, int64_t across,
                             const char *title, nmfi_typesetter *text, nmfi_page *page,
                             nmf_error *error)
{
    *page = (nmfi_page){.count = count, .blocks = calloc((size_t)count, sizeof *page->blocks)};
    if (page->blocks == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "not enough memory for %lld galleries",
                        (long long)count);
    }
    for (int64_t i = 0; i < count; i++) {
        const nmf_status status = check_gallery_size(&galleries[i], i + 1, error);
        if (status != NMF_OK) {
            return status;
        }
        size_cells(&galleries[i], &page->blocks[i]);
    }
    const double title_size = title_size_for(page, galleries);
    for (int64_t i = 0; i < count; i++) {
        char place[NMFI_PLACE_BYTES];
        nmfi_place_of_title(i + 1, place);
        size_block(&galleries[i], place, title_size, text, &page->blocks[i]);
    }
    place_blocks(page, across, title, text, title_size);
    return check_page_size(page, error);
}

void nmfi_page_clear(nmfi_page *page)
{
    free(page->blocks);
    *page = (nmfi_page){.count = 0};
}

void nmfi_place_of_title(int64_t number, char place[NMFI_PLACE_BYTES])
{
    snprintf(place, NMFI_PLACE_BYTES, "the title of gallery %lld", (long long)number);
}

void nmfi_place_of_row(int64_t number, char place[NMFI_PLACE_BYTES])
{
    snprintf(place, NMFI_PLACE_BYTES, "the label of row %lld", (long long)number);
}
