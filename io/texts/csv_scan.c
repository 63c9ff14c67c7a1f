/* Divides delimited text into records and cells: see csv.h. */
#include "csv.h"

#include <stdlib.h>
#include <string.h>

static int is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

static int is_space(const nmfi_csv_scan *scan, char c)
{
    return c == ' ' || (c == '\t' && scan->delimiter != '\t');
}

static const char *skip_spaces(const nmfi_csv_scan *scan, const char *at)
{
    while (at < scan->end && is_space(scan, *at)) {
        at++;
    }
    return at;
}

/* To the next record's first character, over blank lines; 0 at the end of the text. */
static int begin_record(nmfi_csv_scan *scan)
{
    for (;;) {
        const char *at = skip_spaces(scan, scan->at);
        if (at == scan->end) {
            scan->at = at;
            return 0;
        }
        if (!is_line_end(*at)) {
            scan->inside = 1;
            return 1;
        }
        scan->at = at + 1;
    }
}

/* Takes what ends a cell: a delimiter, or the end of the line or of the text (last = 1). */
static int take_cell_end(nmfi_csv_scan *scan, const char *at, nmfi_csv_cell *cell)
{
    at = skip_spaces(scan, at);
    cell->last = at == scan->end || is_line_end(*at);
    if (cell->last) {
        scan->at = at < scan->end ? at + 1 : at;
        scan->inside = 0;
        return 1;
    }
    if (scan->delimiter == ' ') {
        scan->at = at;
        return 1;
    }
    scan->at = at + 1;
    return *at == scan->delimiter;
}

static nmfi_csv_result take_quoted(nmfi_csv_scan *scan, nmfi_csv_cell *cell)
{
    const char *at = cell->place + 1;
    cell->text = at;
    cell->quoted = 1;
    for (;;) {
        at = memchr(at, '"', (size_t)(scan->end - at));
        if (at == NULL) {
            cell->length = (size_t)(scan->end - cell->text);
            return NMFI_CSV_DAMAGED;
        }
        if (at + 1 == scan->end || at[1] != '"') {
            break;
        }
        at += 2;
    }
    cell->length = (size_t)(at - cell->text);
    return take_cell_end(scan, at + 1, cell) ? NMFI_CSV_CELL : NMFI_CSV_DAMAGED;
}

nmfi_csv_result nmfi_csv_next(nmfi_csv_scan *scan, nmfi_csv_cell *cell)
{
    if (!scan->inside && !begin_record(scan)) {
        return NMFI_CSV_END;
    }
    const char *at = skip_spaces(scan, scan->at);
    cell->place = at;
    if (at < scan->end && *at == '"') {
        return take_quoted(scan, cell);
    }
    const char delimiter = scan->delimiter;
    while (at < scan->end && !is_line_end(*at) && *at != delimiter &&
           !(delimiter == ' ' && *at == '\t')) {
        at++;
    }
    cell->text = cell->place;
    cell->quoted = 0;
    cell->length = (size_t)(at - cell->place);
    while (cell->length > 0 && is_space(scan, cell->text[cell->length - 1])) {
        cell->length--;
    }
    (void)take_cell_end(scan, at, cell);
    return NMFI_CSV_CELL;
}

/* Cells in the record that begins at scan->at, which moves behind it. */
static int64_t count_cells(nmfi_csv_scan *scan)
{
    nmfi_csv_cell cell = {NULL, 0, NULL, 0, 0};
    int64_t count = 0;
    while (!cell.last && nmfi_csv_next(scan, &cell) == NMFI_CSV_CELL) {
        count++;
    }
    return count;
}

static char find_delimiter(const nmfi_csv_scan *start)
{
    static const char candidates[] = {'\t', ';', ',', ' '};
    char fallback = '\n';
    for (size_t i = 0; i < sizeof candidates; i++) {
        nmfi_csv_scan scan = *start;
        scan.delimiter = candidates[i];
        const int64_t first = count_cells(&scan);
        const int64_t second = count_cells(&scan);
        if (second > 1 ? second == first || second == first + 1 : first > 1 && second == 0) {
            return candidates[i];
        }
        if (fallback == '\n' && first > 1) {
            fallback = candidates[i];
        }
    }
    return fallback;
}

nmfi_csv_scan nmfi_csv_start(const char *text, size_t length)
{
    nmfi_csv_scan scan = {text, text, text + length, '\n', 0};
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        scan.begin += 3;
    }
    scan.at = scan.begin;
    while (scan.end - scan.at >= 2 && scan.at[0] == '#' && scan.at[1] == ' ') {
        while (scan.at < scan.end && !is_line_end(*scan.at)) {
            scan.at++;
        }
        while (scan.at < scan.end && is_line_end(*scan.at)) {
            scan.at++;
        }
    }
    scan.delimiter = find_delimiter(&scan);
    return scan;
}

void nmfi_csv_place(const nmfi_csv_scan *scan, const char *place, int64_t *line, int64_t *column)
{
    *line = 1;
    *column = 1;
    for (const char *at = scan->begin; at < place; at++) {
        const int return_before_newline = *at == '\r' && at + 1 < scan->end && at[1] == '\n';
        if (is_line_end(*at) && !return_before_newline) {
            ++*line;
            *column = 1;
        } else if (((unsigned char)*at & 0xC0) != 0x80) { /* not the inside of a UTF-8 character */
            ++*column;
        }
    }
}

char *nmfi_csv_string(const nmfi_csv_cell *cell)
{
    char *text = malloc(cell->length + 1);
    if (text == NULL) {
        return NULL;
    }
    size_t length = 0;
    for (size_t i = 0; i < cell->length; i++) {
        text[length++] = cell->text[i];
        if (cell->quoted && cell->text[i] == '"') {
            i++; /* inside quotes they come in pairs */
        }
    }
    text[length] = '\0';
    return text;
}
