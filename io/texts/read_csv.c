/* Reads .csv, .tsv and other delimited text, plain or gzipped: f64 numbers, with the header and the
 * names that table_layout.c finds. After that every cell of a column of numbers must be one: an
 * empty one, a word, or a row of another length is an error. */
#include "csv.h"
#include "readers.h"
#include "table.h"

#include "io/arrays/disk_array.h"
#include "io/files/file_view.h"
#include "io/files/number.h"
#include "io/files/on_disk.h"
#include "io/files/spill.h"
#include "io/files/utf8.h"
#include "io/files/whole_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct names {
    char **list;
    int64_t count, capacity;
} names;

typedef struct rows {
    nmfi_table *table;
    double *values;
    int64_t count, capacity;
    nmfi_spill *apart; /* what memory has no room for; NULL: nothing */
    int asks;          /* what lies there could be entries (are_whole) */
    names features, samples;
} rows;

static nmf_status out_of_memory(const rows *r)
{
    return nmf_fail(r->table->error, NMF_ERROR_MEMORY, "%s: out of memory after %" PRId64 " values",
                    r->table->request->path, r->count);
}

/* Takes `name`, which is new, over. */
static nmf_status keep_name(rows *r, names *list, char *name)
{
    if (name != NULL && list->count == list->capacity) {
        const int64_t capacity = list->capacity > 0 ? 2 * list->capacity : 64;
        char **grown = realloc(list->list, (size_t)capacity * sizeof *grown);
        if (grown == NULL) {
            free(name);
            return out_of_memory(r);
        }
        list->list = grown;
        list->capacity = capacity;
    }
    if (name == NULL) {
        return out_of_memory(r);
    }
    list->list[list->count++] = name;
    return NMF_OK;
}

static nmf_status keep_cell(rows *r, names *list, const nmfi_csv_cell *cell)
{
    return keep_name(r, list, nmfi_csv_string(cell, &r->table->latin1));
}

/* Several columns of names: their texts with a blank between. */
static nmf_status join_to_last(rows *r, names *list, const nmfi_csv_cell *cell)
{
    char *more = nmfi_csv_string(cell, &r->table->latin1);
    char *const last = list->list[list->count - 1];
    const size_t length = strlen(last);
    char *joined = more != NULL ? realloc(last, length + strlen(more) + 2) : NULL;
    if (joined != NULL) {
        joined[length] = ' ';
        strcpy(joined + length + 1, more);
        list->list[list->count - 1] = joined;
    }
    free(more);
    return joined != NULL ? NMF_OK : out_of_memory(r);
}

static void free_names(names *list)
{
    for (int64_t i = 0; i < list->count; i++) {
        free(list->list[i]);
    }
    free(list->list);
}

static nmf_status next_cell(rows *r, nmfi_csv_cell *cell, int *more)
{
    const nmfi_csv_result result = nmfi_csv_next(&r->table->scan, cell);
    *more = result == NMFI_CSV_CELL;
    return result == NMFI_CSV_DAMAGED ? nmfi_table_fail_quote(r->table, cell) : NMF_OK;
}

static nmf_status read_header(rows *r)
{
    nmfi_table *t = r->table;
    nmfi_csv_cell cell = {NULL, 0, NULL, 0, 0};
    int64_t column = t->corner;
    int more = 1;
    nmf_status status = NMF_OK;
    while (status == NMF_OK && !cell.last) {
        status = next_cell(r, &cell, &more);
        if (status == NMF_OK && !t->numbered && column < t->columns &&
            t->kind[column] == NMFI_COLUMN_NUMBER) {
            status = keep_cell(r, &r->features, &cell);
        }
        column++;
    }
    if (status == NMF_OK && column != t->columns) {
        status = nmf_fail(t->error, NMF_ERROR_FORMAT,
                          "%s: the header has %" PRId64 " cells, most rows have %" PRId64,
                          t->request->path, column - t->corner, t->columns);
    }
    for (int64_t i = 0; status == NMF_OK && i < t->skip; i++) {
        if (nmfi_csv_skip_record(&t->scan) < 0) {
            status = nmf_fail(t->error, NMF_ERROR_FORMAT, "%s: record %" PRId64 " is damaged",
                              t->request->path, i + 2);
        }
    }
    return status;
}

static int is_whole(double value, double least, double most)
{
    return value >= least && value <= most && value == (double)(int64_t)value;
}

/* The first two of three columns could be numbers of samples and features; or of four, of which the last has times
 * in seconds, as lists of ratings have. */
static int are_whole(const rows *r)
{
    static const double first_second = 1e8,
                        last_second = 1e14; /* 1973; and of thousandths of seconds */
    const int64_t columns = r->table->numbers;
    int whole = columns == 3 || columns == 4;
    for (int64_t i = 0; i < r->count && whole; i += columns) {
        const double *row = r->values + i;
        whole = is_whole(row[0], 0.0, 0x1p31) && is_whole(row[1], 0.0, 0x1p31) &&
                (columns == 3 || is_whole(row[3], first_second, last_second));
    }
    return whole;
}

/* Puts what is in memory behind what is in the scratch file. */
static nmf_status set_apart(rows *r)
{
    nmf_status status = NMF_OK;
    r->asks = (r->apart == NULL || r->asks) && are_whole(r);
    if (r->apart == NULL) {
        status = nmfi_spill_open(r->table->request->path, &r->apart, r->table->error);
    }
    if (status == NMF_OK) {
        status = nmfi_spill_add(r->apart, r->values, (size_t)r->count * sizeof *r->values,
                                r->table->error);
    }
    r->count = 0;
    return status;
}

/* The most values in memory, beside those of one row. */
static int64_t most_values(const rows *r)
{
    const uint64_t most = nmfi_bytes_in_memory(r->table->request) / sizeof *r->values;
    const uint64_t possible = PTRDIFF_MAX / sizeof *r->values;
    return (int64_t)(most < possible ? most : possible);
}

/* Makes room for one more row. */
static nmf_status grow(rows *r)
{
    const int64_t columns = r->table->numbers, most = most_values(r);
    if (r->capacity - r->count >= columns) {
        return NMF_OK;
    }
    if (r->count >= columns && r->count > most - columns) {
        return set_apart(r);
    }
    int64_t wanted;
    if (__builtin_mul_overflow(r->capacity, 2, &wanted) ||
        __builtin_add_overflow(wanted, 16 * columns, &wanted) ||
        wanted > (int64_t)(PTRDIFF_MAX / sizeof(double))) {
        return out_of_memory(r);
    }
    if (wanted > most && most >= r->count + columns) {
        wanted = most;
    }
    double *grown = realloc(r->values, (size_t)wanted * sizeof *grown);
    if (grown == NULL) {
        return out_of_memory(r);
    }
    r->values = grown;
    r->capacity = wanted;
    return NMF_OK;
}

static nmf_status read_value(rows *r, const nmfi_csv_cell *cell)
{
    double value;
    switch (nmfi_number_parse(cell->text, cell->length, r->table->decimal, &value)) {
    case NMFI_NUMBER: r->values[r->count++] = value; return NMF_OK;
    case NMFI_NUMBER_OVERFLOW:
        return nmfi_table_fail(r->table, cell, "is beyond the largest number, 1.797e308");
    case NMFI_NUMBER_NONE: break;
    }
    return nmfi_table_fail(
        r->table, cell, cell->length == 0 ? "(an empty cell) is not a number" : "is not a number");
}

static nmf_status fail_ragged(const rows *r, const nmfi_csv_cell *cell, int64_t cells)
{
    const nmfi_table *t = r->table;
    int64_t line, column;
    nmfi_csv_place(&t->scan, cell->place, &line, &column);
    return nmf_fail(t->error, NMF_ERROR_FORMAT,
                    "%s:%" PRId64 ":%" PRId64 ": this row %s %" PRId64
                    " cells; most rows have %" PRId64,
                    t->request->path, line, column, cell->last ? "ends after" : "has more than",
                    cells, t->columns);
}

static nmf_status take_cell(rows *r, const nmfi_csv_cell *cell, int64_t column, int *named)
{
    switch (r->table->kind[column]) {
    case NMFI_COLUMN_LEFT_OUT: return NMF_OK;
    case NMFI_COLUMN_NUMBER: return read_value(r, cell);
    default: break;
    }
    return (*named)++ == 0 ? keep_cell(r, &r->samples, cell) : join_to_last(r, &r->samples, cell);
}

/* Reads one row; *more = 0 behind the last one. */
static nmf_status read_row(rows *r, int *more)
{
    nmfi_csv_cell cell;
    nmf_status status = next_cell(r, &cell, more);
    if (status != NMF_OK || !*more || (status = grow(r)) != NMF_OK) {
        return status;
    }
    int64_t cells = 0;
    const int64_t wanted = r->table->columns;
    int named = 0;
    for (;;) {
        status = take_cell(r, &cell, cells, &named);
        cells++;
        if (status != NMF_OK || (cells == wanted && cell.last)) {
            return status;
        }
        if (cells == wanted || cell.last) {
            return fail_ragged(r, &cell, cells);
        }
        int here;
        status = next_cell(r, &cell, &here);
        if (status != NMF_OK) {
            return status;
        }
    }
}

static nmf_status make_matrix_apart(rows *r, nmf_matrix **matrix)
{
    const nmfi_read_request *request = r->table->request;
    const int64_t columns = r->table->numbers;
    nmfi_disk_file *file;
    nmf_status status = set_apart(r);
    if (status != NMF_OK) {
        return status;
    }
    const uint64_t bytes = nmfi_spill_bytes(r->apart);
    const nmfi_raw_array raw = {.kind = 'f',
                                .item_bytes = sizeof(double),
                                .big_endian = NMFI_HOST_BIG_ENDIAN,
                                .rows = (int64_t)(bytes / sizeof(double)) / columns,
                                .height = 1,
                                .width = columns,
                                .row_stride = columns,
                                .height_stride = columns,
                                .width_stride = 1};
    nmfi_say_set_aside(request, bytes);
    status = nmfi_spill_file(r->apart, request->options->watch, request->options->watch_context,
                             &file, r->table->error);
    r->apart = NULL;
    return status == NMF_OK ? nmfi_disk_array_matrix(file, 0, &raw, matrix, r->table->error)
                            : status;
}

static nmf_status make_matrix_there(rows *r, nmf_matrix **matrix)
{
    const int64_t columns = r->table->numbers;
    double *fitting = realloc(r->values, (size_t)r->count * sizeof *fitting);
    double *values = fitting != NULL ? fitting : r->values;
    r->values = NULL;
    const nmf_dense dense = {values, NMF_F64, r->count / columns, columns, columns, 1};
    return nmf_matrix_adopt(&dense, free, values, matrix, r->table->error);
}

static nmf_status make_matrix(rows *r, nmf_matrix **matrix)
{
    nmf_error *error = r->table->error;
    nmf_status status = (r->apart != NULL ? make_matrix_apart : make_matrix_there)(r, matrix);
    if (status == NMF_OK && r->features.count > 0) {
        status = nmf_matrix_set_names(*matrix, NMF_FEATURE_NAMES,
                                      (const char *const *)r->features.list, error);
    }
    if (status == NMF_OK && r->samples.count > 0) {
        status = nmf_matrix_set_names(*matrix, NMF_SAMPLE_NAMES,
                                      (const char *const *)r->samples.list, error);
    }
    if (status != NMF_OK) {
        nmf_matrix_free(*matrix);
        *matrix = NULL;
    }
    return status;
}

/* --- three or four columns of numbers: a table, or one entry a line? ------------------------- */

typedef struct pair {
    double row, column;
} pair;

static int compare_pairs(const void *a, const void *b)
{
    const pair *x = a, *y = b;
    return x->row != y->row         ? (x->row > y->row) - (x->row < y->row)
           : x->column != y->column ? (x->column > y->column) - (x->column < y->column)
                                    : 0;
}

static int compare_columns(const void *a, const void *b)
{
    const pair *x = a, *y = b;
    return (x->column > y->column) - (x->column < y->column);
}

/* 1 if the first two columns, whole numbers, could be numbers of rows and columns: no pair twice, but numbers come
 * again in both. */
static int could_be_entries(const rows *r)
{
    const int64_t columns = r->table->numbers, count = r->count / columns;
    pair *pairs = malloc((size_t)count * sizeof *pairs);
    int64_t row_count = 1, column_count = 1;
    int possible = pairs != NULL && count > 3 && are_whole(r);
    for (int64_t i = 0; i < count && possible; i++) {
        pairs[i] = (pair){r->values[columns * i], r->values[columns * i + 1]};
    }
    if (possible) {
        qsort(pairs, (size_t)count, sizeof *pairs, compare_pairs);
        for (int64_t i = 1; i < count && possible; i++) {
            possible = compare_pairs(&pairs[i - 1], &pairs[i]) != 0;
            row_count += pairs[i].row != pairs[i - 1].row;
        }
        qsort(pairs, (size_t)count, sizeof *pairs, compare_columns);
        for (int64_t i = 1; i < count; i++) {
            column_count += pairs[i].column != pairs[i - 1].column;
        }
        possible = possible && row_count > 1 && row_count < count && column_count > 1 &&
                   column_count < count;
    }
    free(pairs);
    return possible;
}

static nmf_status ask_about_entries(const rows *r)
{
    const nmfi_table *t = r->table;
    if ((t->columns != 3 && t->columns != 4) || t->numbers != t->columns ||
        t->request->options->index != NULL ||
        !(r->apart != NULL ? r->asks && are_whole(r) : could_be_entries(r))) {
        return NMF_OK;
    }
    if (t->columns == 4) {
        return nmf_fail(
            t->error, NMF_ERROR_ARGUMENT,
            "%s: its four columns of numbers may be four features, or one entry a line "
            "with its time (sample, feature, value, time): --index none says the first; "
            "for the second cut the last column off, and say --long",
            t->request->path);
    }
    return nmf_fail(t->error, NMF_ERROR_ARGUMENT,
                    "%s: its three columns of numbers may be three features, or one entry a line "
                    "(sample, feature, value): --index none says the first, --long the second",
                    t->request->path);
}

/* --------------------------------------------------------------------------------------------- */

static nmf_status read_rows(rows *r, nmf_matrix **matrix)
{
    nmf_status status = r->table->header ? read_header(r) : NMF_OK;
    int more = 1;
    while (status == NMF_OK && more) {
        nmfi_table_let_go(r->table);
        status = read_row(r, &more);
    }
    if (status == NMF_OK && r->count == 0 && r->apart == NULL) {
        status = nmf_fail(r->table->error, NMF_ERROR_FORMAT, "%s: has a header but no rows",
                          r->table->request->path);
    }
    if (status == NMF_OK) {
        status = ask_about_entries(r);
    }
    return status == NMF_OK ? make_matrix(r, matrix) : status;
}

static nmf_status read_table(nmfi_table *t, nmf_matrix **matrix)
{
    rows r = {.table = t};
    const nmf_status status = t->is_long ? nmfi_table_read_long(t, matrix) : read_rows(&r, matrix);
    free(r.values);
    nmfi_spill_close(r.apart);
    free_names(&r.features);
    free_names(&r.samples);
    if (status == NMF_OK && t->latin1) {
        nmfi_note(t->request, "%s: is not UTF-8; its letters are taken as Latin-1 (Windows-1252)",
                  t->request->path);
    }
    return status;
}

nmf_status nmfi_csv_matrix(const char *text, size_t length, const nmfi_read_request *request,
                           const nmfi_whole_text *whole, nmf_matrix **matrix, nmf_error *error)
{
    nmfi_table t = {.request = request, .error = error, .whole = whole};
    nmfi_c_locale locale;
    *matrix = NULL;
    if (!nmfi_c_locale_enter(&locale)) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    }
    const size_t mark = nmfi_utf8_mark(text, length);
    nmf_status status = nmfi_table_layout(text + mark, length - mark, &t);
    if (status == NMF_OK) {
        status = read_table(&t, matrix);
    }
    free(t.kind);
    nmfi_c_locale_leave(&locale);
    return status;
}

/* Of a text beside what is made of it. */
static uint64_t most_text(const nmfi_read_request *request)
{
    const uint64_t most = nmfi_bytes_in_memory(request), quarter = nmfi_machine_memory() / 4;
    return most / 2 < quarter ? most / 2 : quarter;
}

static nmf_status read_csv(const nmfi_read_request *request, nmf_matrix **matrix, nmf_error *error)
{
    nmfi_whole_text text;
    *matrix = NULL;
    nmf_status status = nmfi_whole_text_open(request->path, most_text(request), &text, error);
    if (status == NMF_OK) {
        status = nmfi_csv_matrix(text.bytes, text.count, request, &text, matrix, error);
        nmfi_whole_text_close(&text);
    }
    return status;
}

const nmfi_reader nmfi_reader_csv = {".csv", "csv tsv txt tab dat gct", 1, 0, NULL, read_csv};
