/* nmf_render_rank: the held-out error over k with its bars, and below it what returns.
 *
 *     error |  o                       o: a rank that was tried; filled: cannot be told from the best
 *           |    I o . o
 *   silhou. | *---*   *---------       on the line or above: its components return
 *             1 2 3 4 6 8 11  k        (logarithmic: ranks are compared by their ratios) */
#include <math.h>
#include <stdio.h>

#include "canvas.h"
#include "room.h"
#include "text.h"

#define WIDTH 760
#define LEFT 92
#define RIGHT 24
#define TOP 28
#define TITLE 36
#define ERRORS 300
#define BETWEEN 40
#define STABILITY 120
#define BOTTOM 62
#define DOT 5.0

/* A panel: values from low to high, upwards. */
typedef struct axes {
    double top, height, low, high;
    int logarithmic;
} axes;

/* From how many times the lowest error on the highest one is drawn by its logarithm, lest all but the first few lie on a
 * line; and how far down that goes. */
#define WIDE 10
#define DEEPEST 1e-6

typedef struct plot {
    cairo_t *cairo;
    nmfi_typesetter *text;
    const nmf_rank_content *content;
} plot;

static double at_k(const plot *p, int64_t k)
{
    const int64_t count = p->content->row_count;
    const double low = log((double)p->content->rows[0].k) - 0.1;
    const double high = log((double)p->content->rows[count - 1].k) + 0.1;
    return LEFT + (WIDTH - LEFT - RIGHT) * (log((double)k) - low) / (high - low);
}

static double at_value(const axes *panel, double value)
{
    const double within = fmin(fmax(value, panel->low), panel->high);
    const double share = panel->logarithmic
                             ? log(within / panel->low) / log(panel->high / panel->low)
                             : (within - panel->low) / (panel->high - panel->low);
    return panel->top + panel->height * (1 - share);
}

/* One standard error of the difference from the best, in the unit of the error. */
static double bar_of(const nmf_rank_content *content, const nmf_rank_row *row)
{
    const double power = content->options.loss == NMF_LOSS_FROBENIUS ? 2 : 1;
    return row->loss > 0 ? row->error * row->standard_error / (power * row->loss) : 0;
}

static void say(const plot *p, const char *words, double size, nmfi_align align, double x, double y,
                int64_t width)
{
    const nmfi_type_style style = {
        .size = size, .grey = 0.2, .lines = 1, .align = align, .width = width};
    nmfi_typesetter_draw(p->text, p->cairo, "a label", words, &style, x, y);
}

static void line(const plot *p, double x0, double y0, double x1, double y1)
{
    cairo_move_to(p->cairo, x0, y0);
    cairo_line_to(p->cairo, x1, y1);
    cairo_stroke(p->cairo);
}

/* 1, 2 or 5 times a power of ten, `least` or the next above it. */
static double round_number(double least)
{
    const double power = pow(10, floor(log10(least)));
    const double slack = least * (1 - 1e-9);
    if (power >= slack) return power;
    return 2 * power >= slack ? 2 * power : 5 * power >= slack ? 5 * power : 10 * power;
}

/* Whether a panel is marked at powers of ten alone. */
static int has_decades(const axes *panel)
{
    return panel->logarithmic && panel->high > 100 * panel->low;
}

/* The round numbers of a panel, ascending: the first one, and what follows `value`. */
static double first_mark(const axes *panel, double step)
{
    if (has_decades(panel)) return pow(10, ceil(log10(panel->low)));
    return panel->logarithmic ? round_number(panel->low) : ceil(panel->low / step) * step;
}

static double next_mark(const axes *panel, double step, double value)
{
    if (has_decades(panel)) return 10 * value;
    return panel->logarithmic ? round_number(1.5 * value) : value + step;
}

/* The frame, ruled at round numbers, and what they are of. */
static void draw_frame(const plot *p, const axes *panel, const char *name)
{
    char number[32];
    const double step = round_number((panel->high - panel->low) / 6);
    const double end = panel->high + 1e-9 * step;
    cairo_set_line_width(p->cairo, 1);
    for (double at = first_mark(panel, step); at <= end; at = next_mark(panel, step, at)) {
        const double value = fabs(at) < 1e-9 * step ? 0 : at; /* sums of steps may pass it by */
        const double y = at_value(panel, value);
        cairo_set_source_rgb(p->cairo, 0.88, 0.88, 0.88);
        line(p, LEFT, y, WIDTH - RIGHT, y);
        snprintf(number, sizeof number, "%.3g", value);
        say(p, number, 12, NMFI_ALIGN_RIGHT, 8, y - 8, LEFT - 16);
    }
    say(p, name, 13, NMFI_ALIGN_LEFT, LEFT, panel->top - 20, WIDTH - LEFT - RIGHT);
}

static void draw_dot(const plot *p, double x, double y, int filled)
{
    cairo_arc(p->cairo, x, y, DOT, 0, 2 * 3.14159265358979);
    if (filled)
        cairo_set_source_rgb(p->cairo, 0.80, 0.36, 0.22);
    else
        cairo_set_source_rgb(p->cairo, 1, 1, 1);
    cairo_fill_preserve(p->cairo);
    cairo_set_source_rgb(p->cairo, 0.80, 0.36, 0.22);
    cairo_stroke(p->cairo);
}

static void draw_errors(const plot *p, const axes *panel)
{
    const nmf_rank_content *content = p->content;
    cairo_set_line_width(p->cairo, 1.6);
    cairo_set_source_rgb(p->cairo, 0.80, 0.36, 0.22);
    for (int64_t i = 0; i + 1 < content->row_count; i++)
        line(p, at_k(p, content->rows[i].k), at_value(panel, content->rows[i].error),
             at_k(p, content->rows[i + 1].k), at_value(panel, content->rows[i + 1].error));
    for (int64_t i = 0; i < content->row_count; i++) {
        const nmf_rank_row *row = &content->rows[i];
        const double x = at_k(p, row->k), bar = bar_of(content, row);
        cairo_set_source_rgb(p->cairo, 0.80, 0.36, 0.22);
        line(p, x, at_value(panel, row->error - bar), x, at_value(panel, row->error + bar));
        draw_dot(p, x, at_value(panel, row->error), row->in_set);
    }
}

static void draw_stability(const plot *p, const axes *panel)
{
    const nmf_rank_content *content = p->content;
    const double dashes[] = {5, 4};
    cairo_set_source_rgb(p->cairo, 0.45, 0.45, 0.45);
    cairo_set_dash(p->cairo, dashes, 2, 0);
    line(p, LEFT, at_value(panel, 0.8), WIDTH - RIGHT, at_value(panel, 0.8));
    cairo_set_dash(p->cairo, NULL, 0, 0);
    cairo_set_source_rgb(p->cairo, 0.27, 0.46, 0.66);
    for (int64_t i = 0; i < content->row_count; i++) {
        const nmf_rank_row *row = &content->rows[i];
        const double x = at_k(p, row->k), y = at_value(panel, row->worst_silhouette);
        if (i + 1 < content->row_count)
            line(p, x, y, at_k(p, content->rows[i + 1].k),
                 at_value(panel, content->rows[i + 1].worst_silhouette));
        cairo_rectangle(p->cairo, x - DOT + 1, y - DOT + 1, 2 * DOT - 2, 2 * DOT - 2);
        if (row->stable)
            cairo_fill(p->cairo);
        else
            cairo_stroke(p->cairo);
    }
}

/* Numbers of components below, where there is room for them. */
static void draw_ks(const plot *p, double y)
{
    char number[24];
    double free_from = 0;
    for (int64_t i = 0; i < p->content->row_count; i++) {
        const double x = at_k(p, p->content->rows[i].k);
        if (x < free_from) continue;
        snprintf(number, sizeof number, "%lld", (long long)p->content->rows[i].k);
        say(p, number, 12, NMFI_ALIGN_CENTER, x - 20, y, 40);
        free_from = x + 22;
    }
    say(p, "number of components k", 13, NMFI_ALIGN_CENTER, LEFT, y + 20, WIDTH - LEFT - RIGHT);
}

static void find_range(const nmf_rank_content *content, axes *panel)
{
    panel->low = HUGE_VAL;
    panel->high = -HUGE_VAL;
    for (int64_t i = 0; i < content->row_count; i++) {
        panel->low = fmin(panel->low, content->rows[i].error);
        panel->high = fmax(panel->high, content->rows[i].error);
    }
    panel->logarithmic = panel->low > 0 && panel->high > WIDE * panel->low;
    if (panel->logarithmic) {
        panel->low = fmax(panel->low, DEEPEST * panel->high) / 1.2;
        panel->high *= 1.2;
        return;
    }
    const double margin = 0.06 * fmax(panel->high - panel->low, 1e-9 + 0.01 * panel->high);
    panel->low = fmax(0, panel->low - margin);
    panel->high += margin;
}

static void draw_all(const plot *p, const char *title, double top)
{
    axes errors = {.top = top + TOP, .height = ERRORS};
    const axes stability = {top + TOP + ERRORS + BETWEEN, STABILITY, -1, 1, 0};
    find_range(p->content, &errors);
    if (title != NULL && title[0] != '\0') {
        const nmfi_type_style heading = {.size = 20,
                                         .grey = 0.07,
                                         .bold = 1,
                                         .lines = 1,
                                         .align = NMFI_ALIGN_CENTER,
                                         .width = WIDTH - 2 * RIGHT};
        nmfi_typesetter_draw(p->text, p->cairo, "the title", title, &heading, RIGHT, 8);
    }
    draw_frame(p, &errors,
               errors.logarithmic
                   ? "error of held-out entries (logarithmic), and one standard error of its "
                     "difference from the best"
                   : "error of held-out entries, and one standard error of its difference from "
                     "the best");
    draw_errors(p, &errors);
    draw_frame(p, &stability, "worst silhouette of the components of different folds");
    draw_stability(p, &stability);
    draw_ks(p, stability.top + STABILITY + 8);
}

nmf_status nmfi_draw_rank(const nmf_rank_result *result, const char *title, const char *path,
                          nmf_error *error)
{
    nmfi_typesetter *text = NULL;
    nmfi_canvas *canvas = NULL;
    if (result == NULL || path == NULL)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "a figure of ranks needs a result and a path");
    const double top = title != NULL && title[0] != '\0' ? TITLE : 0;
    const int64_t height = (int64_t)top + TOP + ERRORS + BETWEEN + STABILITY + BOTTOM;
    nmf_status status = nmfi_typesetter_new(NULL, &text, error);
    if (status == NMF_OK) status = nmfi_canvas_open(path, WIDTH, height, title, &canvas, error);
    if (status == NMF_OK) {
        const plot p = {nmfi_canvas_cairo(canvas), text, nmf_rank_view(result)};
        draw_all(&p, title, top);
        status = nmfi_canvas_commit(canvas, error);
    }
    nmfi_typesetter_free(text);
    return status;
}
