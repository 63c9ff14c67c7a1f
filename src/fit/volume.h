/* The penalty on the volume of the simplex whose corners are the rows of H, for unmixing: rows of W sum to one there
 * (simplex = W), and of all simplices that hold the data the smallest is sought,
 *
 *   1/2 lambda log det(I + H H' / delta),   lambda = c sigma_k r,   delta = sigma_k^2 / m,
 *
 * of the scale of X / |rows of W|; sigma_k is the least singular value of X that k components can hold, r the root mean square of those that they
 * cannot. Noise makes corners drift outwards by its own size as long as lambda is less than about sigma_k r, and what
 * lambda draws inwards is then about as much; both are known before the fit, so that every start minimizes the same.
 *
 * Steps go by the tangent of log det at Y = H H' + delta I, which lies above it: tr(Y^-1 H H') adds lambda Y^-1 to the
 * Gram matrix that rows of H's transpose are improved with. What lowers the tangent lowers the penalty. Sources: Fu,
 * Huang, Yang, Ma & Sidiropoulos 2016; Leplat, Ang & Gillis 2019 (the majorizer, and lambda beside the data's share). */
#ifndef NMFI_FIT_VOLUME_H
#define NMFI_FIT_VOLUME_H

#include "fit/state.h"

/* All of these only where it is wanted (choose.c), as fit->volume.wanted says. */
void nmfi_volume_layout(nmfi_fit *fit, nmfi_arena *arena);
/* lambda and delta, from the sketch; none where there was no time for one and it was not asked for. */
nmf_status nmfi_volume_open(nmfi_fit *fit, nmf_error *error);

/* lambda (G + delta I)^-1 is added to `gram`, G being the Gram matrix of H where a step begins. */
void nmfi_volume_pull(nmfi_fit *fit, const double *gram_of_H, double *gram);
/* The penalty of an H with that Gram matrix. */
double nmfi_volume_penalty(const nmfi_fit *fit, const double *gram_of_H);
/* By how much the objective at H, found with the last pull, differs from what it is with the penalty itself. */
double nmfi_volume_correction(nmfi_fit *fit, const void *H);
/* The penalty of an array of H's. */
double nmfi_volume_at(const nmfi_fit *fit, const void *H);

#endif
