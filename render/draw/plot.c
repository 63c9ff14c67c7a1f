/* nmf_render_plot: the report's figures for papers, by cairo: the course of a fit, what samples are
 * made of, how alike components are. Numbers come from where the page's come from (figures.h). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "canvas.h"
#include "room.h"
#include "text.h"

#include "render/figures.h"

#define WIDTH 720 /* screen pixels, as all lengths here */
#define MARGIN 20
#define AXIS 92 /* room for the numbers left of a panel */
#define PANEL 230
#define FOOT 48 /* for the numbers and the name below a panel */
#define SHARES_HEIGHT 260
#define LEGEND_LINE 22
#define LEGEND_CELL 64

typedef struct drawing {
    cairo_t *cairo;
    nmfi_typesetter *text;
    const nmfi_figures *f;
} drawing;

static void write_text(const drawing *d, const char *text, double x, double y, int64_t width,
                       nmfi_align align)
{
    const nmfi_type_style style = {
        .size = 13.0, .grey = 0.2, .lines = 1, .align = align, .width = width};
    nmfi_typesetter_draw(d->text, d->cairo, "a figure's text", text, &style, x, y);
}

static void set_grey(const drawing *d, double grey)
{
    cairo_set_source_rgb(d->cairo, grey, grey, grey);
}

static void draw_line(const drawing *d, double x0, double y0, double x1, double y1)
{
    cairo_move_to(d->cairo, x0, y0);
    cairo_line_to(d->cairo, x1, y1);
    cairo_stroke(d->cairo);
}

/* The same colours as the page's (base.js): Okabe & Ito 2008, then lighter and darker ones. */
static void set_component_colour(const drawing *d, int64_t component)
{
    static const double hues[8][3] = {{0, 114, 178},   {230, 159, 0},  {0, 158, 115},
                                      {204, 121, 167}, {86, 180, 233}, {213, 94, 0},
                                      {170, 160, 40},  {110, 110, 120}};
    static const double lighter[4] = {0.0, 0.5, 0.0, 0.75}, darker[4] = {1.0, 1.0, 0.6, 1.0};
    const int64_t round = component / 8 % 4;
    double rgb[3];
    for (int i = 0; i < 3; i++) {
        const double hue = hues[component % 8][i] * darker[round];
        rgb[i] = (hue + (255.0 - hue) * lighter[round]) / 255.0;
    }
    cairo_set_source_rgb(d->cairo, rgb[0], rgb[1], rgb[2]);
}

/* --- the course of the fit ---------------------------------------------------------------------- */

/* A panel's axes; y is drawn as its logarithm. */
typedef struct axes {
    double left, top, width, height, x0, x1, y0, y1;
} axes;

static double place_x(const axes *a, double x)
{
    return a->left + (a->x1 > a->x0 ? (x - a->x0) / (a->x1 - a->x0) : 0.5) * a->width;
}

static double place_y(const axes *a, double y)
{
    return a->top + a->height * (1.0 - (log10(y) - a->y0) / (a->y1 - a->y0));
}

static double round_step(double span, double count)
{
    const double power = pow(10.0, floor(log10(span / count)));
    const double rough = span / count / power;
    return power * (rough > 5.0 ? 10.0 : rough > 2.0 ? 5.0 : rough > 1.0 ? 2.0 : 1.0);
}

static void label_y(const drawing *d, const axes *a, double value)
{
    char text[32];
    const double y = place_y(a, value);
    snprintf(text, sizeof text, "%.5g", value);
    set_grey(d, 0.88);
    draw_line(d, a->left, y, a->left + a->width, y);
    write_text(d, text, a->left - AXIS, y - 9.0, AXIS - 6, NMFI_ALIGN_RIGHT);
}

static void draw_axes(const drawing *d, const axes *a, const char *name)
{
    char text[32];
    const double low = pow(10.0, a->y0), high = pow(10.0, a->y1);
    if (a->y1 - a->y0 >= 1.5) {
        const double step = ceil((a->y1 - a->y0) / 6.0);
        for (double e = ceil(a->y0); e <= a->y1; e += step) {
            label_y(d, a, pow(10.0, e));
        }
    } else {
        const double step = round_step(high - low, 5.0);
        for (double y = ceil(low / step) * step; y <= high && step > 0.0; y += step) {
            label_y(d, a, y);
        }
    }
    const double step = fmax(round_step(fmax(a->x1 - a->x0, 1.0), 6.0), 1.0);
    set_grey(d, 0.3);
    draw_line(d, a->left, a->top + a->height, a->left + a->width, a->top + a->height);
    for (double x = ceil(a->x0 / step) * step; x <= a->x1; x += step) {
        snprintf(text, sizeof text, "%.6g", x);
        set_grey(d, 0.3);
        draw_line(d, place_x(a, x), a->top + a->height, place_x(a, x), a->top + a->height + 4.0);
        write_text(d, text, place_x(a, x) - 40.0, a->top + a->height + 6.0, 80, NMFI_ALIGN_CENTER);
    }
    write_text(d, "passes over the data", a->left, a->top + a->height + 24.0, (int64_t)a->width,
               NMFI_ALIGN_CENTER);
    write_text(d, name, a->left, a->top - 20.0, (int64_t)a->width, NMFI_ALIGN_LEFT);
}

static double value_of(const nmf_trace_point *point, int is_kkt)
{
    return is_kkt ? point->kkt : point->loss;
}

static void draw_course(const drawing *d, int is_kkt, double top)
{
    const nmf_model_content *content = d->f->content;
    axes a = {MARGIN + AXIS, top,      WIDTH - 2 * MARGIN - AXIS, PANEL, INFINITY, -INFINITY,
              INFINITY,      -INFINITY};
    for (int64_t i = 0; i < content->trace_count; i++) {
        const double value = value_of(&content->trace[i], is_kkt);
        if (value > 0.0 && isfinite(value)) {
            a.x0 = fmin(a.x0, (double)content->trace[i].passes);
            a.x1 = fmax(a.x1, (double)content->trace[i].passes);
            a.y0 = fmin(a.y0, log10(value));
            a.y1 = fmax(a.y1, log10(value));
        }
    }
    if (!(a.x0 <= a.x1)) {
        write_text(d, is_kkt ? "no KKT residuals" : "no losses", a.left, top, (int64_t)a.width,
                   NMFI_ALIGN_LEFT);
        return;
    }
    const double spare = fmax(0.04 * (a.y1 - a.y0), 1e-4);
    a.y0 -= spare;
    a.y1 += spare;
    draw_axes(d, &a, is_kkt ? "KKT residual" : "loss");
    cairo_set_source_rgb(d->cairo, 0.17, 0.43, 0.64);
    cairo_set_line_width(d->cairo, 1.8);
    for (int64_t i = 0; i < content->trace_count; i++) {
        const double value = value_of(&content->trace[i], is_kkt);
        if (value > 0.0 && isfinite(value)) {
            cairo_line_to(d->cairo, place_x(&a, (double)content->trace[i].passes),
                          place_y(&a, value));
        }
    }
    cairo_stroke(d->cairo);
    cairo_set_line_width(d->cairo, 1.0);
}

static void draw_curve(const drawing *d)
{
    draw_course(d, 0, MARGIN + 20);
    draw_course(d, 1, MARGIN + 20 + PANEL + FOOT + 30);
}

/* --- what samples are made of ------------------------------------------------------------------- */

typedef struct placed {
    int64_t place, label, main;
    double share;
} placed;

static int in_order(const void *first, const void *second)
{
    const placed *a = first, *b = second;
    if (a->label != b->label) {
        return a->label < b->label ? -1 : 1;
    }
    if (a->main != b->main) {
        return a->main < b->main ? -1 : 1;
    }
    if (a->share != b->share) {
        return a->share > b->share ? -1 : 1;
    }
    return (a->place > b->place) - (a->place < b->place);
}

/* The shares of the sample in place `place` go into `shares`. */
static placed share_out(const nmfi_figures *f, int64_t place, double *shares)
{
    placed p = {place, f->labels.count > 0 ? f->labels.of_sample[f->index[place]] : 0, f->k, 0.0};
    double sum = 0.0;
    for (int64_t c = 0; c < f->k; c++) {
        shares[c] = f->W[place * f->k + c] * f->sizes[c];
        sum += shares[c];
    }
    for (int64_t c = 0; c < f->k; c++) {
        shares[c] = sum > 0.0 ? shares[c] / sum : 0.0;
        if (shares[c] > p.share) {
            p.share = shares[c];
            p.main = c;
        }
    }
    return p;
}

static void draw_label_names(const drawing *d, const placed *order, double top)
{
    const nmfi_labels *labels = &d->f->labels;
    const double width = WIDTH - 2 * MARGIN, count = (double)d->f->drawn;
    for (int64_t i = 0, start = 0; i <= d->f->drawn && labels->count > 0; i++) {
        if (i > 0 && (i == d->f->drawn || order[i].label != order[start].label)) {
            const double from = MARGIN + width * (double)start / count;
            const double room = width * (double)(i - start) / count;
            set_grey(d, 0.3);
            draw_line(d, from, top - 20.0, from, top + SHARES_HEIGHT);
            if (room >= 40.0) {
                write_text(d, labels->names[order[start].label], from + 2.0, top - 20.0,
                           (int64_t)room - 4, NMFI_ALIGN_CENTER);
            }
            start = i;
        }
    }
}

static nmf_status draw_shares(const drawing *d, nmf_error *error)
{
    const nmfi_figures *f = d->f;
    placed *order = calloc((size_t)f->drawn, sizeof *order);
    double *shares = calloc((size_t)(f->drawn * f->k), sizeof *shares);
    if (order == NULL || shares == NULL) {
        free(order);
        free(shares);
        return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for %lld samples", (long long)f->drawn);
    }
    for (int64_t i = 0; i < f->drawn; i++) {
        order[i] = share_out(f, i, shares + i * f->k);
    }
    qsort(order, (size_t)f->drawn, sizeof *order, in_order);
    cairo_set_antialias(d->cairo, CAIRO_ANTIALIAS_NONE); /* no light between neighbours */
    const double top = MARGIN + 24, width = (double)(WIDTH - 2 * MARGIN) / (double)f->drawn;
    for (int64_t i = 0; i < f->drawn; i++) {
        double bottom = top + SHARES_HEIGHT;
        for (int64_t c = 0; c < f->k; c++) {
            const double height = shares[order[i].place * f->k + c] * SHARES_HEIGHT;
            if (height > 0.0) {
                set_component_colour(d, c);
                cairo_rectangle(d->cairo, MARGIN + (double)i * width, bottom - height, width + 0.3,
                                height); /* no light between neighbours */
                cairo_fill(d->cairo);
                bottom -= height;
            }
        }
    }
    cairo_set_antialias(d->cairo, CAIRO_ANTIALIAS_DEFAULT);
    draw_label_names(d, order, top);
    const int64_t across = (WIDTH - 2 * MARGIN) / LEGEND_CELL;
    for (int64_t c = 0; c < f->k; c++) {
        char name[24];
        const double x = (double)(MARGIN + c % across * LEGEND_CELL);
        const double y = top + SHARES_HEIGHT + 12.0 + (double)(c / across * LEGEND_LINE);
        snprintf(name, sizeof name, "C%lld", (long long)c);
        set_component_colour(d, c);
        cairo_rectangle(d->cairo, x, y + 2.0, 12.0, 12.0);
        cairo_fill(d->cairo);
        write_text(d, name, x + 17.0, y - 1.0, LEGEND_CELL - 18, NMFI_ALIGN_LEFT);
    }
    free(order);
    free(shares);
    return NMF_OK;
}

/* --- how alike components are ------------------------------------------------------------------- */

static double cell_size(int64_t k)
{
    return fmax(4.0, fmin(40.0, (double)(WIDTH - 2 * MARGIN - 30) / (double)k));
}

static void draw_similarity(const drawing *d)
{
    const nmfi_figures *f = d->f;
    const double size = cell_size(f->k), left = MARGIN + 30, top = MARGIN + 22;
    char text[24];
    for (int64_t c = 0; c < f->k; c++) {
        for (int64_t e = 0; e < f->k; e++) {
            const double cosine = fmax(f->cosines[c * f->k + e], 0.0);
            const double x = left + (double)e * size, y = top + (double)c * size;
            cairo_set_source_rgb(d->cairo, 1.0 - cosine * 0.88, 1.0 - cosine * 0.63,
                                 1.0 - cosine * 0.4);
            cairo_rectangle(d->cairo, x, y, size - 1.0, size - 1.0);
            cairo_fill(d->cairo);
            if (size >= 34.0) {
                const nmfi_type_style style = {.size = 12.0,
                                               .grey = cosine > 0.6 ? 1.0 : 0.15,
                                               .lines = 1,
                                               .align = NMFI_ALIGN_CENTER,
                                               .width = (int64_t)size};
                snprintf(text, sizeof text, "%.2f", cosine);
                nmfi_typesetter_draw(d->text, d->cairo, "a cosine", text, &style, x,
                                     y + size / 2.0 - 9.0);
            }
        }
        if (size >= 14.0 || c % 5 == 0) {
            snprintf(text, sizeof text, "%lld", (long long)c);
            write_text(d, text, MARGIN, top + (double)c * size + size / 2.0 - 9.0, 26,
                       NMFI_ALIGN_RIGHT);
            write_text(d, text, left + (double)c * size - 10.0, MARGIN + 2.0, (int64_t)size + 20,
                       NMFI_ALIGN_CENTER);
        }
    }
}

/* --- all ---------------------------------------------------------------------------------------- */

static void size_of(const nmfi_figures *f, nmf_render_figure figure, int64_t *width,
                    int64_t *height)
{
    const int64_t across = (WIDTH - 2 * MARGIN) / LEGEND_CELL;
    *width = WIDTH;
    switch (figure) {
    case NMF_RENDER_CURVE: *height = 2 * (PANEL + FOOT) + 2 * MARGIN + 50; break;
    case NMF_RENDER_SHARES:
        *height = 2 * MARGIN + 24 + SHARES_HEIGHT + 12 + (f->k + across - 1) / across * LEGEND_LINE;
        break;
    case NMF_RENDER_SIMILARITY:
        *width = 2 * MARGIN + 30 + (int64_t)(cell_size(f->k) * (double)f->k);
        *height = *width - 8;
        break;
    }
}

static nmf_status draw_figure(const nmfi_figures *f, nmf_render_figure figure,
                              nmfi_typesetter *text, const char *path, nmf_error *error)
{
    int64_t width = 0, height = 0;
    nmfi_canvas *canvas = NULL;
    size_of(f, figure, &width, &height);
    if (width > NMFI_CANVAS_MAX_SIDE || height > NMFI_CANVAS_MAX_SIDE ||
        width * height > NMFI_CANVAS_MAX_PIXELS) {
        return nmf_fail(
            error, NMF_ERROR_SHAPE,
            "%lld components: the drawing would be %lld x %lld screen pixels, of at most "
            "%d a side",
            (long long)f->k, (long long)width, (long long)height, NMFI_CANVAS_MAX_SIDE);
    }
    nmf_status status = nmfi_canvas_open(path, width, height, NULL, &canvas, error);
    if (status != NMF_OK) {
        return status;
    }
    const drawing d = {nmfi_canvas_cairo(canvas), text, f};
    cairo_set_line_width(d.cairo, 1.0);
    switch (figure) {
    case NMF_RENDER_CURVE: draw_curve(&d); break;
    case NMF_RENDER_SHARES: status = draw_shares(&d, error); break;
    case NMF_RENDER_SIMILARITY: draw_similarity(&d); break;
    }
    if (status != NMF_OK) {
        nmfi_canvas_abort(canvas);
        return status;
    }
    return nmfi_canvas_commit(canvas, error);
}

nmf_status nmfi_draw_plot(const nmf_model *model, nmf_render_figure figure,
                          const char *const *labels, const char *path, nmf_error *warning,
                          nmf_error *error)
{
    nmf_render_report_options options = NMF_RENDER_REPORT_INIT;
    nmfi_figures figures = {0};
    nmfi_typesetter *text = NULL;
    if (warning != NULL) {
        *warning = (nmf_error){.status = NMF_OK};
    }
    if (model == NULL || path == NULL) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "a figure needs a model and a path");
    }
    if ((int)figure < 0 || figure > NMF_RENDER_SIMILARITY) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "figure = %d: there is no such figure",
                        (int)figure);
    }
    if (figure == NMF_RENDER_CURVE && nmf_model_view(model)->trace_count == 0) {
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED, "the model has no trace to draw a curve of");
    }
    options.labels = labels;
    nmf_status status = nmfi_figures_count(model, &options, &figures, error);
    if (status == NMF_OK) {
        status = nmfi_typesetter_new(warning, &text, error);
    }
    if (status == NMF_OK) {
        status = draw_figure(&figures, figure, text, path, error);
    }
    nmfi_typesetter_free(text);
    nmfi_figures_clear(&figures);
    return status;
}
