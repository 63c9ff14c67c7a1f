/* Options, checked once at the api floor; below it every field is inside its bounds. */
#ifndef NMFI_BASE_OPTIONS_H
#define NMFI_BASE_OPTIONS_H

#include "base/memory.h"

#include <nmfkit/options.h>

/* Copies `given` (NULL: the defaults; shorter struct of an older header: the rest is default) into
 * `checked` and checks the fields of `scope` against options.def, and that loss and beta agree. Errors: ARGUMENT. */
nmf_status nmfi_options_check(const nmf_options *given, int scope, nmf_options *checked,
                              nmf_error *error);
/* Each field by itself, as models of earlier versions have them: an exponent beside a loss that has none is passed
 * over. */
nmf_status nmfi_options_check_bounds(const nmf_options *given, int scope, nmf_options *checked,
                                     nmf_error *error);

/* For what takes neither known parts nor bounds nor sums: ARGUMENT where there are some. */
nmf_status nmfi_refuse_constraints(const nmf_options *options, const char *what, nmf_error *error);

/* memory_limit_bytes, and what X and the like take of it. */
static inline nmfi_memory_limit nmfi_memory_limit_of(const nmf_options *options)
{
    return (nmfi_memory_limit){options->memory_limit_bytes, options->memory_taken_bytes};
}
/* So many bytes more are taken. */
static inline void nmfi_take_of_limit(nmf_options *options, size_t bytes)
{
    options->memory_taken_bytes = nmfi_limit_beside(nmfi_memory_limit_of(options), bytes).taken;
}

/* The exponent of the beta-divergence that the loss is. */
double nmfi_beta(const nmf_options *options);

#endif
