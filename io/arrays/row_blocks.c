/* See row_blocks.h. */
#include "row_blocks.h"

#include <stdlib.h>

enum { MOST_ROWS = 4096, MOST_ENTRIES = 1 << 17 };

nmf_status nmfi_row_block(const nmf_matrix *matrix, int64_t first, int64_t *count,
                          nmf_matrix **block, nmf_error *error)
{
    const nmf_sparse lines = nmf_matrix_sparse(matrix);
    const int64_t rows = nmf_matrix_rows(matrix), *pointers = lines.pointers;
    int64_t numbers[MOST_ROWS];
    *count = 0;
    while (!lines.by_columns && *count < MOST_ROWS && first + *count < rows &&
           (*count == 0 || pointers[first + *count + 1] - pointers[first] <= MOST_ENTRIES)) {
        numbers[*count] = first + *count;
        ++*count;
    }
    if (*count == 0) { /* columns, which selecting refuses in a sentence */
        numbers[0] = first;
        *count = 1;
    }
    return nmf_matrix_select(matrix, numbers, *count, block, error);
}
