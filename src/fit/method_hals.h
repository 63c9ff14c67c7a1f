/* What the methods on products share beside half steps: their passes and their last visit. */
#ifndef NMFI_FIT_METHOD_HALS_H
#define NMFI_FIT_METHOD_HALS_H

#include "fit/half_step.h"

int nmfi_hals_adds_up(const nmfi_fit *fit);
void nmfi_hals_plan(nmfi_fit *fit, void *state);
void nmfi_hals_layout(nmfi_fit *fit, void *state, nmfi_arena *arena);
/* Each row of W solved to its own end for the final H, exactly as transform does it (so that
 * transform of X is W), or left as it is; the loss measured directly, without subtracting large
 * numbers, and the KKT residual at the pair that is returned. */
nmf_status nmfi_hals_finish(nmfi_fit *fit, int solves, nmf_error *error);

#endif
