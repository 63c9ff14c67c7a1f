/* The rows of a sparse matrix whose entries do not lie in memory, some at a time. */
#ifndef NMFI_IO_ROW_BLOCKS_H
#define NMFI_IO_ROW_BLOCKS_H

#include <nmfkit/matrix.h>

/* Rows from `first` on whose entries fit some MB, one at least: a matrix in memory of *count rows, to be freed.
 * Errors: what reading them fails with, MEMORY. */
nmf_status nmfi_row_block(const nmf_matrix *matrix, int64_t first, int64_t *count,
                          nmf_matrix **block, nmf_error *error);

#endif
