/* One page to draw on with cairo, written as PNG, SVG or PDF. Sizes are screen pixels in every
 * format (in SVG as "px", in PDF at 96 to the inch), so that one layout serves all three. */
#ifndef NMFI_RENDER_CANVAS_H
#define NMFI_RENDER_CANVAS_H

#include <cairo.h>
#include <nmfkit/status.h>
#include <stdint.h>

#define NMFI_CANVAS_MAX_SIDE 32767 /* cairo's coordinates are 16 bits and a fraction */
#define NMFI_CANVAS_MAX_PIXELS \
    (INT64_C(1) << 28) /* a PNG page of this size takes 1 GiB of memory */

typedef struct nmfi_canvas nmfi_canvas;

/* A white page for `path` (which must outlive the canvas), whose extension chooses the format;
 * the sides must be within the limits above. `title` (UTF-8 or NULL) goes into the metadata of
 * a PDF. Errors: UNSUPPORTED (another extension), FILE (the directory cannot be written),
 * MEMORY. */
nmf_status nmfi_canvas_open(const char *path, int64_t width, int64_t height, const char *title,
                            nmfi_canvas **canvas, nmf_error *error);

cairo_t *nmfi_canvas_cairo(nmfi_canvas *canvas);

/* Writes the page, and the file appears under its name; frees the canvas in any case. Errors:
 * FILE with the system's reason, MEMORY. */
nmf_status nmfi_canvas_commit(nmfi_canvas *canvas, nmf_error *error);

/* Gives up: no file is left. NULL is fine. */
void nmfi_canvas_abort(nmfi_canvas *canvas);

#endif
