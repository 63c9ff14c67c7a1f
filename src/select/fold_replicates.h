/* Replicates of a consensus that each lack a Latin-block fold of X (data/latin.h): what a component that returns
 * returns from. */
#ifndef NMFI_SELECT_FOLD_REPLICATES_H
#define NMFI_SELECT_FOLD_REPLICATES_H

#include "fit/latin_fit.h"

#include <nmfkit/options.h>

typedef struct nmfi_fold_replicates {
    nmfi_latin latin;
    nmfi_latin_plan plan;
    nmfi_latin_fit *fits; /* one a worker */
    nmfi_latin_plan *plans;
    nmfi_arena arena;
} nmfi_fold_replicates;

/* For `workers` that fit side by side, options->k components each. Errors: MEMORY. */
nmf_status nmfi_fold_replicates_open(nmfi_fold_replicates *replicates, const nmf_matrix *X,
                                     const nmf_options *options, int64_t workers, nmf_error *error);
/* Replicate i: without fold i mod folds, from one start of seed + i, to its end. k x features into `spectra`; 0 where
 * `stop` (asked once an iteration) stopped it; *unconverged: options->max_iter did. */
int nmfi_fold_replicates_fit(nmfi_fold_replicates *replicates, int64_t worker, int64_t i,
                             uint64_t seed, int (*stop)(void *context), void *context,
                             double *spectra, int64_t *unconverged);
void nmfi_fold_replicates_close(nmfi_fold_replicates *replicates);

#endif
