/* A table of delimited text: which record has the names of its columns, which columns have names of
 * samples or numbers, which sign divides cells and which one decimals. Decided from the first
 * records, unless the caller says (nmf_io_read_options). */
#ifndef NMFI_IO_TABLE_H
#define NMFI_IO_TABLE_H

#include "csv.h"

enum { NMFI_COLUMN_NUMBER = 0, NMFI_COLUMN_NAME = 1, NMFI_COLUMN_LEFT_OUT = 2 };

typedef struct nmfi_table {
    const nmfi_read_request *request;
    nmf_error *error;
    nmfi_csv_scan scan; /* at the first record: the header where there is one */
    char decimal;
    int header;
    int corner;                   /* 1: the header has no cell above the first column */
    int numbered;                 /* the header only counts columns from 0, no names */
    int latin1;                   /* a name was no UTF-8 */
    int is_long;                  /* each record is an entry: two names and a value */
    int64_t skip;                 /* records behind the header that are no data (.gct) */
    int64_t columns;              /* cells of a record */
    int64_t numbers;              /* columns of numbers */
    int64_t names;                /* columns of names */
    unsigned char *kind;          /* of each column; free() it */
    const nmfi_whole_text *whole; /* see nmfi_csv_matrix */
    const char *gone;             /* what lies before it was let go */
} nmfi_table;

/* Between two records: those read need not stay in memory. */
static inline void nmfi_table_let_go(nmfi_table *table)
{
    enum { OFTEN = 1 << 20 };
    if (table->whole == NULL || (table->gone != NULL && table->scan.at - table->gone < OFTEN)) {
        return;
    }
    nmfi_whole_text_let_go(table->whole, table->scan.at);
    table->gone = table->scan.at;
}

/* Decides, and tells the caller what was decided where another reader might think otherwise.
 * Errors: FORMAT, ARGUMENT, MEMORY. */
nmf_status nmfi_table_layout(const char *text, size_t length, nmfi_table *table);

/* "path:line:column: 'text' what" as FORMAT. */
nmf_status nmfi_table_fail(const nmfi_table *table, const nmfi_csv_cell *cell, const char *what);
nmf_status nmfi_table_fail_quote(const nmfi_table *table, const nmfi_csv_cell *cell);

/* Reads the records of a long table, whose layout is known, into a sparse matrix. long_table.c */
nmf_status nmfi_table_read_long(nmfi_table *table, nmf_matrix **matrix);

#endif
