/* The penalty that keeps a fit of few observed entries from following their noise: rows of W and of H are drawn
 * towards their own mean row,
 *
 *   1/2 lambda (sum_i |w_i - w|^2 + sum_j |h_j - h|^2),   lambda = c s sqrt(p) (sqrt(m) + sqrt(n)),
 *
 * w and h being the means, p the share of the entries that was observed, s their noise: c lambda is a share of the
 * spectral norm that noise alone has there. s is what the product of row and column means leaves of the entries,
 * which is an upper bound; where the fit then leaves much less, that (nmfi_shrink_review). The mean is its own best value, so steps that take it as it was lower this too. */
#ifndef NMFI_FIT_SHRINK_H
#define NMFI_FIT_SHRINK_H

#include "fit/state.h"

/* lambda of both factors, into their penalties; once X is known. Errors: MEMORY, ARGUMENT (asked for where it
 * cannot be). */
nmf_status nmfi_shrink_open(nmfi_fit *fit, nmf_error *error);
/* Where what is left of the entries is so much less than their means left that noise is less than half of what was
 * taken for it, lambda becomes what follows from that, at the incumbents that were measured last; never more than it
 * was. Sum of squares over the entries that are seen beyond the numbers that are learned is the estimate. */
void nmfi_shrink_review(nmfi_fit *fit);
/* Of a checkpoint. */
nmfi_shrinking nmfi_shrink_place(const nmfi_fit *fit);
void nmfi_shrink_resume(nmfi_fit *fit, const nmfi_shrinking *place);
/* The mean row of an array of the factor, which the next step draws towards. */
void nmfi_shrink_aim(const nmfi_fit *fit, nmfi_factor *factor, const void *at);
/* What is left of lambda |rows|^2 / 2 for those rows: less that of their mean. */
void nmfi_shrink_measure(const nmfi_fit *fit, nmfi_factor *factor, const void *at);

#endif
