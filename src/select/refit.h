/* One factor for the other held fixed. */
#ifndef NMFI_SELECT_REFIT_H
#define NMFI_SELECT_REFIT_H

#include <nmfkit/model.h>

/* W >= 0 (samples x k) that minimizes D(X || W H), by the options' loss without penalties. `spectra` is
 * k x features; *usages is the caller's. Errors: as nmf_transform. */
nmf_status nmfi_refit_usages(const nmf_matrix *X, const nmf_matrix *spectra,
                             const nmf_options *options, nmf_matrix **usages, nmf_error *error);

/* H >= 0 (k x features) that minimizes D(X || W H). */
nmf_status nmfi_refit_spectra(const nmf_matrix *X, const nmf_matrix *usages,
                              const nmf_options *options, nmf_matrix **spectra, nmf_error *error);

/* D(X || W H), and that of X's own rank-one fit r c' / s (for Frobenius: half the squares of X). */
void nmfi_measure_fit(const nmf_matrix *X, const nmf_matrix *W, const nmf_matrix *H, double beta,
                      double *loss, double *reference, double *work);

#endif
