/* What was observed of a matrix, and how much each entry counts. */
#ifndef NMFI_DATA_OBSERVED_H
#define NMFI_DATA_OBSERVED_H

#include <nmfkit/matrix.h>

/* Not every entry counts once. */
int nmfi_matrix_is_weighted(const nmf_matrix *matrix);

/* A dense matrix as passes read it, and its weights beside it. Where an entry was not observed `filled`
 * has the product of its row's and its column's mean over the mean of all, so that starts and sums
 * see no hole; a visit that knows the weights does not read it. All of a type T, row after row. */
typedef struct nmfi_observed {
    nmf_matrix *filled;     /* m x n; NULL: nothing is missing and every weight is 1 */
    void *u, *u_transposed; /* m x n, n x m: weight^(1 / beta), 0: not observed */
    unsigned char *unseen_rows, *unseen_columns; /* m, n: 1 where nothing at all was observed */
    double *row_means, *column_means;            /* m, n: mean weights */
    double weighted_squares;                     /* sum of w x^2 */
    int64_t missing;                             /* entries not observed */
    int is_mask;                                 /* the others count once each */
    double left_by_means; /* sum of (x - what would be filled in)^2 over the others */
    void *memory;
} nmfi_observed;

/* Bytes of it. SIZE_MAX where they overflow. */
size_t nmfi_observed_bytes(const nmf_matrix *X, nmf_dtype type);
/* Errors: MEMORY; DATA (nothing observed; beta = 0 and a weight that is neither 0 nor 1). Cost: three
 * looks at X. */
nmf_status nmfi_observed_make(const nmf_matrix *X, nmf_dtype type, double beta,
                              nmfi_observed *observed, nmf_error *error);
void nmfi_observed_free(nmfi_observed *observed);

#endif
