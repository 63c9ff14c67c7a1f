/* nmf_render_bars: rows of a matrix as panels of horizontal bars, their largest entries with the names
 * of the features. For components of words and genes, where a picture has nothing to show.
 *
 *     0 (15%)          1 (3%)          panel: a heading, then one line an entry
 *      police ======     dollar =====  line: the name, set right, and its bar; the longest bar of
 *      killed ==            yen ===    a panel is its largest entry */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "room.h"
#include "sheet.h"

#define LINE 21 /* screen pixels, as all lengths here */
#define BAR_HEIGHT 13
#define BAR_WIDTH 150
#define GAP 8     /* between a name and its bar */
#define GUTTER 34 /* between panels */
#define HEADING 30
#define WIDEST_NAME 190
#define MOST_LINES 1000

/* The panels' content: panel p has found[p] entries, from [p * count] on. */
typedef struct panels {
    const nmf_render_bars *bars;
    int64_t number, count;
    int64_t *columns, *found;
    double *entries;
    int64_t name_width, width, height; /* of a panel */
} panels;

static const nmfi_type_style name_style = {
    .size = 14.0, .grey = 0.15, .lines = 1, .align = NMFI_ALIGN_RIGHT, .width = WIDEST_NAME};

static nmf_status check_bars(const nmf_render_bars *bars, const char *path, nmf_error *error)
{
    if (bars == NULL || bars->matrix == NULL || path == NULL) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "bars need a matrix and a path");
    }
    const int64_t rows = nmf_matrix_rows(bars->matrix);
    if (bars->grid_rows < 1 || bars->grid_columns < 1 || bars->count < 1 ||
        bars->count > MOST_LINES) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "%lld x %lld panels of %lld bars: there must be at least 1 of each, and at "
                        "most %d bars",
                        (long long)bars->grid_rows, (long long)bars->grid_columns,
                        (long long)bars->count, MOST_LINES);
    }
    /* Divided rather than multiplied: rows * columns of a grid may overflow. */
    if (bars->grid_columns > rows || bars->grid_rows > (rows - 1) / bars->grid_columns + 1) {
        return nmf_fail(error, NMF_ERROR_SHAPE,
                        "a grid of %lld x %lld panels has empty lines: there are %lld rows",
                        (long long)bars->grid_rows, (long long)bars->grid_columns, (long long)rows);
    }
    return NMF_OK;
}

static nmf_status find_entries(panels *p, nmf_error *error)
{
    const size_t places = (size_t)p->number * (size_t)p->count;
    p->columns = calloc(places, sizeof *p->columns);
    p->entries = calloc(places, sizeof *p->entries);
    p->found = calloc((size_t)p->number, sizeof *p->found);
    if (p->columns == NULL || p->entries == NULL || p->found == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "not enough memory for %zu bars", places);
    }
    nmf_status status = NMF_OK;
    for (int64_t i = 0; i < p->number && status == NMF_OK; i++) {
        status = nmf_matrix_top(p->bars->matrix, i, p->count, p->columns + i * p->count,
                                p->entries + i * p->count, &p->found[i], error);
    }
    return status;
}

/* The feature's name, or its number in `number`. */
static const char *name_of(const panels *p, int64_t place, char number[24])
{
    const char *name = nmf_matrix_name(p->bars->matrix, NMF_FEATURE_NAMES, p->columns[place]);
    if (name == NULL) {
        snprintf(number, 24, "%lld", (long long)p->columns[place]);
    }
    return name != NULL ? name : number;
}

static void measure(panels *p, nmfi_typesetter *text)
{
    char number[24];
    for (int64_t i = 0; i < p->number; i++) {
        for (int64_t line = 0; line < p->found[i]; line++) {
            int64_t width = 0, height = 0;
            nmfi_typesetter_measure(text, "a feature's name",
                                    name_of(p, i * p->count + line, number), &name_style, &width,
                                    &height);
            p->name_width = width > p->name_width ? width : p->name_width;
        }
    }
    p->width = p->name_width + GAP + BAR_WIDTH;
    p->height = HEADING + p->count * LINE;
}

static void draw_panel(const void *context, cairo_t *cairo, int64_t panel, nmfi_typesetter *text,
                       double x, double y)
{
    const panels *p = context;
    char number[24];
    const nmfi_type_style heading = {
        .size = 16.0, .grey = 0.1, .bold = 1, .lines = 1, .width = BAR_WIDTH};
    nmfi_type_style names = name_style;
    names.width = p->name_width;
    snprintf(number, sizeof number, "%lld", (long long)panel);
    const char *caption = p->bars->captions != NULL ? p->bars->captions[panel] : number;
    const double bar_x = x + (double)(p->name_width + GAP);
    nmfi_typesetter_draw(text, cairo, "a panel's heading", caption, &heading, bar_x, y);
    const double *entries = p->entries + panel * p->count;
    for (int64_t line = 0; line < p->found[panel]; line++) {
        const double top = y + HEADING + (double)(line * LINE);
        const double length = fmax(fabs(entries[line]) / fabs(entries[0]) * BAR_WIDTH, 1.0);
        nmfi_typesetter_draw(text, cairo, "a feature's name",
                             name_of(p, panel * p->count + line, number), &names, x, top - 1.0);
        if (entries[line] < 0.0) {
            cairo_set_source_rgb(cairo, 0.80, 0.40, 0.30);
        } else {
            cairo_set_source_rgb(cairo, 0.27, 0.46, 0.66);
        }
        cairo_rectangle(cairo, bar_x, top + (LINE - BAR_HEIGHT) / 2, length, BAR_HEIGHT);
        cairo_fill(cairo);
    }
}

static nmf_status draw_page(const panels *p, nmfi_typesetter *text, const char *title,
                            const char *path, nmf_error *error)
{
    const nmfi_sheet sheet = {.grid_rows = p->bars->grid_rows,
                              .grid_columns = p->bars->grid_columns,
                              .number = p->number,
                              .width = p->width,
                              .height = p->height,
                              .gutter = GUTTER,
                              .panels = p,
                              .draw = draw_panel};
    return nmfi_sheet_draw(&sheet, text, title, path, error);
}

nmf_status nmfi_draw_bars(const nmf_render_bars *bars, const char *title, const char *path,
                          nmf_error *warning, nmf_error *error)
{
    nmfi_typesetter *text = NULL;
    if (warning != NULL) {
        *warning = (nmf_error){.status = NMF_OK};
    }
    nmf_status status = check_bars(bars, path, error);
    if (status != NMF_OK) {
        return status;
    }
    const int64_t features = nmf_matrix_columns(bars->matrix);
    const int64_t rows = nmf_matrix_rows(bars->matrix);
    const int64_t cells = bars->grid_rows * bars->grid_columns;
    panels p = {.bars = bars,
                .number = cells < rows ? cells : rows, /* the last line may not be full */
                .count = bars->count < features ? bars->count : features};
    status = p.count > 0 ? find_entries(&p, error)
                         : nmf_fail(error, NMF_ERROR_SHAPE, "a matrix without columns has no bars");
    if (status == NMF_OK) {
        status = nmfi_typesetter_new(warning, &text, error);
    }
    if (status == NMF_OK) {
        measure(&p, text);
        status = draw_page(&p, text, title, path, error);
    }
    nmfi_typesetter_free(text);
    free(p.columns);
    free(p.entries);
    free(p.found);
    return status;
}
