/* A large row made small enough for a page: pictures and curves are averaged over neighbours, of
 * terms the smallest are left out, groups of columns are put into the order in which they are drawn. */
#ifndef NMFI_RENDER_REDUCTION_H
#define NMFI_RENDER_REDUCTION_H

#include "figures.h"

typedef struct nmfi_reduction {
    int64_t from, to;      /* features before and after */
    int64_t step;          /* pixels (along each side) or points that are averaged; 1: none */
    int64_t height, width; /* of the picture drawn */
    int64_t full_height, full_width;
    int64_t *kept; /* terms and columns: the feature in each place; NULL: as they are */
} nmfi_reduction;

/* So that k rows of it have about 540,000 entries at most. Errors: MEMORY. */
nmf_status nmfi_reduction_make(const nmfi_figures *figures, nmfi_reduction *reduction,
                               nmf_error *error);
void nmfi_reduction_apply(const nmfi_reduction *reduction, const double *row, double *out);
void nmfi_reduction_clear(nmfi_reduction *reduction);

#endif
