/* See sheet.h. */
#include "sheet.h"

#include "canvas.h"

#define MARGIN 24 /* screen pixels, as all lengths here */
#define TITLE 44

nmf_status nmfi_sheet_draw(const nmfi_sheet *sheet, nmfi_typesetter *text, const char *title,
                           const char *path, nmf_error *error)
{
    const int64_t top = MARGIN + (title != NULL && title[0] != '\0' ? TITLE : 0);
    const int64_t across = sheet->width + sheet->gutter, down = sheet->height + sheet->gutter;
    const int64_t most = NMFI_CANVAS_MAX_SIDE;
    nmfi_canvas *canvas = NULL;
    int fits = sheet->grid_columns <= most / across && sheet->grid_rows <= most / down;
    const int64_t width = fits ? 2 * MARGIN - sheet->gutter + sheet->grid_columns * across : 0;
    const int64_t height = fits ? top + MARGIN - sheet->gutter + sheet->grid_rows * down : 0;
    fits = fits && width <= most && height <= most && width * height <= NMFI_CANVAS_MAX_PIXELS;
    if (!fits) {
        return nmf_fail(error, NMF_ERROR_SHAPE,
                        "%lld x %lld panels of %lld x %lld screen pixels: a drawing has at most "
                        "%d a side and %lld in all; draw fewer",
                        (long long)sheet->grid_rows, (long long)sheet->grid_columns,
                        (long long)sheet->height, (long long)sheet->width, NMFI_CANVAS_MAX_SIDE,
                        (long long)NMFI_CANVAS_MAX_PIXELS);
    }
    const nmf_status status = nmfi_canvas_open(path, width, height, NULL, &canvas, error);
    if (status != NMF_OK) {
        return status;
    }
    const nmfi_type_style heading = {.size = 24.0,
                                     .grey = 0.07,
                                     .bold = 1,
                                     .lines = 1,
                                     .align = NMFI_ALIGN_CENTER,
                                     .width = width - 2 * MARGIN};
    cairo_t *cairo = nmfi_canvas_cairo(canvas);
    nmfi_typesetter_draw(text, cairo, "the title", title, &heading, MARGIN, MARGIN - 8);
    for (int64_t i = 0; i < sheet->number; i++) {
        const int64_t row = i / sheet->grid_columns, column = i % sheet->grid_columns;
        sheet->draw(sheet->panels, cairo, i, text, (double)(MARGIN + column * across),
                    (double)(top + row * down));
    }
    return nmfi_canvas_commit(canvas, error);
}
