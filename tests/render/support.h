/* What the tests of render/ share: a folder that must end up empty, small pictures, and the
 * colours of what was drawn. */
#ifndef TESTS_RENDER_SUPPORT_H
#define TESTS_RENDER_SUPPORT_H

#include <cairo.h>
#include <nmfkit/render.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Group fixtures; removing the folder fails if a test left a file in it. */
int make_folder(void **state);
int remove_folder(void **state);
int files_in_folder(void);

/* The path of a file in the folder; valid until the next call. */
const char *in_folder(const char *name);

/* The first bytes of a file in the folder, at most `most`, which is then removed; their number. */
size_t file_bytes(const char *name, char *bytes, size_t most);

/* `count` pictures of height x width; picture p is `values` + p * height * width. */
nmf_matrix *pictures_of(const double *values, int64_t count, int64_t height, int64_t width);
nmf_render_gallery gallery_of(const nmf_matrix *pictures, int64_t rows, int64_t columns);

/* Draws one gallery into a file of the folder; fails the test with the error's sentence. */
void draw(const nmf_render_gallery *gallery, const char *name, nmf_error *warning);

/* The same as a cairo surface, and no file. */
cairo_surface_t *drawn(const nmf_render_gallery *gallery);

/* The colour 0xRRGGBB of a screen pixel, and of the middle of pixel (y, x) of picture `index`. */
uint32_t screen_pixel(cairo_surface_t *page, int64_t x, int64_t y);
uint32_t colour_at(cairo_surface_t *page, const nmf_render_gallery *gallery, int64_t index,
                   int64_t y, int64_t x);

#endif
