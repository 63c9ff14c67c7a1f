/* The data of a replicate: X drawn again. */
#ifndef NMFI_SELECT_PERTURB_H
#define NMFI_SELECT_PERTURB_H

#include <nmfkit/select.h>

/* A new matrix, the caller's; dense stays dense, sparse sparse. Entry i of X is drawn from numbers of its
 * own, so the result is the same wherever it is made. Errors: MEMORY. */
nmf_status nmfi_perturb(const nmf_matrix *X, nmf_perturbation how, uint64_t seed, int64_t replicate,
                        nmf_matrix **drawn, nmf_error *error);

/* A Poisson number of mean `mean`, from the stream's numbers of (row, index). */
double nmfi_poisson(double mean, uint64_t seed, uint32_t row, uint64_t index);

#endif
