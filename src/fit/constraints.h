/* What a fit knows beforehand of its factors: opened with the fit, kept to wherever something moves them. */
#ifndef NMFI_FIT_CONSTRAINTS_H
#define NMFI_FIT_CONSTRAINTS_H

#include "fit/state.h"

/* The caller's struct, which may be an older and shorter one (what it lacks is NULL), or none. */
nmf_constraints nmfi_constraints_of(const nmf_options *options);

/* From the options, for samples x k and k x features. */
nmfi_limits nmfi_limits_of_W(const nmf_options *options, int64_t samples, int64_t k);
nmfi_limits nmfi_limits_of_H(const nmf_options *options, int64_t k, int64_t features);

/* What goes with X row by row or column by column (a known W, bounds, a start) has X's names in X's order, or none.
 * Errors: SHAPE. */
nmf_status nmfi_compare_all_names(const nmf_matrix *X, const nmf_options *options,
                                  nmf_error *error);

/* The limits of both factors, known components with their columns in X's order. Before the choice of a method.
 * Errors: ARGUMENT, SHAPE, DATA, MEMORY. */
nmf_status nmfi_constraints_open(nmfi_fit *fit, const nmf_options *options, nmf_error *error);
void nmfi_constraints_close(nmfi_fit *fit);
/* Whether there are any. */
int nmfi_is_constrained(const nmfi_fit *fit);

void nmfi_constraints_layout(nmfi_fit *fit, nmfi_factor *factor, nmfi_arena *arena);
void nmfi_constraints_fill(nmfi_fit *fit); /* once the scale of X is known */

/* The incumbents become the nearest factors that are allowed. */
void nmfi_clamp_factors(const nmfi_fit *fit);
/* Nothing holds the scales of w_j and h_j. */
int nmfi_scale_is_free(const nmfi_fit *fit, int64_t j);
/* Rows of H sum to one, where that is wished: the products w_j h_j stay what they are. */
void nmfi_normalize_H(const nmfi_fit *fit);

#endif
