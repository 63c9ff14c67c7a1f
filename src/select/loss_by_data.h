/* Which loss judges whole numbers where the caller leaves it open. */
#ifndef NMFI_SELECT_LOSS_BY_DATA_H
#define NMFI_SELECT_LOSS_BY_DATA_H

#include "data/latin.h"
#include "fit/latin_fit.h"

#include <nmfkit/matrix.h>

/* Every entry of X is a whole number. */
int nmfi_are_whole_numbers(const nmf_matrix *X);

/* *counts: entries that were held out spread as counts do, with their mean, rather than by the same everywhere.
 * Two pilot fits of k components without fold 0, by squares and by the Kullback-Leibler divergence, foretell its N entries, and the larger of the
 * extended quasi-likelihoods of variance functions V(v) = 1 and V(v) = v is believed:
 *
 *   -2 Q+ = N log(sum d / N) + sum log V(x + 1/6) + constants,   d: (x - v)^2, or twice the divergence of x from v
 *
 * `plan`: of the fits (beta and most_k are not read); `latin` has both sides. Where there is no noise to speak of, or the
 * pilots are stopped, squares stay. Cost: two fits. Errors: MEMORY. Source: Nelder & Pregibon 1987. */
nmf_status nmfi_loss_by_data(const nmfi_latin_plan *plan, int64_t k, uint64_t seed,
                             nmfi_memory_limit limit, int *counts, nmf_error *error);

#endif
