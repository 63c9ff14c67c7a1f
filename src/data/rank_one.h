/* Weights that are a product of one number for each row and one for each column, w_ij = r_i c_j: then
 *
 *   w_ij d(x_ij, (WH)_ij) = d(x'_ij, (W'H')_ij),   x' = r^(1/b) X c^(1/b), W' = r^(1/b) W, H' = H c^(1/b),
 *
 * for every beta-divergence but that of b = 0, so that a fit of X' needs no weights. */
#ifndef NMFI_DATA_RANK_ONE_H
#define NMFI_DATA_RANK_ONE_H

#include <nmfkit/matrix.h>

typedef struct nmfi_rank_one {
    nmf_matrix *scaled; /* X', with the names of X; NULL where the weights are otherwise */
    double *row_scale, *column_scale; /* r_i^(1/b), c_j^(1/b); 0 where nothing was observed */
    int64_t first_row, rows;          /* which of all rows those of row_scale are */
} nmfi_rank_one;

/* Of a matrix that several processes have together each makes its own rows, or none of them any. An entry of weight 0 is not looked at and is 0 in X'. Where some other one is not finite, or below 0 and
 * `signed_ok` is not set, nothing is scaled: whoever fits X itself says which. Errors: MEMORY; what reading X
 * fails with. Cost: a look at the weights, and where they are a product one at X. */
nmf_status nmfi_rank_one_make(const nmf_matrix *X, nmf_dtype type, double beta, int signed_ok,
                              nmfi_rank_one *made, nmf_error *error) NMF_MUST_CHECK;
void nmfi_rank_one_free(nmfi_rank_one *made);

#endif
