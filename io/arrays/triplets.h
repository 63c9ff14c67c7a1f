/* Entries of a sparse matrix as text files list them, (row, column, value) in any order, and the
 * matrix they make: CSR where they come row by row, CSC where they come column by column, sorted by
 * row where neither. The matrix adds entries of the same place up. Entries that would take more memory than the
 * request allows go into a scratch file, and the matrix stays on disk (triplets_disk.c). */
#ifndef NMFI_IO_TRIPLETS_H
#define NMFI_IO_TRIPLETS_H

#include "io/files/reader.h"

#define NMFI_LARGEST_SIDE INT64_C(2147483647) /* rows and columns are kept as 32-bit numbers */

typedef struct nmfi_triplets_apart nmfi_triplets_apart;

typedef struct nmfi_triplets {
    int32_t *row, *column;
    double *value;
    int64_t count, capacity;          /* in memory */
    const nmfi_read_request *request; /* NULL: all in memory, however many */
    int by_columns;                   /* columns become samples: on disk they are the lines */
    int32_t first_column;             /* what columns count from */
    nmfi_triplets_apart *apart;       /* those in the scratch file; NULL: there are none */
} nmfi_triplets;

/* Makes room for one more: doubles, so that memory follows what was read and not what was promised.
 * Errors: MEMORY, FILE (of the scratch file). */
nmf_status nmfi_triplets_grow(nmfi_triplets *triplets, const char *path, nmf_error *error);

/* Sets *matrix from what was collected and frees it, on failure too. Rows and columns must lie
 * within the shape. `whole`: the values are whole numbers and are stored in the smallest type that
 * holds them; otherwise f64. Errors: MEMORY, FILE. */
nmf_status nmfi_triplets_matrix(nmfi_triplets *triplets, int64_t rows, int64_t columns,
                                int integral, const char *path, nmf_matrix **matrix,
                                nmf_error *error);

void nmfi_triplets_free(nmfi_triplets *triplets);

/* All that were added. */
int64_t nmfi_triplets_count(const nmfi_triplets *triplets);

/* For triplets.c: puts what is in memory behind what is in the scratch file; and the matrix, of those there.
 * triplets_disk.c */
nmf_status nmfi_triplets_set_apart(nmfi_triplets *triplets, nmf_error *error);
nmf_status nmfi_triplets_matrix_apart(nmfi_triplets *triplets, int64_t rows, int64_t columns,
                                      int integral, nmf_matrix **matrix, nmf_error *error);
int64_t nmfi_triplets_apart_count(const nmfi_triplets_apart *apart);
void nmfi_triplets_apart_free(nmfi_triplets_apart *apart); /* NULL is fine */

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
