/* A fit whose weights are a product of numbers of rows and of columns is a plain fit of a scaled X (data/rank_one.h),
 * at its price. */
#ifndef NMFI_FIT_SCALED_H
#define NMFI_FIT_SCALED_H

#include "data/rank_one.h"
#include "data/source.h"

#include <nmfkit/model.h>

typedef struct nmfi_scaled_fit {
    nmfi_rank_one by; /* by.scaled NULL: the fit is of X itself */
    double beta;
    int balances;        /* the solver leaves W and H balanced */
    nmf_options options; /* of the plain fit */
    nmfi_source source;  /* X, of which others may have rows too */
    nmf_matrix *start_W, *start_H;
} nmfi_scaled_fit;

/* Of an X that has weights. Where something but the loss counts entries of W or H (penalties, bounds, sums, known
 * parts) there is no such fit.
 * Errors: MEMORY, and those of reading X. */
nmf_status nmfi_scaled_open(const nmf_matrix *X, const nmf_options *options, nmfi_scaled_fit *fit,
                            nmf_error *error) NMF_MUST_CHECK;
/* The factors of X from those of the scaled one. Errors: MEMORY. */
nmf_status nmfi_scaled_finish(const nmfi_scaled_fit *fit, nmf_model *model,
                              nmf_error *error) NMF_MUST_CHECK;
void nmfi_scaled_close(nmfi_scaled_fit *fit);

#endif
