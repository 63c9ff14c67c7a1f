/* Weights and missing entries that a matrix has; how passes read them is pass/observed.h's. */
#ifndef NMFI_DATA_OBSERVED_H
#define NMFI_DATA_OBSERVED_H

#include <nmfkit/matrix.h>

/* Not every entry counts once (matrix.c). */
int nmfi_matrix_is_weighted(const nmf_matrix *matrix);

/* Weights of a sparse matrix go together with missing = unstored. Errors: ARGUMENT. */
nmf_status nmfi_weights_check_stored(const nmf_matrix *matrix, nmf_error *error) NMF_MUST_CHECK;

#endif
