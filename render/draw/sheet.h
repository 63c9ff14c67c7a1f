/* Panels alike in size on one page below its title, in a grid filled row by row. */
#ifndef NMFI_RENDER_SHEET_H
#define NMFI_RENDER_SHEET_H

#include "text.h"

typedef struct nmfi_sheet {
    int64_t grid_rows, grid_columns, number; /* of panels */
    int64_t width, height, gutter;           /* of a panel, and between two; screen pixels */
    const void *panels;
    /* Panel number `panel`, its top left corner at (x, y). */
    void (*draw)(const void *panels, cairo_t *cairo, int64_t panel, nmfi_typesetter *text, double x,
                 double y);
} nmfi_sheet;

/* `title` may be NULL or "". Errors: SHAPE (beyond the canvas's limits), and nmfi_canvas_open's and
 * nmfi_canvas_commit's. */
nmf_status nmfi_sheet_draw(const nmfi_sheet *sheet, nmfi_typesetter *text, const char *title,
                           const char *path, nmf_error *error);

#endif
