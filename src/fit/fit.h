/* The fit, as the floors above see it. */
#ifndef NMFI_FIT_FIT_H
#define NMFI_FIT_FIT_H

#include <nmfkit/model.h>

/* All of it, with options that are checked. */
nmf_status nmfi_fit_model(const nmf_matrix *X, const nmf_options *options, nmf_model **model,
                          nmf_error *error);

#endif
