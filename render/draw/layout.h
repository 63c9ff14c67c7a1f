/* Where everything on a page goes, in screen pixels; nothing is drawn here.
 *
 *     page title
 *     gallery title     gallery title          block: one gallery
 *     row  [ ] [ ] [ ]   [ ] [ ] [ ]           cell: one picture, its caption below
 *     row  [ ] [ ] [ ]   [ ] [ ] [ ]           pitch: from one cell's edge to the next one's */
#ifndef NMFI_RENDER_LAYOUT_H
#define NMFI_RENDER_LAYOUT_H

#include <nmfkit/render.h>

#include "text.h"

#define NMFI_PLACE_BYTES 64

typedef struct nmfi_block {
    int64_t pixel_width, pixel_height; /* screen pixels for one picture pixel */
    int64_t cell_width, cell_height;   /* of a picture */
    int64_t pitch_x, pitch_y;
    int64_t grid_width, grid_height; /* captions included */
    int64_t title_height;            /* of this gallery's title as it wraps */
    int64_t width, height;           /* of everything, and below where it goes on the page: */
    int64_t title_x, title_y;        /* the box of the title, title_style.width wide */
    int64_t grid_x, grid_y;          /* the first picture's top left corner */
    nmfi_type_style title_style, caption_style, label_style;
} nmfi_block;

typedef struct nmfi_page {
    int64_t width, height, margin;
    int64_t title_y, title_height;
    nmfi_type_style title_style;
    nmfi_block *blocks; /* one for each gallery */
    int64_t count;
} nmfi_page;

/* Arguments are checked by then (see gallery.c). nmfi_page_clear frees what it made, also after
 * a failure. Errors: SHAPE for a page beyond the canvas's limits, MEMORY. */
nmf_status nmfi_page_lay_out(const nmf_render_gallery *galleries, int64_t count, int64_t across,
                             const char *title, nmfi_typesetter *text, nmfi_page *page,
                             nmf_error *error);
void nmfi_page_clear(nmfi_page *page);

/* What warnings call a text: the title of gallery `number`, the label of row `number`, from 1. */
void nmfi_place_of_title(int64_t number, char place[NMFI_PLACE_BYTES]);
void nmfi_place_of_row(int64_t number, char place[NMFI_PLACE_BYTES]);

#endif
