/* Steps of the range finder (sketch.c) that its two ways have in common. */
#ifndef NMFI_START_SKETCH_H
#define NMFI_START_SKETCH_H

#include "start/start.h"

/* V <- random components; V <- orth(V). */
void nmfi_sketch_draw(const nmfi_sketch *sketch, const nmfi_pass *pass);
void nmfi_sketch_orthonormalize(nmfi_sketch *sketch, nmfi_pass *pass);

/* Component j of a factor becomes sum_l vectors[l,j] factor[j] component l. */
void nmfi_sketch_combine(const nmfi_sketch *sketch, nmfi_pass *pass, const double *vectors,
                         const double *factor, void *components, const nmfi_partition *partition);

/* The eigenvalues of pass->total.gram into sketch->values, their vectors behind sketch->small. Errors:
 * NUMERICAL. */
nmf_status nmfi_sketch_ritz(nmfi_sketch *sketch, const nmfi_pass *pass,
                            nmf_error *error) NMF_MUST_CHECK;
/* No sigma is known. */
void nmfi_sketch_forget(nmfi_sketch *sketch);
/* Keeps the new sigma; 1 if the wanted ones have come to rest. */
int nmfi_sketch_settled(nmfi_sketch *sketch);

/* `to` (k x columns.ld) <- X'R in the visit's columns, from the sums it left; R: what it updated. */
void nmfi_sketch_take_sums(nmfi_pass *pass, const nmfi_visit *visit, void *to);
/* All of X'R from the visit's first column on, by visits of a span of columns each; the first makes R. */
nmf_status nmfi_sketch_multiply_back(nmfi_pass *pass, const nmfi_visit *visit, void *to,
                                     nmf_error *error) NMF_MUST_CHECK;

/* From the V that is there: at most so many readings, then the triplets and B. */
nmf_status nmfi_sketch_iterate(nmfi_sketch *sketch, nmfi_pass *pass, int64_t most,
                               nmf_error *error) NMF_MUST_CHECK;

#endif
