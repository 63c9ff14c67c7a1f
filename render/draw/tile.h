/* One row of a matrix as a picture: values to colours, each picture pixel a block of screen
 * pixels. */
#ifndef NMFI_RENDER_TILE_H
#define NMFI_RENDER_TILE_H

#include <cairo.h>
#include <nmfkit/render.h>

typedef struct nmfi_tile_look {
    nmf_render_scale scale;
    const uint32_t *levels;            /* NMFI_COLORMAP_LEVELS colours, see colormap.h */
    int64_t pixel_width, pixel_height; /* screen pixels for one picture pixel, >= 1 */
} nmfi_tile_look;

/* A cairo image surface (the caller destroys it) of row `row`, which must have an image shape
 * whose magnified sides cairo can hold. Where the row is NaN the surface is transparent, and
 * *has_holes is 1. Errors: MEMORY. */
nmf_status nmfi_tile_surface(const nmf_matrix *pictures, int64_t row, const nmfi_tile_look *look,
                             cairo_surface_t **surface, int *has_holes, nmf_error *error);

#endif
