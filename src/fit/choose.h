/* What is decided before memory is asked for: method, start, sketch rank, precision. Nothing else in
 * fit/ names a solver or a loss. */
#ifndef NMFI_FIT_CHOOSE_H
#define NMFI_FIT_CHOOSE_H

#include "fit/state.h"

/* fit->choice and the methods of both stages, from the options and the shape of X. Errors: ARGUMENT,
 * SHAPE. */
nmf_status nmfi_choose(nmfi_fit *fit, const nmf_options *options, nmf_error *error);

/* For the model: what the fit came to. */
nmf_options nmfi_options_as_used(const nmfi_fit *fit);

#endif
