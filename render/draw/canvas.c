/* One cairo surface for three formats; the bytes go through nmfi_atomic_file, so that a file is
 * whole or is not there. The same page gives the same bytes: dates, which cairo puts into PDFs,
 * are taken out. */
#include "canvas.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "io/files/atomic_file.h"

struct nmfi_canvas {
    const char *path; /* the caller's */
    const struct format *format;
    nmfi_atomic_file *file;
    cairo_surface_t *surface;
    cairo_t *cairo;
    int write_errno; /* why the first failed write failed; 0: none did */
};

/* A format: the surface to draw on, and what is left to do when the page is drawn. */
typedef struct format {
    const char *extension;
    cairo_surface_t *(*surface)(nmfi_canvas *canvas, int width, int height, const char *title);
    cairo_status_t (*finish)(nmfi_canvas *canvas);
    double units_per_pixel;
} format;

static cairo_status_t write_bytes(void *closure, const unsigned char *bytes, unsigned int count)
{
    nmfi_canvas *canvas = closure;
    errno = 0;
    if (fwrite(bytes, 1, count, nmfi_atomic_stream(canvas->file)) == count) {
        return CAIRO_STATUS_SUCCESS;
    }
    if (canvas->write_errno == 0) {
        canvas->write_errno = errno != 0 ? errno : EIO;
    }
    return CAIRO_STATUS_WRITE_ERROR;
}

static cairo_surface_t *png_surface(nmfi_canvas *canvas, int width, int height, const char *title)
{
    (void)canvas;
    (void)title;
    return cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
}

static cairo_status_t png_finish(nmfi_canvas *canvas)
{
    return cairo_surface_write_to_png_stream(canvas->surface, write_bytes, canvas);
}

static cairo_surface_t *svg_surface(nmfi_canvas *canvas, int width, int height, const char *title)
{
    (void)title;
    cairo_surface_t *surface =
        cairo_svg_surface_create_for_stream(write_bytes, canvas, width, height);
    cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PX);
    return surface;
}

#define POINTS_PER_PIXEL 0.75 /* 72 points and 96 pixels to the inch */

static cairo_surface_t *pdf_surface(nmfi_canvas *canvas, int width, int height, const char *title)
{
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(
        write_bytes, canvas, width * POINTS_PER_PIXEL, height * POINTS_PER_PIXEL);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, NULL);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "nmfkit");
    if (title != NULL) {
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, title);
    }
    return surface;
}

static cairo_status_t vector_finish(nmfi_canvas *canvas)
{
    cairo_show_page(canvas->cairo);
    cairo_surface_finish(canvas->surface); /* writes what is still held back */
    const cairo_status_t drawn = cairo_status(canvas->cairo);
    return drawn != CAIRO_STATUS_SUCCESS ? drawn : cairo_surface_status(canvas->surface);
}

static const format formats[] = {
    {".png", png_surface, png_finish, 1.0},
    {".svg", svg_surface, vector_finish, 1.0},
    {".pdf", pdf_surface, vector_finish, POINTS_PER_PIXEL},
};

static const format *format_of(const char *path)
{
    const size_t length = strlen(path);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const size_t extension_length = strlen(formats[i].extension);
        if (length > extension_length &&
            strcasecmp(path + length - extension_length, formats[i].extension) == 0) {
            return &formats[i];
        }
    }
    return NULL;
}

static nmf_status start_page(nmfi_canvas *canvas, int width, int height, const char *title)
{
    canvas->surface = canvas->format->surface(canvas, width, height, title);
    canvas->cairo = cairo_create(canvas->surface);
    cairo_scale(canvas->cairo, canvas->format->units_per_pixel, canvas->format->units_per_pixel);
    cairo_set_source_rgb(canvas->cairo, 1.0, 1.0, 1.0);
    cairo_paint(canvas->cairo);
    return cairo_status(canvas->cairo) == CAIRO_STATUS_SUCCESS ? NMF_OK : NMF_ERROR_MEMORY;
}

nmf_status nmfi_canvas_open(const char *path, int64_t width, int64_t height, const char *title,
                            nmfi_canvas **canvas, nmf_error *error)
{
    *canvas = NULL;
    const format *chosen = format_of(path);
    if (chosen == NULL) {
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "'%s' has no known extension for a picture: .png, .svg or .pdf", path);
    }
    nmfi_canvas *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "not enough memory to draw '%s'", path);
    }
    made->path = path;
    made->format = chosen;
    nmf_status status = nmfi_atomic_open(path, &made->file, error);
    if (status != NMF_OK) {
        free(made);
        return status;
    }
    status = start_page(made, (int)width, (int)height, title);
    if (status != NMF_OK) {
        nmfi_canvas_abort(made);
        return nmf_fail(error, status, "not enough memory to draw '%s', %lld x %lld pixels", path,
                        (long long)width, (long long)height);
    }
    *canvas = made;
    return NMF_OK;
}

cairo_t *nmfi_canvas_cairo(nmfi_canvas *canvas)
{
    return canvas->cairo;
}

nmf_status nmfi_canvas_commit(nmfi_canvas *canvas, nmf_error *error)
{
    const cairo_status_t drawn = cairo_status(canvas->cairo);
    const cairo_status_t written =
        drawn != CAIRO_STATUS_SUCCESS ? drawn : canvas->format->finish(canvas);
    nmf_status status = NMF_OK;
    if (written == CAIRO_STATUS_SUCCESS) {
        status = nmfi_atomic_commit(canvas->file, error);
        canvas->file = NULL;
    } else if (canvas->write_errno != 0) {
        status = nmf_fail(error, NMF_ERROR_FILE, "cannot write '%s': %s", canvas->path,
                          strerror(canvas->write_errno));
    } else {
        status =
            nmf_fail(error, written == CAIRO_STATUS_NO_MEMORY ? NMF_ERROR_MEMORY : NMF_ERROR_FILE,
                     "cannot draw '%s': %s", canvas->path, cairo_status_to_string(written));
    }
    nmfi_canvas_abort(canvas);
    return status;
}

void nmfi_canvas_abort(nmfi_canvas *canvas)
{
    if (canvas == NULL) {
        return;
    }
    /* Trap: the surfaces of SVG and PDF write when they are destroyed; the file must still be
     * open. */
    cairo_destroy(canvas->cairo);
    cairo_surface_destroy(canvas->surface);
    nmfi_atomic_abort(canvas->file);
    free(canvas);
}
