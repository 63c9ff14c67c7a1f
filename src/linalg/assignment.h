/* The assignment problem: partners for the rows of a table, each column used once at most. */
#ifndef NMFI_LINALG_ASSIGNMENT_H
#define NMFI_LINALG_ASSIGNMENT_H

#include <nmfkit/status.h>
#include <stdint.h>

/* The bytes of work that a table of this shape needs, and the partners themselves: column_of[i] for
 * each row, so that the sum of gains[i * columns + column_of[i]] is as large as possible. rows <=
 * columns. Cost: rows^2 x columns. */
int64_t nmfi_assignment_work_bytes(int64_t rows, int64_t columns);
void nmfi_assign(const double *gains, int64_t rows, int64_t columns, int64_t *column_of,
                 void *work);

#endif
