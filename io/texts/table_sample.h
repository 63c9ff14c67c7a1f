/* The first records of a table, cell by cell, from which its layout is decided. */
#ifndef NMFI_IO_TABLE_SAMPLE_H
#define NMFI_IO_TABLE_SAMPLE_H

#include "csv.h"

typedef enum nmfi_cell_kind {
    NMFI_CELL_MISSING = 0, /* empty, NA and the like */
    NMFI_CELL_NUMBER = 1,
    NMFI_CELL_TEXT = 2
} nmfi_cell_kind;

typedef struct nmfi_table_sample {
    nmfi_csv_cell *cells; /* record after record */
    int64_t *first;       /* where record i begins; records + 1 of them */
    int64_t records;
    int64_t columns; /* of most records but the first one */
    int damaged;     /* the record behind the last one: `wrong` is its cell */
    nmfi_csv_cell wrong;
} nmfi_table_sample;

/* Up to 200 records from scan->at on, fewer where they are very wide, three at least. Returns 0 when
 * memory is out. A damaged record ends the sample: who reads the table names it. */
int nmfi_table_sample_take(const nmfi_csv_scan *scan, nmfi_table_sample *sample);
void nmfi_table_sample_free(nmfi_table_sample *sample);

/* The delimiter that divides the first records most evenly into most numbers; '\n' where none does. */
char nmfi_table_find_delimiter(const nmfi_csv_scan *start);

nmfi_cell_kind nmfi_cell_kind_of(const nmfi_csv_cell *cell, char decimal);

/* Cell `column` of record `record`, NULL where the record is shorter. */
const nmfi_csv_cell *nmfi_table_sample_cell(const nmfi_table_sample *sample, int64_t record,
                                            int64_t column);

#endif
