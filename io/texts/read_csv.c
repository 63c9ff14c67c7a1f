/* Reads .csv, .tsv and other delimited text: f64 numbers, with a header and row names where there
 * are some. The first two records decide:
 *   header     a cell of the first record is text, or it alone is quoted, or it is ",0,1,2,..."
 *              (pandas)
 *   row names  the header has one cell less (R) or an empty first cell (pandas, R), or the first
 *              row's first cell is text, or it alone is quoted
 * After that every cell must be a number: an empty one, a word, or a row of another length is an
 * error. */
#include "csv.h"
#include "readers.h"

#include "io/files/file_view.h"
#include "io/files/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct layout {
    int header, row_names;
    int numbered;    /* the header is only numbers of columns, no names */
    int64_t columns; /* of numbers */
} layout;

typedef struct names {
    char **list;
    int64_t count, capacity;
} names;

typedef struct table {
    nmfi_csv_scan scan;
    char decimal;
    layout shape;
    double *values;
    int64_t count, capacity;
    names features, samples;
    const char *path;
    nmf_error *error;
} table;

static nmf_status out_of_memory(const table *t)
{
    return nmf_fail(t->error, NMF_ERROR_MEMORY, "%s: out of memory after %" PRId64 " values",
                    t->path, t->count);
}

/* "path:line:column: 'text' what", the text up to its first line break. */
static nmf_status fail_at(const table *t, const nmfi_csv_cell *cell, const char *what)
{
    int64_t line, column;
    nmfi_csv_place(&t->scan, cell->place, &line, &column);
    int shown = 0;
    while (shown < 40 && (size_t)shown < cell->length && (unsigned char)cell->text[shown] >= ' ') {
        shown++;
    }
    while (shown == 40 && ((unsigned char)cell->text[shown - 1] & 0xC0) == 0x80) {
        shown--; /* not the middle of a UTF-8 character */
    }
    return nmf_fail(t->error, NMF_ERROR_FORMAT, "%s:%" PRId64 ":%" PRId64 ": '%.*s' %s", t->path,
                    line, column, shown, cell->text, what);
}

static int is_number(const table *t, const nmfi_csv_cell *cell)
{
    double value;
    return nmfi_number_parse(cell->text, cell->length, t->decimal, &value) != NMFI_NUMBER_NONE;
}

/* What the layout is decided from. */
typedef struct glance {
    int64_t cells;
    int text, quoted, numbered; /* a cell is text; all are quoted; they are empty, 0, 1, 2... */
    int first_empty, first_text, first_quoted, rest_quoted;
    nmf_status status;
} glance;

static nmf_status fail_quote(const table *t, const nmfi_csv_cell *cell)
{
    return fail_at(t, cell, "begins with a quote that does not end where the cell does");
}

static glance look_at_record(const table *t, nmfi_csv_scan *scan)
{
    glance g = {.quoted = 1, .numbered = 1};
    nmfi_csv_cell cell = {NULL, 0, NULL, 0, 0};
    while (!cell.last) {
        const nmfi_csv_result result = nmfi_csv_next(scan, &cell);
        if (result != NMFI_CSV_CELL) {
            g.status = result == NMFI_CSV_DAMAGED ? fail_quote(t, &cell) : NMF_OK;
            break;
        }
        const int text = cell.length > 0 && !is_number(t, &cell);
        char number[24];
        const int digits = snprintf(number, sizeof number, "%" PRId64, g.cells - 1);
        if (g.cells == 0) {
            g.first_empty = cell.length == 0;
            g.first_text = text;
            g.first_quoted = cell.quoted;
            g.numbered = g.first_empty;
        } else {
            g.rest_quoted |= cell.quoted;
            g.numbered = g.numbered && cell.length == (size_t)digits &&
                         memcmp(cell.text, number, cell.length) == 0;
        }
        g.text |= text;
        g.quoted = g.quoted && cell.quoted;
        g.cells++;
    }
    return g;
}

static nmf_status decide_layout(table *t)
{
    nmfi_csv_scan scan = t->scan;
    const glance first = look_at_record(t, &scan);
    const glance second = look_at_record(t, &scan);
    if (first.status != NMF_OK || second.status != NMF_OK) {
        return first.status != NMF_OK ? first.status : second.status;
    }
    if (first.cells == 0) {
        return nmf_fail(t->error, NMF_ERROR_FORMAT, "%s: has no values", t->path);
    }
    t->shape.numbered = first.numbered && first.cells > 1;
    t->shape.header =
        first.text || (first.quoted && second.cells > 0 && !second.quoted) || t->shape.numbered;
    if (t->shape.header && second.cells == 0) {
        return nmf_fail(t->error, NMF_ERROR_FORMAT, "%s: has a header but no rows", t->path);
    }
    const glance *row = t->shape.header ? &second : &first;
    t->shape.row_names =
        (t->shape.header && (first.cells + 1 == row->cells || first.first_empty)) ||
        row->first_text || (row->first_quoted && !row->rest_quoted && row->cells > 1);
    t->shape.columns = row->cells - t->shape.row_names;
    return t->shape.columns > 0
               ? NMF_OK
               : nmf_fail(t->error, NMF_ERROR_FORMAT, "%s: has no column of numbers", t->path);
}

static nmf_status keep_name(table *t, names *list, const nmfi_csv_cell *cell)
{
    if (list->count == list->capacity) {
        const int64_t capacity = list->capacity > 0 ? 2 * list->capacity : 64;
        char **grown = realloc(list->list, (size_t)capacity * sizeof *grown);
        if (grown == NULL) {
            return out_of_memory(t);
        }
        list->list = grown;
        list->capacity = capacity;
    }
    char *name = nmfi_csv_string(cell);
    if (name == NULL) {
        return out_of_memory(t);
    }
    list->list[list->count++] = name;
    return NMF_OK;
}

static void free_names(names *list)
{
    for (int64_t i = 0; i < list->count; i++) {
        free(list->list[i]);
    }
    free(list->list);
}

static nmf_status next_cell(table *t, nmfi_csv_cell *cell, int *more)
{
    const nmfi_csv_result result = nmfi_csv_next(&t->scan, cell);
    *more = result == NMFI_CSV_CELL;
    return result == NMFI_CSV_DAMAGED ? fail_quote(t, cell) : NMF_OK;
}

static nmf_status read_header(table *t)
{
    nmfi_csv_cell cell = {NULL, 0, NULL, 0, 0};
    names all = {NULL, 0, 0};
    int more = 1;
    nmf_status status = NMF_OK;
    while (status == NMF_OK && !cell.last) {
        status = next_cell(t, &cell, &more);
        if (status == NMF_OK) {
            status = keep_name(t, &all, &cell);
        }
    }
    const int64_t corner = all.count - t->shape.columns;
    if (status == NMF_OK && corner != 0 && corner != t->shape.row_names) {
        status = nmf_fail(t->error, NMF_ERROR_FORMAT,
                          "%s: the header has %" PRId64 " cells, the first row %" PRId64, t->path,
                          all.count, t->shape.columns + t->shape.row_names);
    }
    if (status != NMF_OK || t->shape.numbered) {
        free_names(&all);
        return status;
    }
    if (corner == 1) { /* what stands above the row names is no feature's name */
        free(all.list[0]);
        memmove(all.list, all.list + 1, (size_t)--all.count * sizeof *all.list);
    }
    t->features = all;
    return NMF_OK;
}

/* Makes room for one more row. */
static nmf_status grow(table *t)
{
    const int64_t columns = t->shape.columns;
    if (t->capacity - t->count >= columns) {
        return NMF_OK;
    }
    int64_t wanted;
    if (__builtin_mul_overflow(t->capacity, 2, &wanted) ||
        __builtin_add_overflow(wanted, 16 * columns, &wanted) ||
        wanted > (int64_t)(PTRDIFF_MAX / sizeof(double))) {
        return out_of_memory(t);
    }
    double *grown = realloc(t->values, (size_t)wanted * sizeof *grown);
    if (grown == NULL) {
        return out_of_memory(t);
    }
    t->values = grown;
    t->capacity = wanted;
    return NMF_OK;
}

static nmf_status read_value(table *t, const nmfi_csv_cell *cell)
{
    double value;
    switch (nmfi_number_parse(cell->text, cell->length, t->decimal, &value)) {
    case NMFI_NUMBER: t->values[t->count++] = value; return NMF_OK;
    case NMFI_NUMBER_OVERFLOW: return fail_at(t, cell, "is beyond the largest number, 1.797e308");
    case NMFI_NUMBER_NONE: break;
    }
    return fail_at(t, cell,
                   cell->length == 0 ? "(an empty cell) is not a number" : "is not a number");
}

static nmf_status fail_ragged(const table *t, const nmfi_csv_cell *cell, int64_t cells)
{
    int64_t line, column;
    nmfi_csv_place(&t->scan, cell->place, &line, &column);
    return nmf_fail(t->error, NMF_ERROR_FORMAT,
                    "%s:%" PRId64 ":%" PRId64 ": this row %s %" PRId64
                    " cells; the rows above have %" PRId64,
                    t->path, line, column, cell->last ? "ends after" : "has more than", cells,
                    t->shape.columns + t->shape.row_names);
}

/* Reads one row; *more = 0 behind the last one. */
static nmf_status read_row(table *t, int *more)
{
    nmfi_csv_cell cell;
    nmf_status status = next_cell(t, &cell, more);
    if (status != NMF_OK || !*more || (status = grow(t)) != NMF_OK) {
        return status;
    }
    int64_t cells = 0;
    const int64_t wanted = t->shape.columns + t->shape.row_names;
    for (;;) {
        status = cells == 0 && t->shape.row_names ? keep_name(t, &t->samples, &cell)
                                                  : read_value(t, &cell);
        cells++;
        if (status != NMF_OK || (cells == wanted && cell.last)) {
            return status;
        }
        if (cells == wanted || cell.last) {
            return fail_ragged(t, &cell, cells);
        }
        int here;
        status = next_cell(t, &cell, &here);
        if (status != NMF_OK) {
            return status;
        }
    }
}

static nmf_status make_matrix(table *t, nmf_matrix **matrix)
{
    const int64_t columns = t->shape.columns;
    double *fitting = realloc(t->values, (size_t)t->count * sizeof *fitting);
    double *values = fitting != NULL ? fitting : t->values;
    t->values = NULL;
    const nmf_dense dense = {values, NMF_F64, t->count / columns, columns, columns, 1};
    nmf_status status = nmf_matrix_adopt(&dense, free, values, matrix, t->error);
    if (status == NMF_OK && t->features.count > 0) {
        status = nmf_matrix_set_names(*matrix, NMF_FEATURE_NAMES,
                                      (const char *const *)t->features.list, t->error);
    }
    if (status == NMF_OK && t->samples.count > 0) {
        status = nmf_matrix_set_names(*matrix, NMF_SAMPLE_NAMES,
                                      (const char *const *)t->samples.list, t->error);
    }
    if (status != NMF_OK) {
        nmf_matrix_free(*matrix);
        *matrix = NULL;
    }
    return status;
}

static nmf_status read_table(table *t, nmf_matrix **matrix)
{
    nmf_status status = decide_layout(t);
    if (status == NMF_OK && t->shape.header) {
        status = read_header(t);
    }
    int more = 1;
    while (status == NMF_OK && more) {
        status = read_row(t, &more);
    }
    return status == NMF_OK ? make_matrix(t, matrix) : status;
}

nmf_status nmfi_csv_matrix(const char *text, size_t length, const char *path, nmf_matrix **matrix,
                           nmf_error *error)
{
    *matrix = NULL;
    if (length >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0)) {
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED, "%s: is UTF-16 text; save it as UTF-8", path);
    }
    nmfi_c_locale locale;
    if (!nmfi_c_locale_enter(&locale)) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    }
    table t = {.scan = nmfi_csv_start(text, length), .path = path, .error = error};
    /* Where cells are divided by semicolons, the comma is free to be the decimal point, and is. */
    t.decimal = t.scan.delimiter == ';' ? ',' : '.';
    const nmf_status status = read_table(&t, matrix);
    free(t.values);
    free_names(&t.features);
    free_names(&t.samples);
    nmfi_c_locale_leave(&locale);
    return status;
}

static nmf_status read_csv(const nmfi_read_request *request, nmf_matrix **matrix, nmf_error *error)
{
    const char *path = request->path;
    *matrix = NULL;
    nmfi_file_view *view;
    nmf_status status = nmfi_file_view_open(path, &view, error);
    if (status == NMF_OK) {
        status = nmfi_csv_matrix((const char *)view->bytes, view->count, path, matrix, error);
        nmfi_file_view_close(view);
    }
    return status;
}

const nmfi_reader nmfi_reader_csv = {".csv", "csv tsv txt tab dat", 0, 0, NULL, read_csv};
