/* Delimited text (RFC 4180 and what spreadsheets, R and NumPy make of it), cell by cell. */
#ifndef NMFI_IO_CSV_H
#define NMFI_IO_CSV_H

#include <nmfkit/matrix.h>

/* A position in the text. delimiter ' ' stands for any run of spaces and tabs. */
typedef struct nmfi_csv_scan {
    const char *begin, *at, *end;
    char delimiter; /* '\n': every record is one cell */
    int inside;     /* in the middle of a record */
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

/* Skips a byte-order mark and leading comment lines ("# ", as numpy.savetxt writes them), and finds
 * the delimiter: the first of tab ; , space that divides the first two records alike, or one cell
 * more in the second (R leaves the header's corner out). */
nmfi_csv_scan nmfi_csv_start(const char *text, size_t length);

/* The next cell. Blank lines are skipped. */
nmfi_csv_result nmfi_csv_next(nmfi_csv_scan *scan, nmfi_csv_cell *cell);

/* Line and column (in characters), both from 1, of a place in the text. */
void nmfi_csv_place(const nmfi_csv_scan *scan, const char *place, int64_t *line, int64_t *column);

/* A copy of the cell's text as a string, doubled quotes undone; NULL when memory is out. */
char *nmfi_csv_string(const nmfi_csv_cell *cell);

/* The matrix in a whole file's text. Errors: FORMAT as path:line:column, UNSUPPORTED, MEMORY. */
nmf_status nmfi_csv_matrix(const char *text, size_t length, const char *path, nmf_matrix **matrix,
                           nmf_error *error);

#endif
