/* Divides delimited text into records and cells: see csv.h. */
#include "csv.h"

#include "io/files/utf8.h"

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

static int begins_comment(const nmfi_csv_scan *scan)
{
    const size_t length = scan->comment != NULL ? strlen(scan->comment) : 0;
    return length > 0 && (size_t)(scan->end - scan->at) >= length &&
           memcmp(scan->at, scan->comment, length) == 0;
}

static const char *line_end(const nmfi_csv_scan *scan)
{
    const char *at = scan->at;
    while (at < scan->end && !is_line_end(*at)) {
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
        if (begins_comment(scan)) {
            scan->at = line_end(scan);
            continue;
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

int64_t nmfi_csv_skip_record(nmfi_csv_scan *scan)
{
    nmfi_csv_cell cell = {NULL, 0, NULL, 0, 0};
    int64_t count = 0;
    while (!cell.last) {
        const nmfi_csv_result result = nmfi_csv_next(scan, &cell);
        if (result != NMFI_CSV_CELL) {
            return result == NMFI_CSV_END ? count : -1;
        }
        count++;
    }
    return count;
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

char *nmfi_csv_string(const nmfi_csv_cell *cell, int *latin1)
{
    char *text = malloc(cell->length + 1);
    if (text == NULL) {
        return NULL;
    }
    size_t length = 0;
    for (size_t i = 0; i < cell->length; i++) {
        text[length++] = cell->text[i] != '\0' ? cell->text[i] : '?';
        if (cell->quoted && cell->text[i] == '"') {
            i++; /* inside quotes they come in pairs */
        }
    }
    text[length] = '\0';
    if (nmfi_is_utf8(text, length)) {
        return text;
    }
    char *recoded = malloc(NMFI_UTF8_GROWTH * length + 1);
    if (recoded != NULL) {
        recoded[nmfi_utf8_from_latin1(text, length, recoded)] = '\0';
        *latin1 = 1;
    }
    free(text);
    return recoded;
}
