/* What the cells and columns of a table's sample are, and its decimal sign: see table_look.h. */
#include "table_look.h"

#include "io/files/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const nmfi_csv_cell *nmfi_look_cell(const nmfi_look *l, int64_t record, int64_t column)
{
    return nmfi_table_sample_cell(&l->sample, record, column);
}

nmfi_cell_kind nmfi_look_kind(const nmfi_look *l, int64_t record, int64_t column)
{
    const nmfi_csv_cell *cell = nmfi_look_cell(l, record, column);
    return cell != NULL ? nmfi_cell_kind_of(cell, l->table->decimal) : NMFI_CELL_MISSING;
}

double nmfi_look_value(const nmfi_look *l, int64_t record, int64_t column)
{
    const nmfi_csv_cell *cell = nmfi_look_cell(l, record, column);
    double value = NAN;
    if (cell != NULL &&
        nmfi_number_parse(cell->text, cell->length, l->table->decimal, &value) != NMFI_NUMBER) {
        value = NAN;
    }
    return value;
}

static int same_text(const nmfi_csv_cell *a, const nmfi_csv_cell *b)
{
    return a != NULL && b != NULL && a->length == b->length &&
           memcmp(a->text, b->text, a->length) == 0;
}

/* 1 if records i and j have the same texts in the columns from `first` to before `end`. */
static int same_names(const nmfi_look *l, int64_t i, int64_t j, int64_t first, int64_t end)
{
    for (int64_t column = first; column < end; column++) {
        if (!same_text(nmfi_look_cell(l, i, column), nmfi_look_cell(l, j, column))) {
            return 0;
        }
    }
    return 1;
}

int nmfi_look_distinct(const nmfi_look *l, int64_t first, int64_t end)
{
    for (int64_t i = l->data; i < l->sample.records; i++) {
        for (int64_t j = l->data; j < i; j++) {
            if (same_names(l, i, j, first, end)) {
                return 0;
            }
        }
    }
    return 1;
}

void nmfi_look_at_columns(nmfi_look *l)
{
    for (int64_t c = 0; c < l->sample.columns; c++) {
        nmfi_column_look *look = &l->column[c];
        *look = (nmfi_column_look){.quoted = 1, .integral = 1};
        for (int64_t i = l->data; i < l->sample.records; i++) {
            const nmfi_csv_cell *cell = nmfi_look_cell(l, i, c);
            const nmfi_cell_kind kind = nmfi_look_kind(l, i, c);
            look->numbers += kind == NMFI_CELL_NUMBER;
            look->texts += kind == NMFI_CELL_TEXT;
            look->missing += kind == NMFI_CELL_MISSING;
            look->quoted = look->quoted && cell != NULL && cell->quoted;
            if (kind == NMFI_CELL_NUMBER) {
                const double value = nmfi_look_value(l, i, c);
                look->integral = look->integral && value == floor(value);
            }
        }
        look->distinct = c < 4 && nmfi_look_distinct(l, c, c + 1); /* only leading ones are asked */
    }
}

int nmfi_look_is_text(const nmfi_column_look *look)
{
    return look->texts > 0 && look->numbers == 0;
}

/* Of names some may look like numbers; of numbers, none like names. */
int nmfi_look_could_be_names(const nmfi_column_look *look)
{
    return look->texts > look->numbers;
}

/* "1,234": a number with a decimal comma, or one of four digits with a comma between. */
static int could_be_thousands(const nmfi_csv_cell *cell)
{
    size_t digits = 0, groups = 0;
    for (size_t i = 0; i < cell->length; i++) {
        const char c = cell->text[i];
        if (c == ',') {
            if (digits == 0 || digits > 3 || (groups > 0 && digits != 3)) {
                return 0;
            }
            groups++;
            digits = 0;
        } else if (c >= '0' && c <= '9') {
            digits++;
        } else {
            return 0;
        }
    }
    return groups > 0 && digits == 3 && cell->text[0] != '0';
}

/* Where cells are divided by something else the comma is free to be the decimal sign, and is where
 * cells are numbers only with it. */
nmf_status nmfi_look_find_decimal(nmfi_look *l)
{
    nmfi_table *t = l->table;
    const char *wanted = l->options->decimal;
    t->decimal = '.';
    if (wanted != NULL) {
        if (strcmp(wanted, ".") != 0 && strcmp(wanted, ",") != 0) {
            return nmf_fail(t->error, NMF_ERROR_ARGUMENT, "'%s' is no decimal sign: '.' or ',' is",
                            wanted);
        }
        t->decimal = wanted[0];
        return NMF_OK;
    }
    if (t->scan.delimiter == ',') {
        return NMF_OK;
    }
    int64_t commas = 0, thousands = 0, points = 0;
    const nmfi_csv_cell *doubtful = NULL;
    for (int64_t i = 0; i < l->sample.first[l->sample.records]; i++) {
        const nmfi_csv_cell *cell = &l->sample.cells[i];
        const int needs_comma = nmfi_cell_kind_of(cell, '.') == NMFI_CELL_TEXT &&
                                nmfi_cell_kind_of(cell, ',') == NMFI_CELL_NUMBER;
        commas += needs_comma;
        points += memchr(cell->text, '.', cell->length) != NULL &&
                  nmfi_cell_kind_of(cell, '.') == NMFI_CELL_NUMBER;
        if (needs_comma && could_be_thousands(cell)) {
            thousands++;
            doubtful = cell;
        }
    }
    if (commas == 0 || points > 0) {
        return NMF_OK;
    }
    if (thousands == commas && t->scan.delimiter != ';') {
        return nmfi_table_fail(t, doubtful,
                               "may be a decimal number or one in thousands: --decimal , says the "
                               "first; take the commas out where it is the second");
    }
    t->decimal = ',';
    return NMF_OK;
}

const nmfi_csv_cell *nmfi_look_heading(const nmfi_look *l, int64_t column)
{
    return l->table->header ? nmfi_look_cell(l, 0, column - l->table->corner) : NULL;
}
