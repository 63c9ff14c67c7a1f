/* Delimited text (RFC 4180 and what spreadsheets, R and NumPy make of it), cell by cell. */
#ifndef NMFI_IO_CSV_H
#define NMFI_IO_CSV_H

#include "io/files/reader.h"
#include "io/files/whole_text.h"

/* A position in the text. delimiter ' ' stands for any run of spaces and tabs. */
typedef struct nmfi_csv_scan {
    const char *begin, *at, *end;
    const char *comment; /* lines that begin so are passed over; NULL: none */
    char delimiter;      /* '\n': every record is one cell */
    int inside;          /* in the middle of a record */
} nmfi_csv_scan;

typedef struct nmfi_csv_cell {
    const char *text; /* without its quotes, "" still doubled; unquoted: no spaces around it */
    size_t length;
    const char *place; /* where it begins in the text, for messages */
    int quoted;
    int last; /* of its record */
} nmfi_csv_cell;

typedef enum nmfi_csv_result {
    NMFI_CSV_CELL = 0,
    NMFI_CSV_END = 1,     /* no further record */
    NMFI_CSV_DAMAGED = 2, /* a quoted cell does not end, or goes on after its closing quote */
} nmfi_csv_result;

/* The next cell. Blank lines are skipped. */
nmfi_csv_result nmfi_csv_next(nmfi_csv_scan *scan, nmfi_csv_cell *cell);

/* Behind the record that begins at scan->at. Returns its number of cells, 0 at the end of the text,
 * -1 where it is damaged. */
int64_t nmfi_csv_skip_record(nmfi_csv_scan *scan);

/* Line and column (in characters), both from 1, of a place in the text. */
void nmfi_csv_place(const nmfi_csv_scan *scan, const char *place, int64_t *line, int64_t *column);

/* A copy of the cell's text as UTF-8, doubled quotes undone; NULL when memory is out. *latin1
 * becomes 1 where it was none. */
char *nmfi_csv_string(const nmfi_csv_cell *cell, int *latin1);

/* The matrix in a whole file's text. request->path is for messages. `whole`: the text as it lies in memory, of which
 * what was read may go; NULL: it stays. Errors: FORMAT as
 * path:line:column, ARGUMENT (options that do not fit the table), UNSUPPORTED, MEMORY, FILE (of a scratch file). */
nmf_status nmfi_csv_matrix(const char *text, size_t length, const nmfi_read_request *request,
                           const nmfi_whole_text *whole, nmf_matrix **matrix, nmf_error *error);

#endif
