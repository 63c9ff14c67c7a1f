/* Rows that wait until there are enough of them: copies, dense in the type they came in or sparse, as
 * the first of them were. */
#ifndef NMFI_DATA_WAITING_H
#define NMFI_DATA_WAITING_H

#include <nmfkit/matrix.h>

typedef struct nmfi_waiting {
    int64_t columns, most, count; /* room for `most` rows; so many are there */
    int is_sparse;
    nmf_dtype dtype; /* of the entries that are kept */
    void *values;
    int64_t *pointers; /* where sparse: most + 1 */
    int32_t *indices;
    int64_t stored, room; /* sparse entries, and room for so many */
} nmfi_waiting;

/* Empty, with room for `most` rows. The memory is taken with the first of them. */
nmfi_waiting nmfi_waiting_make(int64_t columns, int64_t most);
void nmfi_waiting_free(nmfi_waiting *waiting);

/* Copies `count` rows from `first` on, for which there is room. Where none wait, the next ones decide how
 * they are kept; others are converted. Errors: MEMORY, and what a matrix by rows fails with. */
nmf_status nmfi_waiting_take(nmfi_waiting *waiting, const nmf_matrix *matrix, int64_t first,
                             int64_t count, nmf_error *error);

/* The rows that wait as a matrix around their memory, for as long as none are taken; the caller's. */
nmf_status nmfi_waiting_matrix(const nmfi_waiting *waiting, nmf_matrix **matrix, nmf_error *error);

#endif
