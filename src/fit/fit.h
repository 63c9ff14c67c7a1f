/* The fit, as the floors above see it. */
#ifndef NMFI_FIT_FIT_H
#define NMFI_FIT_FIT_H

#include "base/comm.h"

#include <nmfkit/model.h>

/* All of it, with options that are checked. */
nmf_status nmfi_fit_model(const nmf_matrix *X, const nmf_options *options, nmf_model **model,
                          nmf_error *error);

/* The same where several starts take turns with other processes, which all have X and get the model. */
nmf_status nmfi_fit_in_turns(const nmf_comm *turns, const nmf_matrix *X, const nmf_options *options,
                             nmf_model **model, nmf_error *error);

/* The same by a method that is not among the library's own (method.h): of the options, loss, solver
 * and sketch are not asked. */
struct nmfi_method;
nmf_status nmfi_fit_by(const struct nmfi_method *method, const nmf_matrix *X,
                       const nmf_options *options, nmf_model **model, nmf_error *error);

#endif
