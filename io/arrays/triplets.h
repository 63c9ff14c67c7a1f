/* Entries of a sparse matrix as text files list them, (row, column, value) in any order, and the
 * matrix they make: CSR where they come row by row, CSC where they come column by column, sorted by
 * row where neither. The matrix adds entries of the same place up. */
#ifndef NMFI_IO_TRIPLETS_H
#define NMFI_IO_TRIPLETS_H

#include <nmfkit/matrix.h>

#define NMFI_LARGEST_SIDE INT64_C(2147483647) /* rows and columns are kept as 32-bit numbers */

typedef struct nmfi_triplets {
    int32_t *row, *column;
    double *value;
    int64_t count, capacity;
} nmfi_triplets;

/* Makes room for one more: doubles, so that memory follows what was read and not what was promised.
 * Errors: MEMORY. */
nmf_status nmfi_triplets_grow(nmfi_triplets *triplets, const char *path, nmf_error *error);

/* Sets *matrix from what was collected and frees it, on failure too. Rows and columns must lie
 * within the shape. `whole`: the values are whole numbers and are stored in the smallest type that
 * holds them; otherwise f64. Errors: MEMORY. */
nmf_status nmfi_triplets_matrix(nmfi_triplets *triplets, int64_t rows, int64_t columns,
                                int integral, const char *path, nmf_matrix **matrix,
                                nmf_error *error);

void nmfi_triplets_free(nmfi_triplets *triplets);

static inline nmf_status nmfi_triplets_add(nmfi_triplets *triplets, int32_t row, int32_t column,
                                           double value, const char *path, nmf_error *error)
{
    if (triplets->count == triplets->capacity) {
        const nmf_status status = nmfi_triplets_grow(triplets, path, error);
        if (status != NMF_OK) {
            return status;
        }
    }
    triplets->row[triplets->count] = row;
    triplets->column[triplets->count] = column;
    triplets->value[triplets->count++] = value;
    return NMF_OK;
}

#endif
