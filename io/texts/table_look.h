/* What decides how a table is laid out (table_layout.c): a sample of it, looked at. */
#ifndef NMFI_IO_TABLE_LOOK_H
#define NMFI_IO_TABLE_LOOK_H

#include "table.h"
#include "table_sample.h"

/* What a column's cells are, the header's aside. */
typedef struct nmfi_column_look {
    int64_t numbers, texts, missing;
    int quoted;   /* all of them */
    int distinct; /* no two alike */
    int integral; /* whole numbers, all of them */
} nmfi_column_look;

typedef struct nmfi_look {
    nmfi_table *table;
    const nmf_io_read_options *options;
    nmfi_table_sample sample;
    nmfi_column_look *column;
    int64_t data; /* the first record that is no header */
} nmfi_look;

/* table_look.c. A cell of the sample, NULL where its record is shorter; what it is; its number, or NaN. */
const nmfi_csv_cell *nmfi_look_cell(const nmfi_look *l, int64_t record, int64_t column);
nmfi_cell_kind nmfi_look_kind(const nmfi_look *l, int64_t record, int64_t column);
double nmfi_look_value(const nmfi_look *l, int64_t record, int64_t column);
/* What the header says of a column; NULL without one. */
const nmfi_csv_cell *nmfi_look_heading(const nmfi_look *l, int64_t column);
/* No two records have the same texts in the columns from `first` to before `end`. */
int nmfi_look_distinct(const nmfi_look *l, int64_t first, int64_t end);
void nmfi_look_at_columns(nmfi_look *l);
int nmfi_look_is_text(const nmfi_column_look *look);
int nmfi_look_could_be_names(const nmfi_column_look *look);
/* The option, or the comma where cells are no numbers without it. Errors: ARGUMENT, FORMAT (a number that
 * may be either). */
nmf_status nmfi_look_find_decimal(nmfi_look *l);

/* table_header.c. Whether the first record has names; the columns are looked at from record 1 on. */
int nmfi_look_find_header(nmfi_look *l);
/* 1 for what people write above a column of names. */
int nmfi_look_names_an_index(const nmfi_csv_cell *cell);

/* table_columns.c. Which columns are names: those of the option, or as they look; then which are left out,
 * which is said. Errors: ARGUMENT, FORMAT. */
nmf_status nmfi_look_take_index(nmfi_look *l, const char *wanted);
void nmfi_look_find_names(nmfi_look *l);
nmf_status nmfi_look_refuse_other_numbers(const nmfi_look *l);
void nmfi_look_leave_out(nmfi_look *l);

#endif
