/* Names and labels in one column of a table (metadata of cells, a data frame of classes) beside the data. */
#ifndef NMFI_IO_NAMES_TABLE_H
#define NMFI_IO_NAMES_TABLE_H

#include "io/files/reader.h"

/* Gives `matrix` the names or labels in a column of the table at `path`, plain or packed. `column`: its heading or its
 * number from 1; NULL: of labels the one beside the samples' names, of names the first. Where the first column has the
 * samples' names, labels are matched by them, in any order and with others between; else records are taken in their
 * order. *taken = 0: without `column`, a file of one column or of plain lines, which is no table and was left alone.
 * Errors: FILE, FORMAT, ARGUMENT (no such column; several of which one must be chosen), SHAPE (names or labels are
 * missing), MEMORY. */
nmf_status nmfi_names_from_table(const char *path, const char *column, nmf_matrix *matrix,
                                 nmf_names which, const nmfi_read_request *request, int *taken,
                                 nmf_error *error);

#endif
