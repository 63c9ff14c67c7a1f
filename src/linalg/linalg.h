/* Small dense algebra, f64, on LAPACK: the k x k and r x r work between two passes.
 *
 * The answer must not depend on how many threads the installed BLAS would like to use, so it is
 * held to one for the length of a call where it offers a way to. */
#ifndef NMFI_LINALG_LINALG_H
#define NMFI_LINALG_LINALG_H

#include <nmfkit/status.h>
#include <stdint.h>

/* The `count` largest eigenvalues of the symmetric n x n A (destroyed), descending, and their
 * vectors: vectors[i * count + j] is entry i of vector j. Errors: NUMERICAL, MEMORY, UNSUPPORTED (n
 * past LAPACK's int). */
nmf_status nmfi_eigen(double *A, int64_t n, int64_t count, double *values, double *vectors,
                      nmf_error *error);

/* `turn` = L^-T of the Cholesky factorization gram = L L' of the r x r Gram matrix of some
 * components, so that the components times `turn` are orthonormal; those that depend on the ones
 * before (a pivot that vanishes: the rank is below r) become zero. L and turn are r x r, f64.
 * Returns the least share of a squared norm that was new. */
double nmfi_cholesky_turn(const double *gram, int64_t r, double *L, double *turn);

#endif
