/* Samples that are most themselves: rows of Y, which lie in the cone or the simplex of the rows of H, from its corners.
 * Y is k x ld of T, a row of it being a lane; rows are picked one after the other. */
#ifndef NMFI_START_CORNERS_H
#define NMFI_START_CORNERS_H

#include "start/start.h"

/* `sums`: rows are mixtures whose shares sum to one, so that it is corners of a simplex that are sought, and one that
 * lies at 0 is one like any other. */
typedef struct nmfi_corner_search {
    const nmfi_kernels *kernels;
    nmfi_start_factor Y;
    int64_t k;
    int sums;
    int64_t *corners; /* k; as many as were found */
    int64_t found;
} nmfi_corner_search;

/* Successive projections (corners_spa.c): Y is used up. */
void nmfi_corners_spa(nmfi_corner_search *search);
/* Successive non-negative projections (corners_snpa.c). Errors: MEMORY. */
nmf_status nmfi_corners_snpa(nmfi_corner_search *search, nmf_error *error) NMF_MUST_CHECK;

/* Of what the first corner is far from 0 the least that is no rounding: then there are no more. */
static const double nmfi_no_corner = 1e-12;

static inline double nmfi_corner_entry(const nmfi_corner_search *s, int64_t l, int64_t i)
{
    const int64_t at = l * s->Y.ld + i;
    return s->kernels->element_bytes == 4 ? (double)((const float *)s->Y.data)[at]
                                          : ((const double *)s->Y.data)[at];
}

#endif
