/* One row of a matrix as a picture: values to colours, each picture pixel a block of screen
 * pixels.
 *
 * The blocks are written here rather than by cairo's scaling: nearest-neighbour scaling in
 * fixed point drifts on wide pictures, and viewers of SVG and PDF blur small embedded images
 * that they enlarge. */
#include "tile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "colormap.h"

#define TOP_LEVEL (NMFI_COLORMAP_LEVELS - 1)
#define MIDDLE_LEVEL (NMFI_COLORMAP_LEVELS / 2)

/* The values that get the first and the last colour. */
typedef struct range {
    double low, high;
    int flat_level; /* the level of finite values where low == high */
} range;

/* The least and greatest finite value (0 and 0 where there is none), and whether there is a NaN. */
static range finite_range(const double *values, int64_t count, int *has_nan)
{
    range found = {INFINITY, -INFINITY, MIDDLE_LEVEL};
    *has_nan = 0;
    for (int64_t i = 0; i < count; i++) {
        if (isfinite(values[i])) {
            found.low = fmin(found.low, values[i]);
            found.high = fmax(found.high, values[i]);
        } else if (isnan(values[i])) {
            *has_nan = 1;
        }
    }
    if (found.low > found.high) {
        found.low = found.high = 0.0;
    }
    return found;
}

static range scaled_range(range found, nmf_render_scale scale)
{
    switch (scale) {
    case NMF_RENDER_SYMMETRIC:
        found.high = fmax(found.high, -found.low);
        found.low = -found.high;
        break;
    case NMF_RENDER_ZERO: /* an all-zero component is as dark as the zeros of its neighbours */
        found.low = 0.0;
        found.high = fmax(found.high, 0.0);
        found.flat_level = 0;
        break;
    case NMF_RENDER_MINMAX:
    default: break;
    }
    return found;
}

/* Trap: halved before the subtraction, or the width of [-1e308, 1e308] would be infinite. */
static int level_of(double value, const range *scaled)
{
    const double width = scaled->high / 2 - scaled->low / 2;
    if (isinf(value)) {
        return value > 0.0 ? TOP_LEVEL : 0;
    }
    if (!(width > 0.0)) {
        return scaled->flat_level;
    }
    const double position = (value / 2 - scaled->low / 2) / width;
    return (int)(fmin(fmax(position, 0.0), 1.0) * TOP_LEVEL + 0.5);
}

/* One row of picture pixels as one row of screen pixels in cairo's ARGB32 / RGB24 words. */
static void paint_line(const double *values, int64_t width, const range *scaled,
                       const nmfi_tile_look *look, uint32_t *line)
{
    for (int64_t x = 0; x < width; x++) {
        const uint32_t opaque = UINT32_C(0xff000000);
        const uint32_t colour =
            isnan(values[x]) ? 0 : opaque | look->levels[level_of(values[x], scaled)];
        for (int64_t i = 0; i < look->pixel_width; i++) {
            *line++ = colour;
        }
    }
}

static void paint(const double *values, int64_t height, int64_t width, const range *scaled,
                  const nmfi_tile_look *look, cairo_surface_t *surface)
{
    unsigned char *pixels = cairo_image_surface_get_data(surface);
    const size_t stride = (size_t)cairo_image_surface_get_stride(surface);
    for (int64_t y = 0; y < height; y++) {
        unsigned char *first = pixels + (size_t)(y * look->pixel_height) * stride;
        /* cairo aligns every line of a 32-bit surface to 4 bytes */
        paint_line(values + y * width, width, scaled, look, (uint32_t *)(void *)first);
        for (int64_t i = 1; i < look->pixel_height; i++) {
            memcpy(first + (size_t)i * stride, first, stride);
        }
    }
    cairo_surface_mark_dirty(surface);
}

nmf_status nmfi_tile_surface(const nmf_matrix *pictures, int64_t row, const nmfi_tile_look *look,
                             cairo_surface_t **surface, int *has_holes, nmf_error *error)
{
    const int64_t height = nmf_matrix_image_height(pictures);
    const int64_t width = nmf_matrix_image_width(pictures);
    const int64_t count = nmf_matrix_columns(pictures);
    *surface = NULL;
    double *values = calloc((size_t)count, sizeof *values);
    if (values == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "not enough memory for a picture of %lld x %lld",
                        (long long)height, (long long)width);
    }
    nmf_status status = nmf_matrix_copy_rows(pictures, row, 1, NMF_F64, values, error);
    if (status != NMF_OK) {
        goto cleanup;
    }
    const range scaled = scaled_range(finite_range(values, count, has_holes), look->scale);
    cairo_surface_t *made = cairo_image_surface_create(
        *has_holes ? CAIRO_FORMAT_ARGB32 : CAIRO_FORMAT_RGB24, (int)(width * look->pixel_width),
        (int)(height * look->pixel_height));
    if (cairo_surface_status(made) != CAIRO_STATUS_SUCCESS) {
        cairo_surface_destroy(made);
        status = nmf_fail(error, NMF_ERROR_MEMORY,
                          "not enough memory for a picture of %lld x %lld pixels drawn %lld x %lld "
                          "times larger",
                          (long long)height, (long long)width, (long long)look->pixel_height,
                          (long long)look->pixel_width);
        goto cleanup;
    }
    paint(values, height, width, &scaled, look, made);
    *surface = made;
cleanup:
    free(values);
    return status;
}
