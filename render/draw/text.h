/* Lines of UTF-8 text through pango: measured, drawn, cut to a width, and checked for
 * characters that no installed font has. A '?' stands for these and for bytes that are not
 * UTF-8. */
#ifndef NMFI_RENDER_TEXT_H
#define NMFI_RENDER_TEXT_H

#include <cairo.h>
#include <nmfkit/status.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nmfi_typesetter nmfi_typesetter;

typedef enum nmfi_align { NMFI_ALIGN_LEFT, NMFI_ALIGN_CENTER, NMFI_ALIGN_RIGHT } nmfi_align;

/* How a text looks: it is set into a box `width` pixels wide, in at most `lines` lines; what
 * does not fit is left out behind an ellipsis, in the middle where there is one line, at the
 * end where more. */
typedef struct nmfi_type_style {
    double size; /* of the font, pixels */
    double grey; /* 0 black .. 1 white */
    int bold;
    int lines;
    nmfi_align align;
    int64_t width;
} nmfi_type_style;

/* Fonts of its own, so that nothing of the host program's pango is changed. `warning` (empty, or
 * NULL) gets the first sentence there is to say about a text. Errors: MEMORY. */
nmf_status nmfi_typesetter_new(nmf_error *warning, nmfi_typesetter **text, nmf_error *error);
void nmfi_typesetter_free(nmfi_typesetter *text); /* NULL is fine */

/* The drawn size in pixels, 0 x 0 for NULL or "". A warning calls the text `place`: "the title". */
void nmfi_typesetter_measure(nmfi_typesetter *text, const char *place, const char *string,
                             const nmfi_type_style *style, int64_t *width, int64_t *height);

/* Draws with the box's top left corner at (x, y). */
void nmfi_typesetter_draw(nmfi_typesetter *text, cairo_t *cairo, const char *place,
                          const char *string, const nmfi_type_style *style, double x, double y);

/* `string` with a '?' for each byte that is not UTF-8, at most `bytes` - 1 bytes long (cut between
 * characters); returns the position of the first such byte, or -1. */
int64_t nmfi_typesetter_valid_copy(const char *string, char *copy, size_t bytes);

#endif
