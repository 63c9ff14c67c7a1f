/* What was observed of a matrix, and how much each entry counts, as passes read it. Of a matrix that several
 * processes have together each makes its own part; sums are those of all, along the tree of slots. */
#ifndef NMFI_PASS_OBSERVED_H
#define NMFI_PASS_OBSERVED_H

#include "data/observed.h"
#include "pass/pass.h"

/* A dense matrix as passes read it, and its weights beside it. Where an entry was not observed `filled`
 * has the product of its row's and its column's mean over the mean of all, so that starts and sums
 * see no hole; a visit that knows the weights does not read it. All of a type T, row after row. Rows are those
 * that are here; u_transposed has the columns whose lines along H are, with all rows. */
typedef struct nmfi_observed {
    nmf_matrix *filled;     /* m x n; NULL: nothing is missing and every weight is 1 */
    void *u, *u_transposed; /* m x n, n x m: weight^(1 / beta), 0: not observed */
    unsigned char *unseen_rows, *unseen_columns; /* m, n: 1 where nothing at all was observed */
    double *row_means, *column_means;            /* of all rows, n: mean weights */
    double weighted_squares;                     /* sum of w x^2 */
    int64_t missing;                             /* entries not observed */
    int64_t missing_here,
        missing_across; /* in the rows that are here; in the columns of u_transposed */
    int is_mask;                                 /* the others count once each */
    double left_by_means; /* sum of (x - what would be filled in)^2 over the others */
    void *memory;
} nmfi_observed;

/* Bytes of it. SIZE_MAX where they overflow. */
size_t nmfi_observed_bytes(const nmf_matrix *X, nmf_dtype type);
/* Errors: MEMORY; DATA (nothing observed; beta = 0 and a weight that is neither 0 nor 1). Cost: three
 * looks at X. */
nmf_status nmfi_observed_make(const nmf_matrix *X, nmf_dtype type, double beta,
                              nmfi_observed *observed, nmf_error *error) NMF_MUST_CHECK;
void nmfi_observed_free(nmfi_observed *observed);

/* Weights of what a sparse X stores, the others being unknown, as passes read them. */
typedef struct nmfi_stored_weights {
    nmf_matrix *kept; /* X without entries of weight 0, which are not looked at; NULL: it has none */
    /* Lines along rows, along columns, of kept or of X: an entry's value is its weight^(1 / beta), T. */
    nmf_sparse along[2];
    double weighted_squares; /* sum of w x^2 */
    void *u, *across;
} nmfi_stored_weights;

/* Errors: MEMORY; DATA (every weight 0; beta = 0 and a weight that is neither 0 nor 1). Cost: some looks at the
 * entries. */
nmf_status nmfi_stored_weights_make(const nmf_matrix *X, nmf_dtype type, double beta,
                                    nmfi_stored_weights *made, nmf_error *error) NMF_MUST_CHECK;
void nmfi_stored_weights_free(nmfi_stored_weights *made);

/* Of what a sparse X stores, the others being unknown: the sum of (x - row mean times column mean over the
 * mean)^2. Errors: MEMORY. */
nmf_status nmfi_stored_left_by_means(const nmfi_source *source, double *squares,
                                     nmf_error *error) NMF_MUST_CHECK;

#endif
