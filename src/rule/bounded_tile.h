/* What a rule on products does where the factor's entries are bounded (nmfi_allowed). */
#ifndef NMFI_RULE_BOUNDED_TILE_H
#define NMFI_RULE_BOUNDED_TILE_H

#include "rule/rule.h"

/* The tile's bounds for the kernels; nothing where there are none. */
void nmfi_bound_hals(const nmfi_kernels *kernels, const nmfi_allowed *allowed, int64_t ld,
                     const nmfi_tile *tile, nmfi_hals *hals);

/* x becomes the nearest that is allowed. */
void nmfi_clamp_tile(const nmfi_kernels *kernels, const nmfi_allowed *allowed,
                     const nmfi_tile *tile, const nmfi_hals *hals);

/* One lane solved exactly, from an x that is allowed; by how much the objective fell. `work`: 6 k numbers and
 * what nmfi_row_solve works in. */
double nmfi_solve_lane(const nmfi_kernels *kernels, const nmfi_hals *hals, const double *gram,
                       double sum, int64_t lane, double *work);

/* The kernel `measure`, which knows no sum, and what it means with one; `gram` as above. */
double nmfi_measure_tile(const nmfi_kernels *kernels, const nmfi_allowed *allowed,
                         const nmfi_tile *tile, const nmfi_hals *hals, const double *gram,
                         double *work);

#endif
