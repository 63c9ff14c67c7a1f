/* nmf_render_components: components as what they are (kind.h). Terms are bars.c's; here are panels of a
 * curve along its axis, and of a column for each feature in groups of a colour each.
 *
 *     0                  3                   panel: a heading, the drawing from 0 to the component's
 *      /\__ __            __/\__             largest entry, the axis, its ends or the groups' names
 *     400   700          400   700 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "room.h"
#include "sheet.h"

#include "render/kind.h"

#define HEADING 26 /* screen pixels, as all lengths here */
#define DRAWING 110
#define FOOT 24
#define CURVE_WIDTH 320
#define COLUMN_WIDTH 7
#define GUTTER 30
#define LEAST_POINT 1e-300

typedef struct profiles {
    const nmf_render_bars *bars;
    const nmfi_kind *kind;
    int64_t number, features, grid_rows, grid_columns, width;
    double *values; /* number x features, in the order in which they are drawn */
    int64_t *order; /* the feature in each place */
} profiles;

/* No more panels side by side than a screen is wide. */
static int64_t most_across(nmfi_mark mark)
{
    return mark == NMFI_MARK_TERMS ? 5 : mark == NMFI_MARK_LINE ? 3 : 1;
}

/* Near a square. */
static void choose_grid(nmfi_mark mark, nmf_render_bars *bars)
{
    const int64_t rows = nmf_matrix_rows(bars->matrix);
    if (bars->grid_rows != 0 || bars->grid_columns != 0) {
        return;
    }
    bars->grid_columns = 1;
    while (bars->grid_columns < most_across(mark) &&
           bars->grid_columns * bars->grid_columns < rows) {
        bars->grid_columns++;
    }
    bars->grid_rows = (rows + bars->grid_columns - 1) / bars->grid_columns;
}

static nmf_status take_values(profiles *p, nmf_error *error)
{
    const nmf_matrix *H = p->bars->matrix;
    double *row = calloc((size_t)p->features + 1, sizeof *row);
    p->values = calloc((size_t)(p->number * p->features) + 1, sizeof *p->values);
    p->order = calloc((size_t)p->features + 1, sizeof *p->order);
    nmf_status status = row != NULL && p->values != NULL && p->order != NULL
                            ? NMF_OK
                            : nmf_fail(error, NMF_ERROR_MEMORY, "no memory for %lld x %lld entries",
                                       (long long)p->number, (long long)p->features);
    for (int64_t j = 0; j < p->features && status == NMF_OK; j++) {
        p->order[j] = j;
    }
    if (status == NMF_OK && p->kind->arrange != NULL) {
        p->kind->arrange(H, p->order);
    }
    for (int64_t i = 0; i < p->number && status == NMF_OK; i++) {
        status = nmf_matrix_copy_rows(H, i, 1, NMF_F64, row, error);
        for (int64_t j = 0; j < p->features && status == NMF_OK; j++) {
            p->values[i * p->features + j] = row[p->order[j]];
        }
    }
    free(row);
    return status;
}

/* Where an entry lies above the axis' lower end; what is not finite lies on it. */
static double height_of(double value, double low, double high)
{
    return isfinite(value) && high > low ? (value - low) / (high - low) * DRAWING : 0.0;
}

static void range_of(const double *values, int64_t count, double *low, double *high)
{
    *low = 0.0;
    *high = LEAST_POINT;
    for (int64_t j = 0; j < count; j++) {
        *low = isfinite(values[j]) ? fmin(*low, values[j]) : *low;
        *high = isfinite(values[j]) ? fmax(*high, values[j]) : *high;
    }
}

static void draw_axis(cairo_t *cairo, double x, double y, double width)
{
    cairo_set_source_rgb(cairo, 0.45, 0.48, 0.52);
    cairo_set_line_width(cairo, 1.0);
    cairo_move_to(cairo, x, y);
    cairo_line_to(cairo, x + width, y);
    cairo_stroke(cairo);
}

/* The name of a feature, or its number. */
static void draw_end(cairo_t *cairo, const profiles *p, nmfi_typesetter *text, int64_t place,
                     nmfi_align align, double x, double y)
{
    char number[24];
    const nmfi_type_style style = {
        .size = 12.0, .grey = 0.35, .lines = 1, .align = align, .width = p->width / 2 - 8};
    const char *name = nmf_matrix_name(p->bars->matrix, NMF_FEATURE_NAMES, place);
    snprintf(number, sizeof number, "%lld", (long long)place);
    nmfi_typesetter_draw(text, cairo, "a feature's name", name != NULL ? name : number, &style, x,
                         y);
}

static void draw_curve(cairo_t *cairo, const profiles *p, const double *values,
                       nmfi_typesetter *text, double x, double y)
{
    double low, high;
    const double step = p->features > 1 ? (double)p->width / (double)(p->features - 1) : 0.0;
    range_of(values, p->features, &low, &high);
    draw_axis(cairo, x, y + DRAWING - height_of(0.0, low, high), (double)p->width);
    cairo_set_source_rgb(cairo, 0.12, 0.37, 0.60);
    cairo_set_line_width(cairo, 1.6);
    cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
    for (int64_t j = 0; j < p->features; j++) {
        cairo_line_to(cairo, x + (double)j * step, y + DRAWING - height_of(values[j], low, high));
    }
    cairo_stroke(cairo);
    draw_end(cairo, p, text, 0, NMFI_ALIGN_LEFT, x, y + DRAWING + 4.0);
    draw_end(cairo, p, text, p->features - 1, NMFI_ALIGN_RIGHT, x + (double)(p->width / 2) + 8.0,
             y + DRAWING + 4.0);
}

/* "#1ebff0" */
static void set_colour(cairo_t *cairo, const char *colour)
{
    const unsigned long rgb = strtoul(colour + 1, NULL, 16);
    cairo_set_source_rgb(cairo, (double)(rgb >> 16 & 255) / 255.0, (double)(rgb >> 8 & 255) / 255.0,
                         (double)(rgb & 255) / 255.0);
}

static void draw_columns(cairo_t *cairo, const profiles *p, const double *values,
                         nmfi_typesetter *text, double x, double y)
{
    double low, high;
    int64_t place = 0;
    range_of(values, p->features, &low, &high);
    for (const nmfi_kind_group *group = p->kind->groups; group->count > 0; group++) {
        const double left = x + (double)(place * COLUMN_WIDTH);
        const nmfi_type_style style = {.size = 12.0,
                                       .grey = 0.35,
                                       .lines = 1,
                                       .align = NMFI_ALIGN_CENTER,
                                       .width = group->count * COLUMN_WIDTH};
        set_colour(cairo, group->colour);
        for (int64_t j = place; j < place + group->count && j < p->features; j++) {
            const double end = height_of(values[j], low, high), zero = height_of(0.0, low, high);
            cairo_rectangle(cairo, x + (double)(j * COLUMN_WIDTH) + 1.0,
                            y + DRAWING - fmax(end, zero), COLUMN_WIDTH - 2.0, fabs(end - zero));
        }
        cairo_rectangle(cairo, left + 1.0, y + DRAWING + 3.0,
                        (double)(group->count * COLUMN_WIDTH) - 2.0, 4.0);
        cairo_fill(cairo);
        nmfi_typesetter_draw(text, cairo, "a group's name", group->name, &style, left,
                             y + DRAWING + 8.0);
        place += group->count;
    }
    draw_axis(cairo, x, y + DRAWING - height_of(0.0, low, high), (double)p->width);
}

static void draw_panel(const void *panels, cairo_t *cairo, int64_t panel, nmfi_typesetter *text,
                       double x, double y)
{
    const profiles *p = panels;
    char number[24];
    const nmfi_type_style heading = {
        .size = 16.0, .grey = 0.1, .bold = 1, .lines = 1, .width = p->width};
    const double *values = p->values + panel * p->features;
    snprintf(number, sizeof number, "%lld", (long long)panel);
    const char *caption = p->bars->captions != NULL ? p->bars->captions[panel] : number;
    nmfi_typesetter_draw(text, cairo, "a panel's heading", caption, &heading, x, y);
    if (p->kind->mark == NMFI_MARK_LINE) {
        draw_curve(cairo, p, values, text, x, y + HEADING);
    } else {
        draw_columns(cairo, p, values, text, x, y + HEADING);
    }
}

static nmf_status draw_page(const profiles *p, nmfi_typesetter *text, const char *title,
                            const char *path, nmf_error *error)
{
    const nmfi_sheet sheet = {.grid_rows = p->grid_rows,
                              .grid_columns = p->grid_columns,
                              .number = p->number,
                              .width = p->width,
                              .height = HEADING + DRAWING + FOOT,
                              .gutter = GUTTER,
                              .panels = p,
                              .draw = draw_panel};
    return nmfi_sheet_draw(&sheet, text, title, path, error);
}

static nmf_status draw_profiles(const nmf_render_bars *bars, const nmfi_kind *kind,
                                const char *title, const char *path, nmf_error *warning,
                                nmf_error *error)
{
    nmfi_typesetter *text = NULL;
    const int64_t rows = nmf_matrix_rows(bars->matrix), n = nmf_matrix_columns(bars->matrix);
    profiles p = {.bars = bars,
                  .kind = kind,
                  .features = n,
                  .grid_rows = bars->grid_rows,
                  .grid_columns = bars->grid_columns,
                  .width = kind->mark == NMFI_MARK_LINE ? CURVE_WIDTH : n * COLUMN_WIDTH};
    if (p.grid_rows < 1 || p.grid_columns < 1 || p.grid_columns > rows ||
        p.grid_rows > (rows - 1) / p.grid_columns + 1) {
        return nmf_fail(error, NMF_ERROR_SHAPE,
                        "a grid of %lld x %lld panels has empty lines: there are %lld rows",
                        (long long)p.grid_rows, (long long)p.grid_columns, (long long)rows);
    }
    p.number = p.grid_rows * p.grid_columns < rows ? p.grid_rows * p.grid_columns : rows;
    nmf_status status = take_values(&p, error);
    if (status == NMF_OK) {
        status = nmfi_typesetter_new(warning, &text, error);
    }
    if (status == NMF_OK) {
        status = draw_page(&p, text, title, path, error);
    }
    nmfi_typesetter_free(text);
    free(p.values);
    free(p.order);
    return status;
}

nmf_status nmfi_draw_components(const nmf_render_bars *asked, const char *kind, const char *title,
                                const char *path, nmf_error *warning, nmf_error *error)
{
    const nmfi_kind *drawn = NULL;
    if (warning != NULL) {
        *warning = (nmf_error){.status = NMF_OK};
    }
    if (asked == NULL || asked->matrix == NULL || path == NULL) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "components need a matrix and a path");
    }
    nmf_render_bars bars = *asked;
    nmf_status status = NMF_OK;
    if (kind == NULL) {
        drawn = nmfi_kind_of(bars.matrix);
    } else {
        status = nmfi_kind_named(kind, bars.matrix, &drawn, error);
    }
    if (status != NMF_OK) {
        return status;
    }
    if (drawn->mark == NMFI_MARK_PICTURE) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "these are pictures: nmf_render draws them");
    }
    choose_grid(drawn->mark, &bars);
    return drawn->mark == NMFI_MARK_TERMS
               ? nmfi_draw_bars(&bars, title, path, warning, error)
               : draw_profiles(&bars, drawn, title, path, warning, error);
}
